import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/metrics.ts'
import type { DiskBodies, DiskBody } from '../cache/disk-bodies.ts'
import { inThisLog } from '../cache/fills.ts'
import type { FillAnswer, FillOrder } from '../cache/fills.ts'
import type { Freshness } from '../cache/freshness.ts'
import type { MarkedCache } from '../cache/marked-cache.ts'
import { undeliverable, undeliverableReason } from '../contract/deliverable.ts'
import type { DeliveryProblem, DeliveryUrl } from '../contract/delivery-url.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { recipeText } from '../contract/recipe.ts'
import type { Recipe } from '../contract/recipe.ts'
import { hostOfOriginal, originRuleFor } from '../contract/origin-rules.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRecord, CropRect, PresetsRecord, ProjectRecord } from '../contract/records.ts'
import { SMART_CROPS_DEFAULT } from '../contract/smart-crops.ts'
import type { SmartCropSize } from '../contract/smart-crops.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import type { AssetsOrigin } from '../origin/assets-origin.ts'
import { keptBytesLost } from './errors.ts'
import { standInFor } from './missing-original.ts'
import type { StandIn } from './missing-original.ts'
import type { InputNeed, RecordReader } from './record-reader.ts'
import type { RemoteOriginals } from './remote-originals.ts'
import { readMark, togetherOf } from './watermark.ts'

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
  /** Made of an original that stands in for a failing origin: these lifetimes are not to be stretched. */
  readonly passing?: boolean
}

export type RenditionCache = MarkedCache<RenditionMeta, DiskBody>

/** What loads is called when it is this render's turn: of those that wait no original is in memory. */
export type Render = (
  recipe: Recipe,
  load: () => Promise<Uint8Array>,
  project: string,
  loadWatermark?: () => Promise<Uint8Array>,
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
  /** Where a smart crop lies that nobody drew; without it there are none of these. */
  readonly findArea?: (wanted: {
    readonly hash: string
    readonly load: () => Promise<Uint8Array>
    readonly size: SmartCropSize
    readonly project: string
  }) => Promise<CropRect>
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
  | StandIn

export type Problem = Omit<DeliveryProblem, 'status'> & {
  readonly status: number
  /** There is no such original: something else may stand for it. */
  readonly missing?: boolean
  /** Of a 503: when it may be worth asking again. */
  readonly retryAfterSeconds?: number
}

/** An original, named by a hash, with its bytes to be had. */
export interface Input {
  readonly hash: string
  readonly load: () => Promise<Uint8Array>
  readonly crop: AssetRecord['crops'][string] | null
  /** Of a remote original: how fresh it is known to be. */
  readonly remote: { readonly confirmedAt: number; readonly stale: boolean } | null
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
  asked: FillOrder,
  mayStandIn = true,
): Promise<RenditionFill> {
  const { freshness } = parts
  const order = inThisLog(freshness, asked)
  const epoch = freshness.epoch
  const mark = Math.max(freshness.applied, order.minMark)
  const need: InputNeed = { mark, strict: !order.waitersJudge, logId: freshness.logId }
  const urlKeys = urlKeyTexts(url)
  const answer = (made: Made, keys = urlKeys.map(keyHash)): RenditionFill => ({
    keys,
    mark,
    shareable: made.kind !== 'rendition' || made.keep,
    made,
  })
  const refuse = (problem: Problem): RenditionFill => answer({ kind: 'problem', problem })

  const project = await parts.records.read<ProjectRecord>(recordName.project(url.project), need)
  if (!project) return refuse(problem404(`There is no project ${url.project} here`))
  const input = await readInput(parts, url, project, need)
  if ('status' in input) {
    if (!input.missing || !mayStandIn || url.dialect !== 'cloudimage') return refuse(input)
    const found = await standInFor(project, url, (other) =>
      fillRendition(parts, other, null, { ...order, minMark: mark }, false),
    )
    return found ? answer(found.standIn, [...urlKeys.map(keyHash), ...found.keys]) : refuse(input)
  }
  const presets = await readPresets(parts, url, need)
  const resolved = resolveRecipe(url, { presets, crop: input.crop, format })
  if (!resolved.ok) return refuse(resolved.problem)
  const { recipe } = resolved
  const watermark = await readMark(project, url, recipe, (other) =>
    readInput(parts, other, project, need),
  )
  if (watermark && 'status' in watermark) return refuse(watermark)
  const nested = resolved.presets.map((name) => keyText.preset(url.project, name))
  const keys = [...new Set([...urlKeys, ...nested, ...(watermark?.keyTexts ?? [])])].map(keyHash)
  const made = await madeOf(parts, url, format, {
    input,
    watermark: watermark?.input ?? null,
    recipe,
    lifetimes: lifetimesOf(project, togetherOf(input, watermark), parts.clock.wall()),
    marked: { keys, mark },
    epoch,
  })
  return answer(made, keys)
}

/** Everything that a rendition is made of, and what it is kept with. */
interface Making {
  readonly input: Input
  readonly watermark: Input | null
  readonly recipe: Recipe
  readonly lifetimes: Lifetimes
  readonly marked: { readonly keys: readonly KeyHash[]; readonly mark: number }
  readonly epoch: number
}

async function madeOf(
  parts: RenditionParts,
  url: DeliveryUrl,
  format: string | null,
  { input, watermark, recipe, lifetimes, marked, epoch }: Making,
): Promise<Made> {
  const key = renditionKey(url, format)
  const hashes = watermark ? `${input.hash}\n${watermark.hash}` : input.hash
  const etag = etagOf(hashes, recipe, parts.rendererVersion)
  const sound = input.sound && (watermark?.sound ?? true)
  const kept = sound ? parts.renditions.lookupStale(key, 0)?.entry : undefined
  if (kept?.meta.etag === etag) {
    // The same input, recipe and renderer, and no purge of it: nothing is rendered again (freshness rule P6).
    const { mediaType, width, height, inputHash } = kept.meta
    const meta: RenditionMeta = { etag, mediaType, width, height, inputHash, ...lifetimes }
    const { body } = kept
    parts.renditions.store(key, { ...marked, meta, body, bodyBytes: body.bytes }, epoch)
    parts.meter.count('sluice_resizer_reused_total')
    return { kind: 'rendition', meta, load: () => loadKept(parts, key, body), keep: true }
  }
  const rendered = await parts.render(recipe, input.load, url.project, watermark?.load)
  parts.meter.count('sluice_resizer_renders_total')
  const { bytes, mediaType, width, height } = rendered
  const meta: RenditionMeta = {
    etag,
    mediaType,
    width,
    height,
    inputHash: input.hash,
    ...lifetimes,
  }
  if (sound) await keep(parts, key, marked, meta, bytes, epoch)
  return { kind: 'rendition', meta, load: async () => bytes, keep: sound }
}

async function loadKept(parts: RenditionParts, key: string, body: DiskBody): Promise<Uint8Array> {
  const bytes = await parts.bodies.read(body)
  if (bytes) return bytes
  parts.renditions.dropLost(key, body)
  throw keptBytesLost()
}

export function renditionKey(url: DeliveryUrl, format: string | null): string {
  return format === null ? url.rendition : `${url.rendition}\n${format}`
}

/** Strong: the same inputs, recipe and renderer make the same bytes. */
function etagOf(inputHashes: string, recipe: Recipe, rendererVersion: string): string {
  return `"${sha256(`${inputHashes}\n${recipeText(recipe)}\n${rendererVersion}`).slice(0, 32)}"`
}

type Lifetimes = Pick<
  RenditionMeta,
  'confirmedAt' | 'cdnTtlSeconds' | 'browserTtlSeconds' | 'passing'
>

/** How soon a failing origin is asked again for what an older copy stands in for. */
const STALE_SECONDS = 10

function lifetimesOf(project: ProjectRecord, remote: Input['remote'], now: number): Lifetimes {
  const { cdnTtlSeconds, browserTtlSeconds } = project
  if (!remote) return { confirmedAt: null, cdnTtlSeconds, browserTtlSeconds }
  if (!remote.stale) return { confirmedAt: remote.confirmedAt, cdnTtlSeconds, browserTtlSeconds }
  return {
    confirmedAt: now,
    cdnTtlSeconds: Math.min(STALE_SECONDS, cdnTtlSeconds),
    browserTtlSeconds: Math.min(STALE_SECONDS, browserTtlSeconds),
    passing: true,
  }
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
  if (subject.kind === 'original') return readRemote(parts, url, project, subject.original, need)
  const record = await parts.records.read<AssetRecord>(
    recordName.asset(url.project, subject.asset),
    need,
  )
  if (!record?.published) {
    return { ...problem404(`There is no published asset ${subject.asset}`), missing: true }
  }
  const what = undeliverable(record)
  if (what !== null) {
    const reason = undeliverableReason(subject.asset, what)
    return { status: 403, parameter: null, reason }
  }
  if (record.kind !== 'image') {
    return {
      status: 404,
      parameter: null,
      reason: `${subject.asset} is not an image; ask for it under /is/content/`,
    }
  }
  const name = subject.kind === 'image' ? subject.crop : null
  const edited = name === null ? null : (record.crops[name] ?? null)
  const input = await readAssetInput(parts, url.project, record, edited)
  if (name === null || edited !== null) return input
  return { ...input, crop: await computedCrop(parts, project, input, name) }
}

/** Nobody drew this crop: it lies where the picture draws the eye, in the size that the project has for it. */
async function computedCrop(
  { findArea }: RenditionParts,
  { project, smartCrops = SMART_CROPS_DEFAULT }: ProjectRecord,
  { hash, load }: Input,
  name: string,
): Promise<Input['crop']> {
  const size = smartCrops.find((each) => each.name === name)
  if (!size || !findArea) return null
  const rect = await findArea({ hash, load, size, project })
  return { rect, width: size.width, height: size.height }
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
    remote: null,
    sound: true,
    load: () => loadNamed(parts, project, record),
  }
  if (record.location.kind === 'blob' || (await parts.assets.unchanged(record))) return named
  const read = await parts.assets.readAsset(record)
  if (read.hash === record.hash && read.stable) return { ...named, load: async () => read.bytes }
  parts.onMismatch(project, record.id)
  return { hash: read.hash, crop, remote: null, sound: false, load: async () => read.bytes }
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
  url: DeliveryUrl,
  project: ProjectRecord,
  original: string,
  need: InputNeed,
): Promise<Input | Problem> {
  const host = hostOfOriginal(original)
  const rule = originRuleFor(host, project.origins)
  if (!rule) {
    return {
      status: 403,
      parameter: null,
      reason: `${host} is not an allowed origin of ${project.project}`,
    }
  }
  const ttlSeconds = url.cacheSeconds ?? project.cdnTtlSeconds
  const found = await parts.remotes.read({ project, rule, original, ttlSeconds }, need)
  if (found.kind === 'missing') {
    return {
      ...problem404(`The original ${original} was not found. ${found.reason}`),
      missing: true,
    }
  }
  const { hash, load, confirmedAt, stale } = found
  return { hash, load, crop: null, remote: { confirmedAt, stale }, sound: true }
}

function problem404(reason: string): Problem {
  return { status: 404, parameter: null, reason }
}

async function keep(
  parts: RenditionParts,
  key: string,
  marked: Making['marked'],
  meta: RenditionMeta,
  bytes: Uint8Array,
  epoch: number,
): Promise<void> {
  try {
    const body = await parts.bodies.write(bytes)
    parts.renditions.store(key, { ...marked, meta, body, bodyBytes: body.bytes }, epoch)
  } catch (error) {
    parts.log.warn({ err: error }, 'rendition not kept: the cache disk refused it')
  }
}
