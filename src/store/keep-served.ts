import type { ServedUrl } from '../contract/node-protocol.ts'
import { SERVED_URLS_PER_SUBJECT_MAX } from './limits.ts'
import type { ServedTable, Tables } from './store.ts'

/** What edges tell a moment later. It must not push out what was kept for a cache outside. Only in a transaction. */
export async function recordServed(
  tx: Tables,
  urls: readonly ServedUrl[],
  at: number,
): Promise<void> {
  for (const [project, told] of Map.groupBy(urls, (url) => url.project)) {
    const bounded = (await tx.projects.get(project))?.outerCaches?.recordUrls === true
    if (bounded) await keepServed(tx.served, told, at)
    else await tx.served.record(told, at)
  }
}

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
