import type { Selection } from '../../src/contract/invalidation.ts'
import { keyHash, keyText } from '../../src/contract/keys.ts'
import type { KeyHash } from '../../src/contract/keys.ts'
import type { InvalidationRow } from '../../src/store/store.ts'

/**
 * What there is to be delivered: three assets in two folders (one moves to a third) and one remote original; pictures with a preset,
 * in several formats and with a watermark, an asset as it is, and what is said of one.
 */
export const PROJECT = 'demo'
export const HOST = 'images.test'
export const ASSETS = ['shoes/red', 'shoes/blue', 'hats/top'] as const
/** Where the first asset moves, and back. */
export const MOVED = 'boots/red'
export const REMOTE = 'cdn.test/flat.jpg'
/** The asset that the project lays over pictures that ask for a watermark, and may show where an original is missing. */
export const MARK = 'hats/top'

export interface SceneUrl {
  readonly target: string
  /** Names its history: an asset's id or a remote original. */
  readonly subject: string
  readonly usesPreset: boolean
  /** Among which `Accept` chooses; none where the URL says which. */
  readonly formats: readonly string[]
  /** What its bytes are. */
  readonly says: 'picture' | 'watermark' | 'content' | 'properties'
  /** The same URL as one of the asset that lies on its picture, or stands for it. */
  readonly mark: SceneUrl | null
}

function urlOf(target: string, subject: string, more: Partial<SceneUrl> = {}): SceneUrl {
  return { target, subject, usesPreset: false, formats: [], says: 'picture', mark: null, ...more }
}

function ofRemote(query: string, formats: readonly string[] = []): SceneUrl {
  const target = `/_t/doc/${REMOTE}?${query}`
  return urlOf(target, REMOTE, { formats, mark: urlOf(target, MARK, { says: 'watermark' }) })
}

const ASKED_OF = ASSETS[1]

export const URLS: readonly SceneUrl[] = [
  ...[...ASSETS, MOVED].flatMap((subject) => [
    urlOf(`/is/image/${PROJECT}/${subject}?wid=400`, subject),
    urlOf(`/is/image/${PROJECT}/${subject}?$small$`, subject, { usesPreset: true }),
  ]),
  ofRemote('w=500'),
  ofRemote('w=300&force_format=avif,webp,jpeg', ['avif', 'webp', 'jpeg']),
  ofRemote('w=200&wat=1'),
  urlOf(`/is/content/${PROJECT}/${MARK}`, MARK, { says: 'content' }),
  urlOf(`/is/image/${PROJECT}/${ASKED_OF}?wid=300&req=props`, ASKED_OF, { says: 'properties' }),
]

/** A URL once for each thing that is seen in its answers: what is promised of one is not of the other. */
export function partsOf(url: SceneUrl): readonly SceneUrl[] {
  return url.mark === null ? [url] : [url, url.mark]
}

export const PARTS: readonly SceneUrl[] = URLS.flatMap(partsOf)

/** What browsers of three ages say that they can show. */
export const ACCEPTS = ['image/avif,image/webp,*/*', 'image/webp,*/*', '*/*'] as const

/** Said here once more, in other words than production's: the format that who says `accept` must be given. */
export function formatFor({ formats }: SceneUrl, accept: string): string | null {
  return formats.find((format) => format === 'jpeg' || accept.includes(`image/${format}`)) ?? null
}

/** Some versions are damaged: nobody can make a picture of one, and the refusal says of which. */
const DAMAGED_ONE_IN = 9
const DAMAGED = ', damaged'

export function versionText(version: number, subject: string): string {
  return `v${version} of ${subject}${version % DAMAGED_ONE_IN === 0 ? DAMAGED : ''}`
}

export function isOf(text: string, subject: string): boolean {
  return text.replace(DAMAGED, '').endsWith(` of ${subject}`)
}

export function isDamaged(text: string): boolean {
  return text.endsWith(DAMAGED)
}

/** What a refusal is about; null when it is about no version. */
export function damagedIn(words: string): string | null {
  return /v\d+ of \S+, damaged/.exec(words)?.[0] ?? null
}

/** By what is asked for, not by keys: which URLs an invalidation promises to make new. Says nothing of how that is done. */
export function isPromised(row: InvalidationRow, url: SceneUrl): boolean {
  return row.source === 'automatic' ? isNamed(row.keys, url) : isSelected(row.selection, url)
}

function isSelected(selection: Selection, { target, subject }: SceneUrl): boolean {
  const path = target.split('?')[0]
  return (
    selection.everything ||
    (selection.renditions && selection.assets.includes(subject)) ||
    selection.originals.includes(subject) ||
    selection.folders.some((folder) => subject.startsWith(`${folder}/`)) ||
    selection.urls.some(
      (url) => url === `http://${HOST}${target}` || url === `http://${HOST}${path}`,
    )
  )
}

/** Automatic ones name what changed. */
function isNamed(keys: readonly KeyHash[], { subject, usesPreset }: SceneUrl): boolean {
  return (
    keys.includes(keyHash(keyText.asset(PROJECT, subject))) ||
    (usesPreset && keys.includes(keyHash(keyText.preset(PROJECT, 'small'))))
  )
}
