import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '../kernel/clock.ts'
import { systemTimers } from '../kernel/timers.ts'
import { Pace } from './pace.ts'

const parts = { clock: systemClock, timers: systemTimers }
const { signal } = new AbortController()

describe('the pace of a target', () => {
  test('so many at one time, whoever asks', async () => {
    const pace = new Pace(parts, { concurrency: 3, requestsPerSecond: null })
    let running = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 20 }, () =>
        pace.run(signal, async () => {
          running += 1
          most = Math.max(most, running)
          await systemTimers.sleep(1)
          running -= 1
        }),
      ),
    )
    assert.equal(most, 3)
  })

  test('so many in a second', async () => {
    const waits: number[] = []
    const timers = { ...systemTimers, sleep: async (ms: number) => void waits.push(ms) }
    const clock = { now: () => 0, wall: () => 0 }
    const pace = new Pace({ clock, timers }, { concurrency: 1, requestsPerSecond: 4 })
    for (let at = 0; at < 4; at++) await pace.run(signal, async () => undefined)
    assert.deepEqual(waits, [250, 500, 750])
  })

  test('a failure and an abort give their place back', async () => {
    const pace = new Pace(parts, { concurrency: 1, requestsPerSecond: null })
    await assert.rejects(
      pace.run(signal, () => Promise.reject(new RangeError('no'))),
      RangeError,
    )
    await assert.rejects(pace.run(AbortSignal.abort(), async () => undefined))
    assert.equal(await pace.run(signal, async () => 1), 1)
  })
})
