import { sql } from 'kysely'
import { SEARCHED_URLS_MAX } from './limits.ts'
import { wordsMark } from './search-words.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import type { Sql } from './sql-schema.ts'

/**
 * The search index with the project in front of the words instead of in a column of its own, which a third of the index went into.
 * `invalidation_threes` is its dictionary (https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module).
 */
const SEARCH_INDEX = `
drop table invalidation_search;
create virtual table invalidation_search using fts5 (
  words, content = '', contentless_delete = 1, tokenize = 'trigram'
);
create virtual table invalidation_threes using fts5vocab (invalidation_search, row)
`

/** One index for every combination of filters instead of one for each filter. */
export const FACETS_INDEX = `
drop index invalidations_by_status;
drop index invalidations_by_source;
drop index invalidations_by_scope;
create index invalidations_by_facets on invalidations (project, status, scope, source, id)
`

/** A million invalidations take about a minute, once. */
export async function rebuildSearchIndex(db: Sql): Promise<void> {
  for (const statement of SEARCH_INDEX.split(';')) await sql.raw(statement).execute(db)
  const { rows: origins } = await sql<Pick<Invalidation, 'project' | 'source'>>`
    select distinct project, source from invalidations`.execute(db)
  if (origins.length === 0) return
  const marks = origins.map(
    ({ project, source }) => sql`(${project}, ${source}, ${wordsMark(project, source)})`,
  )
  // In the order of arrival: the index is slow to take in what lies before what it has.
  await sql`
    with marks (project, source, mark) as (values ${sql.join(marks)})
    insert into invalidation_search (rowid, words)
    select i.n, marks.mark || char(10) || i.id || char(10) || coalesce(i.shown ->> '$.note', '') || char(10)
      || (i.shown ->> '$.createdBy')
      || coalesce((select group_concat(char(10) || u.url, '') from invalidation_urls as u
        where u.n = i.n and u.position < ${SEARCHED_URLS_MAX}), '') || char(10, 10)
    from invalidations as i cross join marks on marks.project = i.project and marks.source = i.source
    order by i.n`.execute(db)
}
