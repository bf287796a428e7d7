import type { KeyHash } from '../contract/keys.ts'
import type { Sql } from './sql-schema.ts'
import type { ChangeTable } from './store.ts'

export function sqlChanges(db: Sql): ChangeTable {
  return {
    async add(row) {
      await db
        .insertInto('changes')
        .values({
          project: row.project,
          cause: row.cause,
          keys: row.keys.join(' '),
          at: row.at,
          asked: row.asked === true ? 1 : 0,
        })
        .execute()
    },
    async due(before) {
      const rows = await db
        .selectFrom('changes')
        .select('project')
        .groupBy('project')
        .having((having) => having.fn.min('at'), '<', before)
        .orderBy('project')
        .execute()
      return rows.map((row) => row.project)
    },
    async take(project) {
      const rows = await db
        .selectFrom('changes')
        .selectAll()
        .where('project', '=', project)
        .orderBy('n')
        .execute()
      await db.deleteFrom('changes').where('project', '=', project).execute()
      return rows.map((row) => ({
        project: row.project,
        cause: row.cause,
        keys: row.keys.split(' ').filter((key) => key !== '') as KeyHash[],
        at: row.at,
        ...(row.asked === 1 ? { asked: true } : {}),
      }))
    },
  }
}
