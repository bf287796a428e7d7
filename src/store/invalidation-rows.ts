import { isFinal } from '../contract/invalidation.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import { SEARCHED_URLS_MAX } from './limits.ts'
import type { InvalidationFilter, InvalidationRow } from './store.ts'

/** What every implementation of the store must do in the same way with an invalidation's row. */

export function toInvalidation(row: InvalidationRow): Invalidation {
  return {
    id: row.id,
    project: row.project,
    status: row.status,
    scope: row.scope,
    source: row.source,
    cause: row.cause,
    mode: row.mode,
    createdAt: row.createdAt,
    createdBy: row.createdBy,
    note: row.note,
    urlCount: row.urlCount,
    seq: row.seq,
    scheduledAt: row.scheduledAt,
    estimatedSeconds: row.estimatedSeconds,
    timeline: row.timeline,
    targets: row.targets,
    evidence: row.evidence,
    failure: row.failure,
    ...(row.pastAttempts ? { pastAttempts: row.pastAttempts } : {}),
    finishedAt: row.finishedAt,
  }
}

/** A final status frees the runner. */
export function changedRow(
  row: InvalidationRow,
  change: Partial<InvalidationRow>,
): InvalidationRow {
  const next = { ...row, ...change }
  return isFinal(next.status) ? { ...next, runner: null } : next
}

export function dueMs(row: Pick<Invalidation, 'status' | 'scheduledAt'>): number {
  return row.scheduledAt === null ? 0 : Date.parse(row.scheduledAt)
}

/** May `runner`-less work on it begin, as far as time and other runners say? */
export function isClaimable(row: InvalidationRow, now: number, silentBefore: number): boolean {
  if (isFinal(row.status)) return false
  if (row.status === 'Scheduled' && dueMs(row) > now) return false
  return row.runner === null || row.renewedAt < silentBefore
}

/** The text that `q` looks into. */
export function searchText(row: InvalidationRow, urls: readonly string[]): string {
  const words = [row.id, row.note ?? '', row.createdBy, ...urls.slice(0, SEARCHED_URLS_MAX)]
  return words.join('\n')
}

/** The part of a filter that needs no search text. */
export function passes(row: Invalidation, filter: InvalidationFilter): boolean {
  if (filter.status !== undefined && !filter.status.includes(row.status)) return false
  if (filter.scope !== undefined && filter.scope !== row.scope) return false
  if (filter.source !== undefined && filter.source !== row.source) return false
  const createdMs = Date.parse(row.createdAt)
  if (filter.from !== undefined && createdMs < Date.parse(filter.from)) return false
  return filter.to === undefined || createdMs < Date.parse(filter.to)
}

/** How long each target of a finished invalidation took. */
export function durations(row: Invalidation): readonly { target: string; ms: number }[] {
  return row.targets.flatMap((target) => {
    if (target.state !== 'done' || target.startedAt === null || target.finishedAt === null)
      return []
    return [{ target: target.id, ms: Date.parse(target.finishedAt) - Date.parse(target.startedAt) }]
  })
}

/** All ancestors of an id, nearest last: `a/b/c` has `a` and `a/b`; the top folder is not among them. */
export function ancestorFolders(id: string): readonly string[] {
  const parts = id.split('/').slice(0, -1)
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
}
