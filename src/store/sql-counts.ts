import type { InvalidationStatus } from '../contract/invalidation.ts'
import type { Sql } from './sql-schema.ts'

/** Keeps the number of invalidations of each status, because counting a million rows takes long. */
export async function count(db: Sql, project: string, status: InvalidationStatus, by: 1 | -1) {
  await db
    .insertInto('invalidation_counts')
    .values({ project, status, count: by })
    .onConflict((conflict) =>
      conflict
        .columns(['project', 'status'])
        .doUpdateSet((set) => ({ count: set('invalidation_counts.count', '+', by) })),
    )
    .execute()
}
