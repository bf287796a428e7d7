import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { Invalidation } from '../contract/invalidation.ts'
import { decodeCursor, encodeCursor, toPage } from './cursor.ts'
import { SEARCHED_URLS_MAX } from './limits.ts'
import type { Patience } from './patience.ts'
import { facetsOf, firstIdOf, idRange } from './sql-invalidation-pages.ts'
import type { Sql } from './sql-schema.ts'
import { comparable, folded, indexQuestion, isIndexed, piecesOf } from './search-words.ts'
import type { InvalidationFilter, Page, PageRequest } from './store.ts'

/**
 * Searching the log for a part of an id, a note, a person or a URL. Rows come in the order of arrival, newest first, straight from the
 * search index, some at a time: in between a search can end, and the next page goes on from there.
 */

/** So many rows of the wanted status or scope are looked through sooner than all that match a common `q`. */
const NARROW_ROWS_MAX = 5000
/** So many are sooner numbered, some ten milliseconds, than what matches is looked up to see its status: each lies on another page. */
const NUMBERED_ROWS_MAX = 50_000
/** Of the arrivals: where more than one in eight passes, a page is found among a few hundred matches. */
const NUMBERED_SHARE_MAX = 1 / 8
/** Asked of the index at once: some ten milliseconds. */
const MATCHES_MAX = 16_384
/** Some 70 ms. A log has a few thousand different characters at most; beyond it rows are looked through. */
const THREES_MAX = 2000
/** Looked through without the index, some ten microseconds each. */
const UNINDEXED_ROWS = 4096
/** Clocks of control processes, corrections of a clock, and lists that take minutes to arrive: births and arrivals differ by less. */
const LATE_MAX_MS = 24 * 3600 * 1000

interface Found {
  readonly n: number
  readonly shown: string
}

interface Search {
  readonly db: Sql
  readonly project: string
  readonly filter: InvalidationFilter
  readonly q: string
  /** Arrivals from `low` on, before `high`. */
  readonly low: number
  readonly high: number
  readonly limit: number
}

export async function searchInvalidations(
  db: Sql,
  project: string,
  filter: InvalidationFilter & { readonly q: string },
  page: PageRequest,
  patience: Patience,
): Promise<Page<Invalidation>> {
  const before = page.cursor === undefined ? null : decodeCursor(page.cursor, [0] as const)[0]
  const { q } = filter
  // No stored text holds NUL, and the search index would take it for the end of the question.
  if (q.includes('\0')) return NOTHING
  const arrived = await arrivals(db, project, filter)
  const high = before === null ? arrived.high : Math.min(before, arrived.high)
  const search = { db, project, filter, q, low: arrived.low, high, limit: page.limit }
  const passing = await countCandidates(search)
  if (passing <= NARROW_ROWS_MAX)
    return toFoundPage(await lookThrough(search, 'narrow'), page.limit)
  const pieces = piecesOf(q)
  const texts = isIndexed(q) ? [pieces] : await threesFrom(db, folded(q))
  if (texts.length === 0) return NOTHING
  if (texts.length > THREES_MAX) return inPieces(search, patience, unindexed)
  const question = indexQuestion(project, filter.source, texts)
  return searchIndex(search, { question, exact: pieces.length === 1, passing }, patience)
}

async function searchIndex(
  search: Search,
  asked: { readonly question: string; readonly exact: boolean; readonly passing: number },
  patience: Patience,
): Promise<Page<Invalidation>> {
  const { question, exact, passing } = asked
  const among = await numbersOfFew(search, passing)
  const rest = among === null ? search : within(search, among)
  // As many as fill a page if what passes the filter is spread evenly, because beginning again has its price.
  let count = (search.limit + 1) * Math.max(1, (rest.high - rest.low) / passing)
  return inPieces(rest, patience, (part) => {
    count = Math.min(Math.ceil(count * 1.5), MATCHES_MAX)
    return matching(part, { question, exact, count, among })
  })
}

const NOTHING: Page<never> = { items: [], nextCursor: null }

function toFoundPage(found: readonly Found[], limit: number): Page<Invalidation> {
  return toPage(found, limit, itemOf, ({ n }) => [n])
}

function itemOf({ shown }: Found): Invalidation {
  return JSON.parse(shown) as Invalidation
}

/** What was found of some arrivals, and the oldest of them. */
interface Piece {
  readonly found: readonly Found[]
  readonly low: number
}

/** Newest first, until a page is full, nothing is left, or patience is over. */
async function inPieces(
  search: Search,
  patience: Patience,
  look: (rest: Search) => Promise<Piece>,
): Promise<Page<Invalidation>> {
  const { limit } = search
  const found: Found[] = []
  for (let { high } = search; high > search.low;) {
    const piece = await look({ ...search, high, limit: limit - found.length })
    found.push(...piece.found)
    if (found.length > limit) break
    high = piece.low
    if (high > search.low && patience.isOver())
      return { items: found.map(itemOf), nextCursor: encodeCursor([high]), partial: true }
  }
  return toFoundPage(found, limit)
}

async function unindexed(rest: Search): Promise<Piece> {
  const low = Math.max(rest.low, rest.high - UNINDEXED_ROWS)
  return { found: await lookThrough({ ...rest, low }, 'all'), low }
}

/**
 * By the number of matches, not by a range of arrivals: where the index finds nothing it does not notice the end of a range. The cross
 * join keeps the order of the matches.
 */
async function matching(
  rest: Search,
  asked: {
    readonly question: string
    /** The index alone tells; else what it finds is compared. */
    readonly exact: boolean
    readonly count: number
    /** Numbers of all that can pass, where they are few. */
    readonly among: ReadonlySet<number> | null
  },
): Promise<Piece> {
  const { db, low, high, limit } = rest
  const { question, exact, count, among } = asked
  const matches = await numbers(
    db,
    sql`select rowid as n from invalidation_search
      where words match ${question} and rowid >= ${low} and rowid < ${high}
      order by rowid desc limit ${count}`,
  )
  const wanted = among === null ? matches : matches.filter((n) => among.has(n))
  const found = await newest(
    db,
    sql`select i.n from json_each(${JSON.stringify(wanted)}) as m cross join invalidations as i on i.n = m.value
      where ${passes(rest)}${exact ? sql`` : sql` and ${contains(rest.q)}`} order by i.n desc limit ${limit + 1}`,
  )
  return { found, low: matches.length < count ? low : Math.min(...matches) }
}

/** Row by row: all of the window, or those alone that the index by facets names. */
async function lookThrough(search: Search, which: 'narrow' | 'all'): Promise<readonly Found[]> {
  const { low, high, limit, q } = search
  const narrow = which === 'narrow' ? sql`i.n in (select n from ${candidates(search)}) and ` : sql``
  const query = sql`select i.n from invalidations as i
    where ${narrow}i.n >= ${low} and i.n < ${high} and ${passes(search)} and ${contains(q)}
    order by i.n desc limit ${limit + 1}`
  return newest(search.db, query)
}

/** Numbers are sorted, not rows. */
async function newest(db: Sql, query: RawBuilder<unknown>): Promise<readonly Found[]> {
  const { rows } = await sql<Found>`
    select n, shown from invalidations where n in (${query}) order by n desc`.execute(db)
  return rows
}

function passes({ project, filter }: Search): RawBuilder<unknown> {
  const { statuses, scopes, sources } = facetsOf(filter)
  const inside = [sql`i.project = ${project}${idRange(filter, sql`i.id`)}`]
  if (filter.status !== undefined) inside.push(sql`i.status in (${list(statuses)})`)
  if (filter.scope !== undefined) inside.push(sql`i.scope in (${list(scopes)})`)
  if (filter.source !== undefined) inside.push(sql`i.source in (${list(sources)})`)
  return sql.join(inside, sql` and `)
}

/**
 * By index alone: by facets, with all columns before the id named, or by id. A source alone is left out: the search index knows it.
 */
function candidates({ project, filter }: Search): RawBuilder<unknown> {
  if (filter.status === undefined && filter.scope === undefined)
    return sql`invalidations where project = ${project}${idRange(filter)}`
  const { statuses, scopes, sources } = facetsOf(filter)
  return sql`invalidations where project = ${project} and status in (${list(statuses)})
    and scope in (${list(scopes)}) and source in (${list(sources)})${idRange(filter)}`
}

function list(values: readonly string[]): RawBuilder<unknown> {
  // `in ()` is SQLite's own, and says what is meant.
  return values.length === 0 ? sql`` : sql.join(values)
}

/** One more than matters at most; without end where the index itself knows everything of the filter. */
async function countCandidates(search: Search): Promise<number> {
  const { status, scope } = search.filter
  if (status === undefined && scope === undefined && !hasRange(search)) return Infinity
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (select 1 from ${candidates(search)} limit ${NUMBERED_ROWS_MAX + 1})
    `.execute(search.db)
  return rows[0]!.count
}

function hasRange({ filter: { from, to } }: Search): boolean {
  return from !== undefined || to !== undefined
}

/** Null where they are many, or so large a share of all that looking up what matches is less. */
async function numbersOfFew(search: Search, passing: number): Promise<ReadonlySet<number> | null> {
  const share = hasRange(search) ? 1 : NUMBERED_SHARE_MAX
  if (passing > Math.min(NUMBERED_ROWS_MAX, (search.high - search.low) * share)) return null
  return new Set(await numbers(search.db, sql`select n from ${candidates(search)}`))
}

/** Nothing before the first of them, nothing behind the last. */
function within(search: Search, among: ReadonlySet<number>): Search {
  let [low, high] = [search.high, search.low]
  for (const n of among) {
    low = Math.min(low, n)
    high = Math.max(high, n + 1)
  }
  return { ...search, low: Math.max(search.low, low), high: Math.min(search.high, high) }
}

/** As one text, which takes a third of the time that rows do. */
async function numbers(db: Sql, query: RawBuilder<unknown>): Promise<readonly number[]> {
  const { rows } = await sql<{ list: string }>`
    select json_group_array(n) as list from (${query})`.execute(db)
  return JSON.parse(rows[0]!.list) as number[]
}

/** Which arrivals can pass: rows are numbered as they arrive, nearly in the order of their birth. */
async function arrivals(db: Sql, project: string, { from, to }: InvalidationFilter) {
  const bornAfter = to === undefined ? '' : firstIdOf(Date.parse(to) + LATE_MAX_MS)
  const bornBefore = from === undefined ? '' : firstIdOf(Date.parse(from) - LATE_MAX_MS)
  const { rows } = await sql<{ first: number; last: number; low: number; high: number }>`
    select (select min(n) from invalidations) as first, (select max(n) from invalidations) as last,
      (select n from invalidations where project = ${project} and ${bornBefore} != '' and id < ${bornBefore}
        order by id desc limit 1) as low,
      (select n from invalidations where project = ${project} and ${bornAfter} != '' and id >= ${bornAfter}
        order by id limit 1) as high`.execute(db)
  const { first, last, low, high } = rows[0]!
  return { low: low ?? first ?? 0, high: high ?? (last ?? 0) + 1 }
}

/** Texts of three characters that begin so. */
async function threesFrom(db: Sql, beginning: string): Promise<readonly (readonly string[])[]> {
  const { rows } = await sql<{ term: string }>`
    select term from invalidation_threes where term >= ${beginning} and term < ${`${beginning}\u{10ffff}`}
    limit ${THREES_MAX + 1}`.execute(db)
  return rows.map(({ term }) => [term])
}

/** `holds` is ours: SQLite folds ASCII alone (`sqlite-connection.ts`). */
function contains(q: string): RawBuilder<unknown> {
  const part = comparable(q)
  return sql`(
    holds(i.id, ${part}) or holds(i.shown ->> '$.note', ${part}) or holds(i.shown ->> '$.createdBy', ${part})
    or exists (select 1 from invalidation_urls as u
      where u.n = i.n and u.position < ${SEARCHED_URLS_MAX} and holds(u.url, ${part}))
  )`
}
