import { assert } from '../kernel/assert.ts'
import { TEMPLATE_VERSIONS_MAX } from './limits.ts'
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
    async addTemplateVersion(id, { version, text, savedAt, savedBy }) {
      await db
        .insertInto('template_versions')
        .values({ project: id, version, text, saved_at: savedAt, saved_by: savedBy })
        .execute()
      await db
        .deleteFrom('template_versions')
        .where('project', '=', id)
        .where('version', '<=', version - TEMPLATE_VERSIONS_MAX)
        .execute()
    },
    async templateVersions(id) {
      const rows = await db
        .selectFrom('template_versions')
        .selectAll()
        .where('project', '=', id)
        .orderBy('version', 'desc')
        .execute()
      return rows.map((row) => ({
        version: row.version,
        text: row.text,
        savedAt: row.saved_at,
        savedBy: row.saved_by,
      }))
    },
  }
}
