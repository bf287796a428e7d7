import { keyHash, keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import type { CropRecord } from '../contract/records.ts'
import type { AssetRow } from '../store/store.ts'
import { assetKeys, assetRecord } from './asset-rows.ts'
import type { AssetPatch } from './assets.ts'
import { commit } from './commit.ts'
import { checkCrop, checkCropName } from './crop-rules.ts'
import { AssetsError } from './errors.ts'
import { assertId, assertWritable, assetOf, projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'
import { assertUnchanged, nextVersion } from './uploads.ts'

/** Changes of an asset that leave its bytes alone. */

interface Which {
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
    return commitAsset(parts, before, {
      row: { ...before, published },
      change: {
        cause: `${published ? 'Published' : 'Unpublished'} “${before.id}”`,
        keys: assetKeys(before.project, before.id),
      },
    })
  })
}

export async function removeAsset(parts: LibraryParts, which: Which): Promise<void> {
  const { project, id } = which
  assertWritable(await projectOf(parts, project))
  await parts.locks.run(project, async () => {
    const before = await assetOf(parts, project, id)
    await commit(parts, {
      project,
      records: [{ name: recordName.asset(project, id), document: null }],
      change: { cause: `Deleted “${id}”`, keys: assetKeys(project, id) },
      async rows(tx) {
        await assertUnchanged(await tx.assets.get(project, id), before)
        await tx.assets.remove(project, id)
      },
    })
  })
}

export async function putCrop(
  parts: LibraryParts,
  which: Which,
  name: string,
  crop: CropRecord,
): Promise<CropRecord> {
  checkCropName(name)
  checkCrop(crop)
  await parts.locks.run(which.project, async () => {
    const before = await assetOf(parts, which.project, which.id)
    if (before.kind !== 'image') {
      throw new AssetsError('bad-crop', `“${which.id}” is not an image: it cannot have crops.`)
    }
    const crops = { ...before.crops, [name]: crop }
    if (Object.keys(crops).length > CROPS_PER_ASSET_MAX) {
      throw new AssetsError('bad-crop', `An asset has at most ${CROPS_PER_ASSET_MAX} crops.`)
    }
    await commitCrops(parts, before, crops, name)
  })
  return crop
}

/** Adobe's profiles hold some ten sizes; the record of an asset is read for each of its renditions. */
const CROPS_PER_ASSET_MAX = 100

export async function removeCrop(parts: LibraryParts, which: Which, name: string): Promise<void> {
  await parts.locks.run(which.project, async () => {
    const before = await assetOf(parts, which.project, which.id)
    if (!Object.hasOwn(before.crops, name)) {
      throw new AssetsError('unknown-crop', `“${which.id}” has no crop “${name}”.`)
    }
    const crops = Object.fromEntries(
      Object.entries(before.crops).filter(([other]) => other !== name),
    )
    await commitCrops(parts, before, crops, name)
  })
}

async function commitCrops(
  parts: LibraryParts,
  before: AssetRow,
  crops: AssetRow['crops'],
  name: string,
): Promise<void> {
  await commitAsset(parts, before, {
    row: { ...before, crops },
    change: {
      cause: `Crop “${name}” of “${before.id}” changed`,
      keys: [keyHash(keyText.crop(before.project, before.id, name))],
    },
  })
}

async function commitAsset(
  parts: LibraryParts,
  before: AssetRow,
  next: {
    readonly row: AssetRow
    readonly change: { readonly cause: string; readonly keys: ReturnType<typeof assetKeys> }
  },
): Promise<AssetRow> {
  const { project, id } = before
  const row = { ...next.row, modifiedAt: parts.clock.wall() }
  await commit(parts, {
    project,
    records: [{ name: recordName.asset(project, id), document: assetRecord(row) }],
    change: next.change,
    async rows(tx) {
      await assertUnchanged(await tx.assets.get(project, id), before)
      await tx.assets.put(row)
    },
  })
  return row
}

/** Old and new keys go into the log with the move itself (freshness rule P11). The history moves along. */
async function moveAsset(
  parts: LibraryParts,
  before: AssetRow,
  moved: AssetRow,
  by: string,
): Promise<AssetRow> {
  const { project } = before
  const { assets } = parts.store.tables
  if (await assets.get(project, moved.id)) {
    throw new AssetsError('asset-exists', `There is already an asset “${moved.id}”.`)
  }
  const now = parts.clock.wall()
  const version = await nextVersion(parts, project, moved.id)
  const fresh = version === 1
  const row = { ...moved, version: fresh ? before.version : version, modifiedAt: now }
  const history = fresh
    ? await assets.versions(project, before.id)
    : [{ ...historyEntry(row), createdAt: now, createdBy: by }]
  const keys = [...assetKeys(project, before.id), ...assetKeys(project, row.id)]
  await commit(parts, {
    project,
    records: [
      { name: recordName.asset(project, row.id), document: assetRecord(row) },
      { name: recordName.asset(project, before.id), document: null },
    ],
    purge: keys,
    change: { cause: `Moved “${before.id}” to “${row.id}”`, keys },
    async rows(tx) {
      await assertUnchanged(await tx.assets.get(project, before.id), before)
      await assertUnchanged(await tx.assets.get(project, row.id), undefined)
      await tx.assets.remove(project, before.id)
      await tx.assets.put(row)
      for (const entry of history) await tx.assets.addVersion(project, row.id, entry)
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
