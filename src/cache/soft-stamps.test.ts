import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { keyHash } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { SoftStamps } from './soft-stamps.ts'
import { Stamps } from './stamps.ts'

const key = (at: number): KeyHash => keyHash(`asset:${at}`)
const bytesOf = (...keys: readonly KeyHash[]): Uint8Array =>
  Buffer.concat(keys.map((each) => Buffer.from(each, 'base64url')))
/** A window's end is rounded down to as much. */
const ROUNDING_MS = 10

interface Purged {
  seq: number
  until: number
}

describe('soft stamps', () => {
  test('are the last soft purge of each key; a window never ends late, and of several the earliest end counts', () => {
    const step = fc.record({
      keys: fc.array(fc.nat(60), { minLength: 1, maxLength: 5 }),
      laterMs: fc.nat(5_000),
      windowMs: fc.integer({ min: 1, max: 90_000 }),
      packed: fc.boolean(),
      forget: fc.boolean(),
    })
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const soft = new SoftStamps()
      const truth = new Map<KeyHash, Purged>()
      let now = 1_700_000
      for (const [at, { keys, laterMs, windowMs, packed, forget }] of steps.entries()) {
        now += laterMs
        const named = keys.map(key)
        const [seq, until] = [at + 1, now + windowMs]
        if (packed) assert.ok(soft.raisePacked(bytesOf(...named), seq, now, until))
        else assert.ok(soft.raise(named, seq, now, until))
        for (const each of named)
          truth.set(each, { seq, until: Math.min(until, truth.get(each)?.until ?? until) })
        if (!forget || at % 7 !== 0) continue
        soft.forgetUpTo(seq - 3)
        for (const [each, known] of truth) if (known.seq <= seq - 3) truth.delete(each)
      }
      assert.equal(soft.count, truth.size)
      for (const [each, { seq, until }] of truth) {
        const found = soft.of([key(999), each], 0)!
        assert.equal(found.seq, seq)
        assert.ok(found.until <= until, `shown ${found.until - until} ms too long`)
        assert.ok(found.until > until - ROUNDING_MS)
        assert.equal(soft.of([each], seq), undefined, 'a mark that reflects it is not stale')
      }
    })
    fc.assert(property, { numRuns: 100 })
  })

  test('of several keys count as the last purge and the earliest end', () => {
    const soft = new SoftStamps()
    soft.raise([key(1)], 1, 0, 500)
    soft.raise([key(2)], 2, 0, 900)
    assert.deepEqual(soft.of([key(1), key(2)], 0), { seq: 2, until: 500 })
    assert.deepEqual(soft.of([key(1), key(2)], 1), { seq: 2, until: 900 })
    assert.equal(soft.lastUntil, 900)
  })

  test('for which there is no room are refused whole, so that they become hard ones', () => {
    const soft = new SoftStamps()
    const many = new Uint8Array(2_100_001 * 16)
    assert.equal(soft.raisePacked(many, 1, 0, 100), false)
    assert.equal(soft.count, 0)
  })

  test('after years of running end early, never late', () => {
    const soft = new SoftStamps()
    soft.raise([key(1)], 1, 0, 1_000)
    const now = 600 * 24 * 3_600_000
    soft.raise([key(2)], 2, now, now + 1_000)
    assert.ok(soft.of([key(2)], 0)!.until <= now)
  })

  test('are saved as hard ones, because their time means nothing to another process', () => {
    const soft = new SoftStamps()
    soft.raise([key(1)], 4, 0, 1_000)
    soft.raisePacked(bytesOf(key(2), key(3)), 5, 0, 1_000)
    const hard = new Stamps()
    hard.load(soft.saveAsHard())
    assert.deepEqual(
      [1, 2, 3, 4].map((at) => hard.of(key(at))),
      [4, 5, 5, 0],
    )
  })
})
