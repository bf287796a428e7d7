import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'

import { readEvents } from './event-stream.ts'

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
    if (cut > from) yield bytes.subarray(from, cut)
    from = Math.max(from, cut)
  }
}

test('events arrive whole, however the network cuts them and whichever line ends are used', async () => {
  const text = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .map((each) => each.replaceAll(/[\r\n]/g, ' '))
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        text.filter((each) => each.trim() !== ''),
        { minLength: 1, maxLength: 5 },
      ),
      fc.array(fc.nat(300), { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      async (texts, cuts, end) => {
        const data = texts.map((each) => JSON.stringify(each))
        const lines = data.flatMap((each) => [
          ': still here',
          '',
          'event: invalidation',
          `data: ${each}`,
          '',
        ])
        const stream = new TextEncoder().encode(`${lines.join(end)}${end}`)
        const got: string[] = []
        for await (const { event, data: one } of readEvents(pieces(stream, cuts))) {
          assert.equal(event, 'invalidation')
          got.push(one)
        }
        assert.deepEqual(got, data)
      },
    ),
    { numRuns: 100 },
  )
})

test('what ends a line elsewhere ends none here', async () => {
  const data = 'one\u2028two\u2029three\u0085four\vfive'
  const got: string[] = []
  for await (const event of readEvents(pieces(new TextEncoder().encode(`data: ${data}\n\n`), [])))
    got.push(event.data)
  assert.deepEqual(got, [data])
})

test('data over several lines is one text, and an event without a name is a message', async () => {
  const stream = new TextEncoder().encode('data: a\ndata: b\n\ndata:c\n\n: comment\n\n')
  const got = []
  for await (const event of readEvents(pieces(stream, []))) got.push(event)
  assert.deepEqual(got, [
    { event: 'message', data: 'a\nb' },
    { event: 'message', data: 'c' },
  ])
})
