import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SeenBefore } from './seen-before.ts'

describe('texts seen before', () => {
  it('are known from the second time on', () => {
    const seen = new SeenBefore()
    const texts = Array.from(
      { length: 1_000 },
      (_, at) => `doc.localhost\n/sample.li/a.jpg?w=${at}`,
    )
    assert.equal(texts.filter((text) => seen.again(text)).length, 0)
    const known = texts.filter((text) => seen.again(text)).length
    assert.ok(known > 950, `${known} of 1000`)
  })

  it('are forgotten in a flood of others, without a place for each', () => {
    const seen = new SeenBefore()
    assert.equal(seen.again('a'), false)
    for (let at = 0; at < 1_000_000; at++) seen.again(`flood ${at}`)
    assert.equal(seen.again('a'), false)
    assert.equal(seen.again('a'), true)
  })
})
