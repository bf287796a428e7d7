import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import type { FileIdentity } from '../contract/records.ts'
import { systemCode } from '../origin/errors.ts'
import { fileIdentity } from '../origin/file-identity.ts'
import { folderAssetId, idProblem } from './asset-id.ts'
import type { AssetProblem } from './assets.ts'

/** What one folder holds now, judged entry by entry. Nothing below it is looked at. */
export interface ScannedFolder {
  readonly files: readonly ScannedFile[]
  readonly folders: readonly ScannedFolderEntry[]
  readonly problems: readonly AssetProblem[]
  /** Whether an entry is a link: its target may change without an event here. */
  readonly hasLinks: boolean
}

export interface ScannedFile {
  readonly name: string
  /** Absolute, without links. */
  readonly real: string
  readonly identity: FileIdentity
}

export interface ScannedFolderEntry {
  readonly name: string
  readonly real: string
  /** Device and inode: another folder under the same name is another folder. */
  readonly self: string
}

export interface ScanPlace {
  /** The watched folder, without links. */
  readonly root: string
  /** Sluice's own data folder, without links: whoever serves a folder that holds it must not serve the admin key. */
  readonly ownData: string
  /** Relative to the watched folder; '' is itself. */
  readonly path: string
  /** The folder itself, absolute and without links. */
  readonly real: string
  /** Real paths from the root to here: a link to one of them would go round for ever. */
  readonly chain: ReadonlySet<string>
}

type Entry =
  | { readonly kind: 'file'; readonly file: ScannedFile; readonly link: boolean }
  | { readonly kind: 'folder'; readonly folder: ScannedFolderEntry; readonly link: boolean }
  | { readonly kind: 'problem'; readonly problem: AssetProblem; readonly link: boolean }
  /** It went away between listing and looking. */
  | { readonly kind: 'gone'; readonly link: boolean }

/** Each look costs a thread of the pool; more at once only queue. */
const LOOKS_AT_ONCE = 64

/** Rejects with the system's error when the folder itself cannot be listed. */
export async function scanFolder(place: ScanPlace): Promise<ScannedFolder> {
  // Names are bytes: one that is no UTF-8 would come back altered as text.
  const names = await readdir(place.real, { encoding: 'buffer' })
  const entries: Entry[] = []
  for (let at = 0; at < names.length; at += LOOKS_AT_ONCE) {
    const looks = names.slice(at, at + LOOKS_AT_ONCE).map((name) => lookAt(place, name))
    entries.push(...(await Promise.all(looks)))
  }
  return {
    files: entries.flatMap((entry) => (entry.kind === 'file' ? [entry.file] : [])),
    folders: entries.flatMap((entry) => (entry.kind === 'folder' ? [entry.folder] : [])),
    problems: entries.flatMap((entry) => (entry.kind === 'problem' ? [entry.problem] : [])),
    hasLinks: entries.some((entry) => entry.link),
  }
}

async function lookAt(place: ScanPlace, bytes: Uint8Array): Promise<Entry> {
  const name = Buffer.from(bytes).toString('utf8')
  const path = joinPath(place.path, name)
  if (!Buffer.from(name).equals(bytes)) {
    return problemEntry(path, 'not-utf-8', 'The name is not valid UTF-8: rename it.')
  }
  try {
    const own = await lstat(join(place.real, name), { bigint: true })
    if (own.isSymbolicLink()) return await lookThrough(place, name, path)
    return judge(place, { name, path, real: join(place.real, name), stats: own, link: false })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { kind: 'gone', link: false }
    return problemEntry(path, 'unreadable', 'It cannot be read: check its permissions.')
  }
}

async function lookThrough(place: ScanPlace, name: string, path: string): Promise<Entry> {
  let real: string
  try {
    real = await realpath(join(place.real, name))
  } catch {
    return problemEntry(path, 'escaping-link', 'The link leads nowhere.', true)
  }
  if (!isWithin(real, place.root)) {
    return problemEntry(path, 'escaping-link', 'The link leaves the folder: copy the file.', true)
  }
  return judge(place, { name, path, real, stats: await stat(real, { bigint: true }), link: true })
}

interface Seen {
  readonly name: string
  readonly path: string
  readonly real: string
  readonly stats: BigIntStats
  readonly link: boolean
}

function judge(place: ScanPlace, seen: Seen): Entry {
  const { name, path, real, stats, link } = seen
  if (isWithin(real, place.ownData)) {
    return problemEntry(
      path,
      'own-data',
      'Sluice keeps its own data there: it is not served.',
      link,
    )
  }
  if (stats.isDirectory()) return judgeFolder(place, seen)
  const wrong = idProblem(folderAssetId(path))
  if (wrong) return problemEntry(path, wrong.code, wrong.reason, link)
  if (!stats.isFile()) return problemEntry(path, 'unreadable', 'It is no regular file.', link)
  return { kind: 'file', file: { name, real, identity: fileIdentity(stats) }, link }
}

/** A folder whose name cannot be part of an id is one problem, not one for each file below. */
function judgeFolder(place: ScanPlace, seen: Seen): Entry {
  const { name, path, real, stats, link } = seen
  const wrong = idProblem(path)
  if (wrong) return problemEntry(path, wrong.code, wrong.reason, link)
  if (place.chain.has(real)) {
    return problemEntry(path, 'escaping-link', 'The link leads back to a folder above it.', true)
  }
  return { kind: 'folder', folder: { name, real, self: `${stats.dev}:${stats.ino}` }, link }
}

function problemEntry(
  path: string,
  code: AssetProblem['code'],
  reason: string,
  link = false,
): Entry {
  return { kind: 'problem', problem: { path, code, reason }, link }
}

/** Whether an absolute path is a folder or below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}
