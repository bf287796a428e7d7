import { sql } from 'kysely'
import { assert } from '../kernel/assert.ts'
import type { KeyHash } from '../contract/keys.ts'
import { KEYS_PER_ENTRY_MAX, keysCountOf } from '../contract/purge-log.ts'
import type { PurgeEntry, PurgeKind } from '../contract/purge-log.ts'
import type { Sql } from './sql-schema.ts'
import type { LogTable } from './store.ts'

const PURGE: PurgeKind = 'purge'
const PACKED: PurgeKind = 'packed'
const SOFT: PurgeKind = 'soft'
/** Entries read at a time where the number of keys ends the answer: sixteen long ones are a megabyte. */
const ENTRIES_PER_READ = 16

/** Freshness rule P1: the counter row is raised in the same transaction, so that seq is gapless and in commit order. */
export function sqlLog(db: Sql): LogTable {
  const head = () => headOf(db)
  return {
    id: async () => (await head()).log_id,
    head: async () => (await head()).head,
    async oldest() {
      const first = await db.selectFrom('purge_log').select('seq').orderBy('seq').limit(1).execute()
      return first[0]?.seq ?? (await head()).head + 1
    },
    async after(seq, limit, keysMax = Number.POSITIVE_INFINITY) {
      const entries: PurgeEntry[] = []
      let keys = 0
      while (entries.length < limit && keys < keysMax) {
        const wanted = Math.min(ENTRIES_PER_READ, limit - entries.length)
        const read = await someAfter(db, entries.at(-1)?.seq ?? seq, wanted)
        entries.push(...read)
        keys += read.reduce((sum, entry) => sum + keysCountOf(entry), 0)
        if (read.length < wanted) break
      }
      return entries
    },
    async append(project, keys, softMs) {
      assert(keys.length > 0, 'a purge without keys')
      let seq = (await head()).head
      for (let at = 0; at < keys.length; at += KEYS_PER_ENTRY_MAX) {
        seq += 1
        // Hashes are base64url, so a space never occurs in one.
        const piece = keys.slice(at, at + KEYS_PER_ENTRY_MAX).join(' ')
        await db
          .insertInto('purge_log')
          .values({
            seq,
            project,
            kind: softMs === undefined ? PURGE : SOFT,
            keys: piece,
            packed: null,
            soft_ms: softMs ?? null,
          })
          .execute()
      }
      await db.updateTable('purge_head').set({ head: seq }).execute()
      return seq
    },
    ...packedEntries(db),
    async trim(seq) {
      await db.deleteFrom('purge_log').where('seq', '<=', seq).execute()
    },
  }
}

function packedEntries(db: Sql): Pick<LogTable, 'appendPacked' | 'packedBeyond'> {
  return {
    async appendPacked(project, pieces, softMs) {
      let seq = (await headOf(db)).head
      for (const packed of pieces) {
        assert(packed.byteLength > 0, 'a purge without keys')
        seq += 1
        await db
          .insertInto('purge_log')
          .values({ seq, project, kind: PACKED, keys: '', packed, soft_ms: softMs ?? null })
          .execute()
      }
      await db.updateTable('purge_head').set({ head: seq }).execute()
      return seq
    },
    async packedBeyond(kept) {
      const row = await db
        .selectFrom('purge_log')
        .select('seq')
        // As a literal, because the partial index is used only when the text implies its condition.
        .where('kind', '=', sql.lit(PACKED))
        .orderBy('seq', 'desc')
        .offset(kept)
        .limit(1)
        .executeTakeFirst()
      return row?.seq ?? 0
    },
  }
}

async function headOf(db: Sql) {
  return db.selectFrom('purge_head').selectAll().executeTakeFirstOrThrow()
}

async function someAfter(db: Sql, seq: number, limit: number): Promise<readonly PurgeEntry[]> {
  const rows = await db
    .selectFrom('purge_log')
    .selectAll()
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map(({ packed, keys, soft_ms: softMs, ...entry }) => ({
    ...entry,
    ...(packed === null
      ? { keys: keys.split(' ') as KeyHash[] }
      : { keys: [] as KeyHash[], packed }),
    ...(softMs === null ? {} : { softMs }),
  }))
}
