import { isFinal } from '../contract/invalidation.ts'
import type { KeyHash } from '../contract/keys.ts'
import { sql } from 'kysely'
import { decodeCursor, toPage } from './cursor.ts'
import { changedRow, dueMs, durations, toInvalidation } from './invalidation-rows.ts'
import type { Patience } from './patience.ts'
import { bulkUrls } from './sql-bulk.ts'
import { count } from './sql-counts.ts'
import { forgetInvalidations } from './sql-forget.ts'
import { sqlIdempotency } from './sql-idempotency.ts'
import { pageOfInvalidations } from './sql-invalidation-pages.ts'
import { searchInvalidations } from './sql-invalidation-search.ts'
import { indexedWords } from './search-words.ts'
import type { Sql } from './sql-schema.ts'
import type { InvalidationRow, InvalidationTable, Observed } from './store.ts'

/** Three parameters a row: far below what one statement takes, and one compiled text for most of a list. */
const URLS_PER_INSERT = 100

export function sqlInvalidations(db: Sql, patience: Patience): InvalidationTable {
  return {
    ...shown(db, patience),
    ...running(db),
    ...sqlIdempotency(db),
    async insert(row, urls) {
      const { insertId } = await db
        .insertInto('invalidations')
        .values(columns(row))
        .executeTakeFirstOrThrow()
      const n = Number(insertId)
      await db
        .insertInto('invalidation_work')
        .values({ n, ...workColumns(row) })
        .execute()
      for (let at = 0; at < urls.length; at += URLS_PER_INSERT) {
        const piece = urls.slice(at, at + URLS_PER_INSERT)
        await db
          .insertInto('invalidation_urls')
          .values(piece.map((url, index) => ({ n, position: at + index, url })))
          .execute()
      }
      await sql`insert into invalidation_search (rowid, words)
        values (${n}, ${indexedWords(row, urls)})`.execute(db)
      await count(db, row.project, row.status, 1)
    },
  }
}

type Shown = Pick<
  InvalidationTable,
  'get' | 'list' | 'urls' | 'countByStatus' | 'recentDurations' | 'forget'
>

function shown(db: Sql, patience: Patience): Shown {
  return {
    async get(project, id) {
      const row = await read(db, id)
      return row?.project === project ? row : undefined
    },
    list(project, { q = '', ...filter }, page) {
      if (q === '') return pageOfInvalidations(db, project, filter, page)
      return searchInvalidations(db, project, { ...filter, q }, page, patience)
    },
    async urls(project, id, page) {
      const after = page.cursor === undefined ? -1 : decodeCursor(page.cursor, [0] as const)[0]
      const long = await bulkUrls(db, project, id, { after, limit: page.limit + 1 })
      if (long) {
        return toPage(
          long,
          page.limit,
          (row) => row.url,
          (row) => [row.position],
        )
      }
      const rows = await db
        .selectFrom('invalidation_urls as u')
        .innerJoin('invalidations as i', 'i.n', 'u.n')
        .select(['u.position', 'u.url'])
        .where('i.id', '=', id)
        .where('i.project', '=', project)
        .where('u.position', '>', after)
        .orderBy('u.position')
        .limit(page.limit + 1)
        .execute()
      return toPage(
        rows,
        page.limit,
        (row) => row.url,
        (row) => [row.position],
      )
    },
    forget: (before, limit) => forgetInvalidations(db, before, limit),
    async countByStatus(project) {
      let query = db
        .selectFrom('invalidation_counts')
        .select((select) => ['status', select.fn.sum<number>('count').as('count')])
        .where('count', '>', 0)
        .groupBy('status')
      if (project !== undefined) query = query.where('project', '=', project)
      const rows = await query.execute()
      return Object.fromEntries(rows.map((row) => [row.status, row.count]))
    },
    async recentDurations(project, limit) {
      const rows = await db
        .selectFrom('invalidations')
        .select('shown')
        .where('project', '=', project)
        .where('status', '=', sql.lit('Done'))
        .orderBy('finished_at', 'desc')
        .limit(limit)
        .execute()
      return rows.flatMap((row) => durations(JSON.parse(row.shown) as InvalidationRow))
    },
  }
}

// Literals, because a partial index is used only when the statement's own text implies its condition.
type Running = Pick<InvalidationTable, 'claimable' | 'claim' | 'renew' | 'update' | 'transition'>

function running(db: Sql): Running {
  return {
    async claimable(now, silentBefore, limit) {
      const rows = await db
        .selectFrom('invalidations')
        .select(['project', 'id'])
        .where('finished', '=', sql.lit(0))
        .where('due_at', '<=', now)
        .where((where) =>
          where.or([where('runner', 'is', null), where('renewed_at', '<', silentBefore)]),
        )
        .orderBy('n')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ project: row.project, id: row.id }))
    },
    async claim(id, runner, now, silentBefore) {
      const taken = await db
        .updateTable('invalidations')
        .set((set) => ({
          runner,
          renewed_at: now,
          runner_epoch: set('runner_epoch', '+', 1),
        }))
        .where('id', '=', id)
        .where('finished', '=', sql.lit(0))
        .where('due_at', '<=', now)
        .where((where) =>
          where.or([where('runner', 'is', null), where('renewed_at', '<', silentBefore)]),
        )
        .executeTakeFirst()
      return taken.numUpdatedRows > 0n ? read(db, id) : undefined
    },
    async renew(id, runner, epoch, now) {
      const renewed = await db
        .updateTable('invalidations')
        .set({ renewed_at: now })
        .where('id', '=', id)
        .where('runner', '=', runner)
        .where('runner_epoch', '=', epoch)
        .executeTakeFirst()
      return renewed.numUpdatedRows > 0n
    },
    async update(id, runner, epoch, change) {
      const row = await read(db, id)
      if (row?.runner !== runner || row.runnerEpoch !== epoch) return false
      await write(db, row, changedRow(row, change), change)
      return true
    },
    async transition(id, from, change) {
      const row = await read(db, id)
      if (!row || !from.includes(row.status)) return false
      const next = changedRow(row, change)
      await write(db, row, { ...next, runner: null, runnerEpoch: row.runnerEpoch + 1 }, change)
      return true
    },
  }
}

async function read(db: Sql, id: string): Promise<InvalidationRow | undefined> {
  const row = await db
    .selectFrom('invalidations as i')
    .innerJoin('invalidation_work as w', 'w.n', 'i.n')
    .select(['i.shown', 'i.runner', 'i.runner_epoch', 'i.renewed_at', 'i.attempt'])
    .select(['w.selection', 'w.keys', 'w.observed', 'w.keys_seq', 'w.pieces', 'w.entered'])
    .where('i.id', '=', id)
    .executeTakeFirst()
  if (!row) return undefined
  return {
    ...(JSON.parse(row.shown) as InvalidationRow),
    selection: JSON.parse(row.selection) as InvalidationRow['selection'],
    keys: row.keys.split(' ').filter((key) => key !== '') as KeyHash[],
    runner: row.runner,
    runnerEpoch: row.runner_epoch,
    renewedAt: row.renewed_at,
    attempt: row.attempt,
    ...(row.keys_seq === null ? {} : { keysSeq: row.keys_seq }),
    ...(row.observed === null ? {} : { observed: JSON.parse(row.observed) as Observed }),
    ...(row.pieces === null ? {} : { bulk: { pieces: row.pieces, entered: row.entered ?? 0 } }),
  }
}

const WORK_FIELDS = ['keys', 'selection', 'observed', 'keysSeq', 'bulk'] as const

async function write(
  db: Sql,
  before: InvalidationRow,
  row: InvalidationRow,
  change: Partial<InvalidationRow>,
): Promise<void> {
  await db.updateTable('invalidations').set(columns(row)).where('id', '=', row.id).execute()
  if (WORK_FIELDS.some((field) => field in change)) {
    const n = db.selectFrom('invalidations').select('n').where('id', '=', row.id)
    await db.updateTable('invalidation_work').set(workColumns(row)).where('n', '=', n).execute()
  }
  if (before.status === row.status) return
  await count(db, row.project, before.status, -1)
  await count(db, row.project, row.status, 1)
}

function columns(row: InvalidationRow) {
  return {
    id: row.id,
    project: row.project,
    status: row.status,
    scope: row.scope,
    source: row.source,
    finished: isFinal(row.status) ? 1 : 0,
    finished_at: row.finishedAt === null ? null : Date.parse(row.finishedAt),
    due_at: row.status === 'Scheduled' ? dueMs(row) : 0,
    runner: row.runner,
    runner_epoch: row.runnerEpoch,
    renewed_at: row.renewedAt,
    attempt: row.attempt,
    shown: JSON.stringify(toInvalidation(row)),
  }
}

function workColumns(row: InvalidationRow) {
  return {
    selection: JSON.stringify(row.selection),
    keys: row.keys.join(' '),
    keys_seq: row.keysSeq ?? null,
    observed: row.observed === undefined ? null : JSON.stringify(row.observed),
    pieces: row.bulk?.pieces ?? null,
    entered: row.bulk?.entered ?? null,
  }
}
