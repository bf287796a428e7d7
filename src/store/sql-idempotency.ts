import type { Sql } from './sql-schema.ts'
import type { InvalidationTable } from './store.ts'

type Idempotency = Pick<InvalidationTable, 'idempotent' | 'rememberIdempotent' | 'forgetIdempotent'>

export function sqlIdempotency(db: Sql): Idempotency {
  return {
    async idempotent(project, key) {
      const row = await db
        .selectFrom('idempotency')
        .select(['body_hash', 'id'])
        .where('project', '=', project)
        .where('key', '=', key)
        .executeTakeFirst()
      return row && { bodyHash: row.body_hash, id: row.id }
    },
    async rememberIdempotent(project, key, bodyHash, id, now) {
      const values = { body_hash: bodyHash, id, at: now }
      await db
        .insertInto('idempotency')
        .values({ project, key, ...values })
        .onConflict((conflict) => conflict.columns(['project', 'key']).doUpdateSet(values))
        .execute()
    },
    async forgetIdempotent(before) {
      await db.deleteFrom('idempotency').where('at', '<', before).execute()
    },
  }
}
