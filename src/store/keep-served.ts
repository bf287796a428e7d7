import type { ServedUrl } from '../contract/node-protocol.ts'
import { SERVED_URLS_PER_SUBJECT_MAX } from './limits.ts'
import type { ServedTable } from './store.ts'

/**
 * Records spellings of which none may be forgotten while a cache outside may hold them; gives those back for which their subject has
 * no room. Only in a transaction.
 */
export async function keepServed(
  served: ServedTable,
  urls: readonly ServedUrl[],
  at: number,
): Promise<readonly string[]> {
  const beyond: string[] = []
  const groups = Map.groupBy(urls, ({ project, subject }) => `${project} ${subject}`)
  for (const group of groups.values()) {
    const { project, subject } = group[0]!
    const names = [...new Set(group.map(({ url }) => url))]
    const known = await served.known(project, subject, names)
    const old = new Set(known.urls)
    const room = Math.max(0, SERVED_URLS_PER_SUBJECT_MAX - known.count)
    const added = new Set(names.filter((url) => !old.has(url)).slice(0, room))
    const kept = group.filter(({ url }) => old.has(url) || added.has(url))
    if (kept.length > 0) await served.record(kept, at)
    beyond.push(...names.filter((url) => !old.has(url) && !added.has(url)))
  }
  return beyond
}
