import { sql } from 'kysely'
import type { Invalidation } from '../contract/invalidation.ts'
import { decodeCursor, toPage } from './cursor.ts'
import type { Sql } from './sql-schema.ts'
import type { InvalidationFilter, Page, PageRequest } from './store.ts'

/** The search index knows parts of three characters and more; shorter ones are looked for row by row. */
const INDEXED_LENGTH_MIN = 3
/** Row by row costs the whole process a microsecond each, and nearly every row has any two characters. */
const UNINDEXED_ROWS_MAX = 20_000

/** So many rows of the wanted statuses are looked through sooner than all that match a common `q`. */
const NARROW_ROWS_MAX = 5000

/**
 * Newest first. Ids are UUIDv7, so `from` and `to` are ranges of the index. With an indexed `q` the rows come in the order of
 * arrival, which is the same order, straight from the search index.
 */
export async function searchInvalidations(
  db: Sql,
  project: string,
  filter: InvalidationFilter,
  page: PageRequest,
): Promise<Page<Invalidation>> {
  const q = filter.q?.toLowerCase() ?? ''
  // No stored text holds NUL, and the search index would take it for the end of the question.
  if (q.includes('\0')) return { items: [], nextCursor: null }
  const narrow = q !== '' && (await isNarrow(db, project, filter))
  const indexed = !narrow && Array.from(q).length >= INDEXED_LENGTH_MIN
  let query = db
    .selectFrom('invalidations as i')
    .select(['i.id', 'i.shown'])
    .where('i.project', '=', project)
    .limit(page.limit + 1)
  if (filter.status !== undefined) query = query.where('i.status', 'in', filter.status)
  if (filter.scope !== undefined) query = query.where('i.scope', '=', filter.scope)
  if (filter.source !== undefined) query = query.where('i.source', '=', filter.source)
  if (filter.from !== undefined) query = query.where('i.id', '>=', firstIdOf(filter.from))
  if (filter.to !== undefined) query = query.where('i.id', '<', firstIdOf(filter.to))
  if (indexed) {
    if (page.cursor !== undefined) query = query.where(arrivedBefore(page.cursor))
    query = query
      .innerJoin(sql<{ rowid: number }>`invalidation_search`.as('s'), (join) =>
        join.onRef('s.rowid', '=', 'i.n'),
      )
      .where(sql<boolean>`invalidation_search match ${match(project, q)}`)
      .orderBy('s.rowid', 'desc')
  } else {
    if (page.cursor !== undefined) query = query.where(bornBefore(page.cursor))
    if (q !== '') query = query.where(contains(q))
    if (q !== '' && !narrow) query = query.where(isRecent())
    // The plus keeps SQLite from walking through all rows by id for the sake of their order.
    query = narrow ? query.orderBy(sql`+i.id`, 'desc') : query.orderBy('i.id', 'desc')
  }
  return toPage(
    await query.execute(),
    page.limit,
    (row) => JSON.parse(row.shown) as Invalidation,
    (row) => [row.id],
  )
}

/** An FTS5 string: quotes are doubled, everything else is literal (https://www.sqlite.org/fts5.html §3.1). */
function match(project: string, q: string): string {
  return `project : "|${project}|" AND words : "${q.replaceAll('"', '""')}"`
}

function bornBefore(cursor: string) {
  const [id] = decodeCursor(cursor, [''] as const)
  return sql<boolean>`i.id < ${id}`
}

function arrivedBefore(cursor: string) {
  const [id] = decodeCursor(cursor, [''] as const)
  return sql<boolean>`s.rowid < (select n from invalidations where id = ${id})`
}

async function isNarrow(db: Sql, project: string, filter: InvalidationFilter): Promise<boolean> {
  if (filter.status === undefined) return false
  const { rows } = await db
    .selectFrom('invalidation_counts')
    .select((select) => select.fn.sum<number | null>('count').as('rows'))
    .where('project', '=', project)
    .where('status', 'in', filter.status)
    .executeTakeFirstOrThrow()
  return (rows ?? 0) <= NARROW_ROWS_MAX
}

function isRecent() {
  return sql<boolean>`i.n > (select max(n) from invalidations) - ${UNINDEXED_ROWS_MAX}`
}

function contains(q: string) {
  return sql<boolean>`(
    instr(i.id, ${q}) > 0
    or instr(lower(coalesce(i.shown ->> '$.note', '')), ${q}) > 0
    or instr(lower(i.shown ->> '$.createdBy'), ${q}) > 0
    or exists (
      select 1 from invalidation_urls as u where u.n = i.n and instr(lower(u.url), ${q}) > 0
    )
  )`
}

/** The smallest UUIDv7 of a moment (RFC 9562 §5.7: the first 48 bits are milliseconds). */
function firstIdOf(instant: string): string {
  const hex = Math.max(0, Date.parse(instant)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7`
}
