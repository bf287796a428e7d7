import { withoutImageExtension } from '../contract/asset-path.ts'
import type { AssetProblem } from './assets.ts'

/** Longer ids make URLs that other caches refuse; the same number of bytes bounds what a folder path may be. */
export const ASSET_ID_BYTES_MAX = 512

export type IdProblemCode = Extract<
  AssetProblem['code'],
  | 'comma'
  | 'colon'
  | 'backslash'
  | 'dots'
  | 'control-character'
  | 'not-utf-8'
  | 'dot-file'
  | 'too-long'
>

export interface IdProblem {
  readonly code: IdProblemCode
  readonly reason: string
}

// Written as numbers, so that no control character stands in this file: C0, DEL and C1.
const CONTROL_RANGES = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
] as const

const encoder = new TextEncoder()

/** What is wrong with an id; null when nothing is. A comma or colon would mean something else in a URL. */
export function idProblem(id: string): IdProblem | null {
  if (!id.isWellFormed()) return problem('not-utf-8', 'The name is not valid UTF-8: rename it.')
  if (hasControlCharacter(id)) {
    return problem('control-character', 'The name holds a control character: rename it.')
  }
  if (id.includes(',')) {
    return problem('comma', 'A comma separates names in URLs: rename it without the comma.')
  }
  if (id.includes(':')) {
    return problem('colon', 'A colon introduces a crop in URLs: rename it without the colon.')
  }
  if (id.includes('\\')) {
    return problem('backslash', 'A backslash means a slash to browsers: rename it.')
  }
  const segments = id.split('/')
  if (id.includes('..') || segments.includes('')) {
    return problem('dots', 'A name holds neither “..” nor an empty part: rename it.')
  }
  if (segments.some((segment) => segment.startsWith('.'))) {
    return problem('dot-file', 'Names that begin with a dot are hidden and not served.')
  }
  if (encoder.encode(id).length > ASSET_ID_BYTES_MAX) {
    return problem('too-long', `A name may have at most ${ASSET_ID_BYTES_MAX} bytes: shorten it.`)
  }
  return null
}

/**
 * The id of a file of a watched folder, by its path relative to the folder: `shoes/red.jpg` is `shoes/red`, other files keep their
 * extension.
 */
export function folderAssetId(path: string): string {
  const bare = withoutImageExtension(path)
  return bare === '' || bare.endsWith('/') ? path : bare
}

function hasControlCharacter(text: string): boolean {
  return Array.from(text).some((char) =>
    CONTROL_RANGES.some(([from, to]) => char.codePointAt(0)! >= from && char.codePointAt(0)! <= to),
  )
}

function problem(code: IdProblemCode, reason: string): IdProblem {
  return { code, reason }
}
