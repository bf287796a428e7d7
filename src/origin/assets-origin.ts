import { constants, rmSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import type { AssetRecord } from '../contract/records.ts'
import { sha256, sha256Stream } from '../kernel/hash.ts'
import { syncFolder, unfinishedPath } from './durable-files.ts'
import { OriginError, systemCode } from './errors.ts'
import { fileIdentity, sameIdentity } from './file-identity.ts'

/** What of a record says where the bytes are. */
export type StoredAsset = Pick<AssetRecord, 'hash' | 'location'>

/** The originals of the asset store: blobs of the data folder and files of watched folders. */
export interface AssetsOrigin {
  /**
   * Keeps a stream as a blob, named by its hash. Over `bytesMax`, or when the stream fails, nothing is left. `onNamed` is called
   * before the file gets its name.
   */
  putBlob(
    body: AsyncIterable<Uint8Array>,
    bytesMax: number,
    onNamed?: (hash: string) => void,
  ): Promise<{ readonly hash: string; readonly bytes: number; readonly path: string }>
  hasBlob(hash: string): Promise<boolean>
  /** The hashes of all blobs. */
  blobs(): Promise<readonly string[]>
  /** Before anything else runs: no waiting in between is what makes it safe beside uploads. */
  removeBlobNow(hash: string): void
  /** Where a blob lies on this machine. */
  blobPath(hash: string): string
  readAsset(asset: StoredAsset, signal?: AbortSignal): Promise<OriginalBytes>
  /** A part of the bytes, both ends inclusive, as a stream; `size` is that of the whole. */
  openAsset(
    asset: StoredAsset,
    range?: { readonly start: number; readonly end: number },
  ): Promise<{ readonly stream: Readable; readonly size: number }>
  /** Whether the bytes are surely those that the record's hash names (freshness rule P12). */
  unchanged(asset: StoredAsset): Promise<boolean>
}

export interface OriginalBytes {
  readonly bytes: Uint8Array
  /** Of the bytes that were read: what names this input, whatever the record says (freshness rule P12). */
  readonly hash: string
  /** False when the file changed during the read: the bytes may be a mixture. */
  readonly stable: boolean
}

/** An original is decoded in memory; above this the imaging room refuses it anyway by its pixels. */
const READ_BYTES_MAX = 512 * 1024 * 1024

/** `folder` is the origin folder of the data folder: blobs are under `blobs` in it. */
export function openAssetsOrigin(folder: string): AssetsOrigin {
  const root = join(folder, 'blobs')
  const pathOf = (asset: StoredAsset): string =>
    asset.location.kind === 'blob' ? blobPath(root, asset.hash) : asset.location.path
  return {
    putBlob: (body, bytesMax, onNamed) => putBlob(root, body, bytesMax, onNamed),
    blobs: () => blobsIn(root),
    removeBlobNow: (hash) => rmSync(blobPath(root, hash), { force: true }),
    blobPath: (hash) => blobPath(root, hash),
    hasBlob: (hash) => exists(blobPath(root, hash)),
    readAsset: (asset, signal) => readWhole(pathOf(asset), signal),
    openAsset: (asset, range) => openStream(pathOf(asset), range),
    async unchanged(asset) {
      if (asset.location.kind === 'blob') return exists(pathOf(asset))
      return asset.location.settled && (await identityHolds(asset.location))
    },
  }
}

/** Two hexadecimal digits spread blobs over 256 folders. */
function blobPath(root: string, hash: string): string {
  return join(root, hash.slice(0, 2), hash)
}

async function putBlob(
  root: string,
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  onNamed?: (hash: string) => void,
): Promise<{ hash: string; bytes: number; path: string }> {
  await mkdir(root, { recursive: true })
  const unfinished = unfinishedPath(root)
  try {
    const written = await writeCounted(unfinished, body, bytesMax)
    const path = blobPath(root, written.hash)
    onNamed?.(written.hash)
    await mkdir(dirname(path), { recursive: true })
    await rename(unfinished, path)
    await syncFolder(dirname(path))
    await syncFolder(root)
    return { ...written, path }
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** What else lies there, unfinished files for instance, is not ours to name. */
async function blobsIn(root: string): Promise<readonly string[]> {
  await mkdir(root, { recursive: true })
  const hashes: string[] = []
  for (const folder of await readdir(root)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue
    const names = await readdir(join(root, folder))
    hashes.push(...names.filter((name) => /^[0-9a-f]{64}$/.test(name) && name.startsWith(folder)))
  }
  return hashes
}

async function writeCounted(
  path: string,
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<{ hash: string; bytes: number }> {
  const hash = sha256Stream()
  const handle = await open(path, 'wx', 0o640)
  try {
    let bytes = 0
    for await (const piece of body) {
      bytes += piece.length
      if (bytes > bytesMax) {
        throw new OriginError('blob-too-large', `A file may have at most ${bytesMax} bytes.`)
      }
      hash.update(piece)
      await writeAll(handle, piece)
    }
    await handle.sync()
    return { hash: hash.digest(), bytes }
  } finally {
    await handle.close()
  }
}

/** write(2) may take less than it was given. */
async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) {
    at += (await handle.write(piece, at, piece.length - at)).bytesWritten
  }
}

async function readWhole(path: string, signal: AbortSignal | undefined): Promise<OriginalBytes> {
  const handle = await openFile(path)
  try {
    const before = fileIdentity(await handle.stat({ bigint: true }))
    if (before.size > READ_BYTES_MAX) {
      throw new OriginError('original-too-large', 'The original is too large to be read.')
    }
    const bytes = await handle.readFile(signal ? { signal } : {})
    const after = fileIdentity(await handle.stat({ bigint: true }))
    const whole = bytes.length === after.size
    return { bytes, hash: sha256(bytes), stable: whole && sameIdentity(before, after) }
  } catch (error) {
    if (signal?.aborted || error instanceof OriginError) throw error
    throw new OriginError('original-unreadable', 'The original cannot be read.', error)
  } finally {
    await handle.close()
  }
}

async function openStream(
  path: string,
  range: { readonly start: number; readonly end: number } | undefined,
): Promise<{ stream: Readable; size: number }> {
  const handle = await openFile(path)
  try {
    const { size } = await handle.stat()
    const part = range ?? { start: 0, end: size - 1 }
    if (part.end < part.start) {
      await handle.close()
      return { stream: Readable.from([]), size }
    }
    return { stream: handle.createReadStream({ start: part.start, end: part.end }), size }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * Records name real paths, so a link found here was put there afterwards and may lead anywhere (ELOOP); a pipe would block the
 * thread that opens it.
 */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle
  try {
    handle = await open(path, OPEN_FLAGS)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) {
      throw new OriginError('original-missing', 'The original is not there any more.', error)
    }
    throw new OriginError('original-unreadable', 'The original cannot be read.', error)
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new OriginError('original-missing', 'The original is not a file any more.')
}

async function identityHolds(
  location: Extract<StoredAsset['location'], { kind: 'file' }>,
): Promise<boolean> {
  try {
    const now = fileIdentity(await stat(location.path, { bigint: true }))
    return sameIdentity(now, location.identity)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false
    throw new OriginError('original-unreadable', 'The original cannot be read.', error)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw new OriginError('original-unreadable', 'The original cannot be read.', error)
  }
}
