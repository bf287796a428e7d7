import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/metrics.ts'
import type { DiskBodies, DiskBody } from '../cache/disk-bodies.ts'
import { inThisLog } from '../cache/fills.ts'
import type { FillAnswer, FillOrder } from '../cache/fills.ts'
import type { Freshness } from '../cache/freshness.ts'
import type { MarkedCache } from '../cache/marked-cache.ts'
import { deliverySettings } from '../contract/delivery-settings.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { recipeText } from '../contract/recipe.ts'
import type { Recipe } from '../contract/recipe.ts'
import { recordName } from '../contract/records.ts'
import type { PresetsRecord, ProjectRecord } from '../contract/records.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { watermarkUrl } from '../contract/url-inputs.ts'
import { urlKeyTexts } from '../contract/url-keys.ts'
import { isKeptBytesLost, keptBytesLost } from './errors.ts'
import { standInFor } from './missing-original.ts'
import type { StandIn } from './missing-original.ts'
import { inLog, problem404, publicProblem } from './problems.ts'
import type { Problem } from './problems.ts'
import type { InputNeed } from './record-reader.ts'
import { readInput } from './rendition-input.ts'
import type { Input, InputParts } from './rendition-input.ts'
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

export interface RenditionParts extends InputParts {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly freshness: Freshness
  readonly renditions: RenditionCache
  readonly bodies: DiskBodies
  readonly render: Render
  readonly rendererVersion: string
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

/** A fill on its way: what it claims, and by which keys all that it has named so far is purged. */
interface Filling {
  readonly need: InputNeed
  readonly epoch: number
  readonly keyTexts: Set<string>
}

/**
 * Makes the answer for a URL: records, recipe, original, pixels. The mark is taken before the first input is read (freshness rule P7);
 * every input is then either read at the origin or judged to reflect that mark. A refusal is such an answer too, with the keys of all
 * that led to it (P11): who could have learned since that a damaged original was replaced is not told of the damage (P9).
 */
export async function fillRendition(
  parts: RenditionParts,
  url: DeliveryUrl,
  format: string | null,
  asked: FillOrder,
): Promise<RenditionFill> {
  const { freshness } = parts
  const order = inThisLog(freshness, asked)
  const { epoch, logId } = freshness
  const mark = Math.max(freshness.applied, order.minMark)
  const need: InputNeed = { mark, strict: !order.waitersJudge, logId }
  const keyTexts = new Set(urlKeyTexts(url))
  const made = await make(parts, url, format, { need, epoch, keyTexts }).catch((error: unknown) =>
    refusalFor(parts, url, error),
  )
  const shareable = made.kind !== 'rendition' || made.keep
  return { keys: hashesOf(keyTexts), mark, shareable, made }
}

async function make(
  parts: RenditionParts,
  url: DeliveryUrl,
  format: string | null,
  filling: Filling,
  mayStandIn = true,
): Promise<Made> {
  const { need, epoch, keyTexts } = filling
  const project = await parts.records.read<ProjectRecord>(recordName.project(url.project), need)
  if (!project) return refused(problem404(`There is no project ${url.project} here`))
  const input = await readInput(parts, url, project, need)
  if ('status' in input) {
    if (!input.missing || !mayStandIn || url.dialect !== 'cloudimage') return refused(input)
    const standIn = await standInFor(project, url, (other) => {
      addAll(keyTexts, urlKeyTexts(other))
      const own = { ...filling, keyTexts: new Set(urlKeyTexts(other)) }
      return make(parts, other, null, own, false)
    })
    return standIn ?? refused(input)
  }
  const presets = await readPresets(parts, url, need)
  const resolved = resolveRecipe(url, { presets, crop: input.crop, format })
  addAll(
    keyTexts,
    resolved.presets.map((name) => keyText.preset(url.project, name)),
  )
  if (!resolved.ok) return refused(resolved.problem)
  const { recipe } = resolved
  const { watermarkImage } = deliverySettings(project.delivery)
  const mark = recipe.watermark
  const markUrl = mark ? watermarkUrl(url, mark.source ?? watermarkImage) : null
  if (markUrl) addAll(keyTexts, urlKeyTexts(markUrl))
  const watermark = markUrl && (await readMark(parts, markUrl, project, need))
  if (watermark && 'status' in watermark) return refused(watermark)
  return madeOf(parts, url, format, {
    input,
    watermark,
    recipe,
    lifetimes: lifetimesOf(project, togetherOf(input, watermark), parts.clock.wall()),
    marked: { keys: hashesOf(keyTexts), mark: need.mark },
    epoch,
  })
}

function addAll(keyTexts: Set<string>, more: readonly string[]): void {
  for (const text of more) keyTexts.add(text)
}

function hashesOf(keyTexts: ReadonlySet<string>): readonly KeyHash[] {
  return Array.from(keyTexts, keyHash)
}

function refused(problem: Problem): Made {
  return { kind: 'problem', problem }
}

/** What an origin or a picture is to blame for; a fault of ours is thrown, and so is what a second fill may mend. */
function refusalFor(parts: RenditionParts, url: DeliveryUrl, error: unknown): Made {
  const problem = isKeptBytesLost(error) ? null : publicProblem(error)
  if (!problem) throw error
  parts.log.warn({ target: url.target, ...inLog(error, problem) }, 'not delivered')
  return refused(problem)
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
