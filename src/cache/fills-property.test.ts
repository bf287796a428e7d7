import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { manualTime } from '../../test/support/manual-time.ts'
import { keyHash } from '../contract/keys.ts'
import { Fills, arrive } from './fills.ts'
import type { FillAnswer, FillOrder } from './fills.ts'
import { Freshness } from './freshness.ts'

/** Freshness rule P9 over random schedules, in which purge logs are replaced as well. */

const RED = keyHash('asset:demo/red')
const BLUE = keyHash('asset:demo/blue')

/** More than are used of any, so that those of later logs are larger. */
const NUMBERS_OF_A_LOG = 1_000

interface Read extends FillAnswer {
  /** How much of all logs, one behind the other. */
  readonly reflects: number
}

describe('whatever order things happen in', () => {
  const KEYS = [RED, BLUE]
  const step = fc.oneof(
    fc.record({ do: fc.constant('ask' as const), minMark: fc.nat(2), lease: fc.boolean() }),
    fc.record({ do: fc.constant('purge' as const), key: fc.constantFrom(...KEYS) }),
    fc.record({ do: fc.constant('answer' as const), shareable: fc.boolean() }),
    fc.record({ do: fc.constant('replace' as const), lease: fc.boolean() }),
  )

  test('nobody gets bytes older than what was applied on arrival, at most one shared fill runs, and all are answered', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.boolean(),
      async (steps, nodeHasLease) => {
        const time = manualTime()
        const freshness = new Freshness(time.clock)
        freshness.startEmpty('log 0', 0)
        const grant = (): void =>
          freshness.grant({
            head: 0,
            leaseMs: 60_000,
            sentAt: time.clock.now(),
            sentWall: time.clock.wall(),
          })
        if (nodeHasLease) grant()
        const fills = new Fills<Read>(freshness, time.clock)
        let lastRedPurge = 0
        let shared = true
        let logs = 0
        const running: { end: (shareable: boolean) => void }[] = []
        const start = (order: FillOrder): Promise<Read> => {
          const mark = Math.max(freshness.applied, order.minMark)
          const { promise, resolve } = Promise.withResolvers<Read>()
          const reflects = logs * NUMBERS_OF_A_LOG + mark
          running.push({
            end: (shareable) => resolve({ keys: [RED], mark, shareable, reflects }),
          })
          if (shared) assert.equal(running.length <= 1, true, 'one fill at a time')
          return promise
        }
        const ask = async (minMark: number, lease: boolean): Promise<void> => {
          const known = lastRedPurge
          const log = logs
          const waiter = arrive(freshness, minMark, lease)
          const { mark, reflects } = await fills.obtain('/red', waiter, start)
          assert.ok(reflects >= known, 'older than what it could have learned')
          if (log === logs) assert.ok(mark >= minMark)
        }
        const asked: Promise<void>[] = []
        for (const each of steps) {
          switch (each.do) {
            case 'ask':
              asked.push(ask(each.minMark, each.lease))
              break
            case 'purge': {
              const seq = freshness.applied + 1
              freshness.apply({ seq, project: 'demo', kind: 'purge', keys: [each.key] })
              if (each.key === RED) lastRedPurge = logs * NUMBERS_OF_A_LOG + seq
              break
            }
            case 'answer':
              if (!each.shareable) shared = false
              running.shift()?.end(each.shareable)
              await time.settle()
              break
            case 'replace':
              // What the log before asked for may still be under way.
              shared = false
              logs += 1
              freshness.startEmpty(`log ${logs}`, 0)
              if (each.lease) grant()
              break
          }
        }
        for (let rounds = 0; rounds < 100 && running.length > 0; rounds++) {
          running.shift()!.end(true)
          await time.settle()
        }
        await Promise.all(asked)
      },
    )
    await fc.assert(property, { numRuns: 500 })
  })
})
