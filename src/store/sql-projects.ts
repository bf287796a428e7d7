import { assert } from '../kernel/assert.ts'
import type { Sql } from './sql-schema.ts'
import type { ProjectRow, ProjectTable } from './store.ts'

/** A project's settings change as a whole and are never searched: one document each. */
export function sqlProjects(db: Sql): ProjectTable {
  async function get(id: string): Promise<ProjectRow | undefined> {
    const row = await db
      .selectFrom('projects')
      .select('doc')
      .where('id', '=', id)
      .executeTakeFirst()
    return row && (JSON.parse(row.doc) as ProjectRow)
  }
  return {
    get,
    async list() {
      const rows = await db.selectFrom('projects').select('doc').orderBy('id').execute()
      return rows.map((row) => JSON.parse(row.doc) as ProjectRow)
    },
    async insert(row) {
      await db
        .insertInto('projects')
        .values({ id: row.id, created_at: row.createdAt, doc: JSON.stringify(row) })
        .execute()
    },
    async update(id, change) {
      const row = await get(id)
      assert(row, `update of an unknown project: ${id}`)
      await db
        .updateTable('projects')
        .set({ doc: JSON.stringify({ ...row, ...change }) })
        .where('id', '=', id)
        .execute()
    },
  }
}
