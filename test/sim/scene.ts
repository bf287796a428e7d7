import type { Selection } from '../../src/contract/invalidation.ts'
import { keyHash, keyText } from '../../src/contract/keys.ts'
import type { KeyHash } from '../../src/contract/keys.ts'
import type { InvalidationRow } from '../../src/store/store.ts'

/** What there is to be delivered: three assets in two folders (one moves to a third), one remote original, two URLs each. */
export const PROJECT = 'demo'
export const HOST = 'images.test'
export const ASSETS = ['shoes/red', 'shoes/blue', 'hats/top'] as const
/** Where the first asset moves, and back. */
export const MOVED = 'boots/red'
export const REMOTE = 'cdn.test/flat.jpg'

export interface SceneUrl {
  readonly target: string
  /** Names its history: an asset's id or a remote original. */
  readonly subject: string
  readonly usesPreset: boolean
  /** Among which `Accept` chooses; none where the URL says which. */
  readonly formats: readonly string[]
}

export const URLS: readonly SceneUrl[] = [
  ...[...ASSETS, MOVED].flatMap((subject) => [
    { target: `/is/image/${PROJECT}/${subject}?wid=400`, subject, usesPreset: false, formats: [] },
    { target: `/is/image/${PROJECT}/${subject}?$small$`, subject, usesPreset: true, formats: [] },
  ]),
  { target: `/_t/doc/${REMOTE}?w=500`, subject: REMOTE, usesPreset: false, formats: [] },
  {
    target: `/_t/doc/${REMOTE}?w=300&force_format=avif,webp,jpeg`,
    subject: REMOTE,
    usesPreset: false,
    formats: ['avif', 'webp', 'jpeg'],
  },
]

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
