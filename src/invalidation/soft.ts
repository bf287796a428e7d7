import { SOFT_SECONDS_DEFAULT } from '../contract/invalidation.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import type { Tables } from '../store/store.ts'

/** Soft invalidations: stale, and shown to clients while it is asked after, for a window that the project states. */

/** The window of an invalidation that enters the purge log now, in milliseconds; undefined for a hard one. */
export async function softMsOf(
  tx: Tables,
  { mode, project }: Pick<Invalidation, 'mode' | 'project'>,
): Promise<number | undefined> {
  if (mode !== 'soft') return undefined
  const row = await tx.projects.get(project)
  return (row?.softSeconds ?? SOFT_SECONDS_DEFAULT) * 1000
}

/**
 * Until when a client may still be shown the old one, after `doneAt`: every node that was waited for applied the purge before, and
 * counts the window from there. Null for a hard one. What the log no longer tells is taken from the project.
 */
export async function staleUntil(
  tables: Tables,
  invalidation: Pick<Invalidation, 'mode' | 'project' | 'seq'>,
  doneAt: string,
): Promise<string | null> {
  if (invalidation.mode !== 'soft' || invalidation.seq === null) return null
  const [entry] = await tables.log.after(invalidation.seq - 1, 1)
  const told = entry?.seq === invalidation.seq ? entry.softMs : undefined
  const softMs = told ?? (await softMsOf(tables, invalidation)) ?? 0
  return new Date(Date.parse(doneAt) + softMs).toISOString()
}
