import type { Rendition } from '../../../../src/contract/api/assets.ts'
import type { NamedUrl } from '../../asset-names.ts'

/** The URLs of an asset that Live view offers: by name, and as visitors were served. */

/** More than this in one menu is not read; any other URL can be typed. */
const SERVED_MAX = 30

/** What differs between two URLs of one asset besides the host by which an edge was asked. */
function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]+/i, '')
}

export function offeredUrls(
  named: readonly NamedUrl[],
  served: readonly Rendition[],
): readonly NamedUrl[] {
  const known = new Set(named.map(({ url }) => pathOf(url)))
  const others: NamedUrl[] = []
  for (const { url } of served) {
    const path = pathOf(url)
    if (known.has(path) || others.length === SERVED_MAX) continue
    known.add(path)
    others.push({ name: path, url })
  }
  return [...named, ...others]
}

/** What a visitor got last, because an edge may still hold that; else the base URL. */
export function likelyHeld(
  offered: readonly NamedUrl[],
  served: readonly Rendition[],
): NamedUrl | undefined {
  const last = served[0]
  const same = last && offered.find(({ url }) => pathOf(url) === pathOf(last.url))
  return same ?? offered[0]
}
