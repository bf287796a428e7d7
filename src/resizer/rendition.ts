import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/metrics.ts'
import type { DiskBodies, DiskBody } from '../cache/disk-bodies.ts'
import type { FillAnswer, FillOrder } from '../cache/fills.ts'
import type { Freshness } from '../cache/freshness.ts'
import type { MarkedCache } from '../cache/marked-cache.ts'
import type { DeliveryProblem, DeliveryUrl } from '../contract/delivery-url.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { recipeText } from '../contract/recipe.ts'
import type { Recipe } from '../contract/recipe.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRecord, PresetsRecord, ProjectRecord } from '../contract/records.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import type { AssetsOrigin } from '../origin/assets-origin.ts'
import { keptBytesLost } from './errors.ts'
import type { InputNeed, RecordReader } from './record-reader.ts'
import type { RemoteOriginals } from './remote-originals.ts'

/** What is kept of a rendition besides its bytes. */
export interface RenditionMeta {
  readonly etag: string
  readonly mediaType: string
  readonly width: number
  readonly height: number
  readonly inputHash: string
  /** Wall-clock milliseconds at which a remote original was last confirmed; null for assets, whose changes are told. */
  readonly confirmedAt: number | null
  readonly cdnTtlSeconds: number
  readonly browserTtlSeconds: number
}

export type RenditionCache = MarkedCache<RenditionMeta, DiskBody>

/** `load` is called when it is this render's turn: of those that wait no original is in memory. */
export type Render = (
  recipe: Recipe,
  load: () => Promise<Uint8Array>,
  project: string,
) => Promise<{ bytes: Uint8Array; mediaType: string; width: number; height: number }>

export interface RenditionParts {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly freshness: Freshness
  readonly records: RecordReader
  readonly assets: Pick<AssetsOrigin, 'readAsset' | 'unchanged' | 'openAsset'>
  readonly remotes: RemoteOriginals
  readonly renditions: RenditionCache
  readonly bodies: DiskBodies
  readonly render: Render
  readonly rendererVersion: string
  /** A watched file is not what its record says: the watcher should look. */
  readonly onMismatch: (project: string, asset: string) => void
}

export type RenditionFill = FillAnswer & { readonly made: Made }

export type Made =
  /** `keep` is false when the bytes are not those that the record names (freshness rule P12). */
  | {
      readonly kind: 'rendition'
      readonly meta: RenditionMeta
      readonly load: () => Promise<Uint8Array>
      readonly keep: boolean
    }
  | { readonly kind: 'problem'; readonly problem: Problem }

export type Problem = Omit<DeliveryProblem, 'status'> & { readonly status: number }

/** An original, named by a hash, with its bytes to be had. */
interface Input {
  readonly hash: string
  readonly load: () => Promise<Uint8Array>
  readonly crop: AssetRecord['crops'][string] | null
  /** Of a file whose bytes may differ from the record: what was really read. */
  readonly sound: boolean
}

/**
 * Makes the answer for a URL: records, recipe, original, pixels. The mark is taken before the first input is read (freshness rule P7);
 * every input is then either read at the origin or judged to reflect that mark.
 */
export async function fillRendition(
  parts: RenditionParts,
  url: DeliveryUrl,
  format: string | null,
  order: FillOrder,
): Promise<RenditionFill> {
  const { freshness } = parts
  const epoch = freshness.epoch
  const mark = Math.max(freshness.applied, order.minMark)
  const need: InputNeed = { mark, strict: !order.waitersJudge }
  const urlKeys = urlKeyTexts(url)
  const answer = (made: Made, keys = urlKeys): RenditionFill => ({
    keys: keys.map(keyHash),
    mark,
    shareable: made.kind === 'problem' || made.keep,
    made,
  })
  const refuse = (problem: Problem): RenditionFill => answer({ kind: 'problem', problem })

  const project = await parts.records.read<ProjectRecord>(recordName.project(url.project), need)
  if (!project) return refuse(problem404(`There is no project ${url.project} here`))
  const input = await readInput(parts, url, project, need)
  if ('status' in input) return refuse(input)
  const presets = await readPresets(parts, url, need)
  const resolved = resolveRecipe(url, { presets, crop: input.crop, format })
  if (!resolved.ok) return refuse(resolved.problem)
  const nested = resolved.presets.map((name) => keyText.preset(url.project, name))
  const keys = [...new Set([...urlKeys, ...nested])]

  const key = renditionKey(url, format)
  const etag = etagOf(input.hash, resolved.recipe, parts.rendererVersion)
  const kept = input.sound ? parts.renditions.lookup(key, 0)?.entry : undefined
  if (kept?.meta.etag === etag) {
    // The same input, recipe and renderer, and no purge of it: nothing is rendered again (freshness rule P6).
    const meta = { ...kept.meta, ...confirmation(parts, url), ...lifetimesOf(project) }
    const { body } = kept
    parts.renditions.store(
      key,
      { keys: keys.map(keyHash), mark, meta, body, bodyBytes: body.bytes },
      epoch,
    )
    parts.meter.count('sluice_resizer_reused_total')
    const load = (): Promise<Uint8Array> => loadKept(parts, key, body)
    return answer({ kind: 'rendition', meta, load, keep: true }, keys)
  }
  const rendered = await parts.render(resolved.recipe, input.load, url.project)
  parts.meter.count('sluice_resizer_renders_total')
  const { bytes, mediaType, width, height } = rendered
  const meta: RenditionMeta = {
    etag,
    mediaType,
    width,
    height,
    inputHash: input.hash,
    ...confirmation(parts, url),
    ...lifetimesOf(project),
  }
  const made: Made = { kind: 'rendition', meta, load: async () => bytes, keep: input.sound }
  if (input.sound) await keep(parts, key, keys.map(keyHash), mark, meta, bytes, epoch)
  return answer(made, keys)
}

async function loadKept(parts: RenditionParts, key: string, body: DiskBody): Promise<Uint8Array> {
  const bytes = await parts.bodies.read(body)
  if (bytes) return bytes
  parts.renditions.drop(key)
  throw keptBytesLost()
}

export function renditionKey(url: DeliveryUrl, format: string | null): string {
  return format === null ? url.rendition : `${url.rendition}\n${format}`
}

/** Strong: the same inputs, recipe and renderer make the same bytes. */
function etagOf(inputHash: string, recipe: Recipe, rendererVersion: string): string {
  return `"${sha256(`${inputHash}\n${recipeText(recipe)}\n${rendererVersion}`).slice(0, 32)}"`
}

function lifetimesOf(
  project: ProjectRecord,
): Pick<RenditionMeta, 'cdnTtlSeconds' | 'browserTtlSeconds'> {
  return { cdnTtlSeconds: project.cdnTtlSeconds, browserTtlSeconds: project.browserTtlSeconds }
}

function confirmation(parts: RenditionParts, url: DeliveryUrl): Pick<RenditionMeta, 'confirmedAt'> {
  return { confirmedAt: url.subject.kind === 'original' ? parts.clock.wall() : null }
}

async function readPresets(
  parts: RenditionParts,
  url: DeliveryUrl,
  need: InputNeed,
): Promise<PresetsRecord['presets']> {
  if (url.presets.length === 0) return {}
  return (
    (await parts.records.read<PresetsRecord>(recordName.presets(url.project), need))?.presets ?? {}
  )
}

async function readInput(
  parts: RenditionParts,
  url: DeliveryUrl,
  project: ProjectRecord,
  need: InputNeed,
): Promise<Input | Problem> {
  const { subject } = url
  if (subject.kind === 'original') return readRemote(parts, project, subject.original, need)
  const record = await parts.records.read<AssetRecord>(
    recordName.asset(url.project, subject.asset),
    need,
  )
  if (!record?.published) return problem404(`There is no published asset ${subject.asset}`)
  if (record.kind !== 'image') {
    return {
      status: 404,
      parameter: null,
      reason: `${subject.asset} is not an image; ask for it under /is/content/`,
    }
  }
  const crop =
    subject.kind === 'image' && subject.crop !== null ? (record.crops[subject.crop] ?? null) : null
  return readAssetInput(parts, url.project, record, crop)
}

async function readAssetInput(
  parts: RenditionParts,
  project: string,
  record: AssetRecord,
  crop: Input['crop'],
): Promise<Input> {
  const named: Input = {
    hash: record.hash,
    crop,
    sound: true,
    load: () => loadNamed(parts, project, record),
  }
  if (record.location.kind === 'blob' || (await parts.assets.unchanged(record))) return named
  const read = await parts.assets.readAsset(record)
  if (read.hash === record.hash && read.stable) return { ...named, load: async () => read.bytes }
  parts.onMismatch(project, record.id)
  return { hash: read.hash, crop, sound: false, load: async () => read.bytes }
}

/** Bytes that the record names; what was changed since the look at the file is a mismatch found late. */
async function loadNamed(
  parts: RenditionParts,
  project: string,
  record: AssetRecord,
): Promise<Uint8Array> {
  const read = await parts.assets.readAsset(record)
  if (read.hash === record.hash && read.stable) return read.bytes
  parts.onMismatch(project, record.id)
  throw new InputChanged()
}

/** The original changed between two looks at it; the fill begins again. */
export class InputChanged extends Error {
  constructor() {
    super('the original changed while it was read')
    this.name = 'InputChanged'
  }
}

async function readRemote(
  parts: RenditionParts,
  project: ProjectRecord,
  original: string,
  need: InputNeed,
): Promise<Input | Problem> {
  const host = (original.split('/')[0] ?? '').replace(/:\d+$/, '')
  const rule = project.origins.find((origin) => origin.host === host)
  if (!rule) {
    return {
      status: 403,
      parameter: null,
      reason: `${host} is not an allowed origin of ${project.project}`,
    }
  }
  const found = await parts.remotes.read(project, rule, original, need)
  if (found.kind === 'missing')
    return problem404(`The original ${original} was not found. ${found.reason}`)
  return { hash: found.hash, load: found.load, crop: null, sound: true }
}

function problem404(reason: string): Problem {
  return { status: 404, parameter: null, reason }
}

async function keep(
  parts: RenditionParts,
  key: string,
  keys: readonly KeyHash[],
  mark: number,
  meta: RenditionMeta,
  bytes: Uint8Array,
  epoch: number,
): Promise<void> {
  try {
    const body = await parts.bodies.write(bytes)
    parts.renditions.store(key, { keys, mark, meta, body, bodyBytes: body.bytes }, epoch)
  } catch (error) {
    parts.log.warn({ err: error }, 'rendition not kept: the cache disk refused it')
  }
}
