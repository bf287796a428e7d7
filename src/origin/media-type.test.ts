import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import sharp from 'sharp'
import { undeliverable } from '../contract/deliverable.ts'
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

  describe('of files that are never delivered', () => {
    const cfb = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(504)])
    const withStream = (name: string) => Buffer.concat([cfb, Buffer.from(name, 'utf16le')])
    const xmp = (format: string) => text(`%PDF-1.6\n<dc:format>${format}</dc:format>`)
    const told: readonly (readonly [string, Uint8Array, string, string])[] = [
      ['PostScript', text('%!PS-Adobe-3.0\n'), 'x', 'PostScript'],
      ['EPS', text('%!PS-Adobe-3.0 EPSF-3.0\n'), 'x.jpg', 'Encapsulated PostScript'],
      [
        'EPS in a DOS header',
        Buffer.from('c5d0d3c6' + '00'.repeat(60), 'hex'),
        'x',
        'Encapsulated',
      ],
      ['Illustrator', xmp('application/vnd.adobe.illustrator'), 'x', 'Illustrator'],
      ['InDesign', Buffer.from('0606edf5d81d46e5bd31efe7fe74b71d', 'hex'), 'x', 'InDesign'],
      ['Word', withStream('WordDocument'), 'x', 'Word'],
      ['Excel', withStream('Workbook'), 'x', 'Excel'],
      ['PowerPoint', withStream('PowerPoint Document'), 'x', 'PowerPoint'],
      ['Rich Text', text('{\\rtf1 hello}'), 'x', 'Rich Text'],
    ]
    for (const [what, bytes, name, word] of told) {
      it(`${what} is told by its bytes, whatever its name`, async () => {
        assert.match(
          undeliverable({ id: name, ...(await detectMediaType(bytes, name)) })!,
          RegExp(word),
        )
      })
    }

    for (const extension of 'ps eps ai indd ppt pptx xls xlsx doc docx rtf'.split(' ')) {
      it(`bytes that say nothing and .${extension} are told by the name`, async () => {
        const name = `Team/File.${extension.toUpperCase()}`
        assert.ok(undeliverable({ id: name, ...(await detectMediaType(text('?'), name)) }))
      })
    }

    it('a picture, a PDF, a film and a text are delivered, whatever their names say', async () => {
      const jpeg = await red.clone().jpeg().toBuffer()
      for (const [bytes, name] of [
        [jpeg, 'picture.doc'],
        [jpeg, 'picture.eps'],
        [text('%PDF-1.7\n'), 'manual.doc'],
        [xmp('application/pdf'), 'made-with-illustrator.pdf'],
        [text('plain'), 'notes.txt'],
      ] as const) {
        assert.equal(
          undeliverable({ id: name, ...(await detectMediaType(bytes, name)) }),
          null,
          name,
        )
      }
    })
  })

  it('HTML that begins like a picture is no image', async () => {
    assert.equal(await detectImage(text('<!doctype html><svg>')), 'image/svg+xml')
    assert.equal(await detectImage(text('<html>GIF89a')), null)
  })
})
