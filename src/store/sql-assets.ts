import type { Selectable } from 'kysely'
import type { AssetLocation, CropRecord } from '../contract/records.ts'
import { decodeCursor, toPage } from './cursor.ts'
import { ancestorFolders } from './invalidation-rows.ts'
import type { Sql, SqlSchema } from './sql-schema.ts'
import type { AssetFilter, AssetRow, AssetTable, Page, PageRequest } from './store.ts'

/** SQLite takes 32,766 parameters in one statement (SQLITE_MAX_VARIABLE_NUMBER); ids come in smaller pieces. */
const IDS_PER_QUERY = 500

export function sqlAssets(db: Sql): AssetTable {
  return { ...reading(db), ...writing(db), ...versions(db) }
}

type Reading = Pick<AssetTable, 'get' | 'getMany' | 'list' | 'folders' | 'all'>

function reading(db: Sql): Reading {
  const getMany = (project: string, ids: readonly string[]) => rowsOf(db, project, ids)
  return {
    getMany,
    async get(project, id) {
      return (await getMany(project, [id]))[0]
    },
    list: (project, filter, page) => listAssets(db, project, filter, page),
    async folders(project, parent) {
      const rows = await db
        .selectFrom('asset_folders')
        .select(['path', 'assets'])
        .where('project', '=', project)
        .where('parent', '=', parent)
        .where('path', '!=', '')
        .orderBy('path')
        .execute()
      return rows.map((row) => ({ path: row.path, assets: row.assets }))
    },
    async all(project) {
      const rows = await db
        .selectFrom('assets')
        .selectAll()
        .where('project', '=', project)
        .orderBy('id')
        .execute()
      return rows.map(assetRow)
    },
  }
}

async function rowsOf(db: Sql, project: string, ids: readonly string[]): Promise<AssetRow[]> {
  const found: AssetRow[] = []
  for (let at = 0; at < ids.length; at += IDS_PER_QUERY) {
    const rows = await db
      .selectFrom('assets')
      .selectAll()
      .where('project', '=', project)
      .where('id', 'in', ids.slice(at, at + IDS_PER_QUERY))
      .execute()
    found.push(...rows.map(assetRow))
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Ids first, out of the narrow index alone; whole rows for the page only. */
async function listAssets(
  db: Sql,
  project: string,
  filter: AssetFilter,
  page: PageRequest,
): Promise<Page<AssetRow>> {
  let query = db
    .selectFrom('assets')
    .select('id')
    .where('project', '=', project)
    .orderBy('id')
    .limit(page.limit + 1)
  if (page.cursor !== undefined) {
    query = query.where('id', '>', decodeCursor(page.cursor, [''] as const)[0])
  }
  if (filter.folder !== undefined && filter.folder !== '') {
    // `0` is the character after `/`: the range holds exactly what begins with `folder/`.
    query = query.where('id', '>', `${filter.folder}/`).where('id', '<', `${filter.folder}0`)
  }
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.published !== undefined) {
    query = query.where('published', '=', filter.published ? 1 : 0)
  }
  if (filter.q !== undefined && filter.q !== '') {
    const part = filter.q.toLowerCase()
    query = query.where((where) => where(where.fn('instr', ['lower_id', where.val(part)]), '>', 0))
  }
  const ids = (await query.execute()).map((row) => row.id)
  const rows = await rowsOf(db, project, ids)
  return toPage(
    rows,
    page.limit,
    (row) => row,
    (row) => [row.id],
  )
}

function writing(db: Sql): Pick<AssetTable, 'put' | 'remove'> {
  async function exists(project: string, id: string): Promise<boolean> {
    const row = await db
      .selectFrom('assets')
      .select('id')
      .where('project', '=', project)
      .where('id', '=', id)
      .executeTakeFirst()
    return row !== undefined
  }
  return {
    async put(row) {
      const known = await exists(row.project, row.id)
      const { project, id, ...values } = columns(row)
      await db
        .insertInto('assets')
        .values({ project, id, ...values })
        .onConflict((conflict) => conflict.columns(['project', 'id']).doUpdateSet(values))
        .execute()
      if (!known) await countInFolders(db, project, id, 1)
    },
    async remove(project, id) {
      if (!(await exists(project, id))) return
      await db.deleteFrom('assets').where('project', '=', project).where('id', '=', id).execute()
      await countInFolders(db, project, id, -1)
    },
  }
}

/** Folders are counted as assets come and go, so that a list of folders never reads the assets below. */
async function countInFolders(db: Sql, project: string, id: string, by: 1 | -1): Promise<void> {
  for (const path of ancestorFolders(id)) {
    const slash = path.lastIndexOf('/')
    const parent = slash < 0 ? '' : path.slice(0, slash)
    await db
      .insertInto('asset_folders')
      .values({ project, parent, path, assets: by })
      .onConflict((conflict) =>
        conflict
          .columns(['project', 'parent', 'path'])
          .doUpdateSet((set) => ({ assets: set('asset_folders.assets', '+', by) })),
      )
      .execute()
    if (by > 0) continue
    await db
      .deleteFrom('asset_folders')
      .where('project', '=', project)
      .where('parent', '=', parent)
      .where('path', '=', path)
      .where('assets', '<=', 0)
      .execute()
  }
}

type Versions = Pick<AssetTable, 'addVersion' | 'versions' | 'forgetVersions' | 'neededBlobs'>

function versions(db: Sql): Versions {
  return {
    async addVersion(project, id, version) {
      await db
        .insertInto('asset_versions')
        .values({
          project,
          id,
          version: version.version,
          hash: version.hash,
          bytes: version.bytes,
          media_type: version.mediaType,
          created_at: version.createdAt,
          created_by: version.createdBy,
        })
        .execute()
    },
    async versions(project, id) {
      const rows = await db
        .selectFrom('asset_versions')
        .selectAll()
        .where('project', '=', project)
        .where('id', '=', id)
        .orderBy('version', 'desc')
        .execute()
      return rows.map((row) => ({
        version: row.version,
        hash: row.hash,
        bytes: row.bytes,
        mediaType: row.media_type,
        createdAt: row.created_at,
        createdBy: row.created_by,
      }))
    },
    async forgetVersions(project, id, keep) {
      const oldest = db
        .selectFrom('asset_versions')
        .select('version')
        .where('project', '=', project)
        .where('id', '=', id)
        .orderBy('version', 'desc')
        .limit(-1)
        .offset(keep)
      await db
        .deleteFrom('asset_versions')
        .where('project', '=', project)
        .where('id', '=', id)
        .where('version', 'in', oldest)
        .execute()
    },
    neededBlobs: (hashes) => neededBlobs(db, hashes),
  }
}

/** Versions of an asset that is gone need none: nobody can have them back. */
async function neededBlobs(db: Sql, hashes: readonly string[]): Promise<readonly string[]> {
  const needed = new Set<string>()
  for (let at = 0; at < hashes.length; at += IDS_PER_QUERY) {
    const some = hashes.slice(at, at + IDS_PER_QUERY)
    const now = await db.selectFrom('assets').select('hash').where('hash', 'in', some).execute()
    const kept = await db
      .selectFrom('asset_versions as old')
      .innerJoin('assets', (join) =>
        join.onRef('assets.project', '=', 'old.project').onRef('assets.id', '=', 'old.id'),
      )
      .select('old.hash as hash')
      .where('old.hash', 'in', some)
      .execute()
    for (const { hash } of [...now, ...kept]) needed.add(hash)
  }
  return [...needed]
}

function columns(row: AssetRow): SqlSchema['assets'] {
  return {
    project: row.project,
    id: row.id,
    lower_id: row.id.toLowerCase(),
    kind: row.kind,
    media_type: row.mediaType,
    published: row.published ? 1 : 0,
    version: row.version,
    hash: row.hash,
    bytes: row.bytes,
    width: row.width,
    height: row.height,
    location: JSON.stringify(row.location),
    crops: JSON.stringify(row.crops),
    modified_at: row.modifiedAt,
  }
}

function assetRow(row: Selectable<SqlSchema['assets']>): AssetRow {
  return {
    project: row.project,
    id: row.id,
    kind: row.kind as AssetRow['kind'],
    mediaType: row.media_type,
    published: row.published === 1,
    version: row.version,
    hash: row.hash,
    bytes: row.bytes,
    width: row.width,
    height: row.height,
    location: JSON.parse(row.location) as AssetLocation,
    crops: JSON.parse(row.crops) as Record<string, CropRecord>,
    modifiedAt: row.modified_at,
  }
}
