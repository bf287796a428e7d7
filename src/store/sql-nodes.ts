import type { Selectable } from 'kysely'
import type { Sql, SqlSchema } from './sql-schema.ts'
import type { NodeRow, NodeTable } from './store.ts'

export function sqlNodes(db: Sql): NodeTable {
  return {
    async register(row, predecessor) {
      await db
        .deleteFrom('nodes')
        .where((where) =>
          where.or([
            where('incarnation', 'in', [row.incarnation, predecessor ?? row.incarnation]),
            where.and([where('id', '=', row.id), where('state', '=', 'out')]),
          ]),
        )
        .execute()
      await db
        .insertInto('nodes')
        .values({
          incarnation: row.incarnation,
          id: row.id,
          role: row.role,
          version: row.version,
          urls: JSON.stringify(row.urls),
          applied: row.applied,
          state: row.state,
          seen_at: row.seenAt,
        })
        .execute()
    },
    async list() {
      const rows = await db
        .selectFrom('nodes')
        .selectAll()
        .orderBy('id')
        .orderBy('incarnation')
        .execute()
      return rows.map(nodeRow)
    },
    async acknowledge(incarnation, applied, seenAt) {
      const known = await db
        .selectFrom('nodes')
        .select('applied')
        .where('incarnation', '=', incarnation)
        .where('state', '=', 'in')
        .executeTakeFirst()
      if (!known) return false
      await db
        .updateTable('nodes')
        .set({ applied: Math.max(known.applied, applied), seen_at: seenAt })
        .where('incarnation', '=', incarnation)
        .execute()
      return true
    },
    async markOut(incarnation) {
      await db
        .updateTable('nodes')
        .set({ state: 'out' })
        .where('incarnation', '=', incarnation)
        .execute()
    },
    async remove(incarnation) {
      await db.deleteFrom('nodes').where('incarnation', '=', incarnation).execute()
    },
  }
}

function nodeRow(row: Selectable<SqlSchema['nodes']>): NodeRow {
  return {
    id: row.id,
    incarnation: row.incarnation,
    role: row.role as NodeRow['role'],
    version: row.version,
    urls: JSON.parse(row.urls) as string[],
    applied: row.applied,
    state: row.state as NodeRow['state'],
    seenAt: row.seen_at,
  }
}
