import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import sharp from 'sharp'
import { detectImage, detectMediaType } from './media-type.ts'

const text = (value: string): Uint8Array => Buffer.from(value)

describe('the type of bytes', () => {
  const red = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })

  for (const [format, mediaType] of [
    ['jpeg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['avif', 'image/avif'],
    ['gif', 'image/gif'],
    ['tiff', 'image/tiff'],
  ] as const) {
    it(`${format} is known by its magic bytes, whatever its name says`, async () => {
      const bytes = await red.clone().toFormat(format).toBuffer()
      assert.deepEqual(await detectMediaType(bytes, 'lie.html'), { mediaType, kind: 'image' })
    })
  }

  const cases: readonly (readonly [string, string, string, string])[] = [
    ['<svg xmlns="x"/>', 'a', 'image/svg+xml', 'image'],
    ['\uFEFF<?xml version="1.0"?><!-- a > b --><svg>', 'a', 'image/svg+xml', 'image'],
    ['<!DOCTYPE svg [<!ENTITY a "<svg>">]>\n<svg:svg >', 'a', 'image/svg+xml', 'image'],
    ['<html><svg></html>', 'page.html', 'text/html', 'document'],
    ['<?xml version="1.0"?><html/>', 'x.svg', 'application/xml', 'other'],
    ['%PDF-1.7\n', 'docs/manual.pdf', 'application/pdf', 'document'],
    ['%PDF-1.7\n', 'logo.ai', 'application/illustrator', 'document'],
    ['%!PS-Adobe-3.0 EPSF-3.0\n', 'x', 'application/eps', 'document'],
    ['%!PS-Adobe-3.0\n', 'x.ps', 'application/postscript', 'document'],
    ['{\\rtf1 hello}', 'x', 'application/rtf', 'document'],
    ['hello', 'notes.txt', 'text/plain', 'document'],
    ['hello', 'unknown', 'application/octet-stream', 'other'],
    ['', 'empty.jpg', 'application/octet-stream', 'other'],
  ]
  for (const [bytes, name, mediaType, kind] of cases) {
    it(`${JSON.stringify(bytes.slice(0, 20))} named ${name} is ${mediaType}`, async () => {
      assert.deepEqual(await detectMediaType(text(bytes), name), { mediaType, kind })
    })
  }

  it('HTML that begins like a picture is no image', async () => {
    assert.equal(await detectImage(text('<!doctype html><svg>')), 'image/svg+xml')
    assert.equal(await detectImage(text('<html>GIF89a')), null)
  })
})
