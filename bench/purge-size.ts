import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

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
import { controlMemory } from '../src/roles/control-memory.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import type { Figure } from './figure.ts'
import { percentile } from './figure.ts'

/**
 * What a purge costs by how much is cached. Each size is measured in a process of its own with as much heap as it needs: beside ten
 * million objects of another measurement, collecting garbage would be what is measured.
 */
const PURGES = 1000
/** Of one cached object without body, measured: an entry, its place in the map, its key texts. */
const OBJECT_BYTES = 450
/** Growing copies what is there, and the collector wants room. */
const HEAP_SHARE = 1.6
const HEAP_MIN_MB = 512
const EDGES = 8
const MEGABYTE = 1024 ** 2

const PROJECT = keyHash(keyText.project('demo'))
const BODY = new Uint8Array(16)
type Cache = MarkedCache<null, Uint8Array>

type Measured = 'one cache' | 'edges'
const MEASURES: Readonly<Record<Measured, (objects: number) => Figure | Promise<Figure>>> = {
  'one cache': oneCache,
  edges: onEdges,
}

/** `objects` in one cache, or in each of EDGES. */
export async function purgeSizeFigure(measured: Measured, objects: number): Promise<Figure> {
  const all = measured === 'edges' ? objects * EDGES : objects
  const heapMb = Math.max(HEAP_MIN_MB, Math.ceil((all * OBJECT_BYTES * HEAP_SHARE) / MEGABYTE))
  const freeMb = process.availableMemory() / MEGABYTE
  const notMeasured = (beside: string): Figure => ({
    what: whatOf(measured, objects),
    value: 'not measured',
    beside,
  })
  if (heapMb > freeMb)
    return notMeasured(`it needs ${gigabytes(heapMb)} of memory, and ${gigabytes(freeMb)} are free`)
  const args = [`--max-old-space-size=${heapMb}`, import.meta.filename, measured, String(objects)]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return JSON.parse(stdout) as Figure
  } catch (error) {
    const { signal, code } = error as { signal?: string; code?: number }
    return notMeasured(
      `its process, with ${gigabytes(heapMb)} of heap, ended with ${signal ?? code}`,
    )
  }
}

function gigabytes(megabytes: number): string {
  return `${(megabytes / 1024).toFixed(1)} GB`
}

function whatOf(measured: Measured, objects: number): string {
  const count = objects.toLocaleString('en')
  return measured === 'edges'
    ? `one asset, ${EDGES} edges with ${count} objects each`
    : `one asset among ${count} cached objects`
}

/** `objects` renditions of a quarter as many assets. */
export function filled(freshness: Freshness, objects: number): Cache {
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

/** Assets spread over all of them, so that what is met is not what was met before. */
function purgedAssets(objects: number): readonly number[] {
  return Array.from({ length: PURGES }, (_, at) => Math.floor(((objects / 4) * at) / PURGES))
}

function oneCache(objects: number): Figure {
  const freshness = new Freshness(systemClock)
  freshness.startEmpty('bench', 0)
  const cache = filled(freshness, objects)
  const stamp: number[] = []
  const gone: number[] = []
  for (const asset of purgedAssets(objects)) {
    const keys = [assetKey(asset)]
    const began = performance.now()
    freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys })
    stamp.push(performance.now() - began)
    for (const width of [0, 1, 2, 3])
      if (cache.lookup(`/~/image/demo/p${asset}?wid=${width}`, 0)) throw new Error('still there')
    gone.push(performance.now() - began)
  }
  const everything = projectStampMs(freshness)
  return {
    what: whatOf('one cache', objects),
    value: `${microseconds(stamp)} µs`,
    beside: `p50 to stamp; ${microseconds(gone)} µs until its four renditions were found gone; everything: ${(everything * 1000).toFixed(1)} µs`,
  }
}

/** The median of several: what stamping a key costs does not know how many objects bear it. */
export function projectStampMs(freshness: Freshness): number {
  const times = Array.from({ length: PURGES }, () => {
    const seq = freshness.applied + 1
    const began = performance.now()
    freshness.apply({ seq, project: 'demo', kind: 'purge', keys: [PROJECT] })
    return performance.now() - began
  })
  return percentile(times, 0.5)
}

function microseconds(values: readonly number[]): string {
  return (percentile(values, 0.5) * 1000).toFixed(1)
}

/** From the transaction to the acknowledgement of all: store in memory, real time, all followers in this process. */
async function onEdges(objects: number): Promise<Figure> {
  const store = createMemoryStore({ random: systemRandom })
  const machine = { clock: systemClock, timers: systemTimers, random: systemRandom }
  const origin = { kind: 'folder', path: '/nowhere' } as const
  const memory = controlMemory(store)
  const authority = new Authority({ ...machine, memory, leaseMs: 5000, origin })
  const edges = await Promise.all(
    Array.from({ length: EDGES }, (_, at) => edgeOf(authority, `e${at}`)),
  )
  const caches = edges.map(({ freshness }) => filled(freshness, objects))
  const times: number[] = []
  for (const asset of purgedAssets(objects)) {
    const keys = [assetKey(asset)]
    const began = performance.now()
    const seq = await store.transaction('durable', (tx) => tx.log.append('demo', keys))
    authority.announce()
    await authority.waitFor(seq, () => undefined, new AbortController().signal)
    times.push(performance.now() - began)
    if (caches.some((cache) => cache.lookup(`/~/image/demo/p${asset}?wid=1`, 0)))
      throw new Error('still there')
  }
  await Promise.all(edges.map(({ follower }) => follower.stop()))
  await store.close()
  return {
    what: whatOf('edges', objects),
    value: `${percentile(times, 0.5).toFixed(2)} ms`,
    beside: `p50 from the transaction to the last acknowledgement, all in one process; p99 ${percentile(times, 0.99).toFixed(2)} ms; every edge looked at`,
  }
}

async function edgeOf(authority: Authority, id: string) {
  const freshness = new Freshness(systemClock)
  const joined = Promise.withResolvers<void>()
  const follower = new Follower({
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    log: silentLog,
    link: authority,
    sink: freshness,
    hello: { id, incarnation: `${id}-1`, role: 'edge', version: 'bench', urls: [] },
    stats: () => ({ entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }),
    peek: () => [],
    onRegistered: () => joined.resolve(),
  })
  follower.start()
  await joined.promise
  return { freshness, follower }
}

if (import.meta.main) {
  const [measured, objects] = process.argv.slice(2)
  const figure = await MEASURES[measured as Measured](Number(objects))
  process.stdout.write(JSON.stringify(figure))
}
