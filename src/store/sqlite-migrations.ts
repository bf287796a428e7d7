import { Migrator } from 'kysely/migration'
import type { Migration } from 'kysely/migration'
import { sql } from 'kysely'
import type { Random } from '../kernel/random.ts'
import { randomToken } from '../kernel/ids.ts'
import { StoreError } from './errors.ts'
import type { Sql } from './sql-schema.ts'
import { FACETS_INDEX, rebuildSearchIndex } from './sqlite-search-index.ts'

/** Names sort in the order in which they run; one that was released never changes. */
const FIRST = '001-first'
const TARGETS = '002-targets'
const KEPT_HISTORIES = '003-histories'
const LONG_LISTS = '004-long-lists'
const ASKED = '005-asked-changes'
const SERVED_TIMES = '006-served-times'
const SOFT = '007-soft'
const SEARCH = '008-search'
const SERVED_MARKED = '009-served-marked'

/** The log's name must never be met again: 96 bits. */
const LOG_ID_BYTES = 12

const PURGE_LOG = `
create table purge_head (one integer primary key check (one = 1), log_id text not null, head integer not null) strict;
create table purge_log (seq integer primary key, project text not null, kind text not null, keys text not null) strict;
create table nodes (
  incarnation text primary key, id text not null, role text not null, version text not null, urls text not null,
  applied integer not null, state text not null, seen_at integer not null
) strict;
`

const INVALIDATIONS = `
create table invalidations (
  n integer primary key, id text not null unique, project text not null, status text not null, scope text not null,
  source text not null, finished integer not null, finished_at integer, due_at integer not null, runner text,
  runner_epoch integer not null, renewed_at integer not null, attempt integer not null, shown text not null
) strict;
create index invalidations_by_id on invalidations (project, id);
create index invalidations_by_status on invalidations (project, status, id);
create index invalidations_by_source on invalidations (project, source, id);
create index invalidations_by_scope on invalidations (project, scope, id);
create index invalidations_open on invalidations (n) where finished = 0;
create index invalidations_finished on invalidations (project, finished_at) where status = 'Done';
create table invalidation_work (
  n integer primary key, selection text not null, keys text not null, observed text
) strict;
create table invalidation_urls (
  n integer not null, position integer not null, url text not null, primary key (n, position)
) strict, without rowid;
create table invalidation_counts (
  project text not null, status text not null, count integer not null, primary key (project, status)
) strict, without rowid;
create virtual table invalidation_search using fts5 (project, words, content = '', tokenize = 'trigram');
create table idempotency (
  project text not null, key text not null, body_hash text not null, id text not null, at integer not null,
  primary key (project, key)
) strict, without rowid;
create index idempotency_by_age on idempotency (at);
create table changes (
  n integer primary key, project text not null, cause text not null, keys text not null, at integer not null
) strict;
create index changes_by_project on changes (project, at);
`

const LIBRARY = `
create table projects (id text primary key, created_at integer not null, doc text not null) strict;
create table assets (
  project text not null, id text not null, lower_id text not null, kind text not null, media_type text not null,
  published integer not null, version integer not null, hash text not null, bytes integer not null, width integer,
  height integer, location text not null, crops text not null, modified_at integer not null,
  primary key (project, id)
) strict;
create index assets_to_filter on assets (project, id, lower_id, kind, published);
create table asset_folders (
  project text not null, path text not null, parent text not null, assets integer not null,
  primary key (project, parent, path)
) strict, without rowid;
create table asset_versions (
  project text not null, id text not null, version integer not null, hash text not null, bytes integer not null,
  media_type text not null, created_at integer not null, created_by text not null,
  primary key (project, id, version)
) strict, without rowid;
create table served (
  project text not null, subject text not null, url text not null, target text not null,
  last_seen_at integer not null, primary key (project, subject, url)
) strict, without rowid;
create index served_by_age on served (project, subject, last_seen_at, url);
`

const ACCOUNTS = `
create table accounts (
  id text primary key, email text not null, lower_email text not null unique, password_hash text,
  owner integer not null, created_at integer not null
) strict;
create table members (
  project text not null, account_id text not null, role text not null, primary key (project, account_id)
) strict, without rowid;
create index members_by_account on members (account_id);
create table api_keys (
  id text primary key, name text not null, secret_hash text not null unique, project text, roles text not null,
  created_at integer not null, created_by text not null
) strict;
create index api_keys_by_project on api_keys (project);
create table sessions (
  token_hash text primary key, account_id text not null, expires_at integer not null, csrf text not null
) strict;
create index sessions_by_account on sessions (account_id, expires_at);
create table links (token_hash text primary key, account_id text not null, expires_at integer not null) strict;
`

const OUTER_TARGETS = `
create table targets (
  project text not null, id text not null, settings text not null, created_at integer not null, primary key (project, id)
) strict, without rowid;
alter table invalidation_work add column keys_seq integer;
`

/** Templates that were saved before versions were kept were saved by nobody that is known. */
const HISTORIES = `
create table template_versions (
  project text not null, version integer not null, text text not null, saved_at integer not null, saved_by text not null,
  primary key (project, version)
) strict;
insert into template_versions (project, version, text, saved_at, saved_by)
  select id, json_extract(doc, '$.templateVersion'), json_extract(doc, '$.template'), created_at, 'unknown' from projects
  where json_extract(doc, '$.templateVersion') > 0;
create index served_with_presets on served (project, target, subject) where instr(target, '$') > 0;
create index assets_by_hash on assets (hash);
create index asset_versions_by_hash on asset_versions (hash);
`

/** The search index is made anew, because what it forgets it must be able to delete without being told the words again. */
const LONG_LIST_TABLES = `
create table bulk_staged (id text primary key, at integer not null) strict, without rowid;
create table bulk_urls (
  id text not null, piece integer not null, first integer not null, count integer not null, urls blob not null,
  primary key (id, piece)
) strict;
create table bulk_keys (
  id text not null, piece integer not null, keys blob not null, primary key (id, piece)
) strict;
alter table invalidation_work add column pieces integer;
alter table invalidation_work add column entered integer;
alter table purge_log add column packed blob;
create index purge_log_packed on purge_log (seq) where kind = 'packed';
drop table invalidation_search;
create virtual table invalidation_search using fts5 (
  project, words, content = '', contentless_delete = 1, tokenize = 'trigram'
);
insert into invalidation_search (rowid, project, words)
  select i.n, '|' || i.project || '|', i.id || char(10) || coalesce(i.shown ->> '$.note', '') || char(10)
    || (i.shown ->> '$.createdBy') || char(10)
    || coalesce((select group_concat(u.url, char(10)) from invalidation_urls as u where u.n = i.n and u.position < 1000), '')
  from invalidations as i
`

const ASKED_CHANGES = `alter table changes add column asked integer not null default 0`

const TIMES = `alter table served add column times integer not null default 1;`

const MARKED = `create index served_marked on served (project, subject) where instr(target, 'wat=') > 0 or instr(target, '?p=') > 0 or instr(target, '&p=') > 0`

const SOFT_PURGES = `alter table purge_log add column soft_ms integer`

function migrations(random: Random): Record<string, Migration> {
  return {
    [FIRST]: {
      async up(db) {
        for (const room of [PURGE_LOG, INVALIDATIONS, LIBRARY, ACCOUNTS]) await runAll(db, room)
        const logId = randomToken(random, LOG_ID_BYTES)
        await sql`insert into purge_head (one, log_id, head) values (1, ${logId}, 0)`.execute(db)
      },
    },
    [TARGETS]: { up: (db) => runAll(db, OUTER_TARGETS) },
    [KEPT_HISTORIES]: { up: (db) => runAll(db, HISTORIES) },
    [LONG_LISTS]: {
      up: (db) => runAll(db, LONG_LIST_TABLES),
    },
    [ASKED]: { up: (db) => runAll(db, ASKED_CHANGES) },
    [SERVED_TIMES]: { up: (db) => runAll(db, TIMES) },
    [SOFT]: { up: (db) => runAll(db, SOFT_PURGES) },
    [SEARCH]: {
      async up(db) {
        await runAll(db, FACETS_INDEX)
        await rebuildSearchIndex(db)
      },
    },
    [SERVED_MARKED]: { up: (db) => runAll(db, MARKED) },
  }
}

async function runAll(db: Sql, statements: string): Promise<void> {
  for (const statement of statements.split(';')) {
    if (statement.trim() !== '') await sql.raw(statement).execute(db)
  }
}

/** Brings a data file to this version's form; refuses one that a newer version has written. */
export async function migrate(db: Sql, random: Random): Promise<void> {
  const known = migrations(random)
  await refuseNewer(db, Object.keys(known))
  const migrator = new Migrator({ db, provider: { getMigrations: async () => known } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) {
    throw new StoreError(
      'migration-failed',
      'The data file could not be brought to this version.',
      {
        cause: error,
      },
    )
  }
}

async function refuseNewer(db: Sql, known: readonly string[]): Promise<void> {
  const table = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' and name = 'kysely_migration'`.execute(db)
  if (table.rows.length === 0) return
  const applied = await sql<{ name: string }>`select name from kysely_migration`.execute(db)
  const unknown = applied.rows.map((row) => row.name).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new StoreError(
    'newer-version',
    `The data file was written by a newer version of Sluice (it has ${unknown.join(', ')}): ` +
      'start that version, or give another data folder.',
  )
}
