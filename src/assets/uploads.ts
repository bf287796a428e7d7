import { recordName } from '../contract/records.ts'
import { OriginError, systemCode } from '../origin/errors.ts'
import type { AssetRow, AssetVersionRow } from '../store/store.ts'
import { assetKeys, assetRecord } from './asset-rows.ts'
import type { AssetUpload, PutOutcome } from './assets.ts'
import { VERSIONS_PER_ASSET_MAX } from './blob-collector.ts'
import { commit } from './commit.ts'
import { AssetsError } from './errors.ts'
import { inspectFile } from './inspect.ts'
import type { Inspected } from './inspect.ts'
import { assertId, assertWritable, assetOf, projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'

/** A long video; larger files belong on a video platform. */
export const UPLOAD_BYTES_MAX = 2 * 1024 * 1024 * 1024

/** What a new version of an asset is made of. */
interface Content {
  readonly hash: string
  readonly bytes: number
  readonly inspected: Inspected
}

/** The body is stored first, by its hash; only a whole one becomes a version. */
export async function putAsset(
  parts: LibraryParts,
  upload: AssetUpload,
  body: AsyncIterable<Uint8Array>,
): Promise<PutOutcome> {
  assertId(upload.id)
  assertWritable(await projectOf(parts, upload.project))
  const { content, release } = await receive(parts, upload, body)
  try {
    return await commitUpload(parts, upload, content)
  } finally {
    release()
  }
}

function commitUpload(
  parts: LibraryParts,
  upload: AssetUpload,
  content: Content,
): Promise<PutOutcome> {
  return parts.locks.run(upload.project, async () => {
    assertWritable(await projectOf(parts, upload.project))
    const { project, id } = upload
    const before = await parts.store.tables.assets.get(project, id)
    const published = upload.published ?? before?.published ?? true
    if (before && before.hash === content.hash && before.published === published) {
      return { asset: before, created: false, changed: false }
    }
    const asset = await commitVersion(parts, {
      project,
      id,
      by: upload.by,
      published,
      before,
      content,
    })
    return { asset, created: before === undefined, changed: true }
  })
}

export async function restoreVersion(
  parts: LibraryParts,
  ask: {
    readonly project: string
    readonly id: string
    readonly version: number
    readonly by: string
  },
): Promise<AssetRow> {
  const { project, id, by } = ask
  assertWritable(await projectOf(parts, project))
  return parts.locks.run(project, async () => {
    const before = await assetOf(parts, project, id)
    // Kept versions are needed as they are, and those of an asset are forgotten only here, one after the other.
    const content = await oldContent(parts, before, ask.version)
    return commitVersion(parts, { project, id, by, published: before.published, before, content })
  })
}

async function oldContent(parts: LibraryParts, row: AssetRow, version: number): Promise<Content> {
  const old = await versionOf(parts, row, version)
  const path = parts.origin.blobPath(old.hash)
  return { hash: old.hash, bytes: old.bytes, inspected: await inspectFile(path, row.id) }
}

/** A version of a library asset; of a watched folder only the current bytes exist. */
export async function versionOf(
  parts: LibraryParts,
  row: AssetRow,
  version: number,
): Promise<AssetVersionRow> {
  const versions = await parts.store.tables.assets.versions(row.project, row.id)
  const found = versions.find((entry) => entry.version === version)
  if (found && (await parts.origin.hasBlob(found.hash))) return found
  throw new AssetsError('unknown-version', `“${row.id}” has no version ${version}.`)
}

interface NewVersion {
  readonly project: string
  readonly id: string
  readonly by: string
  readonly published: boolean
  readonly before: AssetRow | undefined
  readonly content: Content
}

async function commitVersion(parts: LibraryParts, next: NewVersion): Promise<AssetRow> {
  const { project, id, before, content } = next
  const now = parts.clock.wall()
  const same = before?.hash === content.hash
  const version = same ? before.version : await nextVersion(parts, project, id)
  const { mediaType, kind, width, height } = content.inspected
  const row: AssetRow = {
    project,
    id,
    kind,
    mediaType,
    width,
    height,
    version,
    published: next.published,
    hash: content.hash,
    bytes: content.bytes,
    location: { kind: 'blob' },
    crops: before?.crops ?? {},
    modifiedAt: now,
  }
  const entry = {
    version,
    mediaType,
    hash: row.hash,
    bytes: row.bytes,
    createdAt: now,
    createdBy: next.by,
  }
  await commit(parts, {
    project,
    records: [{ name: recordName.asset(project, id), document: assetRecord(row) }],
    change: {
      cause: causeOf(next, same),
      keys: assetKeys(project, id),
    },
    async rows(tx) {
      await assertUnchanged(await tx.assets.get(project, id), before)
      await tx.assets.put(row)
      if (same) return
      await tx.assets.addVersion(project, id, entry)
      await tx.assets.forgetVersions(project, id, VERSIONS_PER_ASSET_MAX)
    },
  })
  return row
}

function causeOf(next: NewVersion, same: boolean): string {
  if (!next.before) return `New asset “${next.id}”`
  if (!same) return `New version of “${next.id}”`
  return `${next.published ? 'Published' : 'Unpublished'} “${next.id}”`
}

/** Another control process may have been faster; its change must not be lost. */
export async function assertUnchanged(
  now: AssetRow | undefined,
  before: AssetRow | undefined,
): Promise<void> {
  const same =
    now?.version === before?.version &&
    now?.modifiedAt === before?.modifiedAt &&
    now?.published === before?.published
  if (same) return
  throw new AssetsError(
    'asset-changed',
    'Somebody changed this asset at the same moment: try again.',
  )
}

/** Counts on after a delete, so that a version never means two things. */
export async function nextVersion(
  parts: LibraryParts,
  project: string,
  id: string,
): Promise<number> {
  const versions = await parts.store.tables.assets.versions(project, id)
  return Math.max(0, ...versions.map((entry) => entry.version)) + 1
}

const NOTHING_HELD = (): void => undefined

async function receive(
  parts: LibraryParts,
  upload: AssetUpload,
  body: AsyncIterable<Uint8Array>,
): Promise<{ readonly content: Content; readonly release: () => void }> {
  if ((upload.contentLength ?? 0) > UPLOAD_BYTES_MAX) throw tooLarge()
  let release = NOTHING_HELD
  const hold = (hash: string): void => void (release = parts.holds.hold(hash))
  try {
    const blob = await parts.origin.putBlob(wholeBody(upload, body), UPLOAD_BYTES_MAX, hold)
    const inspected = await inspectFile(blob.path, upload.id)
    return { content: { hash: blob.hash, bytes: blob.bytes, inspected }, release }
  } catch (error) {
    release()
    if (error instanceof OriginError && error.code === 'blob-too-large') throw tooLarge()
    if (error instanceof AssetsError || systemCode(error) === null) throw error
    throw new AssetsError('assets-unreadable', 'The file cannot be stored now: is the disk full?', {
      cause: error,
    })
  }
}

function tooLarge(): AssetsError {
  return new AssetsError('upload-too-large', `A file may have at most ${UPLOAD_BYTES_MAX} bytes.`)
}

/** Ends only when the whole body came: a client that goes away or lies about the length changes nothing. */
async function* wholeBody(
  upload: AssetUpload,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const piece of body) {
      if (upload.signal?.aborted) break
      bytes += piece.length
      yield piece
    }
  } catch (cause) {
    throw new AssetsError('incomplete-upload', 'The upload broke off: nothing was changed.', {
      cause,
    })
  }
  if (upload.signal?.aborted) {
    throw new AssetsError('incomplete-upload', 'The upload broke off: nothing was changed.')
  }
  if (upload.contentLength !== undefined && upload.contentLength !== bytes) {
    throw new AssetsError(
      'incomplete-upload',
      `${bytes} bytes came, but Content-Length said ${upload.contentLength}: nothing was changed.`,
    )
  }
  if (bytes === 0) throw new AssetsError('empty-upload', 'The body is empty: send the file.')
}
