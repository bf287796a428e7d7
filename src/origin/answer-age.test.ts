import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../kernel/clock.ts'
import { answerAgeSeconds } from './answer-age.ts'

const clock: Clock = { now: () => 0, wall: () => Date.parse('2026-01-01T00:01:00Z') }

describe('the age of an answer', () => {
  for (const [headers, age] of [
    [{}, null],
    [{ age: '7' }, 7],
    [{ age: '-7' }, null],
    [{ age: '7, 8' }, null],
    [{ date: 'Wed, 31 Dec 2025 23:50:00 GMT' }, 660],
    [{ date: 'Wed, 31 Dec 2025 23:50:00 GMT', age: '900' }, 900],
    [{ date: 'Wed, 31 Dec 2025 23:50:00 GMT', age: '3' }, 660],
    [{ date: 'Thu, 01 Jan 2026 00:00:30 GMT' }, 0],
    [{ date: 'Thu, 01 Jan 2026 00:00:30 GMT', age: '3' }, 3],
    [{ date: 'Thu, 01 Jan 2026 00:09:00 GMT' }, 0],
    [{ date: 'yesterday' }, null],
  ] as const) {
    it(`of ${JSON.stringify(headers)} is ${age}`, () => {
      assert.equal(answerAgeSeconds(headers, clock), age)
    })
  }
})
