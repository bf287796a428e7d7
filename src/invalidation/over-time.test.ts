import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Invalidation } from '../contract/invalidation.ts'
import { keyHash } from '../contract/keys.ts'
import { systemRandom } from '../kernel/random.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import type { Timers } from '../kernel/timers.ts'
import { manualTime } from '../../test/support/manual-time.ts'
import type { ManualTime } from '../../test/support/manual-time.ts'
import { createUpkeep } from './upkeep.ts'
import { selected, withBench } from './workbench-suite.ts'
import type { Workbench } from './workbench-suite.ts'

/** What depends on time, with time that moves only when it is told to. */

function withTime(run: (bench: Workbench, time: ManualTime) => Promise<void>) {
  return async () => {
    const time = manualTime()
    const store = createMemoryStore({ random: systemRandom })
    const { clock, timers } = time
    await withBench((bench) => run(bench, time), { store, parts: { clock, timers } })()
  }
}

const deadTimers: Timers = {
  after: () => () => undefined,
  sleep: () => new Promise(() => undefined),
}

async function log(bench: Workbench): Promise<readonly Invalidation[]> {
  return (await bench.invalidations.list('demo', {}, { limit: 20 })).items
}

describe('holding an invalidation', () => {
  test(
    'a runner that lives keeps what it holds, however long its nodes take',
    withTime(async (bench, time) => {
      bench.nodes.prompt = false
      const other = bench.another({ alone: false })
      await Promise.all([bench.invalidations.start(), other.start()])
      const { id } = await bench.submit({ assets: ['a'] })
      await time.advance(60_000)
      assert.deepEqual(bench.nodes.waited, [1])
      for (const node of ['r1', 'e1', 'e2']) bench.nodes.acknowledge(node)
      const done = await bench.finished(id)
      assert.equal(done.status, 'Done')
      assert.equal(done.targets[0]?.attempts, 1)
    }),
  )

  test(
    'what a dead runner held is free after ten seconds of silence, not before',
    withTime(async (bench, time) => {
      const dying = bench.another({
        timers: deadTimers,
        atStep: (name) => (name === 'verify' ? new Promise<void>(() => undefined) : undefined),
      })
      const request = { selection: selected({ assets: ['a'] }), createdBy: 'key test' } as const
      const { invalidation } = await dying.submit('demo', { ...request, source: 'api' })
      const other = bench.another({ alone: false })
      await other.start()
      await time.advance(9000)
      assert.deepEqual(bench.nodes.waited, [1])
      await time.advance(3000)
      assert.deepEqual(bench.nodes.waited, [1, 1])
      assert.equal((await other.get('demo', invalidation.id)).status, 'Done')
    }),
  )

  test(
    'a wall clock that jumps lets another take it over, and it ends once all the same',
    withTime(async (bench, time) => {
      bench.nodes.prompt = false
      const other = bench.another({ alone: false })
      await Promise.all([bench.invalidations.start(), other.start()])
      const { id } = await bench.submit({ assets: ['a'] })
      await time.advance(500)
      time.jumpWall(60_000)
      await time.advance(20_000)
      bench.nodes.prompt = true
      bench.nodes.acknowledge('r1')
      await time.advance(20_000)
      const row = await bench.store.tables.invalidations.get('demo', id)
      assert.equal(row?.status, 'Done')
      assert.deepEqual(
        row?.timeline.map(({ status }) => status),
        [...new Set(row?.timeline.map(({ status }) => status))],
      )
    }),
  )
})

describe('what falls due', () => {
  test(
    'a scheduled one begins within a second of its time',
    withTime(async (bench, time) => {
      await bench.invalidations.start()
      const inAnHour = new Date(time.clock.wall() + 3_600_000).toISOString()
      const { invalidation } = await bench.invalidations.submit('demo', {
        selection: selected({ assets: ['a'] }),
        source: 'manual',
        createdBy: 'ada@example.org',
        scheduleAt: inAnHour,
      })
      await time.advance(3_599_000)
      assert.equal((await log(bench))[0]?.status, 'Scheduled')
      await time.advance(2000)
      assert.equal((await log(bench))[0]?.status, 'Done')
      assert.equal((await bench.invalidations.get('demo', invalidation.id)).seq, 1)
    }),
  )

  test(
    'one that is cancelled while it is just about to begin purges nothing',
    withTime(async (bench, time) => {
      const held = Promise.withResolvers<void>()
      const slow = bench.another({
        atStep: (name) => (name === 'prepare' ? held.promise : undefined),
      })
      await slow.start()
      const { invalidation } = await slow.submit('demo', {
        selection: selected({ assets: ['a'] }),
        source: 'manual',
        createdBy: 'ada@example.org',
        scheduleAt: new Date(time.clock.wall() + 1000).toISOString(),
      })
      await time.advance(3000)
      assert.equal((await slow.cancel('demo', invalidation.id)).status, 'Cancelled')
      assert.equal((await slow.get('demo', invalidation.id)).status, 'Cancelled')
      held.resolve()
      await time.advance(3000)
      assert.equal((await bench.invalidations.get('demo', invalidation.id)).status, 'Cancelled')
      assert.equal(await bench.store.tables.log.head(), 0)
    }),
  )

  test(
    'changes within a second of the first become one invalidation, later ones another',
    withTime(async (bench, time) => {
      await bench.invalidations.start()
      const change = (cause: string) =>
        bench.store.transaction('durable', (tx) =>
          bench.invalidations.recordChange(tx, { project: 'demo', cause, keys: [keyHash(cause)] }),
        )
      await change('one')
      await time.advance(500)
      await change('two')
      await time.advance(2500)
      await change('three')
      await time.advance(2500)
      assert.deepEqual(
        (await log(bench)).map(({ cause, status }) => [cause, status]),
        [
          ['three', 'Done'],
          ['one; two', 'Done'],
        ],
      )
    }),
  )

  test(
    'idempotency keys are forgotten after a day, and the oldest entries of the purge log beyond a number',
    withTime(async (bench, time) => {
      const keyed = { selection: selected({ assets: ['a'] }), idempotencyKey: 'k' } as const
      const submit = () =>
        bench.invalidations.submit('demo', { ...keyed, source: 'api', createdBy: 'key test' })
      const upkeep = createUpkeep({ store: bench.store, ...time }, 2)
      for (let at = 0; at < 4; at++) await bench.submit({ assets: ['b'] })
      const first = await submit()
      await time.advance(23 * 3_600_000)
      await upkeep()
      assert.equal((await submit()).invalidation.id, first.invalidation.id)
      await time.advance(2 * 3_600_000)
      await upkeep()
      assert.equal((await submit()).repeated, false)
      assert.equal(await bench.store.tables.log.oldest(), 4)
    }),
  )
})
