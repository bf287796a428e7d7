import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Invalidation, InvalidationStatus } from '../contract/invalidation.ts'
import { systemClock } from '../kernel/clock.ts'
import { systemTimers } from '../kernel/timers.ts'
import type { Timers } from '../kernel/timers.ts'
import { STEP_POINTS } from './parts.ts'
import type { InvalidationParts, StepPoint } from './parts.ts'
import { image, openWorkbench, selected, waitUntil, withBench } from './workbench-suite.ts'

const THE_WAY: readonly InvalidationStatus[] = [
  'Received',
  'Preparing',
  'Flushing resizing servers',
  'Flushing CDN servers',
  'Verifying',
  'Done',
]

function statuses({ timeline }: Invalidation): InvalidationStatus[] {
  return timeline.map((entry) => entry.status)
}

describe('a crash', () => {
  /** A process that stands still for ever at one point, and whose timers never fire again: dead, as far as others see. */
  const deadTimers: Timers = {
    after: () => () => undefined,
    sleep: () => new Promise(() => undefined),
  }

  function diesAt(point: StepPoint): Partial<InvalidationParts> {
    return {
      timers: deadTimers,
      atStep: (name) => (name === point ? new Promise<void>(() => undefined) : undefined),
    }
  }

  for (const point of STEP_POINTS) {
    test(`at ${point}: the next start ends it under the same id, with a continuous timeline`, async () => {
      const opened = await openWorkbench()
      await opened.put(image('a'))
      const dying = opened.another(diesAt(point))
      const submitting = dying.submit('demo', {
        selection: selected({ assets: ['a'] }),
        source: 'api',
        createdBy: 'key test',
      })
      // At `submitted` the answer is never given, but what was stored counts.
      void submitting
      const found = async () => (await opened.invalidations.list('demo', {}, { limit: 5 })).items
      const deadline = systemClock.now() + 5000
      const before = { prepare: 'Received', 'flush-resizing': 'Preparing', submitted: 'Received' }
      const wanted: Partial<Record<StepPoint, string>> = {
        ...before,
        'flush-cdn': 'Flushing resizing servers',
        verify: 'Flushing CDN servers',
        finish: 'Verifying',
        finished: 'Done',
      }
      while ((await found())[0]?.status !== wanted[point]) {
        assert.ok(systemClock.now() < deadline, 'the dying process did not come so far')
        await systemTimers.sleep(1)
      }
      const [left] = await found()
      assert.ok(left)
      await opened.invalidations.start()
      const done = await opened.finished(left.id)
      assert.deepEqual(statuses(done), THE_WAY)
      assert.equal((await found()).length, 1)
      assert.equal(await opened.store.tables.log.head(), 1)
      await opened.close()
    })
  }

  test('a runner that is taken over while it stands still changes nothing when it goes on', async () => {
    const held = Promise.withResolvers<void>()
    const opened = await openWorkbench()
    await opened.put(image('a'))
    const slow = opened.another({
      timers: deadTimers,
      atStep: (name) => (name === 'verify' ? held.promise : undefined),
    })
    const { invalidation } = await slow.submit('demo', {
      selection: selected({ assets: ['a'] }),
      source: 'api',
      createdBy: 'key test',
    })
    await waitUntil(slow, invalidation.id, ({ status }) => status === 'Flushing CDN servers')
    await opened.invalidations.start()
    const done = await opened.finished(invalidation.id)
    held.resolve()
    await slow.stop()
    assert.deepEqual(await opened.invalidations.get('demo', invalidation.id), done)
    await opened.close()
  })

  test(
    'a stop in the middle gives it back at once, and another goes on',
    withBench(async (bench) => {
      bench.nodes.prompt = false
      const { id } = await bench.submit({ assets: ['a'] })
      await bench.until(id, ({ status }) => status === 'Flushing resizing servers')
      await bench.invalidations.stop()
      bench.nodes.prompt = true
      const other = bench.another({ alone: false })
      await other.start()
      const done = await waitUntil(other, id, ({ status }) => status === 'Done')
      assert.deepEqual(statuses(done), THE_WAY)
    }),
  )

  test(
    'two runners on one store carry each out once',
    withBench(async (bench) => {
      const other = bench.another({ alone: false })
      await Promise.all([bench.invalidations.start(), other.start()])
      const ids = []
      for (let at = 0; at < 20; at++) ids.push((await bench.submit({ assets: ['a'] })).id)
      for (const id of ids) assert.deepEqual(statuses(await bench.finished(id)), THE_WAY)
      assert.equal(await bench.store.tables.log.head(), 20)
    }),
  )
})
