import { readFile } from 'node:fs/promises'
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DiskBodies, isMissing, openDisk } from '../cache/disk-bodies.ts'
import type { DiskBody } from '../cache/disk-bodies.ts'
import { Freshness } from '../cache/freshness.ts'
import { MarkedCache } from '../cache/marked-cache.ts'
import { restoreState, saveState, savedCache, stateFile } from '../cache/saved-state.ts'
import type { SavedCache } from '../cache/saved-state.ts'
import { Sweeper } from '../cache/sweeper.ts'
import { negotiateFormat } from '../contract/negotiate-format.ts'
import type { OriginLocation, Peek } from '../contract/node-protocol.ts'
import { parseCanonicalTarget } from '../contract/parse-delivery-url.ts'
import { createRenderer } from '../imaging/renderer.ts'
import type { Renderer } from '../imaging/renderer.ts'
import { RENDERER_VERSION } from '../imaging/renderer-version.ts'
import { listen } from '../kernel/http-server.ts'
import type { Listening } from '../kernel/http-server.ts'
import type { Log } from '../kernel/log.ts'
import { createRemote } from '../origin/remote.ts'
import { RecordReader } from '../resizer/record-reader.ts'
import { RemoteOriginals } from '../resizer/remote-originals.ts'
import type { OriginalMeta } from '../resizer/remote-originals.ts'
import { renditionKey } from '../resizer/rendition.ts'
import type { Render, RenditionCache, RenditionMeta } from '../resizer/rendition.ts'
import { Resizer } from '../resizer/resizer.ts'
import { resizerHandler } from '../resizer/resizer-server.ts'
import { countHits } from './hit-count.ts'
import { startNodeLife } from './node-life.ts'
import { lateOrigin } from './late-origin.ts'
import type { Machine, NodePlace, Running } from './role.ts'

export interface ResizerSettings {
  readonly diskBytes: number
  /** A watched file is not what its record says. In a separate process the watcher finds out by itself. */
  readonly onMismatch: (project: string, asset: string) => void
}

/** Renditions are asked for far more often than originals are rendered from. */
const RENDITION_SHARE = 0.75
const RENDERING = {
  /** One processor is left to answer hits while pictures are made. */
  concurrency: Math.max(1, availableParallelism() - 1),
  /** Of one project: at a tenth of a second each, the last of them waits twenty seconds on one processor. */
  queueMax: 200,
} as const
const SAVE_EVERY_MS = 30_000
/** Soon after a start, so that a crash finds a state that names the purge log: without it nothing can be answered while control is down. */
const FIRST_SAVE_MS = 1_000

function renderBy(renderer: Renderer): Render {
  return (recipe, original, project, watermark) =>
    renderer.render(recipe, watermark ? { original, watermark } : original, undefined, project)
}

/** The image server, with its disk cache under `<data>/resizer`. */
export async function startResizer(
  machine: Machine,
  place: NodePlace,
  settings: ResizerSettings,
): Promise<Running> {
  const { clock, timers, log, metrics } = machine
  const folder = join(place.data.path, 'resizer')
  await mkdir(folder, { recursive: true })
  const kept = await openCaches(machine, folder, settings.diskBytes)
  const { freshness, bodies, renditions, originals } = kept

  const origin = lateOrigin(await readOrigin(folder))
  const records = new RecordReader(freshness, (name) => origin.records().read(name))
  const remote = createRemote({ clock, timers })
  const renderer = createRenderer(RENDERING)
  const remotes = new RemoteOriginals({ clock, log, freshness, cache: originals, bodies, remote })
  const counted = countHits(metrics, 'sluice_resizer_requests_total')
  const resizer = new Resizer({
    clock,
    timers,
    log,
    meter: counted.meter,
    freshness,
    records,
    renditions,
    bodies,
    assets: origin.assets,
    remotes,
    render: renderBy(renderer),
    findArea: (wanted) => renderer.findArea(wanted),
    rendererVersion: RENDERER_VERSION,
    onMismatch: settings.onMismatch,
  })
  const listening = await openDoor(resizer, log, freshness, place)
  const life = await startNodeLife(machine, place, {
    role: 'resizer',
    urls: [listening.url],
    freshness,
    stats: () => ({
      ...heldBy(kept),
      stamps: freshness.stampCount,
      floor: freshness.floor,
      ...counted.counts(),
    }),
    peek: (targets) => targets.map((target) => peekAt(renditions, freshness, target)),
    async onRegistered(registration) {
      origin.set(registration.origin)
      await place.data.write(join('resizer', 'origin.json'), JSON.stringify(registration.origin))
    },
  })
  const sweeper = new Sweeper(freshness, [renditions, remotes, records], timers)
  sweeper.start()
  const saver = startSaving(machine, kept)
  metrics.beforeExposition(() => {
    const labels = { node: place.id, role: 'resizer' }
    metrics.gauge('sluice_node_entries', labels, heldBy(kept).entries)
    metrics.gauge('sluice_node_bytes', labels, heldBy(kept).bytes)
    metrics.gauge('sluice_resizer_queue', {}, renderer.stats().waiting)
  })
  return {
    url: listening.url,
    notReady: life.notReady,
    async stop() {
      await listening.stop()
      await Promise.all([life.follower.stop(), sweeper.stop(), saver.stop(), remote.close()])
      await saveState(kept.state, freshness, kept.saved)
      await bodies.settled()
    },
  }
}

/** What a resizer keeps on disk, as it was when it last saved. */
async function openCaches({ clock, random, log }: Machine, folder: string, diskBytes: number) {
  const freshness = new Freshness(clock)
  const bodies = new DiskBodies({ disk: await openDisk(join(folder, 'bodies')), random, log })
  const renditionBytes = Math.floor(diskBytes * RENDITION_SHARE)
  const renditions = new MarkedCache<RenditionMeta, DiskBody>({
    freshness,
    bodies,
    bytesMax: renditionBytes,
  })
  const originals = new MarkedCache<OriginalMeta, DiskBody>({
    freshness,
    bodies,
    bytesMax: diskBytes - renditionBytes,
  })
  const saved: readonly SavedCache[] = [
    savedCache('renditions', renditions, freshness, (meta) => meta as RenditionMeta),
    savedCache('originals', originals, freshness, (meta) => meta as OriginalMeta),
  ]
  const state = stateFile(join(folder, 'state.ndjson'))
  await restoreState(state, freshness, saved, bodies, log)
  return { freshness, bodies, renditions, originals, saved, state }
}

function heldBy({ renditions, originals }: Awaited<ReturnType<typeof openCaches>>) {
  return {
    entries: renditions.count + originals.count,
    bytes: renditions.bytes + originals.bytes,
  }
}

function openDoor(
  resizer: Resizer,
  log: Log,
  freshness: Freshness,
  { host, port, nodeSecret }: NodePlace,
): Promise<Listening> {
  const loopbackOnly = /^(?:127\.|::1$|localhost$)/.test(host)
  const logId = (): string => freshness.logId
  const door = resizerHandler({ resizer, log, nodeSecret, logId, loopbackOnly })
  return listen(door, { host, port, setting: 'SLUICE_RESIZER_PORT' })
}

function startSaving(
  { timers, log }: Machine,
  { state, freshness, saved }: Awaited<ReturnType<typeof openCaches>>,
): { stop: () => Promise<void> } {
  const stopping = new AbortController()
  const loop = async (): Promise<void> => {
    let waitMs = FIRST_SAVE_MS
    while (!stopping.signal.aborted) {
      await timers.sleep(waitMs, stopping.signal).catch(() => undefined)
      if (stopping.signal.aborted) return
      if (freshness.logId === '') continue
      waitMs = SAVE_EVERY_MS
      await saveState(state, freshness, saved).catch((error: unknown) =>
        log.warn({ err: error }, 'cache state not saved; a crash now would empty the cache'),
      )
    }
  }
  const running = loop()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** What control said at an earlier start: with it, delivery lives while control is down. */
async function readOrigin(folder: string): Promise<OriginLocation | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(folder, 'origin.json'), 'utf8'))
    const { kind, path } = (parsed ?? {}) as Partial<OriginLocation>
    return kind === 'folder' && typeof path === 'string' ? { kind, path } : null
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function peekAt(renditions: RenditionCache, freshness: Freshness, target: string): Peek {
  const absent: Peek = {
    target,
    state: 'absent',
    mark: null,
    applied: freshness.applied,
    inputHash: null,
  }
  const parsed = parseCanonicalTarget(target)
  if (!parsed.ok) return absent
  const { url } = parsed
  const found = renditions.peek(renditionKey(url, negotiateFormat(url, null)))
  if (!found) return absent
  const { mark, meta } = found.entry
  return {
    ...absent,
    state: found.judgement.usable ? 'usable' : 'unusable',
    mark,
    inputHash: meta.inputHash,
  }
}

export const RESIZER_ROLE_METRICS = {
  sluice_resizer_queue: { kind: 'gauge', help: 'Renders that wait for a processor.', labels: [] },
} as const
