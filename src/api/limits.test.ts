import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import {
  KEY_RATE,
  WRONG_PASSWORDS_MAX,
  WRONG_PASSWORDS_PER_ADDRESS_MAX,
  WRONG_PASSWORDS_WINDOW_MS,
  createBuckets,
  createSignInLimits,
} from './limits.ts'

function testClock() {
  let now = 1000
  return {
    clock: { now: () => now, wall: () => 1_700_000_000_000 + now },
    advance: (ms: number) => void (now += ms),
  }
}

describe('requests', () => {
  test('200 at once pass, the next waits a fiftieth of a second', () => {
    const { clock, advance } = testClock()
    const take = createBuckets(clock)
    for (let count = 0; count < KEY_RATE.burst; count++) assert.equal(take('a', KEY_RATE), 0)
    assert.equal(take('a', KEY_RATE), 1 / KEY_RATE.perSecond)
    assert.equal(take('b', KEY_RATE), 0, 'another key has its own')
    advance(1000 / KEY_RATE.perSecond)
    assert.equal(take('a', KEY_RATE), 0)
    assert.ok(take('a', KEY_RATE) > 0)
  })

  test('a quiet minute earns no more than the burst', () => {
    const { clock, advance } = testClock()
    const take = createBuckets(clock)
    take('a', KEY_RATE)
    advance(60_000)
    const passed = Array.from({ length: 300 }, () => take('a', KEY_RATE)).filter(
      (wait) => wait === 0,
    )
    assert.equal(passed.length, KEY_RATE.burst)
  })
})

describe('passwords', () => {
  test('the sixth try within 10 minutes waits, for that account and address only', () => {
    const { clock, advance } = testClock()
    const limits = createSignInLimits(clock)
    for (let count = 0; count < WRONG_PASSWORDS_MAX; count++) {
      assert.equal(limits.waitSeconds('a@b', '1.1.1.1'), 0)
      limits.tried('a@b', '1.1.1.1')
      advance(1000)
    }
    assert.ok(limits.waitSeconds('A@B', '1.1.1.1') > 500)
    assert.equal(limits.waitSeconds('a@b', '2.2.2.2'), 0)
    assert.equal(limits.waitSeconds('c@d', '1.1.1.1'), 0)
    advance(WRONG_PASSWORDS_WINDOW_MS - 5000)
    assert.equal(limits.waitSeconds('a@b', '1.1.1.1'), 0, 'the first is forgotten after the window')
  })

  test('a right password clears the count', () => {
    const { clock } = testClock()
    const limits = createSignInLimits(clock)
    for (let count = 0; count < WRONG_PASSWORDS_MAX; count++) limits.tried('a@b', '1.1.1.1')
    limits.right('a@b', '1.1.1.1')
    assert.equal(limits.waitSeconds('a@b', '1.1.1.1'), 0)
  })

  test('one address does not try a password on every account', () => {
    const { clock } = testClock()
    const limits = createSignInLimits(clock)
    for (let count = 0; count < WRONG_PASSWORDS_PER_ADDRESS_MAX; count++) {
      limits.tried(`person${count}@b`, '1.1.1.1')
    }
    assert.ok(limits.waitSeconds('fresh@b', '1.1.1.1') > 0)
  })
})
