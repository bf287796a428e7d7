import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dropOldest } from './drop-oldest.ts'

/** Processor time of 100,000 more in a map that is full. */
function microseconds(max: number): number {
  const map = new Map<number, number>()
  let next = 0
  const fill = (count: number): void => {
    for (let at = 0; at < count; at++) {
      map.set((next += 1), 0)
      dropOldest(map, max)
    }
  }
  fill(2 * max)
  const before = process.cpuUsage()
  fill(100_000)
  const { user, system } = process.cpuUsage(before)
  return user + system
}

describe('a map that is filled for ever', () => {
  it('never holds more than it may, and what it holds is the newest', () => {
    const map = new Map<number, string>()
    for (let at = 0; at < 1_000; at++) {
      map.set(at, 'kept')
      dropOldest(map, 50)
      assert.ok(map.size <= 50)
      assert.ok(map.size >= Math.min(at + 1, 45))
      assert.ok(map.has(at) && map.has(Math.max(0, at - 44)))
    }
    const only = new Set(['one'])
    dropOldest(only, 1)
    assert.deepEqual([...only], ['one'])
    dropOldest(only.add('two'), 1)
    assert.ok(only.size <= 1)
  })

  it('costs no more for each when it is large', () => {
    const small = Math.max(microseconds(1_000), 1_000)
    const large = microseconds(50_000)
    assert.ok(large < small * 20, `${large} µs beside ${small} µs`)
  })
})
