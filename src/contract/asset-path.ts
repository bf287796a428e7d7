import { hasControl, percentDecode } from './percent.ts'

/**
 * An asset id in a URL path: elements separated by `/`, split first and decoded then (Dynamic Media's page "HTTP encoding").
 * What could name another file than it seems to is refused, in whatever spelling.
 */
export type AssetPath =
  | { readonly ok: true; readonly elements: readonly string[] }
  | { readonly ok: false; readonly reason: string }

export function parseAssetPath(text: string): AssetPath {
  const elements: string[] = []
  for (const raw of text.split('/')) {
    const element = percentDecode(raw)
    const reason = element === null ? MALFORMED : refusal(element)
    if (element === null || reason !== null) return { ok: false, reason: reason ?? MALFORMED }
    elements.push(element)
  }
  return { ok: true, elements }
}

const MALFORMED = 'The path is not percent-encoded UTF-8'

function refusal(element: string): string | null {
  if (element === '') return 'The path has an empty part'
  if (element === '.' || element === '..') return `The path has a part ${element}`
  if (hasControl(element)) return 'The path has a control character'
  if (element.includes('/')) return 'The path has an encoded slash: write / as it is'
  if (element.includes('\\')) return 'The path has a backslash'
  if (element.includes(',')) return 'The path has a comma, which no asset id holds'
  return null
}

export function encodeAssetPath(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/')
}

/** What an asset's file may end with, and its id does not: an image's id has no extension. */
const IMAGE_EXTENSION = /\.(?:jpe?g|png|webp|gif|avif|tiff?|svg|bmp|heic)$/i

export function withoutImageExtension(id: string): string {
  return id.replace(IMAGE_EXTENSION, '')
}
