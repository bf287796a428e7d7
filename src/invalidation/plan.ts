import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { sourceKeyTexts } from '../contract/url-inputs.ts'
import { coverage, folderAncestors } from '../contract/url-keys.ts'
import { sha256 } from '../kernel/hash.ts'
import { SENTENCES } from './errors.ts'
import type { RefusedItem } from './errors.ts'
import { formUrls, imageBase, isIneligible, tooManyUrls } from './formation.ts'
import type { FormationInput, FormedUrl, Refusal } from './formation.ts'
import { ORIGINALS_READ_MAX, checkOriginal, commaForms, splitOriginals } from './originals.ts'
import { sightedUrl } from './sightings.ts'
import type { Sighted } from './sightings.ts'
import { encodeId } from './template-lines.ts'
import { checkServedUrl, checkUrl, projectInputs } from './url-check.ts'
import type { DeliveryNames } from './url-check.ts'

/** Everything that planning reads; gathered before, so that planning is pure. */
export interface PlanInput extends FormationInput {
  readonly known: DeliveryNames
  /** Ids of assets below the selected folders: their cached originals go too (freshness rule P12). */
  readonly folderAssets: readonly string[]
  /** Assets that the selection's originals name in Cloudimage's way. */
  readonly originalAssets: ReadonlySet<string>
}

/** What would be done for a selection: its list, its keys, and why not. */
export interface Plan {
  readonly entries: readonly PlanEntry[]
  readonly keys: readonly KeyHash[]
  readonly refusals: readonly Refusal[]
  readonly warnings: readonly RefusedItem[]
  /** Names the list and the keys: the same digest means the same purge. */
  readonly digest: string
}

export interface PlanEntry {
  readonly url: string
  readonly from: string
  /** In words; null when a purge by asset covers it anyway. */
  readonly covers: string | null
  /** Absent where nothing was made of it. */
  readonly sighted?: Sighted
}

const COVERS = {
  path: 'this path with all its queries',
  rendition: 'this rendition in every spelling, format and host',
  original: 'the original and every rendition of it',
  folder: 'everything below this folder',
  project: 'everything of this project',
} as const

/** A piece of a plan; pieces add up. */
interface Part {
  readonly entries: readonly PlanEntry[]
  readonly keys: readonly string[]
  readonly refusals: readonly Refusal[]
}

export function makePlan(input: PlanInput): Plan {
  const formed = formUrls(input)
  const parts = [
    urlsPart(formed.urls, input),
    originalsPart(input),
    assetsPart(input),
    foldersPart(input),
    everythingPart(input),
  ]
  const entries = parts.flatMap((part) => part.entries)
  const keys = [...new Set(parts.flatMap((part) => part.keys))].sort().map(keyHash)
  const refusals = [...formed.refusals, ...parts.flatMap((part) => part.refusals)]
  const nothing = keys.length === 0 && refusals.length === 0
  return {
    entries,
    keys,
    refusals: nothing ? [NOTHING] : refusals,
    warnings: [
      ...formed.warnings,
      ...uselessExclusions(formed.urls, input),
      ...emptyFolders(input),
    ],
    digest: sha256(JSON.stringify([input.project.id, entries.map(({ url }) => url), keys])),
  }
}

const NOTHING: Refusal = {
  code: 'no-urls',
  title: SENTENCES.none,
  detail: 'Select assets, add URLs or originals, or tick what shall form URLs.',
  errors: [],
}

/** Reading a URL takes some 20 µs: a list that is far too long is refused without reading each one. */
export const URLS_READ_MAX = 20_000

function urlsPart(urls: readonly FormedUrl[], input: PlanInput): Part {
  const { project, selection, known } = input
  const readMax = Math.max(URLS_READ_MAX, project.maxUrlsPerInvalidation)
  // A purge by asset has no limit, and what its own URLs are needs no reading.
  const skipsOwn = urls.length > readMax && selection.renditions
  const readCount = skipsOwn ? urls.filter(({ own }) => !own).length : urls.length
  if (readCount > readMax) {
    const entries = urls.map(({ url, from }) => ({ url, from, covers: null }))
    return { entries, keys: [], refusals: tooManyUrls(readCount, input) }
  }
  const rows = urls.map((formed) => readUrl(formed, known, skipsOwn && formed.own))
  // A URL that an edge once saw and that is none any more cannot be asked for either.
  const kept = rows.filter(({ formed, reason }) => reason === null || !formed.served)
  const errors = kept.flatMap(({ formed, reason }) =>
    reason === null ? [] : [{ ...formed.place, url: formed.url, reason }],
  )
  errors.sort((a, b) => placeOf(a) - placeOf(b))
  const byAsset = purgedByAsset(input)
  const entries = kept.map(({ formed, url }) => ({
    url: formed.url,
    from: formed.from,
    covers: url !== null && !byAsset(url) ? COVERS[coverage(url).covers] : null,
    ...(url === null ? {} : { sighted: sightedUrl(url) }),
  }))
  const counted = entries.filter(({ covers }) => covers !== null).length
  return {
    entries,
    keys: kept.flatMap(({ url }) => (url !== null && !byAsset(url) ? urlKeys(url, input) : [])),
    refusals: [...badUrls(errors), ...tooManyUrls(counted, input)],
  }
}

interface ReadUrl {
  readonly formed: FormedUrl
  /** Null when it cannot be invalidated, or was not read. */
  readonly url: DeliveryUrl | null
  /** Why it cannot. */
  readonly reason: string | null
}

function readUrl(formed: FormedUrl, known: DeliveryNames, skip: boolean): ReadUrl {
  if (skip) return { formed, url: null, reason: null }
  const result = (formed.served ? checkServedUrl : checkUrl)(formed.url, known)
  return result.ok
    ? { formed, url: result.url, reason: null }
    : { formed, url: null, reason: result.reason }
}

/** People look for their mistakes in the order in which they wrote. */
function placeOf({ pointer, line }: RefusedItem): number {
  return line ?? Number(pointer?.split('/').at(-1) ?? 0)
}

/** With those of the cached originals that its picture is made of (freshness rule P12). */
function urlKeys(url: DeliveryUrl, { project }: PlanInput): readonly string[] {
  return [coverage(url).key, ...sourceKeyTexts(url, projectInputs(project))]
}

function purgedByAsset({ selection, assets }: PlanInput): (url: DeliveryUrl) => boolean {
  const ids = new Set(selection.renditions ? assets.map(({ id }) => id) : [])
  return ({ subject }) => subject.kind !== 'original' && ids.has(subject.asset)
}

function badUrls(errors: readonly RefusedItem[]): readonly Refusal[] {
  if (errors.length === 0) return []
  const detail = `URLs that cannot be invalidated: ${errors.length}. Nothing was purged.`
  return [{ code: 'bad-urls', title: SENTENCES.defined, detail, errors }]
}

function originalsPart(input: PlanInput): Part {
  const { project, selection, known } = input
  const entries = new Map<string, PlanEntry>()
  const keys: string[] = []
  const errors: RefusedItem[] = []
  const written = splitOriginals(selection.originals)
  if (written.length > ORIGINALS_READ_MAX) {
    const max = project.maxOriginalsPerInvalidation
    return { entries: [], keys, refusals: tooManyOriginals(written.length, max) }
  }
  for (const { index, text } of written) {
    const checked = checkOriginal(text, known, project.origins)
    const place = { pointer: `/originals/${index}`, item: text }
    if (!checked.ok) {
      const { reason, suggestion } = checked
      errors.push({ ...place, reason, ...(suggestion === undefined ? {} : { suggestion }) })
    } else if (checked.kind === 'remote') {
      entries.set(
        checked.original,
        originalEntry(checked.original, keyText.original(project.id, checked.original)),
      )
      for (const original of commaForms(checked.original)) {
        keys.push(keyText.original(project.id, original), keyText.source(project.id, original))
      }
    } else if (input.originalAssets.has(checked.asset)) {
      entries.set(
        checked.asset,
        originalEntry(checked.asset, keyText.asset(project.id, checked.asset)),
      )
      keys.push(...assetKeys(project.id, checked.asset))
    } else {
      errors.push({ ...place, reason: UNKNOWN_ORIGINAL })
    }
  }
  const tooMany = tooManyOriginals(entries.size, project.maxOriginalsPerInvalidation)
  return {
    entries: [...entries.values()],
    keys,
    refusals: [...badOriginals(errors), ...tooMany],
  }
}

const UNKNOWN_ORIGINAL =
  'It names neither an origin nor an asset: write host and path, like sample.li/a.jpg.'

function originalEntry(name: string, subject: string): PlanEntry {
  const sighted = { kind: 'subject', subject } as const
  return { url: `/${name}`, from: 'original', covers: COVERS.original, sighted }
}

function badOriginals(errors: readonly RefusedItem[]): readonly Refusal[] {
  if (errors.length === 0) return []
  const detail = `Originals that are not written correctly: ${errors.length}. Nothing was purged.`
  return [{ code: 'bad-originals', title: SENTENCES.defined, detail, errors }]
}

/** Cloudimage accepts 10 originals at once (its console). */
function tooManyOriginals(count: number, max: number): readonly Refusal[] {
  if (count <= max) return []
  const detail = `${count} originals were named; at most ${max} are accepted at once. Submit in parts.`
  return [{ code: 'too-many-originals', title: 'Too many originals.', detail, errors: [] }]
}

function assetsPart({ project, selection, assets }: PlanInput): Part {
  if (!selection.renditions) return { entries: [], keys: [], refusals: [] }
  const eligible = assets.filter((asset) => !isIneligible(asset))
  return {
    entries: [],
    keys: eligible.flatMap(({ id }) => assetKeys(project.id, id)),
    refusals: [],
  }
}

function assetKeys(project: string, id: string): readonly string[] {
  return [keyText.asset(project, id), keyText.source(project, id)]
}

/** Each is looked through for its originals; who has more of them means a folder above, or everything. */
export const FOLDERS_MAX = 1000
const TOO_MANY_FOLDERS = `At most ${FOLDERS_MAX} folders are accepted at once: name a folder above them.`

function foldersPart({ project, selection, folderAssets }: PlanInput): Part {
  const named = selection.folders.map(folderName)
  const folders = [...new Set(named)].filter((folder) => folder !== '').sort()
  const errors: RefusedItem[] = named.flatMap((folder, at) =>
    folder === ''
      ? [
          {
            pointer: `/folders/${at}`,
            reason: 'It names no folder: for all assets use Everything.',
          },
        ]
      : [],
  )
  if (folders.length > FOLDERS_MAX) errors.push({ pointer: '/folders', reason: TOO_MANY_FOLDERS })
  const detail = 'Some folders cannot be invalidated like this. Nothing was purged.'
  return {
    entries: folders.map((folder) => ({
      url: `${imageBase(project)}${encodeId(folder)}/*`,
      from: `folder ${folder}`,
      covers: COVERS.folder,
      sighted: { kind: 'below', prefix: `${keyText.asset(project.id, folder)}/` },
    })),
    keys: [
      ...folders.map((folder) => keyText.folder(project.id, folder)),
      ...folderAssets.map((id) => keyText.source(project.id, id)),
    ],
    refusals:
      errors.length === 0
        ? []
        : [{ code: 'bad-selection', title: SENTENCES.defined, detail, errors }],
  }
}

/** People write folders with and without slashes around them. */
export function folderName(text: string): string {
  return text.replaceAll(/^\/+|\/+$/g, '')
}

function emptyFolders({ selection, folderAssets }: PlanInput): readonly RefusedItem[] {
  const filled = new Set(folderAssets.flatMap(folderAncestors))
  return selection.folders.flatMap((text, at) => {
    const folder = folderName(text)
    if (folder === '' || filled.has(folder)) return []
    const reason = `There is no asset below ${folder}; what caches still hold of it goes all the same.`
    return [{ pointer: `/folders/${at}`, item: text, reason }]
  })
}

function everythingPart({ project, selection }: PlanInput): Part {
  if (!selection.everything) return { entries: [], keys: [], refusals: [] }
  return {
    entries: [
      {
        url: '/*',
        from: 'everything',
        covers: COVERS.project,
        sighted: { kind: 'below', prefix: '' },
      },
    ],
    keys: [keyText.project(project.id)],
    refusals: [],
  }
}

/** It is a remark for people, who take rows out one by one. */
const EXCLUDED_READ_MAX = 1000

/** An X at a row does nothing when the asset goes as a whole: say so instead of pretending. */
function uselessExclusions(urls: readonly FormedUrl[], input: PlanInput): readonly RefusedItem[] {
  const { selection, known } = input
  if (!selection.renditions || selection.exclude.length === 0) return []
  const byAsset = purgedByAsset(input)
  const left = new Set(urls.map(({ url }) => url))
  return selection.exclude.slice(0, EXCLUDED_READ_MAX).flatMap((text, at) => {
    const checked = checkServedUrl(text.trim(), known)
    if (left.has(text.trim()) || !checked.ok || !byAsset(checked.url)) return []
    const reason = 'It goes all the same, because All renditions of its asset go: untick that.'
    return [{ pointer: `/exclude/${at}`, url: text, reason }]
  })
}
