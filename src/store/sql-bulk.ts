import { sql } from 'kysely'
import type { Sql } from './sql-schema.ts'
import type { BulkTable } from './store.ts'
import { unpackUrls } from './url-pieces.ts'

export function sqlBulk(db: Sql): BulkTable {
  return {
    async stage(id, { keys, ...urls }, at) {
      await db
        .insertInto('bulk_urls')
        .values({ id, ...urls })
        .execute()
      await db.insertInto('bulk_keys').values({ id, piece: urls.piece, keys }).execute()
      await db
        .insertInto('bulk_staged')
        .values({ id, at })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }))
        .execute()
    },
    async accept(id) {
      await db.deleteFrom('bulk_staged').where('id', '=', id).execute()
    },
    async keys(id, from, limit) {
      const rows = await db
        .selectFrom('bulk_keys')
        .select('keys')
        .where('id', '=', id)
        .where('piece', '>=', from)
        .orderBy('piece')
        .limit(limit)
        .execute()
      return rows.map((row) => row.keys)
    },
    async abandoned(before, limit) {
      const rows = await db
        .selectFrom('bulk_staged')
        .select('id')
        .where('at', '<', before)
        .limit(limit)
        .execute()
      return rows.map((row) => row.id)
    },
    async discard(id, limit) {
      for (const table of ['bulk_keys', 'bulk_urls'] as const)
        await discardFrom(db, table, id, limit)
      const left = await db
        .selectFrom('bulk_urls')
        .select('piece')
        .where('id', '=', id)
        .limit(1)
        .executeTakeFirst()
      if (left) return true
      await db.deleteFrom('bulk_staged').where('id', '=', id).execute()
      return false
    },
    async spent(limit) {
      const { rows } = await sql<{ id: string }>`
        select i.id from invalidations as i
        where i.id in (select distinct id from bulk_keys) and i.status in ('Done', 'Cancelled')
        limit ${limit}`.execute(db)
      return rows.map((row) => row.id)
    },
    discardKeys: (id, limit) => discardFrom(db, 'bulk_keys', id, limit),
  }
}

async function discardFrom(
  db: Sql,
  table: 'bulk_keys' | 'bulk_urls',
  id: string,
  limit: number,
): Promise<void> {
  await sql`delete from ${sql.table(table)} where rowid in (
    select rowid from ${sql.table(table)} where id = ${id} limit ${limit})`.execute(db)
}

/** URLs of a long list behind position `after`; undefined when the invalidation's list is not a long one. */
export async function bulkUrls(
  db: Sql,
  project: string,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly { url: string; position: number }[] | undefined> {
  const known = await db
    .selectFrom('invalidations as i')
    .innerJoin('invalidation_work as w', 'w.n', 'i.n')
    .select('w.pieces')
    .where('i.id', '=', id)
    .where('i.project', '=', project)
    .executeTakeFirst()
  if (known?.pieces === undefined || known.pieces === null) return undefined
  const found: { url: string; position: number }[] = []
  while (found.length < limit) {
    const wanted = (found.at(-1)?.position ?? after) + 1
    const piece = await db
      .selectFrom('bulk_urls')
      .select(['first', 'count', 'urls'])
      .where('id', '=', id)
      .where('first', '<=', wanted)
      .orderBy('piece', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (!piece || wanted >= piece.first + piece.count) break
    const skipped = wanted - piece.first
    const urls = unpackUrls(piece.urls).slice(skipped, skipped + limit - found.length)
    for (const [at, url] of urls.entries()) found.push({ url, position: wanted + at })
  }
  return found
}
