import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Invalidation, InvalidationStatus } from '../contract/invalidation.ts'
import { keyText } from '../contract/keys.ts'
import { systemClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import type { Target } from '../targets/target.ts'
import { InvalidationError } from './errors.ts'
import type { StepPoint } from './parts.ts'
import { selected, waitUntil, withBench } from './workbench-suite.ts'
import type { Workbench } from './workbench-suite.ts'

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

function stateOf(now: Invalidation, target: string) {
  return now.targets.find((each) => each.id === target)?.state
}

describe('carrying out', () => {
  test(
    'an invalidation goes its way and ends with evidence',
    withBench(async (bench) => {
      const done = await bench.finished((await bench.submit({ assets: ['a'] })).id)
      assert.deepEqual(statuses(done), THE_WAY)
      assert.deepEqual(
        done.targets.map(({ id, tier, state, attempts, detail }) => [
          id,
          tier,
          state,
          attempts,
          detail,
        ]),
        [
          ['r1', 'resizing', 'done', 1, 'acknowledged'],
          ['e1', 'cdn', 'done', 1, 'acknowledged'],
          ['e2', 'cdn', 'done', 1, 'acknowledged'],
        ],
      )
      assert.equal(done.evidence?.verdict, 'fresh')
      assert.equal(done.finishedAt, done.timeline.at(-1)?.at)
      const { nodes, invalidation } = await bench.invalidations.evidence('demo', done.id)
      assert.deepEqual(invalidation, done)
      assert.deepEqual(nodes[0], { node: 'r1', role: 'resizer', outcome: 'acknowledged' })
    }),
  )

  test('the same on the store of the simulator', async () => {
    const store = createMemoryStore({ random: systemRandom })
    await withBench(
      async (opened) => {
        const done = await opened.finished((await opened.submit({ assets: ['a'] })).id)
        assert.deepEqual(statuses(done), THE_WAY)
      },
      { store },
    )()
  })

  test(
    'it waits for the resizing tier, then for the CDN tier, and tells how far each node is',
    withBench(async (bench) => {
      bench.nodes.prompt = false
      const { id } = await bench.submit({ assets: ['a'] })
      await bench.until(id, (now) => stateOf(now, 'r1') === 'running')
      bench.nodes.acknowledge('e1')
      const resizing = await bench.until(id, (now) => stateOf(now, 'e1') === 'done')
      assert.notEqual(resizing.status, 'Flushing CDN servers')
      await bench.until(id, (now) => now.status === 'Flushing resizing servers')
      bench.nodes.acknowledge('r1')
      const cdn = await bench.until(id, (now) => now.status === 'Flushing CDN servers')
      assert.equal(stateOf(cdn, 'e2'), 'running')
      bench.nodes.acknowledge('e2')
      assert.equal((await bench.finished(id)).status, 'Done')
    }),
  )

  test(
    'what is shown while it runs is in the store soon after',
    withBench(async (bench) => {
      bench.nodes.prompt = false
      const { id } = await bench.submit({ assets: ['a'] })
      bench.nodes.acknowledge('e1')
      const other = bench.another()
      await waitUntil(other, id, (now) => now.targets.some((each) => each.state === 'done'))
    }),
  )

  test(
    'listeners hear every change in order, and Done only when it is stored',
    withBench(async (bench) => {
      const heard: InvalidationStatus[] = []
      const stored: Promise<InvalidationStatus | undefined>[] = []
      bench.invalidations.subscribe('demo', null, (now) => {
        if (heard.at(-1) !== now.status) heard.push(now.status)
        if (now.status !== 'Done') return
        stored.push(bench.store.tables.invalidations.get('demo', now.id).then((row) => row?.status))
      })
      bench.invalidations.subscribe('other', null, () => assert.fail('another project'))
      const silent = bench.invalidations.subscribe('demo', null, () => assert.fail('unsubscribed'))
      silent()
      const { id } = await bench.submit({ assets: ['a'] })
      await bench.finished(id)
      assert.deepEqual(heard, THE_WAY)
      assert.deepEqual(await Promise.all(stored), ['Done'])
    }),
  )

  test(
    'what nodes hold is looked at, and shown',
    withBench(async (bench) => {
      const target = '/~/image/demo/a'
      const subject = keyText.asset('demo', 'a')
      await bench.store.transaction('volatile', (tx) =>
        tx.served.record(
          [{ project: 'demo', subject, url: 'http://x/', target: `${target}?wid=7` }],
          1,
        ),
      )
      bench.nodes.held = (_, seq) => ({ state: 'usable', mark: seq, applied: seq, inputHash: 'h' })
      const done = await bench.finished(
        (await bench.submit({ assets: ['a'], renditions: true })).id,
      )
      assert.equal(done.evidence?.verdict, 'fresh')
      assert.deepEqual(
        done.evidence?.probes.filter(({ via }) => via === 'e1').map(({ url, mark }) => [url, mark]),
        [
          ['http://x/', done.seq],
          ['http://my.publishserver.com:8080/is/image/dms7snapshot/a', done.seq],
        ],
      )
      const { peeks } = await bench.invalidations.evidence('demo', done.id)
      assert.equal(peeks.length, 6)
    }),
  )
})

function outer(flush: Target['flush']): Target {
  return {
    id: 'cdn',
    begins: 'after-own-nodes',
    describe: async () => [{ id: 'cdn', tier: 'cdn', requests: 1, defaultSeconds: 5 }],
    flush,
    verify: async () => ({ verdict: 'unverifiable', probes: [], peeks: [] }),
  }
}

describe('what does not go well', () => {
  test(
    'a cache that still serves old bytes is purged again, and Done when it does not',
    withBench(async (bench) => {
      let peeks = 0
      bench.nodes.held = (_, seq) => {
        peeks += 1
        const mark = peeks <= 3 ? 0 : seq
        return { state: 'usable', mark, applied: seq, inputHash: null }
      }
      const done = await bench.finished((await bench.submit({ assets: ['a'] })).id)
      assert.equal(done.status, 'Done')
      assert.equal(done.seq, 2)
      assert.deepEqual(bench.nodes.waited, [1, 2])
      assert.deepEqual(statuses(done), THE_WAY)
      assert.equal(done.targets[0]?.attempts, 2)
    }),
  )

  test(
    'one that stays stale after three more purges is an error of the CDN, never Done',
    withBench(async (bench) => {
      bench.nodes.held = () => ({ state: 'usable', mark: 0, applied: 9, inputHash: null })
      const failed = await bench.finished((await bench.submit({ assets: ['a'] })).id)
      assert.equal(failed.status, 'ERROR_CDN_NODE')
      assert.equal(failed.evidence?.verdict, 'stale')
      assert.match(failed.failure ?? '', /^Failed to invalidate CDN cache\./)
      assert.deepEqual(bench.nodes.waited, [1, 2, 3, 4])
    }),
  )

  test(
    'what is unusable or absent is not stale',
    withBench(async (bench) => {
      bench.nodes.held = (_, seq) => ({ state: 'unusable', mark: 0, applied: seq, inputHash: null })
      const done = await bench.finished((await bench.submit({ assets: ['a'] })).id)
      assert.equal(done.status, 'Done')
    }),
  )

  test('an outer target that fails is an error of the CDN, with its reason', async () => {
    const failing = outer(async () => {
      throw new Error('429 from the CDN')
    })
    await withBench(
      async (opened) => {
        const failed = await opened.finished((await opened.submit({ assets: ['a'] })).id)
        assert.equal(failed.status, 'ERROR_CDN_NODE')
        assert.match(failed.failure ?? '', /cdn: 429 from the CDN/)
        assert.equal(failed.targets.find(({ id }) => id === 'cdn')?.state, 'failed')
        assert.equal(failed.targets.find(({ id }) => id === 'e1')?.state, 'done')
      },
      { outer: [failing] },
    )()
  })

  test('an outer target begins after our own nodes, gets the URLs, and may be unverifiable', async () => {
    const seen: string[] = []
    const ended: string[] = []
    const target = outer(async (purge) => {
      assert.deepEqual(
        ended,
        ['r1', 'e1', 'e2'],
        'it would refill from a node that is still to be flushed',
      )
      for await (const piece of purge.urls()) seen.push(...piece)
      return [{ id: 'cdn', tier: 'cdn', state: 'done', detail: null }]
    })
    await withBench(
      async (opened) => {
        opened.nodes.prompt = false
        const { id } = await opened.submit({ assets: ['a', 'b'] })
        await opened.until(id, ({ status }) => status === 'Flushing resizing servers')
        for (const node of ['r1', 'e1', 'e2']) {
          ended.push(node)
          opened.nodes.acknowledge(node)
        }
        const done = await opened.finished(id)
        assert.equal(done.status, 'Done', done.failure ?? '')
        assert.equal(done.evidence?.verdict, 'unverifiable')
        assert.equal(seen.length, 2)
      },
      { outer: [target] },
    )()
  })

  test('a step that breaks is an ERROR with a way out; a retry has the same id and goes on below', async () => {
    let broken = true
    const atStep = (name: StepPoint) => {
      if (broken && name === 'flush-cdn') throw new Error('broken')
    }
    await withBench(
      async (opened) => {
        const { id } = await opened.submit({ assets: ['a'] })
        const failed = await opened.finished(id)
        assert.equal(failed.status, 'ERROR')
        assert.match(failed.failure ?? '', /Retry/)
        broken = false
        const again = await opened.invalidations.retry('demo', id)
        assert.deepEqual([again.id, again.seq, again.failure], [id, 2, null])
        const done = await opened.finished(id)
        assert.deepEqual(statuses(done), [...THE_WAY.slice(0, 3), 'ERROR', ...THE_WAY])
        assert.equal(done.targets[0]?.attempts, 2)
      },
      { parts: { atStep } },
    )()
  })

  test('of two retries at once one is refused, and what is Done cannot be retried', async () => {
    let broken = true
    const atStep = (name: StepPoint) => {
      if (broken && name === 'verify') throw new Error('broken')
    }
    await withBench(
      async (opened) => {
        const { id } = await opened.submit({ assets: ['a'] })
        await opened.finished(id)
        broken = false
        const both = await Promise.allSettled([
          opened.invalidations.retry('demo', id),
          opened.invalidations.retry('demo', id),
        ])
        assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
        assert.equal((await opened.finished(id)).status, 'Done')
        assert.equal(await opened.store.tables.log.head(), 2)
        await assert.rejects(
          opened.invalidations.retry('demo', id),
          (error) => error instanceof InvalidationError && error.code === 'not-retryable',
        )
        await assert.rejects(
          opened.invalidations.retry('demo', 'nobody'),
          (error) => error instanceof InvalidationError && error.code === 'unknown-invalidation',
        )
      },
      { parts: { atStep } },
    )()
  })
})

function submitScheduled(bench: Workbench, inMs: number) {
  return bench.invalidations.submit('demo', {
    selection: selected({ assets: ['a'] }),
    source: 'manual',
    createdBy: 'ada@example.org',
    scheduleAt: new Date(systemClock.wall() + inMs).toISOString(),
  })
}

function isNotCancellable(error: unknown): boolean {
  return error instanceof InvalidationError && error.code === 'not-cancellable'
}

describe('scheduled ones', () => {
  test(
    'wait in the store, enter the log when they are due, and go their way',
    withBench(async (bench) => {
      await bench.invalidations.start()
      const { invalidation } = await submitScheduled(bench, 300)
      assert.deepEqual([invalidation.status, invalidation.seq], ['Scheduled', null])
      assert.equal(invalidation.source, 'scheduled')
      assert.equal(await bench.store.tables.log.head(), 0)
      const done = await bench.finished(invalidation.id)
      assert.deepEqual(statuses(done), ['Scheduled', ...THE_WAY])
      assert.equal(done.seq, 1)
    }),
  )

  test(
    'can be cancelled before, and nothing else can',
    withBench(async (bench) => {
      const { invalidation } = await submitScheduled(bench, 60_000)
      const cancelled = await bench.invalidations.cancel('demo', invalidation.id)
      assert.deepEqual(statuses(cancelled), ['Scheduled', 'Cancelled'])
      assert.ok(cancelled.finishedAt)
      await assert.rejects(bench.invalidations.cancel('demo', invalidation.id), isNotCancellable)
      const { id } = await bench.submit({ assets: ['a'] })
      await assert.rejects(bench.invalidations.cancel('demo', id), isNotCancellable)
      await bench.finished(id)
    }),
  )
})
