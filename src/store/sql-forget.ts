import { sql } from 'kysely'
import type { InvalidationStatus } from '../contract/invalidation.ts'
import { count } from './sql-counts.ts'
import type { Sql } from './sql-schema.ts'

/**
 * Forgets old entries of the log. By `n`, the order of arrival, so that nothing has to be searched; what is not finished stays,
 * however old. Pieces of a long list are left to whoever discards abandoned ones, because there may be thousands.
 */
export async function forgetInvalidations(db: Sql, before: number, limit: number): Promise<number> {
  const rows = await db
    .selectFrom('invalidations as i')
    .innerJoin('invalidation_work as w', 'w.n', 'i.n')
    .select(['i.n', 'i.id', 'i.project', 'i.status', 'w.pieces'])
    .select(sql<string>`i.shown ->> '$.createdAt'`.as('created_at'))
    .where('i.finished', '=', 1)
    .orderBy('i.n')
    .limit(limit)
    .execute()
  const old = rows.filter((row) => Date.parse(row.created_at) < before)
  if (old.length === 0) return 0
  const numbers = old.map(({ n }) => n)
  for (const table of ['invalidation_work', 'invalidation_urls', 'invalidations'] as const)
    await db.deleteFrom(table).where('n', 'in', numbers).execute()
  await sql`delete from invalidation_search where rowid in (${sql.join(numbers)})`.execute(db)
  for (const { id, project, status, pieces } of old) {
    await count(db, project, status as InvalidationStatus, -1)
    if (pieces === null) continue
    await db
      .insertInto('bulk_staged')
      .values({ id, at: 0 })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ at: 0 }))
      .execute()
  }
  return old.length
}
