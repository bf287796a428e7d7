import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'

import { JSON_BODY_BYTES_MAX } from '../contract/api/shapes.ts'
import { ApiError } from './errors.ts'
import { parseJson, readJson } from './json-body.ts'

const refusal = (code: string) => (error: unknown) =>
  error instanceof ApiError && error.code === code

test('whatever JSON can say comes out as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value)
      const isHostile =
        text.includes('\\u0000') || text.includes('__proto__') || /\\ud[89a-f]/.test(text)
      fc.pre(!isHostile)
      assert.deepEqual(parseJson(Buffer.from(text)), JSON.parse(text))
    }),
  )
})

test('any bytes are either a value or a refusal, never a crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        parseJson(bytes)
      } catch (error) {
        assert.ok(error instanceof ApiError)
        assert.equal(error.code, 'malformed-body')
      }
    }),
  )
})

for (const [what, body] of [
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
  ['an overlong encoding of /', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ['half a document', Buffer.from('{"a":')],
  ['a NUL in a value', Buffer.from('{"a":"x\\u0000y"}')],
  ['a NUL in a field name', Buffer.from('{"a\\u0000":1}')],
  ['a lone surrogate', Buffer.from('["\\ud800"]')],
  ['__proto__', Buffer.from('{"__proto__":{"owner":true}}')],
  ['a nest of arrays', Buffer.from('['.repeat(1000) + ']'.repeat(1000))],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseJson(body), refusal('malformed-body'))
  })
}

test('a body over the limit is refused by its declared length before it is read', async () => {
  const unread = new Readable({ read: () => assert.fail('was read') })
  await assert.rejects(readJson(unread, JSON_BODY_BYTES_MAX + 1), refusal('too-large'))
})

test('a body over the limit that declares nothing is refused while it is read', async () => {
  const piece = Buffer.alloc(1024 * 1024, 0x20)
  const pieces = Array.from({ length: 17 }, () => piece)
  await assert.rejects(readJson(Readable.from(pieces), undefined), refusal('too-large'))
})
