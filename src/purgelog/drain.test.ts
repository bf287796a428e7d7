import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LEASE_MS, cuttable, purgeBench } from '../../test/support/purge-bench.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'
import type { AskerRule } from '../contract/targets.ts'

const never = new AbortController().signal
const RULE: AskerRule = { addresses: ['10.0.0.5'], header: null }

/** An edge's requests of an outer cache: told to begin, ended by hand. */
function drains() {
  const rules: AskerRule[] = []
  const ended = Promise.withResolvers<void>()
  const drain = async (rule: AskerRule): Promise<void> => {
    rules.push(rule)
    await ended.promise
  }
  return { rules, drain, end: () => ended.resolve() }
}

/** What became of it, without moving time. */
function outcome<T>(promise: Promise<T>): { value: T | undefined } {
  const state: { value: T | undefined } = { value: undefined }
  void promise.then((value) => (state.value = value))
  return state
}

describe('draining', () => {
  test('is done when every edge has ended what the cache had asked; it is asked once, however long that takes', async () => {
    const bench = purgeBench()
    const [one, two] = [drains(), drains()]
    const nodes = [
      bench.node('e1', { drain: one.drain }),
      bench.node('e2', { drain: two.drain }),
      bench.node('r1', { role: 'resizer' }),
    ]
    await bench.time.settle()
    const drained = outcome(bench.authority.drain(RULE, never))
    await bench.time.advance(3_000)
    assert.deepEqual([one.rules, two.rules], [[RULE], [RULE]])
    one.end()
    await bench.time.advance(1_000)
    assert.equal(drained.value, undefined)
    two.end()
    await bench.time.advance(1_000)
    assert.deepEqual(drained.value, [
      { node: 'e1', outcome: 'drained' },
      { node: 'e2', outcome: 'drained' },
    ])
    await Promise.all(nodes.map(({ follower }) => follower.stop()))
  })

  test('does not wait for ever for an edge that says nothing, and names it', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const edge = bench.node('e1', { ...line, drain: async () => undefined })
    await bench.time.settle()
    line.cut = true
    const drained = outcome(bench.authority.drain(RULE, never))
    await bench.time.advance(17_000)
    assert.equal(drained.value, undefined)
    await bench.time.advance(2_000)
    assert.deepEqual(drained.value, [{ node: 'e1', outcome: 'silent' }])
    await edge.follower.stop()
  })

  test('an edge that is out is silent at once', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const edge = bench.node('e1', line)
    await bench.time.settle()
    line.cut = true
    const seq = await bench.purge('red')
    const waited = outcome(bench.authority.waitFor(seq, () => undefined, never))
    await bench.time.advance(LEASE_MS + leaseMarginMs(LEASE_MS))
    assert.equal(waited.value?.[0]?.outcome, 'lease-expired')
    const drained = outcome(bench.authority.drain(RULE, never))
    await bench.time.settle()
    assert.deepEqual(drained.value, [{ node: 'e1', outcome: 'silent' }])
    await edge.follower.stop()
  })

  test('ends when nobody wants it any more', async () => {
    const bench = purgeBench()
    const waiting = drains()
    const edge = bench.node('e1', { drain: waiting.drain })
    await bench.time.settle()
    const stop = new AbortController()
    const drained = bench.authority.drain(RULE, stop.signal)
    await bench.time.settle()
    stop.abort(new RangeError('stopping'))
    await assert.rejects(drained, RangeError)
    waiting.end()
    await edge.follower.stop()
  })
})
