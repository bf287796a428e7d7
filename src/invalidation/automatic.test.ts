import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keyHash } from '../contract/keys.ts'
import { systemClock } from '../kernel/clock.ts'
import { systemTimers } from '../kernel/timers.ts'
import { causeInWords } from './automatic.ts'
import { withBench } from './workbench-suite.ts'
import type { Workbench } from './workbench-suite.ts'

function change(bench: Workbench, cause: string, ...keys: readonly string[]) {
  return bench.store.transaction('durable', (tx) =>
    bench.invalidations.recordChange(tx, { project: 'demo', cause, keys: keys.map(keyHash) }),
  )
}

async function listed(bench: Workbench, count: number) {
  const deadline = systemClock.now() + 5000
  for (;;) {
    const { items } = await bench.invalidations.list('demo', {}, { limit: 10 })
    if (items.length >= count) return items
    assert.ok(systemClock.now() < deadline, 'no automatic invalidation')
    await systemTimers.sleep(5)
  }
}

describe('automatic invalidations', () => {
  test(
    'changes of one second become one, with their causes and keys',
    withBench(async (bench) => {
      await bench.invalidations.start()
      await change(bench, 'New version of "a"', 'k1', 'k2')
      await change(bench, 'New version of "b"', 'k2', 'k3')
      const [automatic] = await listed(bench, 1)
      assert.equal(automatic?.source, 'automatic')
      assert.equal(automatic?.createdBy, 'Sluice')
      assert.equal(automatic?.cause, 'New version of "a"; New version of "b"')
      const done = await bench.finished(automatic.id)
      assert.equal(done.status, 'Done')
      const [entry] = await bench.store.tables.log.after(0, 5)
      assert.deepEqual(entry?.keys, ['k1', 'k2', 'k3'].map(keyHash).sort())
      assert.deepEqual(await bench.store.tables.changes.due(Number.MAX_SAFE_INTEGER), [])
      assert.equal((await listed(bench, 1)).length, 1)
    }),
  )

  test(
    'a change that a crash left behind is made into one by the next start',
    withBench(async (bench) => {
      const at = systemClock.wall() - 60_000
      await bench.store.transaction('durable', (tx) =>
        tx.changes.add({ project: 'demo', cause: 'Moved "a"', keys: [keyHash('k')], at }),
      )
      await bench.invalidations.start()
      const [automatic] = await listed(bench, 1)
      assert.equal(automatic?.cause, 'Moved "a"')
    }),
  )

  test(
    'a project that has them switched off gets none',
    withBench(async (bench) => {
      await bench.setProject({ automaticInvalidation: false })
      await change(bench, 'New version of "a"', 'k1')
      assert.deepEqual(await bench.store.tables.changes.due(Number.MAX_SAFE_INTEGER), [])
    }),
  )

  test(
    'what is rolled back is no change',
    withBench(async (bench) => {
      await assert.rejects(
        bench.store.transaction('durable', async (tx) => {
          const keys = [keyHash('k')]
          await bench.invalidations.recordChange(tx, { project: 'demo', cause: 'x', keys })
          throw new RangeError('no')
        }),
      )
      assert.deepEqual(await bench.store.tables.changes.due(Number.MAX_SAFE_INTEGER), [])
    }),
  )

  test('many causes are counted, the same ones are said once', () => {
    assert.equal(causeInWords(['a', 'a', 'b']), 'a; b')
    assert.equal(causeInWords(['a', 'b', 'c', 'd', 'e']), 'a; b; c; and 2 more changes')
  })
})
