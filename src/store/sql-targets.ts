import type { OuterTarget } from '../contract/targets.ts'
import type { Sql } from './sql-schema.ts'
import type { TargetTable } from './store.ts'

export function sqlTargets(db: Sql): TargetTable {
  return {
    async list(project) {
      const rows = await db
        .selectFrom('targets')
        .selectAll()
        .where('project', '=', project)
        .orderBy('id')
        .execute()
      return rows.map((row) => ({
        project: row.project,
        id: row.id,
        settings: JSON.parse(row.settings) as OuterTarget,
        createdAt: row.created_at,
      }))
    },
    async put({ project, id, settings, createdAt }) {
      const text = JSON.stringify(settings)
      await db
        .insertInto('targets')
        .values({ project, id, settings: text, created_at: createdAt })
        .onConflict((conflict) =>
          conflict
            .columns(['project', 'id'])
            .doUpdateSet({ settings: text, created_at: createdAt }),
        )
        .execute()
    },
    async remove(project, id) {
      const removed = await db
        .deleteFrom('targets')
        .where('project', '=', project)
        .where('id', '=', id)
        .executeTakeFirst()
      return removed.numDeletedRows > 0n
    },
  }
}
