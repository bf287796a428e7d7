import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { AssetLocation } from '../contract/records.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256, sha256Stream } from '../kernel/hash.ts'
import { systemCode } from '../origin/errors.ts'
import { fileIdentity, isSettled, sameIdentity } from '../origin/file-identity.ts'
import type { AssetRow } from '../store/store.ts'
import type { TreeFile } from './folder-tree.ts'
import { inspectBytes, inspectFile } from './inspect.ts'
import type { Inspected } from './inspect.ts'

/** A file's content as it was while it stood still. */
export type TakenContent = Pick<
  AssetRow,
  'hash' | 'bytes' | 'kind' | 'mediaType' | 'width' | 'height'
> & { readonly location: Extract<AssetLocation, { kind: 'file' }> }

export type TakeOutcome =
  | { readonly kind: 'taken'; readonly content: TakenContent }
  /** It changed meanwhile, or is gone: look again. */
  | { readonly kind: 'moving' }
  | { readonly kind: 'unreadable' }

/** Hashes a file; the identity before and after must be the one that stood still (freshness rule P12). */
export async function takeFile(file: TreeFile, clock: Clock): Promise<TakeOutcome> {
  try {
    if (!(await stillSame(file))) return { kind: 'moving' }
    const hashedAt = clock.wall()
    const read = await readContent(file)
    if (!(await stillSame(file))) return { kind: 'moving' }
    const settled = isSettled(file.identity, hashedAt)
    const location = { kind: 'file', path: file.real, identity: file.identity, settled } as const
    const content = { ...read, bytes: file.identity.size, location }
    return { kind: 'taken', content }
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? { kind: 'moving' } : { kind: 'unreadable' }
  }
}

/**
 * The content of a file that is known under another path and surely the same: renaming a folder changes neither inode nor times of
 * the files in it. Null when it must be read.
 */
export function knownContent(
  file: TreeFile,
  byInode: ReadonlyMap<string, AssetRow>,
): TakenContent | null {
  const row = byInode.get(inodeOf(file.identity))
  if (!row || row.location.kind !== 'file' || !row.location.settled) return null
  const same = sameIdentity(row.location.identity, file.identity)
  // Only the extension tells some types apart.
  if (!same || extname(row.location.path) !== extname(file.path)) return null
  const { hash, bytes, kind, mediaType, width, height } = row
  const location = { ...row.location, path: file.real }
  return { hash, bytes, kind, mediaType, width, height, location }
}

export function inodeOf(identity: { readonly device: string; readonly inode: string }): string {
  return `${identity.device}:${identity.inode}`
}

async function stillSame(file: TreeFile): Promise<boolean> {
  return sameIdentity(fileIdentity(await stat(file.real, { bigint: true })), file.identity)
}

/** Files up to this size are read at once: a first start with thousands opens each but once. */
const READ_WHOLE_BYTES_MAX = 8 * 1024 * 1024

async function readContent(file: TreeFile): Promise<Inspected & { readonly hash: string }> {
  if (file.identity.size > READ_WHOLE_BYTES_MAX) {
    const hash = await hashFile(file.real)
    return { ...(await inspectFile(file.real, file.path)), hash }
  }
  const bytes = await readFile(file.real)
  return { ...(await inspectBytes(bytes, file.path)), hash: sha256(bytes) }
}

async function hashFile(path: string): Promise<string> {
  const hash = sha256Stream()
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array)
  return hash.digest()
}
