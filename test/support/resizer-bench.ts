import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { DiskBodies, openDisk } from '../../src/cache/disk-bodies.ts'
import type { Disk, DiskBody } from '../../src/cache/disk-bodies.ts'
import { Freshness } from '../../src/cache/freshness.ts'
import { MarkedCache } from '../../src/cache/marked-cache.ts'
import { keyHash } from '../../src/contract/keys.ts'
import { recordName } from '../../src/contract/records.ts'
import type { AssetRecord, OriginRule, ProjectRecord } from '../../src/contract/records.ts'
import { createRenderer } from '../../src/imaging/renderer.ts'
import { RENDERER_VERSION } from '../../src/imaging/renderer-version.ts'
import { sha256 } from '../../src/kernel/hash.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { silentMeter } from '../../src/kernel/metrics.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { systemTimers } from '../../src/kernel/timers.ts'
import { openAssetsOrigin } from '../../src/origin/assets-origin.ts'
import { fileIdentity } from '../../src/origin/file-identity.ts'
import { openRecords } from '../../src/origin/records.ts'
import type { RecordStore } from '../../src/origin/records.ts'
import { createRemote } from '../../src/origin/remote.ts'
import { RecordReader } from '../../src/resizer/record-reader.ts'
import { RemoteOriginals } from '../../src/resizer/remote-originals.ts'
import type { OriginalMeta } from '../../src/resizer/remote-originals.ts'
import type { RenditionMeta } from '../../src/resizer/rendition.ts'
import { Resizer } from '../../src/resizer/resizer.ts'
import type { ResizerRequest } from '../../src/resizer/resizer.ts'
import { LOG_ID, NAMES, movableClock } from './edge-bench.ts'
import type { MovableClock } from './edge-bench.ts'

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  readonly text: string
}

export interface ResizerBench {
  readonly folder: string
  readonly clock: MovableClock
  readonly freshness: Freshness
  readonly records: RecordStore
  readonly disk: FaultyDisk
  readonly resizer: Resizer
  /** How often pixels were made, and what was reported to the watcher. */
  readonly seen: { renders: number; recordReads: number; mismatches: string[] }
  /** Called when a record is read at the origin. */
  onRecordRead: (name: string) => void
  /** Called when pixels are about to be made: the original was looked at, and is not read yet. */
  onRender: () => Promise<void>
  get(target: string, options?: Partial<ResizerRequest>): Promise<Answered>
  /** Asks as an edge with a lease does. */
  ask(target: string, minMark?: number, headers?: Record<string, string>): Promise<Answered>
  putAsset(id: string, bytes: Uint8Array, more?: Partial<AssetRecord>): Promise<AssetRecord>
  /** A file of a watched folder, and the record that names it. */
  putFile(id: string, bytes: Uint8Array, more?: Partial<AssetRecord>): Promise<string>
  putProject(more?: Partial<ProjectRecord>): Promise<void>
  purge(...keyTexts: string[]): number
  lease(): void
  stop(): Promise<void>
}

/** A disk that a test fills up or tears. */
export interface FaultyDisk extends Disk {
  full: boolean
}

const LEASE_MS = 60_000

export async function resizerBench(
  origins: readonly OriginRule[] = [],
  log = silentLog,
): Promise<ResizerBench> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-resizer-'))
  const clock = movableClock()
  const freshness = new Freshness(clock)
  const records = openRecords(folder)
  const assets = openAssetsOrigin(folder)
  const disk = faulty(await openDisk(join(folder, 'cache')))
  const bodies = new DiskBodies({ disk, random: systemRandom, log: silentLog })
  const cacheParts = { freshness, bodies, bytesMax: 50_000_000 }
  const renditions = new MarkedCache<RenditionMeta, DiskBody>(cacheParts)
  const originals = new MarkedCache<OriginalMeta, DiskBody>(cacheParts)
  const remote = createRemote({ clock, timers: systemTimers })
  const renderer = createRenderer({ concurrency: 1, queueMax: 100 })
  const seen = { renders: 0, recordReads: 0, mismatches: [] as string[] }
  const parts = { clock, log, freshness, bodies }
  const resizer = new Resizer({
    ...parts,
    timers: systemTimers,
    meter: silentMeter,
    records: new RecordReader(freshness, (name) => {
      seen.recordReads += 1
      bench.onRecordRead(name)
      return records.read(name)
    }),
    renditions,
    assets,
    remotes: new RemoteOriginals({ ...parts, cache: originals, remote }),
    async render(recipe, original, project, watermark) {
      seen.renders += 1
      await bench.onRender()
      const source = watermark ? { original, watermark } : original
      return renderer.render(recipe, source, undefined, project)
    },
    rendererVersion: RENDERER_VERSION,
    onMismatch: (project, asset) => void seen.mismatches.push(`${project}/${asset}`),
  })
  const lease = (): void =>
    freshness.grant({
      head: freshness.applied,
      leaseMs: LEASE_MS,
      sentAt: clock.now(),
      sentWall: clock.wall(),
    })
  freshness.startEmpty(LOG_ID, 0)
  freshness.heard(1_000)
  lease()
  const putProject = (more: Partial<ProjectRecord> = {}): Promise<void> => {
    const ttl = { cdnTtlSeconds: 36_000, browserTtlSeconds: 60 }
    return records.write(recordName.project('demo'), { project: 'demo', origins, ...ttl, ...more })
  }
  await records.write(recordName.names(), NAMES)
  await putProject()
  const putRecord = async (
    id: string,
    bytes: Uint8Array,
    more: Partial<AssetRecord>,
  ): Promise<AssetRecord> => {
    const record = await recordOf(id, bytes, more)
    await records.write(recordName.asset('demo', id), record)
    return record
  }
  const get = async (target: string, options: Partial<ResizerRequest> = {}): Promise<Answered> => {
    const asked = { method: 'GET', host: 'x', target, headers: {}, asker: null, ...options }
    const { status, headers, body } = await resizer.handle(asked)
    const bytes = body === null ? Buffer.alloc(0) : await buffer(Readable.from(body))
    return { status, headers, bytes, text: bytes.toString() }
  }
  const bench: ResizerBench = {
    onRecordRead: () => undefined,
    onRender: async () => undefined,
    folder,
    clock,
    freshness,
    records,
    disk,
    resizer,
    seen,
    get,
    ask: (target, minMark = 0, headers = {}) =>
      get(target, { headers, asker: { minMark, holdsLease: true } }),
    async putAsset(id, bytes, more = {}) {
      await assets.putBlob(Readable.from([bytes]), bytes.byteLength)
      return putRecord(id, bytes, more)
    },
    async putFile(id, bytes, more = {}) {
      const path = join(folder, 'watched', id)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, bytes)
      const identity = fileIdentity(await stat(path, { bigint: true }))
      const location = { kind: 'file', path, identity, settled: true } as const
      await putRecord(id, bytes, { location, ...more })
      return path
    },
    putProject,
    purge(...keyTexts) {
      const keys = keyTexts.map(keyHash)
      freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys })
      return freshness.applied
    },
    lease,
    async stop() {
      await remote.close()
      await bodies.settled()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return bench
}

async function recordOf(
  id: string,
  bytes: Uint8Array,
  more: Partial<AssetRecord>,
): Promise<AssetRecord> {
  const image = more.kind === undefined || more.kind === 'image'
  const { width = null, height = null } = image ? await sharp(bytes).metadata() : {}
  return {
    id,
    kind: 'image',
    mediaType: 'image/png',
    published: true,
    version: 1,
    hash: sha256(bytes),
    bytes: bytes.byteLength,
    width,
    height,
    location: { kind: 'blob' },
    modifiedAt: '2026-01-01T00:00:00.000Z',
    crops: {},
    ...more,
  }
}

function faulty(disk: Disk): FaultyDisk {
  const state: FaultyDisk = {
    full: false,
    async write(name, data) {
      if (state.full) throw Object.assign(new RangeError('no space left'), { code: 'ENOSPC' })
      await disk.write(name, data)
    },
    read: (name) => disk.read(name),
    remove: (name) => disk.remove(name),
    list: () => disk.list(),
  }
  return state
}

/** A picture of one colour: the test tells versions apart by looking. */
export function plainPicture(colour: string, width = 64, height = 48): Promise<Buffer> {
  const create = { width, height, channels: 3, background: colour } as const
  return sharp({ create }).png().toBuffer()
}

/** The colour in the middle, as `r,g,b`. */
export async function colourOf(bytes: Uint8Array): Promise<string> {
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * info.channels
  return [...data.subarray(at, at + 3)].join(',')
}
