import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import sharp from 'sharp'
import { leaseMarginMs } from '../../src/contract/node-protocol.ts'
import { apiClient, prepareData } from '../support/api-client.ts'
import type { ApiClient } from '../support/api-client.ts'
import { ask, until } from '../support/http.ts'
import { colourOf, plainPicture } from '../support/resizer-bench.ts'
import { startRole } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/**
 * Goal: control, a resizer and three edges as processes of their own, as they are started at scale; one edge stopped in its tracks, and
 * control gone under load. Nothing old after Done, no errors, no renders while control is away.
 */

const LEASE_SECONDS = 2
const LEASE_MS = LEASE_SECONDS * 1_000
const ENV = {
  SLUICE_NODE_SECRET: 'a-node-secret-of-at-least-32-characters',
  SLUICE_LEASE_SECONDS: String(LEASE_SECONDS),
}
/** What the machine may add to a promise in seconds: two processors do the work of five processes and of whatever else runs. */
const SLACK_MS = 1_000
const RED = '255,0,0'
const BLUE = '0,0,255'
const TARGET = '/is/image/demo/shop/flag?wid=32&fmt=png'
const NOISE_TARGET = '/is/image/demo/shop/noise?wid=16&fmt=png'
const NOISE_BYTES = 1_900_000

let root: string
let control: Started
let resizer: Started
let edges: Started[]
let api: ApiClient

const startControl = (port = '0'): Promise<Started> =>
  startRole('control', { data: join(root, 'c'), args: ['--port', port], env: ENV })

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-separate-'))
  const pictures = { 'shop/flag': await plainPicture('#f00'), 'shop/noise': await noise() }
  await prepareData(join(root, 'c'), pictures, ENV)
  control = await startControl()
  api = apiClient(control.consoleUrl, await control.adminKey())
  const inner = ['--control', control.consoleUrl]
  const privately = ['--node-port', '0']
  const named = ['--node-id', 'r']
  resizer = await startRole('resizer', {
    data: join(root, 'r'),
    args: [...inner, '--resizer-port', '0', ...privately, ...named],
    env: ENV,
  })
  const upstream = ['--upstream', resizer.resizerUrl]
  edges = await Promise.all(
    ['e1', 'e2', 'e3'].map((id) =>
      startRole('edge', {
        data: join(root, id),
        args: [...inner, ...upstream, '--edge-ports', '0', '--node-id', id, ...privately],
        env: ENV,
      }),
    ),
  )
})

after(async () => {
  const all = [...(edges ?? []), resizer, control].filter((started) => started !== undefined)
  for (const { child } of all) child.kill('SIGCONT')
  await Promise.all(all.map((started) => started.stop()))
  await rm(root, { recursive: true, force: true })
})

const urlOf = (edge: Started): string => edge.edges[0]! + TARGET
const noiseOf = (edge: Started): string => edge.edges[0]! + NOISE_TARGET

/** A picture that no format makes small: who reads it is seen to. */
function noise(): Promise<Buffer> {
  const raw = { width: 800, height: 800, channels: 3 } as const
  return sharp(randomBytes(raw.width * raw.height * raw.channels), { raw })
    .png()
    .toBuffer()
}

/** Bytes that a process has read so far, from files and sockets (proc(5), `io`). */
async function bytesRead(started: Started): Promise<number> {
  const text = await readFile(`/proc/${started.pid}/io`, 'utf8')
  return Number(/^rchar: (\d+)$/m.exec(text)?.[1])
}
const colourAt = async (edge: Started): Promise<string> => colourOf((await ask(urlOf(edge))).bytes)
const isHit = (headers: Readonly<Record<string, string>>): boolean =>
  /sluice-edge; hit/.test(headers['cache-status'] ?? '')

async function everyEdgeHits(): Promise<void> {
  await until('every edge answers from its cache', async () => {
    const answers = await Promise.all(edges.map((edge) => ask(urlOf(edge))))
    return answers.every(({ headers }) => isHit(headers))
  })
}

async function replaceWith(colour: string): Promise<string> {
  await api.putAsset('shop/flag', await plainPicture(colour))
  return (await api.submit({ assets: ['shop/flag'], renditions: true })).id
}

async function nodeIds(): Promise<string[]> {
  const headers = { authorization: `Bearer ${await control.adminKey()}` }
  const answer = await fetch(`${control.consoleUrl}/api/v1/nodes`, { headers })
  const { items } = (await answer.json()) as { items: { id: string }[] }
  return items.map(({ id }) => id)
}

/** The value of one series on a node's private port. */
async function metric(node: Started, series: string): Promise<number> {
  const { text } = await ask(`${node.nodeUrl}/metrics`)
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}

describe('separate processes', () => {
  test('deliver, and an invalidation by asset is Done at once when all nodes are there', async () => {
    await everyEdgeHits()
    for (const edge of edges) assert.equal(await colourAt(edge), RED)
    const began = performance.now()
    await api.done(await replaceWith('#00f'))
    assert.equal(performance.now() - began < LEASE_MS, true, 'by acknowledgement, not by waiting')
    for (const edge of edges) assert.equal(await colourAt(edge), BLUE)
    await everyEdgeHits()
  })

  test('say on their private ports how they are, and on public ones nothing', async () => {
    for (const node of [resizer, ...edges]) {
      assert.equal((await ask(`${node.nodeUrl}/readyz`)).status, 200)
      assert.equal(await metric(node, 'nothing_of_that_name'), 0)
    }
    assert.equal(await metric(edges[0]!, 'sluice_node_lease{node="e1",role="edge"}'), 1)
    assert.equal((await ask(`${edges[0]!.edges[0]}/metrics`)).status >= 400, true)
  })

  test('one edge stopped in its tracks: Done within lease + margin + 1 s, and its first answer afterwards is new', async () => {
    await everyEdgeHits()
    const stopped = edges[2]!
    stopped.child.kill('SIGSTOP')
    const began = performance.now()
    const id = await replaceWith('#f00')
    await api.done(id)
    const tookMs = performance.now() - began
    const boundMs = LEASE_MS + leaseMarginMs(LEASE_MS) + SLACK_MS
    assert.equal(tookMs <= boundMs, true, `${tookMs} ms, at most ${boundMs}`)
    assert.equal(tookMs >= LEASE_MS, true, `${tookMs} ms: its lease was waited for`)
    for (const edge of edges.slice(0, 2)) assert.equal(await colourAt(edge), RED)
    // Asked while it cannot answer: its head is read first thing after it goes on.
    const first = ask(urlOf(stopped))
    stopped.child.kill('SIGCONT')
    const answer = await first
    assert.equal(answer.status, 200)
    assert.equal(await colourOf(answer.bytes), RED)
    await everyEdgeHits()
    const began2 = performance.now()
    await api.done(await replaceWith('#00f'))
    assert.equal(performance.now() - began2 < LEASE_MS, true, 'it takes part again')
  })

  test('control gone under load: no errors, no renders, no original read, only questions inward; caching is back within 2 s', async () => {
    await everyEdgeHits()
    for (const edge of edges) await ask(noiseOf(edge))
    const renders = await metric(resizer, 'sluice_resizer_renders_total')
    const readBefore = await bytesRead(resizer)
    const port = new URL(control.consoleUrl).port
    const load = underLoad()
    await control.stop()
    const unled = async (): Promise<boolean> =>
      (await metric(edges[0]!, 'sluice_node_lease{node="e1",role="edge"}')) === 0
    await until('the edges’ leases are over', unled)
    const seenBefore = load.count()
    await until('more is asked without leases', () => load.count() > seenBefore + 150)
    control = await startControl(port)
    const ready = performance.now()
    api = apiClient(control.consoleUrl, await control.adminKey())
    await everyEdgeHits()
    const backMs = performance.now() - ready
    const { failures, statuses, inward } = await load.stop()
    assert.deepEqual(failures, [])
    assert.deepEqual(statuses, [200])
    assert.equal(backMs <= 2_000, true, `caching was back after ${backMs} ms`)
    assert.equal(await metric(resizer, 'sluice_resizer_renders_total'), renders)
    assert.deepEqual(inward, [304], 'the image server was asked with conditions alone')
    const asked = load.count()
    const readEach = ((await bytesRead(resizer)) - readBefore) / asked
    assert.equal(readEach < NOISE_BYTES / 10, true, `${readEach} bytes read a request, of ${asked}`)
    await api.done(await replaceWith('#f00'))
    for (const edge of edges) assert.equal(await colourAt(edge), RED)
  })

  test('a resizer killed while control is away serves again after its start, from what it kept', async () => {
    await everyEdgeHits()
    const { resizerUrl } = resizer
    const state = join(root, 'r', 'resizer', 'state.ndjson')
    await until('the resizer has saved its state once', () => existsSync(state))
    const port = new URL(control.consoleUrl).port
    await control.stop()
    resizer.child.kill('SIGKILL')
    const place = ['--resizer-port', new URL(resizerUrl).port, '--node-id', 'r', '--node-port', '0']
    const args = ['--control', `http://127.0.0.1:${port}`, ...place]
    resizer = await startRole('resizer', { data: join(root, 'r'), args, env: ENV })
    await until('the edges ask inward', async () => !isHit((await ask(urlOf(edges[0]!))).headers))
    for (const edge of edges) {
      const answer = await ask(urlOf(edge))
      assert.equal(answer.status, 200, answer.text)
      assert.equal(await colourOf(answer.bytes), RED)
    }
    control = await startControl(port)
    api = apiClient(control.consoleUrl, await control.adminKey())
    await everyEdgeHits()
  })

  test('two edges of one process that start while control is away serve by asking, and then take part', async () => {
    const port = new URL(control.consoleUrl).port
    await control.stop()
    const url = `http://127.0.0.1:${port}`
    const args = ['--control', url, '--upstream', resizer.resizerUrl, '--edge-ports', '0,0']
    const late = await startRole('edge', { data: join(root, 'late'), args, env: ENV })
    try {
      const answer = await ask(late.edges[0]! + TARGET)
      assert.equal(answer.status, 200)
      assert.equal(await colourOf(answer.bytes), RED)
      control = await startControl(port)
      for (const edge of late.edges)
        await until('it has joined', async () => isHit((await ask(edge + TARGET)).headers))
      api = apiClient(control.consoleUrl, await control.adminKey())
      const began = performance.now()
      const done = await api.done(await replaceWith('#00f'))
      const tookMs = performance.now() - began
      assert.equal(tookMs < LEASE_MS, true, `${tookMs} ms: ${JSON.stringify(done.targets)}`)
      for (const edge of late.edges)
        assert.equal(await colourOf((await ask(edge + TARGET)).bytes), BLUE)
      const names = await nodeIds()
      assert.equal(names.filter((id) => id.startsWith('edge-')).length, 2, names.join())
    } finally {
      await late.stop()
    }
  })
})

/** Readers at every edge, one after the other each, until stopped: what they met. */
function underLoad() {
  const stopped = new AbortController()
  let asked = 0
  const failures: string[] = []
  const statuses = new Set<number>()
  const inward = new Set<number>()
  const reader = async (edge: Started): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        const { status, headers, text } = await ask(asked % 2 === 0 ? urlOf(edge) : noiseOf(edge))
        statuses.add(status)
        if (status !== 200) failures.push(`${status} ${text}`)
        const forwarded = /fwd-status=(\d+)/.exec(headers['cache-status'] ?? '')?.[1]
        if (forwarded !== undefined) inward.add(Number(forwarded))
      } catch (error) {
        failures.push(String(error))
      }
      asked += 1
    }
  }
  const readers = [...edges, ...edges].map(reader)
  return {
    count: () => asked,
    async stop() {
      stopped.abort()
      await Promise.all(readers)
      return { failures, statuses: [...statuses], inward: [...inward] }
    },
  }
}
