import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { apiClient, prepareData } from '../support/api-client.ts'
import type { ApiClient } from '../support/api-client.ts'
import { ask } from '../support/http.ts'
import { program } from '../support/programs.ts'
import { colourOf, plainPicture } from '../support/resizer-bench.ts'
import { startRole } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'
import { startVarnish } from '../support/varnish.ts'
import type { Varnish } from '../support/varnish.ts'

/** Goal: what an edge does for a cache before it also works when control is another process, and while that is away. */

const varnishd = program('varnish')
const ENV = {
  SLUICE_NODE_SECRET: 'a-node-secret-of-at-least-32-characters',
  SLUICE_LEASE_SECONDS: '2',
}
const TARGET = '/is/image/demo/flag?wid=32&fmt=png'

describe('a Varnish before an edge of its own process', { skip: varnishd.skip }, () => {
  let root: string
  let control: Started
  let resizer: Started
  let edge: Started
  let varnish: Varnish
  let api: ApiClient

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-outer-'))
    await prepareData(join(root, 'c'), { flag: await plainPicture('#f00') }, ENV)
    control = await startRole('control', { data: join(root, 'c'), args: ['--port', '0'], env: ENV })
    api = apiClient(control.consoleUrl, await control.adminKey())
    const inner = ['--control', control.consoleUrl]
    const resizerArgs = [...inner, '--resizer-port', '0', '--node-id', 'r']
    resizer = await startRole('resizer', { data: join(root, 'r'), args: resizerArgs, env: ENV })
    const edgeArgs = [...inner, '--upstream', resizer.resizerUrl, '--edge-ports', '0']
    edge = await startRole('edge', { data: join(root, 'e'), args: edgeArgs, env: ENV })
    varnish = await startVarnish(varnishd.path, edge.edges[0]!)
  })
  after(async () => {
    await varnish?.stop()
    for (const started of [edge, resizer, control]) await started?.stop()
    await rm(root, { recursive: true, force: true })
  })

  test('is drained, purged by spellings that were just seen, and looked at', async () => {
    const door = varnish.open
    const { status, body } = await api.call('PUT', '/targets/varnish', {
      kind: 'generic-http',
      purge: { method: 'PURGE', url: `${door}{target}`, headers: { host: '{host}' }, body: null },
      allowPrivate: true,
      verifyAddress: door,
      fillBoundSeconds: 0.1,
      askers: { addresses: [], header: { name: 'x-varnish', value: null } },
    })
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal(await colourOf((await ask(door + TARGET)).bytes), '255,0,0')
    await api.putAsset('flag', await plainPicture('#00f'))
    assert.equal(await colourOf((await ask(door + TARGET)).bytes), '255,0,0')
    const done = await api.invalidate({ assets: ['flag'], renditions: true })
    assert.equal(done.evidence?.verdict, 'fresh', JSON.stringify(done))
    assert.equal(done.targets.find(({ id }) => id === 'varnish')?.state, 'done')
    assert.equal(await colourOf((await ask(door + TARGET)).bytes), '0,0,255')
  })

  test('keeps nothing new while control is away, because nobody could purge it', async () => {
    await control.stop()
    const spelling = `${varnish.open}${TARGET}&new=1`
    const answers = [await ask(spelling), await ask(spelling)]
    for (const { status, headers } of answers) {
      assert.equal(status, 200)
      assert.match(String(headers['cache-control']), /^private/)
      // Two numbers would name the request that filled its copy.
      assert.match(String(headers['x-varnish']), /^\d+$/)
    }
  })
})
