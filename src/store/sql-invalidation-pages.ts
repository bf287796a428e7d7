import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import { INVALIDATION_STATUSES, SCOPES, SOURCES } from '../contract/invalidation.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import { decodeCursor, toPage } from './cursor.ts'
import type { Sql } from './sql-schema.ts'
import type { InvalidationFilter, Page, PageRequest } from './store.ts'

/**
 * Pages of the log, newest first. Ids are UUIDv7, so `from` and `to` are ranges of an index. The index by facets holds each
 * combination of status, scope and source in the order of ids: a page with filters is the newest of the few combinations that pass,
 * and costs the same whether what passes is common, rare or long ago.
 */
export async function pageOfInvalidations(
  db: Sql,
  project: string,
  filter: InvalidationFilter,
  page: PageRequest,
): Promise<Page<Invalidation>> {
  const after = page.cursor === undefined ? undefined : decodeCursor(page.cursor, [''] as const)[0]
  const limit = page.limit + 1
  const within = sql`${idRange(filter)}${after === undefined ? sql`` : sql` and id < ${after}`}`
  const newest = (facets: RawBuilder<unknown>) => sql`
    select id from (select id from invalidations where project = ${project}${facets}${within}
      order by id desc limit ${limit})`
  const parts = hasFacets(filter) ? combinations(filter).map(newest) : [newest(sql``)]
  if (parts.length === 0) return { items: [], nextCursor: null }
  const { rows } = await sql<{ id: string; shown: string }>`
    select id, shown from invalidations where id in (
      select id from (${sql.join(parts, sql` union all `)}) order by id desc limit ${limit}
    ) order by id desc`.execute(db)
  return toPage(
    rows,
    page.limit,
    ({ shown }) => JSON.parse(shown) as Invalidation,
    ({ id }) => [id],
  )
}

function hasFacets({ status, scope, source }: InvalidationFilter): boolean {
  return status !== undefined || scope !== undefined || source !== undefined
}

function combinations(filter: InvalidationFilter): readonly RawBuilder<unknown>[] {
  const { statuses, scopes, sources } = facetsOf(filter)
  return statuses.flatMap((status) =>
    scopes.flatMap((scope) =>
      sources.map(
        (source) => sql` and status = ${status} and scope = ${scope} and source = ${source}`,
      ),
    ),
  )
}

/** Every facet by name, so that all columns of the index before the id are known. */
export function facetsOf({ status, scope, source }: InvalidationFilter) {
  return {
    statuses: [...new Set(status ?? INVALIDATION_STATUSES)],
    scopes: scope === undefined ? SCOPES : [scope],
    sources: source === undefined ? SOURCES : [source],
  } as const
}

/** Conditions on the id, each with its `and`. */
export function idRange({ from, to }: InvalidationFilter, id = sql`id`): RawBuilder<unknown> {
  const lower = from === undefined ? sql`` : sql` and ${id} >= ${firstIdOf(Date.parse(from))}`
  const upper = to === undefined ? sql`` : sql` and ${id} < ${firstIdOf(Date.parse(to))}`
  return sql`${lower}${upper}`
}

/** The smallest UUIDv7 of a moment (RFC 9562 §5.7: the first 48 bits are milliseconds). */
export function firstIdOf(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7`
}
