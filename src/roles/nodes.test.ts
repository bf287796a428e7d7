import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { NAMES } from '../../test/support/edge-bench.ts'
import { controlMemory } from './control-memory.ts'
import { ask, until } from '../../test/support/http.ts'
import { plainPicture } from '../../test/support/resizer-bench.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { ControlLink } from '../contract/node-protocol.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRecord } from '../contract/records.ts'
import { sha256 } from '../kernel/hash.ts'
import { silentLog } from '../kernel/log.ts'
import { createMetrics } from '../kernel/metrics.ts'
import { systemRandom } from '../kernel/random.ts'
import { openAssetsOrigin } from '../origin/assets-origin.ts'
import { openRecords } from '../origin/records.ts'
import { Authority } from '../purgelog/authority.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { openDataFolder } from './data-folder.ts'
import { startEdge } from './edge-role.ts'
import { NODE_METRICS } from './node-life.ts'
import { openNodePort } from './node-port.ts'
import { startResizer } from './resizer-role.ts'
import { systemMachine } from './role.ts'
import type { Running } from './role.ts'

const NODE_SECRET = 'a-node-secret-of-at-least-32-characters'
const TARGET = '/~/image/demo/flag?wid=32'
const PUBLIC = '/is/image/demo/flag?wid=32'
const never = new AbortController().signal
const RED = await plainPicture('#f00')

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** Control's side in this process, and real roles before it. */
async function setUp() {
  const root = await mkdtemp(join(tmpdir(), 'sluice-nodes-'))
  closing.push(() => rm(root, { recursive: true, force: true }))
  const machine = systemMachine(silentLog, createMetrics([NODE_METRICS]), '0.0.0-test')
  const originFolder = join(root, 'origin')
  await mkdir(originFolder)
  const records = openRecords(originFolder)
  await records.write(recordName.names(), NAMES)
  const lifetimes = { cdnTtlSeconds: 36_000, browserTtlSeconds: 60 }
  await records.write(recordName.project('demo'), { project: 'demo', origins: [], ...lifetimes })
  await openAssetsOrigin(originFolder).putBlob([RED] as unknown as AsyncIterable<Uint8Array>, 1e6)
  const flag: AssetRecord = {
    id: 'flag',
    kind: 'image',
    mediaType: 'image/png',
    published: true,
    version: 1,
    hash: sha256(RED),
    bytes: RED.byteLength,
    width: 64,
    height: 48,
    location: { kind: 'blob' },
    modifiedAt: '2026-01-01T00:00:00.000Z',
    crops: {},
  }
  await records.write(recordName.asset('demo', 'flag'), flag)
  const store = createMemoryStore({ random: systemRandom })
  const authority = new Authority({
    ...machine,
    memory: controlMemory(store),
    leaseMs: 2_000,
    origin: { kind: 'folder', path: originFolder },
  })
  const place = async (id: string, link: ControlLink = authority) => {
    const data = await openDataFolder(join(root, id), systemRandom)
    return {
      place: { id, host: '127.0.0.1', port: 0, data, link, nodeSecret: NODE_SECRET },
      unlock: () => data.unlock(),
    }
  }
  const keep = (running: Running, unlock: () => void): Running => {
    let stopped: Promise<void> | undefined
    const stop = (): Promise<void> => (stopped ??= running.stop().then(unlock))
    closing.push(stop)
    return { ...running, stop }
  }
  return {
    machine,
    store,
    authority,
    async resizer(link?: ControlLink) {
      const { place: at, unlock } = await place('resizer', link)
      const settings = { diskBytes: 10_000_000, onMismatch: () => undefined }
      return keep(await startResizer(machine, at, settings), unlock)
    },
    async edge(upstreamUrl: string) {
      const { place: at, unlock } = await place('edge')
      const { host, port } = at
      const settings = { host, port, upstreamUrl, memoryBytes: 1_000_000, trustedProxies: [] }
      return keep(await startEdge(machine, at, settings), unlock)
    },
    async purge(...keyTexts: string[]) {
      const seq = await store.transaction('durable', (tx) =>
        tx.log.append('demo', keyTexts.map(keyHash)),
      )
      authority.announce()
      await authority.waitFor(seq, () => undefined, never)
      return seq
    },
  }
}

const joined = (...nodes: readonly Running[]): Promise<void> =>
  until('the nodes have joined', () => nodes.every((node) => node.notReady().length === 0))

describe('nodes', () => {
  test('are asked what they hold, and say so without fetching anything', async () => {
    const bench = await setUp()
    const resizer = await bench.resizer()
    const edge = await bench.edge(resizer.url)
    await joined(resizer, edge)
    const held = async () => {
      const peeks = await bench.authority.peek([TARGET], 5_000, never)
      return Object.fromEntries(
        peeks.map(({ node, peeks: [peek] }) => [node, [peek?.state, peek?.mark]]),
      )
    }
    assert.deepEqual(await held(), { edge: ['absent', null], resizer: ['absent', null] })
    assert.equal((await ask(edge.url + PUBLIC)).status, 200)
    assert.deepEqual(await held(), { edge: ['usable', 0], resizer: ['usable', 0] })
    const seq = await bench.purge(keyText.asset('demo', 'flag'))
    assert.deepEqual(await held(), { edge: ['unusable', 0], resizer: ['unusable', 0] })
    assert.deepEqual(await held(), { edge: ['unusable', 0], resizer: ['unusable', 0] })
    const fresh = await ask(edge.url + PUBLIC)
    assert.equal(fresh.headers['sluice-mark'], String(seq))
    assert.deepEqual(await held(), { edge: ['usable', seq], resizer: ['usable', seq] })
    const [peek] = (await bench.authority.peek([TARGET], 5_000, never))[0]!.peeks
    assert.equal(peek?.inputHash, sha256(RED))
  })

  test('tell control how they do: what they hold, hits and misses', async () => {
    const bench = await setUp()
    const resizer = await bench.resizer()
    const edge = await bench.edge(resizer.url)
    await joined(resizer, edge)
    for (let at = 0; at < 3; at++) await ask(edge.url + PUBLIC)
    await ask(resizer.url + TARGET)
    const nodes = await bench.store.tables.nodes.list()
    const told = (role: string) =>
      bench.authority.statsOf(nodes.find((node) => node.role === role)!.incarnation)
    await until('renewals have told', () => told('edge')?.hits === 2 && told('resizer')?.hits === 1)
    assert.deepEqual([told('edge')?.misses, told('resizer')?.misses], [1, 1])
    assert.equal((told('resizer')?.bytes ?? 0) > 0, true)
  })

  test('report what was served under which spelling', async () => {
    const bench = await setUp()
    const resizer = await bench.resizer()
    const edge = await bench.edge(resizer.url)
    await joined(resizer, edge)
    await ask(edge.url + PUBLIC, { headers: { host: 'img.example' } })
    await until('the spelling is known', async () => {
      const subject = keyText.asset('demo', 'flag')
      const page = await bench.store.tables.served.list('demo', subject, { limit: 10 })
      return page.items.some(({ url }) => url === `http://img.example${PUBLIC}`)
    })
  })

  test('start again over what they kept, and declare the one before dead', async () => {
    const bench = await setUp()
    const first = await bench.resizer()
    await joined(first)
    const before = await ask(first.url + TARGET)
    const [old] = await bench.store.tables.nodes.list()
    await first.stop()
    const second = await bench.resizer()
    await joined(second)
    const nodes = await bench.store.tables.nodes.list()
    assert.equal(nodes.length, 1)
    assert.notEqual(nodes[0]?.incarnation, old?.incarnation)
    const peeks = await bench.authority.peek([TARGET], 5_000, never)
    assert.equal(peeks[0]?.peeks[0]?.state, 'usable')
    const after = await ask(second.url + TARGET)
    assert.deepEqual(after.bytes, before.bytes)
  })

  test('that were purged while they were down do not serve what they kept', async () => {
    const bench = await setUp()
    const first = await bench.resizer()
    await joined(first)
    await ask(first.url + TARGET)
    await first.stop()
    const seq = await bench.store.transaction('durable', (tx) =>
      tx.log.append('demo', [keyHash(keyText.asset('demo', 'flag'))]),
    )
    const second = await bench.resizer()
    await until('it has caught up', async () => {
      const [node] = await bench.store.tables.nodes.list()
      return node?.applied === seq
    })
    const peeks = await bench.authority.peek([TARGET], 5_000, never)
    assert.equal(peeks[0]?.peeks[0]?.state, 'unusable')
    assert.equal((await ask(second.url + TARGET)).headers['sluice-mark'], String(seq))
  })
})

describe('a resizer that has never reached control', () => {
  const silent: ControlLink = {
    register: () => Promise.reject(new TypeError('down')),
    follow: () => Promise.reject(new TypeError('down')),
    renew: () => Promise.reject(new TypeError('down')),
    answerPeeks: () => Promise.reject(new TypeError('down')),
    reportServed: () => Promise.reject(new TypeError('down')),
  }

  test('says that it does not know yet where originals are', async () => {
    const bench = await setUp()
    const resizer = await bench.resizer(silent)
    const answer = await ask(resizer.url + TARGET)
    assert.equal(answer.status, 503)
    assert.match(answer.text, /Control has not said yet where originals are/)
    assert.deepEqual(resizer.notReady(), ['resizer has not joined the purge log yet'])
  })

  test('but had at an earlier start serves from there', async () => {
    const bench = await setUp()
    const first = await bench.resizer()
    await joined(first)
    const before = await ask(first.url + TARGET)
    await first.stop()
    const alone = await bench.resizer(silent)
    const answer = await ask(alone.url + TARGET)
    assert.deepEqual([answer.status, answer.bytes], [200, before.bytes])
  })
})

describe('the private port', () => {
  test('says ok, ready or why not, and the metrics; and nothing else', async () => {
    const metrics = createMetrics([NODE_METRICS])
    let waiting = ['edge-1 has not joined the purge log yet']
    const place = { host: '127.0.0.1', port: 0 }
    const port = await openNodePort(place, metrics, () => waiting)
    closing.push(() => port.stop())
    assert.equal((await ask(`${port.url}/healthz`)).status, 200)
    const notYet = await ask(`${port.url}/readyz`)
    assert.deepEqual([notYet.status, notYet.text], [503, `${waiting[0]}\n`])
    waiting = []
    assert.equal((await ask(`${port.url}/readyz`)).status, 200)
    metrics.gauge('sluice_node_applied', { node: 'edge-1', role: 'edge' }, 7)
    const { text } = await ask(`${port.url}/metrics`)
    assert.match(text, /^sluice_node_applied\{node="edge-1",role="edge"\} 7$/m)
    assert.equal((await ask(`${port.url}/is/image/demo/flag`)).status, 404)
  })
})
