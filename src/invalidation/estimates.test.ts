import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Target } from '../targets/target.ts'
import { estimate } from './estimates.ts'

function target(id: string, defaultSeconds: number): Target {
  return {
    id,
    begins: 'at-once',
    describe: async () => [{ id, tier: 'cdn', requests: 1, defaultSeconds }],
    flush: async () => [],
    verify: async () => ({ verdict: 'fresh', probes: [], peeks: [] }),
  }
}

const PURGE = { keysCount: 1, urlsCount: 1 }

describe('an estimate', () => {
  test('without history is what each target states, the slowest counts', async () => {
    const found = await estimate([target('a', 2), target('b', 5)], PURGE, [])
    assert.deepEqual(
      found.members.map(({ estimatedSeconds }) => estimatedSeconds),
      [2, 5],
    )
    assert.equal(found.estimatedSeconds, 5)
  })

  test('with history is what most of them took', async () => {
    const history = Array.from({ length: 20 }, (_, at) => ({ target: 'a', ms: (at + 1) * 100 }))
    const found = await estimate([target('a', 60)], PURGE, history)
    assert.equal(found.estimatedSeconds, 1.9)
  })

  test('is never 0, also without any target', async () => {
    assert.ok((await estimate([], PURGE, [])).estimatedSeconds > 0)
    const ms = fc.integer({ min: 0, max: 100_000 })
    await fc.assert(
      fc.asyncProperty(fc.array(ms, { maxLength: 20 }), async (all) => {
        const history = all.map((each) => ({ target: 'a', ms: each }))
        const found = await estimate([target('a', 1)], PURGE, history)
        assert.ok(found.estimatedSeconds > 0)
      }),
    )
  })
})
