import type { RenditionList } from '../../../../src/contract/api/assets.ts'

export interface Seen {
  readonly served: boolean
  /** When visitors last asked an edge for it, as far as it was told. */
  readonly lastSeenAt: string | null
}

/** The id in a Dynamic Media URL: behind the company, without a crop's name. */
const ID = /\/is\/(?:image|content)\/[^/?#]+\/([^?#:]+)/

export function assetOf(url: string): string | null {
  const id = ID.exec(url)?.[1]
  return id === undefined ? null : decoded(id)
}

/** A URL without a query stands for its path with all its queries, so any of them counts. */
export function servedOf(url: string, known: ReadonlyMap<string, RenditionList>): Seen | null {
  const list = known.get(assetOf(url) ?? '')
  if (list === undefined) return null
  const wanted = targetOf(url)
  const hits = list.items.filter((rendition) => {
    const target = targetOf(rendition.url)
    return target === wanted || (!wanted.includes('?') && pathOf(target) === wanted)
  })
  // The list begins with the newest; one that goes on may hold it further down.
  if (hits.length === 0) {
    return list.nextCursor === null ? { served: false, lastSeenAt: null } : null
  }
  return { served: true, lastSeenAt: hits[0]!.lastSeenAt }
}

function targetOf(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? url : decoded(parsed.pathname) + parsed.search
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? target
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
