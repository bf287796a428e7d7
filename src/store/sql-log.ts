import { assert } from '../kernel/assert.ts'
import type { KeyHash } from '../contract/keys.ts'
import { KEYS_PER_ENTRY_MAX } from '../contract/purge-log.ts'
import type { PurgeKind } from '../contract/purge-log.ts'
import type { Sql } from './sql-schema.ts'
import type { LogTable } from './store.ts'

const PURGE: PurgeKind = 'purge'

/** Freshness rule P1: the counter row is raised in the same transaction, so that seq is gapless and in commit order. */
export function sqlLog(db: Sql): LogTable {
  const head = async () => db.selectFrom('purge_head').selectAll().executeTakeFirstOrThrow()
  return {
    id: async () => (await head()).log_id,
    head: async () => (await head()).head,
    async oldest() {
      const first = await db.selectFrom('purge_log').select('seq').orderBy('seq').limit(1).execute()
      return first[0]?.seq ?? (await head()).head + 1
    },
    async after(seq, limit) {
      const rows = await db
        .selectFrom('purge_log')
        .selectAll()
        .where('seq', '>', seq)
        .orderBy('seq')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        seq: row.seq,
        project: row.project,
        kind: row.kind,
        keys: row.keys.split(' ') as KeyHash[],
      }))
    },
    async append(project, keys) {
      assert(keys.length > 0, 'a purge without keys')
      let seq = (await head()).head
      for (let at = 0; at < keys.length; at += KEYS_PER_ENTRY_MAX) {
        seq += 1
        // Hashes are base64url, so a space never occurs in one.
        const piece = keys.slice(at, at + KEYS_PER_ENTRY_MAX).join(' ')
        await db
          .insertInto('purge_log')
          .values({ seq, project, kind: PURGE, keys: piece })
          .execute()
      }
      await db.updateTable('purge_head').set({ head: seq }).execute()
      return seq
    },
    async trim(seq) {
      await db.deleteFrom('purge_log').where('seq', '<=', seq).execute()
    },
  }
}
