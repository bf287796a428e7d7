import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getHeapStatistics } from 'node:v8'

import { Freshness } from '../src/cache/freshness.ts'
import { MarkedCache, memoryBodies } from '../src/cache/marked-cache.ts'
import { keyHash, keyText } from '../src/contract/keys.ts'
import type { KeyHash } from '../src/contract/keys.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { silentLog } from '../src/kernel/log.ts'
import { systemRandom } from '../src/kernel/random.ts'
import { systemTimers } from '../src/kernel/timers.ts'
import { Authority } from '../src/purgelog/authority.ts'
import { Follower } from '../src/purgelog/follower.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { controlMemory } from '../src/roles/control-memory.ts'
import { startRole } from '../test/support/serve.ts'
import type { Figure } from './figure.ts'
import { percentile } from './figure.ts'
import { machineName, packageFile, packageProgram, startPeer, versionOf } from './peer.ts'
import { purgesPerSecond, readAll, timesOf } from './purge-load.ts'

/** What a purge costs, by how much is cached: at the cache itself, over eight edges in a process, and beside Varnish. */
const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7]
/** Of one cached object without body, measured: an entry, its place in the map, its key texts. */
const OBJECT_BYTES = 450
const PURGES = 200
const EDGES = 8
const EDGE_OBJECTS = 1e6
/** What one xkey purge of Varnish takes, by the objects that bear the key. */
const GROUPS = [1, 200, Number(process.env['BENCH_PURGE_GROUP'] ?? 100_000)]
const RATE_SECONDS = 5

const PROJECT = keyHash(keyText.project('demo'))
const BODY = new Uint8Array(16)
type Cache = MarkedCache<null, Uint8Array>

export async function purgeFigures(): Promise<readonly Figure[]> {
  const figures = SIZES.filter(fits).map(sizeFigure)
  const skipped = SIZES.filter((size) => !fits(size)).map((size) => ({
    what: `one asset among ${size.toLocaleString('en')} cached objects`,
    value: 'not measured',
    beside: `it needs ${Math.round((size * OBJECT_BYTES) / 1e9)} GB of heap: run node with --max-old-space-size`,
  }))
  return [...figures, ...skipped, await edgesFigure(), ...(await besideVarnish())]
}

function fits(objects: number): boolean {
  return objects * OBJECT_BYTES < getHeapStatistics().heap_size_limit * 0.8
}

/** `objects` renditions of a quarter as many assets. */
function filled(freshness: Freshness, objects: number): Cache {
  const cache: Cache = new MarkedCache({
    freshness,
    bodies: memoryBodies,
    bytesMax: Number.MAX_SAFE_INTEGER,
  })
  let keys: readonly KeyHash[] = []
  for (let at = 0; at < objects; at++) {
    if (at % 4 === 0) keys = [PROJECT, assetKey(at / 4)]
    const entry = { keys, mark: freshness.applied, meta: null, body: BODY, bodyBytes: BODY.length }
    cache.store(`/~/image/demo/p${at >> 2}?wid=${at & 3}`, entry, freshness.epoch)
  }
  return cache
}

/** Spread like hashes, and made faster. */
function assetKey(asset: number): KeyHash {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(Math.imul(asset + 1, 0x9e3779b1) >>> 0, 0)
  bytes.writeUInt32BE(Math.imul(asset + 1, 0x85ebca6b) >>> 0, 4)
  return bytes.toString('base64url') as KeyHash
}

function sizeFigure(objects: number): Figure {
  const freshness = new Freshness(systemClock)
  freshness.startEmpty('bench', 0)
  const cache = filled(freshness, objects)
  const stamp: number[] = []
  const gone: number[] = []
  for (let at = 0; at < PURGES; at++) {
    const asset = Math.floor(((objects / 4) * at) / PURGES)
    const began = performance.now()
    const seq = freshness.applied + 1
    freshness.apply({ seq, project: 'demo', kind: 'purge', keys: [assetKey(asset)] })
    stamp.push(performance.now() - began)
    for (const width of [0, 1, 2, 3])
      if (cache.lookup(`/~/image/demo/p${asset}?wid=${width}`, 0)) throw new Error('still there')
    gone.push(performance.now() - began)
  }
  const all = performance.now()
  freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys: [PROJECT] })
  const everything = (performance.now() - all) * 1000
  return {
    what: `one asset among ${objects.toLocaleString('en')} cached objects`,
    value: `${microseconds(stamp)} µs`,
    beside: `p50 to stamp; ${microseconds(gone)} µs until its four renditions were found gone; everything: ${everything.toFixed(1)} µs`,
  }
}

function microseconds(values: readonly number[]): string {
  return (percentile(values, 0.5) * 1000).toFixed(1)
}

/** From the transaction to the acknowledgement of all: store in memory, real time, eight followers in this process. */
async function edgesFigure(): Promise<Figure> {
  const objects = fits(EDGE_OBJECTS * EDGES) ? EDGE_OBJECTS : EDGE_OBJECTS / EDGES
  const store = createMemoryStore({ random: systemRandom })
  const machine = { clock: systemClock, timers: systemTimers, random: systemRandom }
  const origin = { kind: 'folder', path: '/nowhere' } as const
  const authority = new Authority({
    ...machine,
    memory: controlMemory(store),
    leaseMs: 5000,
    origin,
  })
  const caches: Cache[] = []
  const followers = await Promise.all(
    Array.from({ length: EDGES }, async (_, at) => {
      const freshness = new Freshness(systemClock)
      const joined = Promise.withResolvers<void>()
      const follower = new Follower({
        ...machine,
        log: silentLog,
        link: authority,
        sink: freshness,
        hello: { id: `e${at}`, incarnation: `e${at}-1`, role: 'edge', version: 'bench', urls: [] },
        stats: () => ({ entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }),
        peek: () => [],
        onRegistered: () => joined.resolve(),
      })
      follower.start()
      await joined.promise
      caches.push(filled(freshness, objects))
      return follower
    }),
  )
  const times: number[] = []
  for (let at = 0; at < PURGES; at++) {
    const asset = Math.floor(((objects / 4) * at) / PURGES)
    const began = performance.now()
    const seq = await store.transaction('durable', (tx) => tx.log.append('demo', [assetKey(asset)]))
    authority.announce()
    await authority.waitFor(seq, () => undefined, new AbortController().signal)
    times.push(performance.now() - began)
    if (caches.some((cache) => cache.lookup(`/~/image/demo/p${asset}?wid=1`, 0)))
      throw new Error('still there')
  }
  await Promise.all(followers.map((follower) => follower.stop()))
  await store.close()
  return {
    what: `one asset, ${EDGES} edges in process with ${objects.toLocaleString('en')} objects each`,
    value: `${percentile(times, 0.5).toFixed(2)} ms`,
    beside: `p50 from the transaction to the last acknowledgement; p99 ${percentile(times, 0.99).toFixed(2)} ms; every edge looked at`,
  }
}

/** The same origin behind our plain edge and behind Varnish: a purge by tag of ever larger groups, and PURGE at full rate. */
async function besideVarnish(): Promise<readonly Figure[]> {
  const groups = GROUPS.map((size, at) => ({ size, tag: `g${at}`, stamp: groupStampMs(size) }))
  const origin = createServer((request, response) => {
    const [, tag = 'none'] = (request.url ?? '').split('/')
    response.setHeader('xkey', tag)
    response.setHeader('cache-control', 'max-age=3600')
    response.end('x')
  })
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const figures: Figure[] = []
  const args = ['--upstream', originUrl, '--edge-ports', '0', '--purge-from', '127.0.0.1']
  const edge = await startRole('edge', { args })
  const varnish = await startVarnish(originUrl)
  try {
    for (const { size, tag, stamp } of groups) {
      const theirs = varnish?.xkey === true ? await xkeyMs(varnish.url, tag, size) : null
      figures.push({
        what: `a tag of ${size.toLocaleString('en')} objects`,
        value: `${(stamp * 1000).toFixed(1)} µs`,
        beside:
          theirs === null
            ? 'to stamp; Varnish xkey is not here (varnish-modules)'
            : `to stamp; Varnish xkey takes ${theirs.toFixed(2)} ms, its request included`,
      })
    }
    const ours = await purgesPerSecond(edge.edges[0]!, RATE_SECONDS)
    const theirs = varnish ? await purgesPerSecond(varnish.url, RATE_SECONDS) : null
    figures.push({
      what: 'PURGE at full rate, one edge',
      value: `${Math.round(ours).toLocaleString('en')}/s`,
      beside:
        theirs === null
          ? 'Varnish is not here (varnish)'
          : `${varnish!.version}: ${Math.round(theirs).toLocaleString('en')}/s; 16 connections, one process each`,
    })
  } finally {
    await Promise.all([edge.stop(), varnish?.stop()])
    origin.closeAllConnections()
    origin.close()
  }
  return figures
}

/** The median of several: what stamping a key costs does not know how many objects bear it. */
function groupStampMs(size: number): number {
  const freshness = new Freshness(systemClock)
  freshness.startEmpty('bench', 0)
  const cache = filled(freshness, size)
  const times = Array.from({ length: PURGES }, () => {
    const seq = freshness.applied + 1
    const began = performance.now()
    freshness.apply({ seq, project: 'demo', kind: 'purge', keys: [PROJECT] })
    return performance.now() - began
  })
  if (cache.lookup('/~/image/demo/p0?wid=0', 0)) throw new Error('still there')
  return percentile(times, 0.5)
}

async function xkeyMs(url: string, tag: string, size: number): Promise<number> {
  const times: number[] = []
  // Each purge needs its objects back; the largest group is filled once.
  for (let round = 0; round < (size > 1000 ? 1 : 20); round++) {
    await readAll(url, (at) => `/${tag}/${at}`, size)
    times.push(...(await timesOf(url, 'XKEY', tag, 1)))
  }
  return percentile(times, 0.5)
}

interface Varnish {
  readonly url: string
  readonly version: string
  readonly xkey: boolean
  stop(): Promise<void>
}

async function startVarnish(originUrl: string): Promise<Varnish | null> {
  const program = packageProgram('varnishd')
  if (program === undefined) return null
  const folder = `usr/lib/${machineName()}/varnish/vmods`
  const module = packageFile(`${folder}/libvmod_xkey.so`)
  const { hostname, port: originPort } = new URL(originUrl)
  const xkey = module !== undefined
  const config = `vcl 4.1;
${xkey ? 'import xkey;' : ''}
backend default { .host = "${hostname}"; .port = "${originPort}"; }
sub vcl_recv {
  if (req.method == "PURGE") { return (purge); }
  ${xkey ? 'if (req.method == "XKEY") { set req.http.n = xkey.purge(req.http.xkey-purge); return (synth(200, req.http.n)); }' : ''}
}
sub vcl_backend_response { set beresp.ttl = 60m; set beresp.grace = 0s; }
`
  const modules = `vmod_path=/${folder}${xkey ? `:${module.replace(/\/[^/]*$/, '')}` : ''}`
  const peer = await startPeer({
    program,
    config: () => config,
    args: (file, place, port) =>
      ['-F', '-a', `127.0.0.1:${port}`, '-n', `${place}/n`, '-s', 'malloc,512m'].concat([
        '-p',
        modules,
        '-f',
        file,
      ]),
  })
  const version = `varnish ${await versionOf(program, '-V')}`
  return { url: peer.url, version, xkey, stop: () => peer.stop() }
}

if (import.meta.main) console.table(await purgeFigures())
