import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { apiClient, prepareData } from '../support/api-client.ts'
import type { ApiClient } from '../support/api-client.ts'
import { ask, until } from '../support/http.ts'
import type { Asked } from '../support/http.ts'
import { colourOf, plainPicture } from '../support/resizer-bench.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** Goal: the promise, on one machine, by the API: what was replaced is old at the edges until it is invalidated, and new once Done. */

const RED = '255,0,0'
const BLUE = '0,0,255'
const GREEN = '0,255,0'
const MAIN = join(import.meta.dirname, '../../src/main.ts')
const NODE_SECRET = 'a-node-secret-of-at-least-32-characters'

let data: string
let sluice: Started
let api: ApiClient

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'sluice-flow-'))
  const env = { SLUICE_NODE_SECRET: NODE_SECRET }
  await prepareData(data, { 'shop/flag': await plainPicture('#f00') }, env)
  sluice = await startServe({ data })
  api = apiClient(sluice.consoleUrl, await sluice.adminKey())
})

after(async () => {
  await sluice?.stop()
  await rm(data, { recursive: true, force: true })
})

const TARGETS = ['/is/image/demo/shop/flag?wid=32&fmt=png', '/is/image/demo/shop/flag?fmt=png']

const everywhere = (): Promise<Asked[]> =>
  Promise.all(sluice.edges.flatMap((edge) => TARGETS.map((target) => ask(edge + target))))

async function assertEverywhere(colour: string, cached: boolean): Promise<void> {
  for (const answer of await everywhere()) {
    assert.equal(answer.status, 200)
    assert.equal(await colourOf(answer.bytes), colour)
    assert.equal(/hit/.test(answer.headers['cache-status'] ?? ''), cached)
  }
}

describe('one machine', () => {
  test('miss, hit, replace, still old at both edges, invalidate the asset, Done, new at both', async () => {
    await assertEverywhere(RED, false)
    await assertEverywhere(RED, true)
    await api.putAsset('shop/flag', await plainPicture('#00f'))
    await assertEverywhere(RED, true)
    const done = await api.invalidate({ assets: ['shop/flag'], renditions: true })
    const fresh = await everywhere()
    for (const answer of fresh) {
      assert.equal(await colourOf(answer.bytes), BLUE)
      assert.equal(Number(answer.headers['sluice-mark']) >= done.seq!, true)
    }
    await assertEverywhere(BLUE, true)
    const names = done.timeline.map(({ status }) => status)
    assert.equal(names[0], 'Received')
    assert.equal(names.at(-1), 'Done')
    assert.equal(
      done.targets.every((target) => target.state === 'done'),
      true,
    )
  })

  test('a URL in one spelling purges all spellings, and nothing else', async () => {
    await everywhere()
    const [wide, whole] = TARGETS as [string, string]
    const edge = sluice.edges[0]!
    const host = new URL(edge).host
    await api.invalidate({ urls: [`http://${host}/is/image/demo/shop/flag?fmt=png&wid=32&ts=1`] })
    const gone = await ask(`${edge}${wide}`)
    assert.doesNotMatch(gone.headers['cache-status'] ?? '', /hit/)
    const kept = await ask(`${edge}${whole}`)
    assert.match(kept.headers['cache-status'] ?? '', /hit/)
  })

  test('an unpublished asset is gone everywhere once it is invalidated, provably', async () => {
    await everywhere()
    const patched = await api.call('PATCH', '/assets/shop%2Fflag', { published: false })
    assert.equal(patched.status, 200, JSON.stringify(patched.body))
    const done = await api.invalidate({ assets: ['shop/flag'], renditions: true })
    for (const answer of await everywhere()) {
      assert.equal(answer.status, 404)
      assert.equal(Number(answer.headers['sluice-mark']) >= done.seq!, true)
    }
    const back = await api.call('PATCH', '/assets/shop%2Fflag', { published: true })
    assert.equal(back.status, 200)
    await api.invalidate({ assets: ['shop/flag'], renditions: true })
    for (const answer of await everywhere()) assert.equal(answer.status, 200)
    // What is taken away is also seen through by an invalidation of its own, a second later.
    await until('that is Done', async () => {
      const { items } = (await api.call('GET', '/invalidations')).body as { items: Invalidation[] }
      return items.some(({ cause, status }) => cause?.startsWith('Unpub') && status === 'Done')
    })
  })

  test('looking with only-if-cached changes nothing', async () => {
    await everywhere()
    const only = { headers: { 'cache-control': 'only-if-cached' } }
    const edge = sluice.edges[0]!
    assert.equal((await ask(edge + TARGETS[0], only)).status, 200)
    assert.equal((await ask(`${edge}/is/image/demo/shop/flag?wid=33`, only)).status, 504)
  })

  test('metrics and health are on the control port, and never on an edge', async () => {
    const text = (await ask(`${sluice.consoleUrl}/metrics`)).text
    for (const name of [
      'sluice_edge_requests_total',
      'sluice_node_applied',
      'sluice_purge_log_head',
    ])
      assert.match(text, new RegExp(`^${name}`, 'm'))
    for (const path of ['/healthz', '/readyz'])
      assert.equal((await ask(sluice.consoleUrl + path)).status, 200, path)
    for (const path of ['/healthz', '/readyz', '/metrics', '/internal/nodes/renew'])
      assert.equal((await ask(sluice.edges[0]! + path)).status >= 400, true, path)
  })

  test('it stops in order when told, and starts on the same data with what it had', async () => {
    const earlier = await ask(sluice.edges[0]! + TARGETS[0])
    assert.equal(await sluice.stop(), 0)
    sluice = await startServe({ data })
    api = apiClient(sluice.consoleUrl, await sluice.adminKey())
    const again = await ask(sluice.edges[0]! + TARGETS[0])
    assert.equal(again.headers['etag'], earlier.headers['etag'])
    const metrics = (await ask(`${sluice.consoleUrl}/metrics`)).text
    assert.match(metrics, /^sluice_resizer_requests_total\{cache="hit"\} 1$/m)
    assert.doesNotMatch(metrics, /^sluice_resizer_renders_total [1-9]/m)
  })
})

/** Each edge shows the old one once more, for nobody to keep, and the new one a moment later. */
async function assertSoftly(done: Invalidation, colour: string): Promise<void> {
  assert.equal(done.status, 'Done')
  assert.equal(Date.parse(done.evidence!.staleUntil!) > Date.parse(done.finishedAt!), true)
  for (const stale of await everywhere()) {
    assert.match(stale.headers['cache-status'] ?? '', /detail=soft-purged/)
    assert.equal(stale.headers['cdn-cache-control'], 'no-store')
  }
  await until('all edges show the new one', async () => {
    const colours = await Promise.all((await everywhere()).map(({ bytes }) => colourOf(bytes)))
    return colours.every((each) => each === colour)
  })
}

describe('softly', () => {
  test('the old one is shown once more and kept by nobody, the new one a moment later; Done says until when', async () => {
    await everywhere()
    await api.putAsset('shop/flag', await plainPicture('#0f0'))
    const selection = { assets: ['shop/flag'], renditions: true, mode: 'soft' as const }
    await assertSoftly(await api.invalidate(selection), GREEN)
  })

  test('so it is with a list of thousands of URLs that the command line sends as lines', async () => {
    await everywhere()
    await api.putAsset('shop/flag', await plainPicture('#00f'))
    const host = new URL(sluice.edges[0]!).host
    const others = Array.from({ length: 9_000 }, (_, at) => `/is/image/demo/other-${at}?wid=32`)
    const file = join(data, 'list.txt')
    const lines = [...others, ...TARGETS].map((target) => `http://${host}${target}`)
    await writeFile(file, lines.join('\n'))
    const server = ['--server', sluice.consoleUrl, '--key', await sluice.adminKey()]
    const args = ['invalidate', `@${file}`, '--soft', '--wait', '--json', ...server]
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args])
    await assertSoftly(JSON.parse(stdout) as Invalidation, BLUE)
  })
})
