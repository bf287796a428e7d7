import type { KeyHash } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRow, AssetVersionRow, Tables } from '../store/store.ts'
import { assetKeys, assetRecord } from './asset-rows.ts'
import type { AssetChange, AssetPatch } from './assets.ts'
import { commit } from './commit.ts'
import type { Commit } from './commit.ts'
import { AssetsError } from './errors.ts'
import { assertId, assertWritable, assetOf, projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'
import { assertUnchanged, nextVersion } from './uploads.ts'

/** Changes of an asset that leave its bytes alone. */

export interface Which {
  readonly project: string
  readonly id: string
}

export async function patchAsset(
  parts: LibraryParts,
  which: Which,
  change: AssetPatch,
  by: string,
): Promise<AssetRow> {
  const project = await projectOf(parts, which.project)
  const moves = change.id !== undefined && change.id !== which.id
  if (moves) assertWritable(project)
  if (moves) assertId(change.id)
  return parts.locks.run(which.project, async () => {
    const before = await assetOf(parts, which.project, which.id)
    const published = change.published ?? before.published
    if (moves) return moveAsset(parts, before, { ...before, id: change.id, published }, by)
    if (published === before.published) return before
    const keys = assetKeys(before.project, before.id)
    const cause = `${published ? 'Published' : 'Unpublished'} “${before.id}”`
    return commitAsset(parts, before, {
      row: { ...before, published },
      ...(published ? { change: { cause, keys } } : takenAway(cause, keys)),
    })
  })
}

/**
 * What is taken from visitors goes at once and is seen through to the end, whatever the project says of automatic invalidations: a
 * newer version may wait until somebody looked at it, but nobody unpublishes a picture for later.
 */
export function takenAway(
  cause: string,
  keys: readonly KeyHash[],
): Required<Pick<Commit, 'purge' | 'change'>> {
  return { purge: keys, change: { cause, keys, asked: true } }
}

export async function removeAsset(parts: LibraryParts, which: Which): Promise<void> {
  const { project, id } = which
  assertWritable(await projectOf(parts, project))
  await parts.locks.run(project, async () => {
    const before = await assetOf(parts, project, id)
    await commit(parts, {
      project,
      records: [{ name: recordName.asset(project, id), document: null }],
      ...takenAway(`Deleted “${id}”`, assetKeys(project, id)),
      async rows(tx) {
        await assertUnchanged(await tx.assets.get(project, id), before)
        await tx.assets.remove(project, id)
      },
    })
  })
}

export async function commitAsset(
  parts: LibraryParts,
  before: AssetRow,
  next: {
    readonly row: AssetRow
    readonly change: Omit<AssetChange, 'project'>
    readonly purge?: readonly KeyHash[]
  },
): Promise<AssetRow> {
  const { project, id } = before
  const row = { ...next.row, modifiedAt: parts.clock.wall() }
  await commit(parts, {
    project,
    records: [{ name: recordName.asset(project, id), document: assetRecord(row) }],
    change: next.change,
    ...(next.purge ? { purge: next.purge } : {}),
    async rows(tx) {
      await assertUnchanged(await tx.assets.get(project, id), before)
      await tx.assets.put(row)
    },
  })
  return row
}

/** An asset under its new id, with the history that goes along. */
export interface MovedAsset {
  readonly row: AssetRow
  readonly history: readonly AssetVersionRow[]
}

export async function movedAsset(
  parts: LibraryParts,
  before: AssetRow,
  moved: AssetRow,
  by: string,
): Promise<MovedAsset> {
  const { project } = before
  const now = parts.clock.wall()
  const version = await nextVersion(parts, project, moved.id)
  const fresh = version === 1
  const row = { ...moved, version: fresh ? before.version : version, modifiedAt: now }
  const history = fresh
    ? await parts.store.tables.assets.versions(project, before.id)
    : [{ ...historyEntry(row), createdAt: now, createdBy: by }]
  return { row, history }
}

export async function putMoved(
  tx: Tables,
  { project, id }: AssetRow,
  { row, history }: MovedAsset,
): Promise<void> {
  await assertUnchanged(await tx.assets.get(project, row.id), undefined)
  await tx.assets.remove(project, id)
  await tx.assets.put(row)
  for (const entry of history) await tx.assets.addVersion(project, row.id, entry)
}

/** Old and new keys go into the log with the move itself (freshness rule P11). The history moves along. */
async function moveAsset(
  parts: LibraryParts,
  before: AssetRow,
  wanted: AssetRow,
  by: string,
): Promise<AssetRow> {
  const { project } = before
  if (await parts.store.tables.assets.get(project, wanted.id)) {
    throw new AssetsError('asset-exists', `There is already an asset “${wanted.id}”.`)
  }
  const moved = await movedAsset(parts, before, wanted, by)
  const { row } = moved
  const keys = [...assetKeys(project, before.id), ...assetKeys(project, row.id)]
  await commit(parts, {
    project,
    records: [
      { name: recordName.asset(project, row.id), document: assetRecord(row) },
      { name: recordName.asset(project, before.id), document: null },
    ],
    ...takenAway(`Moved “${before.id}” to “${row.id}”`, keys),
    async rows(tx) {
      await assertUnchanged(await tx.assets.get(project, before.id), before)
      await putMoved(tx, before, moved)
    },
  })
  return row
}

function historyEntry(row: AssetRow): {
  version: number
  hash: string
  bytes: number
  mediaType: string
} {
  return { version: row.version, hash: row.hash, bytes: row.bytes, mediaType: row.mediaType }
}
