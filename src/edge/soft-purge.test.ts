import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { LOG_ID, NODE_SECRET, sluiceBench } from '../../test/support/edge-bench.ts'
import { fakeResizer } from '../../test/support/fake-resizer.ts'
import { until } from '../../test/support/http.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const RED = '/is/image/demo/shoes/red?wid=400'
const ASSET = 'asset:demo/shoes/red'
const WINDOW_MS = 10_000
/** What the bench grants. */
const LEASE_MS = 3_600_000

/** An edge that holds version 1 while the image server has version 2. */
async function setUp() {
  const resizer = await fakeResizer()
  const edge = await sluiceBench(resizer.server.url)
  closing.push(
    () => resizer.server.stop(),
    () => edge.stop(),
  )
  await edge.get(RED)
  resizer.body = 'version 2'
  return { resizer, edge }
}

/** One by one, or as a long list. */
const FORMS = [
  ['a soft purge', 'softPurge'],
  ['a soft list', 'softList'],
] as const

for (const [name, soft] of FORMS)
  describe(`after ${name}`, () => {
    test('the old one is shown once more while it is asked after, then the new one', async () => {
      const { resizer, edge } = await setUp()
      resizer.applied = edge[soft](WINDOW_MS, ASSET)
      const stale = await edge.get(RED)
      assert.equal(stale.text, 'version 1')
      assert.equal(stale.headers['cache-status'], 'sluice-edge; hit; ttl=-1; detail=soft-purged')
      assert.equal(stale.headers['sluice-mark'], '0')
      await until('the new one is shown', async () => (await edge.get(RED)).text === 'version 2')
      assert.equal(resizer.asked().length, 2)
    })

    test('what is shown is kept by nobody else', async () => {
      const { resizer, edge } = await setUp()
      resizer.applied = edge[soft](WINDOW_MS, ASSET)
      const { headers } = await edge.get(RED)
      assert.equal(headers['cache-control'], 'no-cache')
      assert.equal(headers['cdn-cache-control'], 'no-store')
    })

    test('when its window is over, nothing old is shown before it was asked after', async () => {
      const { resizer, edge } = await setUp()
      resizer.applied = edge[soft](WINDOW_MS, ASSET)
      edge.clock.advance(WINDOW_MS)
      edge.lease()
      assert.equal((await edge.get(RED)).text, 'version 2')
    })

    test('an edge that was suspended meanwhile shows nothing old for longer', async () => {
      const { resizer, edge } = await setUp()
      resizer.applied = edge[soft](WINDOW_MS, ASSET)
      edge.clock.suspend(WINDOW_MS)
      edge.lease()
      edge.lease()
      assert.equal((await edge.get(RED)).text, 'version 2')
    })

    test('a second one does not lengthen the window of the first', async () => {
      const { resizer, edge } = await setUp()
      edge[soft](WINDOW_MS, ASSET)
      edge.clock.advance(WINDOW_MS - 1)
      resizer.applied = edge[soft](WINDOW_MS, ASSET)
      edge.clock.advance(1)
      edge.lease()
      assert.equal((await edge.get(RED)).text, 'version 2')
    })

    test('that came to an edge without a lease nothing old is shown: its window began without this edge', async () => {
      const { resizer, edge } = await setUp()
      edge.clock.advance(LEASE_MS + 1)
      resizer.applied = edge[soft](WINDOW_MS, ASSET)
      edge.lease()
      assert.equal((await edge.get(RED)).text, 'version 2')
    })

    test('hard wins over soft, whichever comes first', async () => {
      for (const hardFirst of [true, false]) {
        const { resizer, edge } = await setUp()
        if (hardFirst) edge.purge(ASSET)
        edge[soft](WINDOW_MS, ASSET)
        if (!hardFirst) edge.purge(ASSET)
        resizer.applied = 2
        assert.equal((await edge.get(RED)).text, 'version 2')
      }
    })

    test('an edge without a lease shows nothing stale', async () => {
      const { resizer, edge } = await setUp()
      resizer.applied = edge[soft](10 * LEASE_MS, ASSET)
      edge.clock.advance(LEASE_MS)
      assert.equal((await edge.get(RED)).text, 'version 2')
    })

    test('a node of ours is never given what is stale', async () => {
      const { resizer, edge } = await setUp()
      resizer.applied = edge[soft](WINDOW_MS, ASSET)
      const headers = {
        'sluice-node-secret': NODE_SECRET,
        'sluice-lease': 'held',
        'sluice-log': LOG_ID,
      }
      assert.equal((await edge.get(RED, { headers })).text, 'version 2')
    })
  })
