import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { InvalidationErrorCode } from './errors.ts'
import { InvalidationError } from './errors.ts'
import type { SubmitRequest } from './invalidations.ts'
import { selected, withBench } from './workbench-suite.ts'

const BASE = 'http://my.publishserver.com:8080/is/image/dms7snapshot'

function request(part: Partial<SubmitRequest> = {}): SubmitRequest {
  return {
    selection: selected({ assets: ['a'] }),
    source: 'api',
    createdBy: 'key test',
    ...part,
  }
}

function refusedWith(code: InvalidationErrorCode) {
  return (error: unknown) => error instanceof InvalidationError && error.code === code
}

describe('submitting', () => {
  test(
    'what is accepted is in the log with its number and its URLs',
    withBench(async (bench) => {
      const { invalidations, store } = bench
      const { invalidation } = await invalidations.submit('demo', request({ note: 'new shoes' }))
      assert.equal(invalidation.status, 'Received')
      assert.equal(invalidation.seq, 1)
      assert.equal(invalidation.source, 'api')
      assert.equal(invalidation.note, 'new shoes')
      assert.equal(invalidation.urlCount, 1)
      const urls = await invalidations.urls('demo', invalidation.id, { limit: 5 })
      assert.deepEqual(urls.items, [`${BASE}/a`])
      const [entry] = await store.tables.log.after(0, 5)
      assert.equal(entry?.keys.length, 2)
      assert.equal((await bench.finished(invalidation.id)).status, 'Done')
    }),
  )

  test(
    'what is refused changes nothing',
    withBench(async ({ invalidations, store }) => {
      const refused: [Partial<SubmitRequest>, InvalidationErrorCode][] = [
        [{ selection: selected({}) }, 'no-urls'],
        [{ selection: selected({ assets: ['nobody'] }) }, 'unknown-asset'],
        [{ selection: selected({ assets: ['a'], urls: ['x'] }) }, 'bad-urls'],
        [{ selection: selected({ everything: true }) }, 'confirmation-missing'],
        [{ selection: selected({ everything: true }), confirm: 'Demo' }, 'confirmation-missing'],
        [{ scheduleAt: 'tomorrow' }, 'bad-schedule'],
        [{ scheduleAt: '2031-01-01T00:00:00' }, 'bad-schedule'],
        [{ scheduleAt: '2001-01-01T00:00:00Z' }, 'bad-schedule'],
        [{ digest: 'x' }, 'preview-changed'],
      ]
      for (const [part, code] of refused) {
        await assert.rejects(invalidations.submit('demo', request(part)), refusedWith(code))
      }
      await assert.rejects(
        invalidations.submit('nobody', request()),
        refusedWith('unknown-project'),
      )
      assert.equal(await store.tables.log.head(), 0)
      assert.deepEqual((await invalidations.list('demo', {}, { limit: 5 })).items, [])
    }),
  )

  test(
    'everything goes when it is confirmed with the name',
    withBench(async (bench) => {
      const part = { selection: selected({ everything: true }), confirm: 'demo' }
      const { invalidation } = await bench.invalidations.submit('demo', request(part))
      assert.equal(invalidation.scope, 'all')
      assert.equal((await bench.finished(invalidation.id)).status, 'Done')
    }),
  )

  test(
    'the same idempotency key and body answer with the same invalidation',
    withBench(async (bench) => {
      const { invalidations, store } = bench
      const keyed = request({ idempotencyKey: 'k1' })
      const [first, second] = await Promise.all([
        invalidations.submit('demo', keyed),
        invalidations.submit('demo', keyed),
      ])
      const third = await invalidations.submit('demo', keyed)
      assert.deepEqual([first.repeated, second.repeated, third.repeated], [false, true, true])
      assert.equal(second.invalidation.id, first.invalidation.id)
      assert.equal(third.invalidation.id, first.invalidation.id)
      assert.equal(await store.tables.log.head(), 1)
      const other = request({ idempotencyKey: 'k1', note: 'other' })
      await assert.rejects(invalidations.submit('demo', other), refusedWith('idempotency-conflict'))
    }),
  )

  test(
    'a store that cannot be read is a sentence that people know',
    withBench(async (bench) => {
      const broken = {
        ...bench.store,
        tables: {
          ...bench.store.tables,
          assets: {
            ...bench.store.tables.assets,
            getMany: () => Promise.reject(new Error('disk')),
          },
        },
      }
      const invalidations = bench.another({ store: broken })
      await assert.rejects(
        invalidations.submit('demo', request()),
        (error) =>
          error instanceof InvalidationError &&
          error.status === 503 &&
          error.title === 'Failed to retrieve URL(s) for selected asset(s).',
      )
    }),
  )
})

describe('preview', () => {
  test(
    'shows the list, what each covers, whom it goes to and how long it takes',
    withBench(async (bench) => {
      const found = await bench.invalidations.preview('demo', selected({ assets: ['a'] }))
      assert.deepEqual(found.urls, [
        {
          url: `${BASE}/a`,
          from: 'asset a',
          covers: 'this path with all its queries',
          served: false,
          lastSeenAt: null,
        },
      ])
      assert.equal(found.confirm, null)
      assert.equal(found.refusal, null)
      assert.deepEqual(
        found.targets.map(({ id, requests, estimatedSeconds }) => [id, requests, estimatedSeconds]),
        [
          ['r1', 1, 1],
          ['e1', 1, 1],
          ['e2', 1, 1],
        ],
      )
      assert.equal(found.estimatedSeconds, 1)
      assert.equal(await bench.store.tables.log.head(), 0)
    }),
  )

  test(
    'tells what submit would refuse, and why, without refusing',
    withBench(async ({ invalidations }) => {
      const found = await invalidations.preview('demo', selected({ urls: ['x'], originals: ['/'] }))
      assert.equal(found.refusal?.code, 'bad-urls')
      assert.deepEqual(
        found.problems.map(({ pointer }) => pointer),
        ['/urls/0', '/originals/0'],
      )
      const nothing = await invalidations.preview('demo', selected({}))
      assert.equal(nothing.refusal?.title, 'No URL(s) entered to be invalidated.')
      const all = await invalidations.preview('demo', selected({ everything: true }))
      assert.equal(all.confirm, 'demo')
    }),
  )

  test(
    'its digest is accepted as long as the list is the same',
    withBench(async (bench) => {
      const { invalidations } = bench
      const selection = selected({ assets: ['a'], presets: true })
      const { digest } = await invalidations.preview('demo', selection)
      await invalidations.submit('demo', request({ selection, digest }))
      await bench.setProject({ presets: { large: 'wid=1000' } })
      await assert.rejects(
        invalidations.submit('demo', request({ selection, digest })),
        (error) => {
          assert.ok(error instanceof InvalidationError)
          assert.equal(error.code, 'preview-changed')
          assert.deepEqual(error.difference, { added: [`${BASE}/a?$large$`], removed: [] })
          return true
        },
      )
      assert.equal(await bench.store.tables.log.head(), 1)
    }),
  )

  test(
    'its estimate comes from what the same targets took before',
    withBench(async (bench) => {
      const done = await bench.submit({ assets: ['a'] })
      await bench.finished(done.id)
      const found = await bench.invalidations.preview('demo', selected({ assets: ['a'] }))
      for (const { estimatedSeconds } of found.targets) {
        assert.ok(estimatedSeconds > 0 && estimatedSeconds < 1)
      }
      assert.ok(found.estimatedSeconds > 0 && found.estimatedSeconds < 1)
    }),
  )
})

describe('a watched folder', () => {
  test(
    'is asked to make pending changes true for everything that the selection names',
    withBench(async (bench) => {
      await bench.setProject({ assetSource: { kind: 'folder', path: '/srv/pictures' } })
      const asked: (readonly string[] | 'all')[] = []
      const invalidations = bench.another({
        settle: async (_, ids) => void asked.push(ids),
      })
      const urls = [`${BASE}/c?wid=3`, 'not a URL']
      const originals = ['d.jpg']
      await invalidations.preview('demo', selected({ assets: ['a'], urls, originals }))
      await invalidations.submit('demo', request({ selection: selected({ folders: ['x'] }) }))
      assert.deepEqual(asked, [['a', 'c', 'd'], 'all'])
    }),
  )
})

describe('checking a template', () => {
  test(
    'each line shows its URLs and its problems with their column',
    withBench(async (bench) => {
      const text =
        '<ID>?$large$\n\nhttps://other.example/<ID>\n<id>?x\nhttp://127.0.0.1/is/image/demo/z'
      const lines = await bench.invalidations.checkTemplate('demo', text, ['b', 'a', 'nobody'])
      assert.deepEqual(
        lines.map(({ line, urls, problems }) => [
          line,
          urls.length,
          problems.map(({ column, level }) => [column, level]),
        ]),
        [
          [1, 2, [[6, 'warning']]],
          [3, 2, [[9, 'error']]],
          [4, 1, [[1, 'error']]],
          [5, 1, [[32, 'warning']]],
        ],
      )
      assert.deepEqual(lines[0]?.urls, [`${BASE}/a?$large$`, `${BASE}/b?$large$`])
    }),
  )

  test(
    'a line is judged without any asset, too',
    withBench(async (bench) => {
      const [line] = await bench.invalidations.checkTemplate('demo', 'https://o.example/<ID>', [])
      assert.deepEqual([line?.urls, line?.problems.length], [[], 1])
      await bench.setProject({ publishServer: null })
      const [bare] = await bench.invalidations.checkTemplate('demo', '<ID>', [])
      assert.match(bare?.problems[0]?.reason ?? '', /publish server/)
    }),
  )
})
