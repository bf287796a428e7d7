import { isCloudimagePreset } from '../contract/cloudimage-presets.ts'
import { undeliverable, undeliverableReason } from '../contract/deliverable.ts'
import { cropNames } from '../contract/smart-crops.ts'
import type { Selection } from '../contract/invalidation.ts'
import { SENTENCES } from './errors.ts'
import type { InvalidationErrorCode, RefusedItem } from './errors.ts'
import { encodeId, expandLine, isBare, namesAsset, templateLines } from './template-lines.ts'
import type { TemplateLine } from './template-lines.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'

/**
 * Which URLs a selection forms, by Dynamic Media's rules (Adobe, "Invalidate the CDN cache by way of Dynamic Media"). Pure:
 * the same selection, project and assets form the same list.
 */
export interface FormationInput {
  readonly project: ProjectRow
  readonly selection: Selection
  /** Those of the selection's assets that exist. */
  readonly assets: readonly AssetRow[]
  /** URLs known to have been served, by asset id; only read when `served` is ticked. */
  readonly served: ReadonlyMap<string, readonly string[]>
}

export interface FormedUrl {
  readonly url: string
  /** In words, for people. */
  readonly from: string
  /** The selected asset that it was formed for. */
  readonly asset: string | null
  /** Where a mistake in it is to be corrected. */
  readonly place: Pick<RefusedItem, 'pointer' | 'line'>
  /** Known from an edge: its host may be one that the project no longer has. */
  readonly served: boolean
  /** Made of the asset's id by rule alone: surely a URL of that asset, without being read. */
  readonly own: boolean
}

export interface Refusal {
  readonly code: InvalidationErrorCode
  readonly title: string
  readonly detail: string
  readonly errors: readonly RefusedItem[]
}

export interface Formation {
  /** Sorted by code unit, without doubles, without what is excluded. */
  readonly urls: readonly FormedUrl[]
  readonly refusals: readonly Refusal[]
  readonly warnings: readonly RefusedItem[]
}

export function formUrls(input: FormationInput): Formation {
  const { selection } = input
  const eligible = input.assets.filter((asset) => !isIneligible(asset))
  const refusals = [
    ...unknownAssets(input),
    ...missingServer(input),
    ...tooManyToForm(input, eligible),
  ]
  const formed = refusals.length > 0 ? typedUrls(selection) : allUrls(input, eligible)
  const excluded = new Set(selection.exclude.map((url) => url.trim()))
  return {
    urls: withoutDoubles(formed).filter(({ url }) => !excluded.has(url)),
    refusals,
    warnings: warnings(input),
  }
}

/**
 * Twice what an admin may allow for one list, because doubles are found only once they are formed. Each takes some 5 µs and 500 bytes:
 * a thousand assets with a template of a thousand lines would stop the server for seconds, and be refused in the end.
 */
export const FORMED_MAX = 200_000

function tooManyToForm(input: FormationInput, eligible: readonly AssetRow[]): readonly Refusal[] {
  const count = formedCount(input, eligible)
  return count > FORMED_MAX ? tooManyUrls(count, input) : []
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0)
}

/** How many there would be, doubles among them, without forming one. */
function formedCount(input: FormationInput, eligible: readonly AssetRow[]): number {
  const { project, selection, served } = input
  const images = eligible.filter((asset) => asset.kind === 'image')
  const presets = presetNames(input).length
  const lines = selection.template ? distinctLines(project.template) : []
  const perAsset = lines.filter(namesAsset).length
  return sum([
    selection.urls.length,
    formsBase(selection) ? images.length * (1 + presets) : 0,
    selection.crops
      ? sum(images.map((asset) => cropNames(project.smartCrops, asset.crops).length))
      : 0,
    selection.content ? eligible.length - images.length : 0,
    perAsset * eligible.length + (lines.length - perAsset),
    selection.served ? sum([...served.values()].map((urls) => urls.length)) : 0,
  ])
}

/** Dynamic Media refuses more than 1000 URLs at once (the same page, "up to 1000 URLs"). */
export function tooManyUrls(
  counted: number,
  { project, selection }: FormationInput,
): readonly Refusal[] {
  const max = project.maxUrlsPerInvalidation
  if (counted <= max) return []
  const way = selection.renditions
    ? 'Untick what forms URLs: all renditions of the assets go without them, too.'
    : 'Take some out, submit in parts, or invalidate by asset (All renditions), which has no such limit.'
  const detail = `The list has ${counted} URLs; at most ${max} are accepted at once. ${way}`
  return [{ code: 'too-many-urls', title: 'Too many URLs.', detail, errors: [] }]
}

function allUrls(input: FormationInput, eligible: readonly AssetRow[]): FormedUrl[] {
  const { selection } = input
  const images = eligible.filter((asset) => asset.kind === 'image')
  const presets = presetNames(input)
  return [
    ...typedUrls(selection),
    ...(formsBase(selection) ? images.flatMap((asset) => baseUrls(asset, presets, input)) : []),
    ...(selection.crops ? images.flatMap((asset) => cropUrls(asset, input)) : []),
    ...(selection.content ? contentUrls(eligible, input) : []),
    ...(selection.template ? templateUrls(eligible, input) : []),
    ...(selection.served ? eligible.flatMap((asset) => servedUrls(asset, input)) : []),
  ]
}

/** "Use only the defined template" when the template alone is ticked; else the base URL of each image. */
function formsBase({ template, presets }: Selection): boolean {
  return presets || !template
}

function typedUrls({ urls }: Selection): FormedUrl[] {
  return urls
    .map((text, at) => ({ url: text.trim(), at }))
    .filter(({ url }) => url !== '')
    .map(({ url, at }) => ({
      url,
      from: 'added',
      asset: null,
      place: { pointer: `/urls/${at}` },
      served: false,
      own: false,
    }))
}

/** Of presets in Cloudimage's words there are no URLs of Dynamic Media. */
function presetNames({ project, selection }: FormationInput): readonly string[] {
  if (!selection.presets) return []
  const { presets } = project
  return Object.keys(presets).filter((name) => !isCloudimagePreset(presets[name]!))
}

function baseUrls(
  asset: AssetRow,
  presets: readonly string[],
  { project }: FormationInput,
): FormedUrl[] {
  // Reached without them only when the purge goes by asset: then the list is for information.
  if (project.publishServer === null || project.company === null) return []
  const base = imageBase(project) + encodeId(asset.id)
  return [
    formedFor(asset, base, `asset ${asset.id}`),
    ...presets.map((name) =>
      formedFor(
        asset,
        `${base}?$${encodeURIComponent(name)}$`,
        `asset ${asset.id}, preset ${name}`,
      ),
    ),
  ]
}

function cropUrls(asset: AssetRow, { project }: FormationInput): FormedUrl[] {
  const base = imageBase(project) + encodeId(asset.id)
  return cropNames(project.smartCrops, asset.crops).map((name) =>
    formedFor(asset, `${base}:${encodeURIComponent(name)}`, `asset ${asset.id}, crop ${name}`),
  )
}

function contentUrls(assets: readonly AssetRow[], { project }: FormationInput): FormedUrl[] {
  return assets
    .filter((asset) => asset.kind !== 'image')
    .map((asset) =>
      formedFor(asset, contentBase(project) + encodeId(asset.id), `asset ${asset.id}, content`),
    )
}

function servedUrls(asset: AssetRow, { served }: FormationInput): FormedUrl[] {
  return (served.get(asset.id) ?? []).map((url) => ({
    ...formedFor(asset, url, `asset ${asset.id}, served`),
    served: true,
    own: false,
  }))
}

function templateUrls(assets: readonly AssetRow[], { project }: FormationInput): FormedUrl[] {
  return distinctLines(project.template).flatMap((line) => {
    const place = { line: line.line }
    if (!namesAsset(line)) {
      const from = `template line ${line.line}`
      return [{ url: line.text, from, asset: null, place, served: false, own: false }]
    }
    return assets.map((asset) => {
      const url = expandLine(line, asset.id, imageBase(project))
      const from = `template line ${line.line}, asset ${asset.id}`
      return { ...formedFor(asset, url, from), place, own: false }
    })
  })
}

/** A line again forms nothing new. */
function distinctLines(template: string): readonly TemplateLine[] {
  const first = new Map<string, TemplateLine>()
  for (const line of templateLines(template)) if (!first.has(line.text)) first.set(line.text, line)
  return [...first.values()]
}

function formedFor(asset: AssetRow, url: string, from: string): FormedUrl {
  return { url, from, asset: asset.id, place: {}, served: false, own: true }
}

/** `<publish server>/is/image/<company>/`, with the publish server's own scheme. */
export function imageBase(project: ProjectRow): string {
  return deliveryBase(project, 'image')
}

function contentBase(project: ProjectRow): string {
  return deliveryBase(project, 'content')
}

function deliveryBase({ publishServer, company }: ProjectRow, kind: 'image' | 'content'): string {
  const server = (publishServer ?? '').replace(/\/+$/, '')
  return `${server}/is/${kind}/${encodeURIComponent(company ?? '')}/`
}

/** The first mention of a URL stays. `sort` without a comparison is by code unit. */
function withoutDoubles(urls: readonly FormedUrl[]): readonly FormedUrl[] {
  const first = new Map<string, FormedUrl>()
  for (const formed of urls) if (!first.has(formed.url)) first.set(formed.url, formed)
  return [...first.keys()].sort().map((url) => first.get(url)!)
}

function unknownAssets({ selection, assets }: FormationInput): Refusal[] {
  const known = new Set(assets.map((asset) => asset.id))
  const errors = selection.assets.flatMap((id, at) =>
    known.has(id)
      ? []
      : [
          {
            pointer: `/assets/${at}`,
            item: id,
            reason: `There is no asset ${id}: take it out, or invalidate its URL, which stays possible.`,
          },
        ],
  )
  if (errors.length === 0) return []
  const detail = `Selected assets that do not exist: ${errors.length} of ${selection.assets.length}.`
  return [{ code: 'unknown-asset', title: SENTENCES.retrieve, detail, errors }]
}

/** Only what forms URLs from it needs a publish server; a purge by asset does without. */
function missingServer(input: FormationInput): Refusal[] {
  const { project } = input
  if (project.publishServer !== null && project.company !== null) return []
  if (!needsServer(input)) return []
  const missing = [
    ...(project.publishServer === null ? ['publish server'] : []),
    ...(project.company === null ? ['company'] : []),
  ]
  const reason = `No ${missing.join(' and no ')} is set for this project: set it in General Settings.`
  const errors = [{ pointer: '/assets', reason }]
  return [{ code: 'no-publish-server', title: SENTENCES.retrieve, detail: reason, errors }]
}

function needsServer({ project, selection }: FormationInput): boolean {
  if (selection.assets.length === 0) return false
  const bare = selection.template && templateLines(project.template).some(isBare)
  const asked = selection.presets || selection.crops || selection.content
  return bare || asked || (formsBase(selection) && !selection.renditions)
}

function warnings({ selection, assets }: FormationInput): readonly RefusedItem[] {
  const places = new Map(selection.assets.map((id, at) => [id, at]))
  return assets.flatMap((asset) => {
    const pointer = `/assets/${places.get(asset.id)}`
    const what = undeliverable(asset)
    if (what !== null) {
      const reason = `${undeliverableReason(asset.id, what)} through edges, so there is nothing to invalidate: take it out.`
      return [{ pointer, item: asset.id, reason }]
    }
    const formsNothing = asset.kind !== 'image' && !selection.content && !selection.renditions
    if (!formsNothing || selection.template) return []
    const reason = `${asset.id} is not an image and forms no URL: tick Content URLs or All renditions.`
    return [{ pointer, item: asset.id, reason }]
  })
}

export function isIneligible(asset: Pick<AssetRow, 'id' | 'mediaType' | 'kind'>): boolean {
  return undeliverable(asset) !== null
}
