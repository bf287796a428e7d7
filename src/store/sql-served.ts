import { sql } from 'kysely'
import { encodeValue } from '../contract/percent.ts'
import { decodeCursor, toPage } from './cursor.ts'
import { SERVED_URLS_PER_SUBJECT_MAX } from './limits.ts'
import type { Sql } from './sql-schema.ts'
import type { Page, PageRequest } from './page.ts'
import type { ServedTable, SightingRow } from './served-table.ts'

export function sqlServed(db: Sql): ServedTable {
  return {
    ...recording(db),
    ...looking(db),
    ...naming(db),
    ...sighting(db),
    async usage(project, preset) {
      const found = await sql<{ renditions: number; assets: number }>`
        select count(distinct target) as renditions, count(distinct subject) as assets from served
        where project = ${project} and (
          (instr(target, '$') > 0 and instr(target, ${presetInTarget(preset)}) > 0) or
          (instr(target, 'p=') > 0 and
            instr('&' || replace(target, '?', '&') || '&', ${operationInTarget(preset)}) > 0)
        )`.execute(db)
      return { renditions: found.rows[0]!.renditions, assets: found.rows[0]!.assets }
    },
  }
}

function recording(db: Sql): Pick<ServedTable, 'record'> {
  async function forgetOldest(project: string, subject: string): Promise<void> {
    const beyond = await db
      .selectFrom('served')
      .select(['last_seen_at', 'url'])
      .where('project', '=', project)
      .where('subject', '=', subject)
      .orderBy('last_seen_at', 'desc')
      .orderBy('url', 'desc')
      .limit(-1)
      .offset(SERVED_URLS_PER_SUBJECT_MAX)
      .execute()
    for (const { url } of beyond) {
      await db
        .deleteFrom('served')
        .where('project', '=', project)
        .where('subject', '=', subject)
        .where('url', '=', url)
        .execute()
    }
  }

  return {
    async record(urls, at) {
      for (const { project, subject, url, target, times = 1 } of urls) {
        await db
          .insertInto('served')
          .values({ project, subject, url, target, last_seen_at: at, times })
          .onConflict((conflict) =>
            conflict.columns(['project', 'subject', 'url']).doUpdateSet((set) => ({
              target,
              last_seen_at: at,
              times: set('served.times', '+', times),
            })),
          )
          .execute()
      }
      const subjects = new Map(urls.map((url) => [`${url.project} ${url.subject}`, url]))
      for (const { project, subject } of subjects.values()) await forgetOldest(project, subject)
    },
  }
}

function looking(db: Sql): Pick<ServedTable, 'known' | 'times' | 'list'> {
  return {
    async known(project, subject, urls) {
      const ofSubject = db
        .selectFrom('served')
        .where('project', '=', project)
        .where('subject', '=', subject)
      const { count } = await ofSubject
        .select((select) => select.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      const found = await ofSubject.select('url').where('url', 'in', urls).execute()
      return { count, urls: found.map((row) => row.url) }
    },
    async times(project, subject) {
      const rows = await db
        .selectFrom('served')
        .select(['url', 'times'])
        .where('project', '=', project)
        .where('subject', '=', subject)
        .where('times', '>', 1)
        .execute()
      return new Map(rows.map((row) => [row.url, row.times]))
    },
    async list(project, subject, page) {
      let query = db
        .selectFrom('served')
        .select(['url', 'target', 'last_seen_at as lastSeenAt'])
        .where('project', '=', project)
        .where('subject', '=', subject)
        .orderBy('last_seen_at', 'desc')
        .orderBy('url', 'desc')
        .limit(page.limit + 1)
      if (page.cursor !== undefined) {
        const [at, url] = decodeCursor(page.cursor, [0, ''] as const)
        query = query.where((where) =>
          where(where.refTuple('last_seen_at', 'url'), '<', where.tuple(at, url)),
        )
      }
      return toPage(
        await query.execute(),
        page.limit,
        (row) => ({ ...row }),
        (row) => [row.lastSeenAt, row.url],
      )
    },
  }
}

async function inOrder(
  { limit, cursor }: PageRequest,
  behind: (after: string, count: number) => Promise<readonly { readonly subject: string }[]>,
): Promise<Page<string>> {
  const after = cursor === undefined ? '' : decodeCursor(cursor, [''] as const)[0]
  return toPage(
    await behind(after, limit + 1),
    limit,
    (row) => row.subject,
    (row) => [row.subject],
  )
}

function naming(db: Sql): Pick<ServedTable, 'subjects' | 'marked'> {
  return {
    subjects: (project, page) =>
      inOrder(page, (after, count) =>
        db
          .selectFrom('served')
          .select('subject')
          .distinct()
          .where('project', '=', project)
          .where('subject', '>', after)
          .orderBy('subject')
          .limit(count)
          .execute(),
      ),
    marked: (project, page) =>
      inOrder(page, async (after, count) => {
        // In the words of its index, which SQLite would not take by itself.
        const found = await sql<{ subject: string }>`
          select distinct subject from served indexed by served_marked
          where project = ${project} and subject > ${after}
            and (instr(target, 'wat=') > 0 or instr(target, '?p=') > 0 or instr(target, '&p=') > 0)
          order by subject limit ${count}`.execute(db)
        return found.rows
      }),
  }
}

function sighting(db: Sql): Pick<ServedTable, 'sightings' | 'urls' | 'anyBelow'> {
  return {
    async sightings(project, subjects, limit) {
      const found = await sql<SightingRow>`
        select subject, target, max(last_seen_at) as lastSeenAt from served
        where project = ${project} and subject in (select value from json_each(${JSON.stringify(subjects)}))
        group by subject, target order by subject, target limit ${limit}`.execute(db)
      return found.rows.map((row) => ({ ...row }))
    },
    async urls(project, subjects, limit) {
      const found = await sql<{ subject: string; url: string }>`
        select subject, url from served
        where project = ${project} and subject in (select value from json_each(${JSON.stringify(subjects)}))
        order by subject, url limit ${limit}`.execute(db)
      return found.rows.map((row) => ({ ...row }))
    },
    async anyBelow(project, prefix) {
      const row = await db
        .selectFrom('served')
        .select('subject')
        .where('project', '=', project)
        .where('subject', '>=', prefix)
        .orderBy('subject')
        .limit(1)
        .executeTakeFirst()
      return row?.subject.startsWith(prefix) === true
    },
  }
}

/** How a canonical target of Dynamic Media names a preset; nothing else in one has a dollar sign. */
function presetInTarget(preset: string): string {
  return `$${encodeValue(preset)}$`
}

/** The same in Cloudimage's dialect, between the ampersands that separate operations. */
function operationInTarget(preset: string): string {
  return `&p=${encodeValue(preset)}&`
}

/** The same as the index of these has in SQL. */
export function mayBearMark(target: string): boolean {
  return ['wat=', '?p=', '&p='].some((part) => target.includes(part))
}

export function namesPreset(target: string, preset: string): boolean {
  return (
    target.includes(presetInTarget(preset)) ||
    `&${target.replaceAll('?', '&')}&`.includes(operationInTarget(preset))
  )
}
