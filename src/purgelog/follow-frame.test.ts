import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { keyHash } from '../contract/keys.ts'
import type { FollowAnswer } from '../contract/node-protocol.ts'
import { decodeFollow, encodeFollow, hasPacked, withoutPacked } from './follow-frame.ts'

type Entries = FollowAnswer & { readonly kind: 'entries' }

const packed = (bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => at % 251)
const answer = (...entries: Entries['entries']): Entries => ({
  kind: 'entries',
  logId: 'log ä',
  head: 9,
  entries,
  asks: [{ id: 'a', targets: ['/~/image/demo/x'] }],
})
const plain = { seq: 1, project: 'demo', kind: 'purge', keys: [keyHash('asset:demo/x')] } as const
const long = (seq: number, keys: number) =>
  ({ seq, project: 'demo', kind: 'packed', keys: [], packed: packed(keys * 16) }) as const

describe('a follow answer as a frame', () => {
  test('comes back as it was, packed keys byte for byte', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { maxLength: 6 }), (sizes) => {
        const sent = answer(
          plain,
          ...sizes.map((keys, at) => ({
            ...long(at + 2, keys + 1),
            ...(keys % 3 === 0 ? { softMs: 20_000 } : {}),
          })),
        )
        const got = decodeFollow(encodeFollow(sent)) as Entries
        const entries = got.entries.map(({ packed: keys, ...rest }) =>
          keys === undefined ? rest : { ...rest, packed: new Uint8Array(keys) },
        )
        assert.deepEqual({ ...got, entries }, sent)
      }),
      { numRuns: 50 },
    )
  })

  test('that was cut, grew or lies about its lengths is none', () => {
    const frame = Buffer.from(encodeFollow(answer(long(2, 3))))
    for (const bytes of [0, 3, 20, frame.length - 1])
      assert.equal(decodeFollow(frame.subarray(0, bytes)), null, `${bytes} bytes`)
    assert.equal(decodeFollow(Buffer.concat([frame, Buffer.from('x')])), null)
    const lying = Buffer.from(
      frame.toString('latin1').replace('"packedBytes":48', '"packedBytes":47'),
      'latin1',
    )
    assert.equal(decodeFollow(lying), null)
  })

  test('for who reads nothing but JSON is without the keys, and still of a kind that purges', () => {
    assert.equal(hasPacked(answer(plain)), false)
    assert.equal(hasPacked(answer(plain, long(2, 1))), true)
    const old = JSON.parse(JSON.stringify(withoutPacked(answer(plain, long(2, 1))))) as Entries
    assert.deepEqual(old.entries, [plain, { seq: 2, project: 'demo', kind: 'packed', keys: [] }])
  })
})
