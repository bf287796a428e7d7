import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keyHash, keyText } from '../contract/keys.ts'
import type { MissingOriginal } from '../contract/delivery-settings.ts'
import { isFinal } from '../contract/invalidation.ts'
import type { Evidence, Invalidation } from '../contract/invalidation.ts'
import type { ServedUrl } from '../contract/node-protocol.ts'
import type { Purge, Target } from '../targets/target.ts'
import { NO_SELECTION } from './automatic.ts'
import { PROJECT, waitUntil, withBench } from './workbench-suite.ts'
import type { Workbench } from './workbench-suite.ts'

/** A cache outside Sluice that does as it is told. */
interface TestTarget extends Omit<Target, 'flush'> {
  flush: Target['flush']
  fails: string | null
  /** Verdicts, one for each look; the last one stays. */
  verdicts: Evidence['verdict'][]
  /** The seq and the URLs of each flush. */
  /** What it was told to look at, at the last look. */
  probes: readonly string[]
  readonly flushed: { readonly seq: number; readonly urls: readonly string[] }[]
}

function testTarget(id: string): TestTarget {
  const target: TestTarget = {
    id,
    begins: 'after-own-nodes',
    fails: null,
    verdicts: ['fresh'],
    probes: [],
    flushed: [],
    describe: async () => [{ id, tier: 'cdn', requests: 3, defaultSeconds: 9 }],
    async flush(purge: Purge) {
      const urls: string[] = []
      for await (const piece of purge.urls()) urls.push(...piece)
      target.flushed.push({ seq: purge.seq, urls: [...new Set(urls)].sort() })
      if (target.fails !== null) throw new RangeError(target.fails)
      return [{ id, tier: 'cdn', state: 'done', detail: null }]
    },
    async verify({ probes = [] }) {
      target.probes = probes.map(({ url }) => url)
      const verdict = target.verdicts.length > 1 ? target.verdicts.shift()! : target.verdicts[0]!
      const notes = verdict === 'fresh' ? {} : { notes: [`${id} is ${verdict}`] }
      return { verdict, probes: [], peeks: [], ...notes }
    },
  }
  return target
}

/** A workbench whose project has these targets. */
function withTargets(
  run: (bench: Workbench, one: TestTarget, two: TestTarget) => Promise<void>,
): () => Promise<void> {
  const one = testTarget('one')
  const two = testTarget('two')
  const outerTargets = async (project: string) => (project === PROJECT.id ? [one, two] : [])
  return withBench((bench) => run(bench, one, two), { parts: { outerTargets } })
}

function serve(bench: Workbench, ...urls: readonly (readonly [string, string, string])[]) {
  const served = urls.map(([subject, url, target]): ServedUrl => ({
    project: PROJECT.id,
    subject,
    url,
    target,
  }))
  return bench.store.transaction('volatile', (tx) => tx.served.record(served, 1))
}

function ofOriginal(file: string, query: string) {
  return [
    keyText.original(PROJECT.id, `sample.li/${file}`),
    `http://x.example/_t/doc/sample.li/${file}?${query}`,
    `/~/original/demo/sample.li/${file}?${query}`,
  ] as const
}

const ofAsset = (id: string, query: string, host = 'x.example') =>
  [
    keyText.asset(PROJECT.id, id),
    `http://${host}/is/image/dms7snapshot/${id}?${query}`,
    `/~/image/demo/${id}?${query}`,
  ] as const

function stateOf({ targets }: Invalidation, id: string) {
  return targets.find((each) => each.id === id)?.state
}

describe('targets outside Sluice', () => {
  test(
    'one that fails is named with its reason, the others are done, and Retry asks only it',
    withTargets(async (bench, one, two) => {
      two.fails = '403 from its ACL'
      const { id } = await bench.submit({ assets: ['a'], renditions: true })
      const failed = await bench.finished(id)
      assert.equal(failed.status, 'ERROR_CDN_NODE')
      assert.equal(failed.failure, 'Failed to invalidate CDN cache. two: 403 from its ACL')
      const states = failed.targets.map((each) => [each.id, each.state])
      assert.deepEqual(states, [
        ['r1', 'done'],
        ['e1', 'done'],
        ['e2', 'done'],
        ['one', 'done'],
        ['two', 'failed'],
      ])
      assert.equal(failed.evidence?.verdict, 'unverifiable')
      assert.deepEqual(failed.evidence.notes, [
        'two: its purge failed, so nobody looked at what it serves.',
      ])
      two.fails = null
      const again = await bench.invalidations.retry(PROJECT.id, id)
      assert.equal(again.seq, 2)
      const done = await bench.finished(id)
      assert.equal(done.status, 'Done')
      assert.deepEqual(
        done.targets.map((each) => each.attempts),
        [1, 1, 1, 1, 2],
      )
      assert.equal(one.flushed.length, 1)
      assert.deepEqual(
        two.flushed.map(({ seq }) => seq),
        [1, 1],
      )
      const [, retried] = await bench.store.tables.log.after(0, 5)
      assert.equal(retried?.keys.length, 1, 'our own nodes need not make everything anew')
    }),
  )

  test(
    'when a node of ours failed, everything is asked again',
    withTargets(async (bench, one) => {
      bench.nodes.held = () => ({ state: 'usable', mark: 0, applied: 9, inputHash: null })
      const { id } = await bench.submit({ assets: ['a'] })
      const failed = await bench.finished(id)
      assert.match(failed.failure ?? '', /r1, e1, e2: After 3 more purges/)
      const before = one.flushed.length
      bench.nodes.held = () => null
      await bench.invalidations.retry(PROJECT.id, id)
      assert.equal((await bench.finished(id)).status, 'Done')
      assert.equal(one.flushed.length, before + 1)
    }),
  )

  test(
    'only what is stale is purged again',
    withTargets(async (bench, one, two) => {
      two.verdicts = ['stale', 'stale', 'fresh']
      const done = await bench.finished((await bench.submit({ assets: ['a'] })).id)
      assert.equal(done.status, 'Done')
      assert.equal(done.seq, 1)
      assert.deepEqual([one.flushed.length, two.flushed.length], [1, 3])
      assert.equal(done.targets.find(({ id }) => id === 'two')?.attempts, 3)
    }),
  )

  test(
    'one that stays stale has failed, and is never Done',
    withTargets(async (bench, _, two) => {
      two.verdicts = ['stale']
      const failed = await bench.finished((await bench.submit({ assets: ['a'] })).id)
      assert.equal(failed.status, 'ERROR_CDN_NODE')
      assert.match(failed.failure ?? '', /two: After 3 more purges a cache still serves old bytes/)
      assert.equal(failed.evidence?.verdict, 'stale')
      assert.deepEqual(failed.evidence?.notes, ['two is stale'])
      assert.equal(two.flushed.length, 4)
      assert.equal(failed.targets.find(({ id }) => id === 'two')?.state, 'failed')
    }),
  )

  test(
    'what cannot be looked at is Done, and unverifiable in words',
    withTargets(async (bench, one) => {
      one.verdicts = ['unverifiable']
      const done = await bench.finished((await bench.submit({ assets: ['a'] })).id)
      assert.deepEqual([done.status, done.evidence?.verdict], ['Done', 'unverifiable'])
      assert.deepEqual(done.evidence?.notes, ['one is unverifiable'])
    }),
  )

  test(
    'who takes an invalidation over asks again what was under way, and leaves what had ended',
    withTargets(async (bench, one, two) => {
      const { flush } = two
      const begun = Promise.withResolvers<void>()
      two.flush = (...args) => {
        begun.resolve()
        return new Promise((_, reject) => {
          const [, , signal] = args
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      }
      const { id } = await bench.submit({ assets: ['a'] })
      await begun.promise
      await bench.until(id, (now) => stateOf(now, 'one') === 'done')
      await bench.invalidations.stop()
      two.flush = flush
      const other = bench.another()
      await other.start()
      const done = await waitUntil(other, id, ({ status }) => isFinal(status))
      assert.equal(done.status, 'Done', JSON.stringify(done))
      assert.deepEqual([one.flushed.length, two.flushed.length], [1, 1])
      assert.equal(done.targets.find((each) => each.id === 'two')?.attempts, 2)
    }),
  )

  test(
    'preview says what they will be asked and how long it takes',
    withTargets(async (bench) => {
      const preview = await bench.invalidations.preview(PROJECT.id, {
        ...NO_SELECTION,
        assets: ['a'],
      })
      assert.deepEqual(
        preview.targets.map(({ id, requests }) => [id, requests]),
        [
          ['r1', 1],
          ['e1', 1],
          ['e2', 1],
          ['one', 3],
          ['two', 3],
        ],
      )
      assert.equal(preview.estimatedSeconds, 9)
    }),
  )
})

const wid = (width: number) => `http://x.example/is/image/dms7snapshot/a?wid=${width}`

describe('the URLs that they are asked about', () => {
  test(
    'every spelling of an asset that was served, and those of the list',
    withTargets(async (bench, one) => {
      const spellings = [
        ofAsset('a', 'wid=7'),
        ofAsset('a', 'wid=7', 'y.example'),
        ofAsset('b', 'wid=7'),
      ]
      await serve(bench, ...spellings)
      await bench.finished((await bench.submit({ assets: ['a'], renditions: true })).id)
      assert.deepEqual(one.flushed[0]?.urls, [
        'http://my.publishserver.com:8080/is/image/dms7snapshot/a',
        'http://x.example/is/image/dms7snapshot/a?wid=7',
        'http://y.example/is/image/dms7snapshot/a?wid=7',
      ])
    }),
  )

  test(
    'pictures that a watermark lies on, by its URL or the project’s, when it is invalidated',
    withTargets(async (bench, one) => {
      const watermarkImage = 'sample.li/mark.png'
      await bench.store.transaction('durable', (tx) =>
        tx.projects.update(PROJECT.id, { delivery: { watermarkImage } }),
      )
      const marked = [
        ofOriginal('a.jpg', 'wat=1&wat_url=sample.li%2Fmark.png'),
        ofOriginal('b.jpg', 'wat=1'),
      ]
      const others = [
        ofOriginal('c.jpg', 'w=7'),
        ofOriginal('d.jpg', 'wat=1&wat_url=sample.li%2Fother.png'),
      ]
      await serve(bench, ...marked, ...others)
      await bench.finished((await bench.submit({ originals: ['/sample.li/mark.png'] })).id)
      const urls = one.flushed[0]?.urls ?? []
      for (const [, url] of marked) assert.ok(urls.includes(url), url)
      for (const [, url] of others) assert.ok(!urls.includes(url), url)
    }),
  )

  test(
    'also when the watermark is an asset that somebody names',
    withTargets(async (bench, one) => {
      await bench.store.transaction('durable', (tx) =>
        tx.projects.update(PROJECT.id, {
          delivery: { watermarkImage: 'a' },
          presets: { marked: 'wat=1' },
        }),
      )
      const marked = [
        ofOriginal('a.jpg', 'wat=1'),
        ofOriginal('b.jpg', 'wat=1&wat_url=a'),
        ofOriginal('d.jpg', 'p=marked'),
      ] as const
      const other = ofOriginal('c.jpg', 'wat=1&wat_url=b')
      await serve(bench, ...marked, other)
      await bench.finished((await bench.submit({ assets: ['a'], renditions: true })).id)
      const urls = one.flushed[0]?.urls ?? []
      for (const [, url] of marked) assert.ok(urls.includes(url), url)
      assert.ok(!urls.includes(other[1]))
    }),
  )

  test(
    'all in whose place the project’s default image may stand, when that is invalidated',
    withTargets(async (bench, one) => {
      const choose = (missingOriginal: MissingOriginal, missingImage: string) =>
        bench.store.transaction('durable', (tx) =>
          tx.projects.update(PROJECT.id, { delivery: { missingOriginal, missingImage } }),
        )
      const [, missing] = ofOriginal('gone.jpg', 'w=7')
      const other = ofAsset('b', 'wid=7')
      await serve(bench, ofOriginal('gone.jpg', 'w=7'), other)
      const ways = [
        ['a', { assets: ['a'], renditions: true }],
        ['in/a', { folders: ['in'] }],
      ] as const
      for (const [image, selection] of ways) {
        for (const choice of ['default-image-200', 'empty-404'] as const) {
          await choose(choice, image)
          await bench.finished((await bench.submit(selection)).id)
          const urls = one.flushed.at(-1)!.urls
          assert.equal(urls.includes(missing), choice === 'default-image-200')
          assert.ok(!urls.includes(other[1]), 'nothing stands for what Dynamic Media names')
        }
      }
    }),
  )

  test(
    'and are looked at by those that were served most',
    withTargets(async (bench, one) => {
      const [subject, , target] = ofAsset('a', 'wid=7')
      const urls = ['rare', 'usual', 'often'].map((host) => `http://${host}/is/image/demo/a?wid=7`)
      await bench.store.transaction('volatile', (tx) =>
        tx.served.record(
          urls.map((url, at) => ({
            project: PROJECT.id,
            subject,
            url,
            target,
            times: at * 10 + 1,
          })),
          1,
        ),
      )
      await bench.finished((await bench.submit({ assets: ['a'], renditions: true })).id)
      assert.deepEqual(one.probes, [
        ...urls.toReversed(),
        'http://my.publishserver.com:8080/is/image/dms7snapshot/a',
      ])
    }),
  )

  test(
    'a URL covers the spellings of that rendition alone, its path all of them',
    withTargets(async (bench, one) => {
      await serve(bench, ofAsset('a', 'wid=7'), ofAsset('a', 'wid=8'))
      const base = 'http://my.publishserver.com:8080/is/image/dms7snapshot/a'
      await bench.finished((await bench.submit({ urls: [`${base}?wid=7`] })).id)
      assert.deepEqual(one.flushed[0]?.urls, [`${base}?wid=7`, wid(7)])
      await bench.finished((await bench.submit({ urls: [base] })).id)
      assert.deepEqual(one.flushed[1]?.urls, [base, wid(7), wid(8)])
    }),
  )

  test(
    'a folder covers what lies below it',
    withTargets(async (bench, one) => {
      await serve(bench, ofAsset('shoes/red', 'wid=7'), ofAsset('hats/red', 'wid=7'))
      await bench.finished((await bench.submit({ folders: ['shoes'] })).id)
      const [url] = one.flushed[0]!.urls
      assert.deepEqual([one.flushed[0]!.urls.length, url?.includes('/shoes/red')], [1, true])
    }),
  )

  test(
    'a change of an asset, too, which names nothing but keys',
    withTargets(async (bench, one) => {
      await serve(bench, ofAsset('a', 'wid=7'), ofAsset('b', 'wid=7'))
      const keys = [keyHash(keyText.asset(PROJECT.id, 'a'))]
      await bench.invalidations.start()
      await bench.store.transaction('durable', (tx) =>
        bench.invalidations.recordChange(tx, { project: PROJECT.id, cause: 'New version', keys }),
      )
      const deadline = performance.now() + 5_000
      while (one.flushed.length === 0 && performance.now() < deadline) {
        await bench.parts.timers.sleep(10)
      }
      assert.deepEqual(one.flushed[0]?.urls, ['http://x.example/is/image/dms7snapshot/a?wid=7'])
    }),
  )
})
