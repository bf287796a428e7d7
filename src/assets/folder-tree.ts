import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FileIdentity } from '../contract/records.ts'
import type { Clock } from '../kernel/clock.ts'
import { systemCode } from '../origin/errors.ts'
import { sameIdentity } from '../origin/file-identity.ts'
import type { AssetProblem } from './assets.ts'
import { joinPath, scanFolder } from './folder-scan.ts'
import type { ScannedFile, ScannedFolder, ScannedFolderEntry } from './folder-scan.ts'

/**
 * What a watched folder holds, as last seen, and one watch for each of its folders. An event says only "look here again"; looking is
 * what tells what happened, so a lost or doubled event costs nothing but time. (One `fs.watch` a folder: 20,000 files in 200 folders
 * are listed and watched in 0.1 s; a watch for each file took five times as long and three times the memory.)
 */
export interface TreeFile {
  /** Relative to the watched folder. */
  readonly path: string
  readonly real: string
  readonly identity: FileIdentity
  /** When this identity was first seen, on the monotonic clock. */
  readonly since: number
}

interface TreeFolder {
  readonly path: string
  readonly real: string
  readonly self: string
  readonly chain: ReadonlySet<string>
  readonly files: Map<string, TreeFile>
  readonly folders: Set<string>
  problems: readonly AssetProblem[]
  hasLinks: boolean
  watcher: FSWatcher | null
}

export interface FolderTreeParts {
  readonly root: string
  readonly ownData: string
  readonly clock: Clock
  /** Called at each event with the folder that should be looked at again. */
  readonly onDirty: (path: string) => void
}

/** Links could multiply folders without end. */
const FOLDERS_MAX = 100_000

export class FolderTree {
  readonly #parts: FolderTreeParts
  readonly #folders = new Map<string, TreeFolder>()
  #rootProblem: AssetProblem | null = null
  #unwatched = 0

  constructor(parts: FolderTreeParts) {
    this.#parts = parts
  }

  /** Paths of all folders. */
  folders(): readonly string[] {
    return [...this.#folders.keys()]
  }

  /** The nearest folder at or above a path. */
  nearest(path: string): string {
    for (let at = path; at !== '.' && at !== ''; at = dirname(at)) {
      if (this.#folders.has(at)) return at
    }
    return ''
  }

  file(path: string): TreeFile | undefined {
    const slash = path.lastIndexOf('/')
    return this.#folders.get(path.slice(0, Math.max(slash, 0)))?.files.get(path.slice(slash + 1))
  }

  problems(): readonly AssetProblem[] {
    const all = [...this.#folders.values()].flatMap((folder) => folder.problems)
    return this.#rootProblem ? [this.#rootProblem, ...all] : all
  }

  /** False when the system refused a watch: then only looking again and again sees changes. */
  get watched(): boolean {
    return this.#unwatched === 0 && this.#rootProblem === null
  }

  /** Looks at these folders again, and at new ones below; returns the paths of files that came, changed or went. */
  async refresh(paths: Iterable<string>): Promise<ReadonlySet<string>> {
    const changed = new Set<string>()
    const wanted = new Set([...paths].map((path) => this.nearest(path)))
    for (const folder of this.#folders.values()) if (folder.hasLinks) wanted.add(folder.path)
    if (await this.#checkRoot(wanted, changed)) {
      for (const path of wanted) await this.#rescan(path, changed)
    }
    return changed
  }

  close(): void {
    for (const folder of this.#folders.values()) folder.watcher?.close()
    this.#folders.clear()
  }

  /** False when there is nothing to look at: no root, another root (then it was opened anew), or one that is kept as it was. */
  async #checkRoot(wanted: ReadonlySet<string>, changed: Set<string>): Promise<boolean> {
    const known = this.#folders.get('')
    if (known && !wanted.has('')) return true
    const { root } = this.#parts
    try {
      const stats = await stat(root, { bigint: true })
      const self = `${stats.dev}:${stats.ino}`
      if (known?.self === self) return true
      if (known && (await readdir(root)).length === 0) {
        this.#rootProblem = UNMOUNTED
        return false
      }
      this.#drop('', changed)
      this.#rootProblem = null
      await this.#open('', { name: '', real: root, self }, new Set(), changed)
    } catch (error) {
      this.#rootProblem = rootProblem(error)
    }
    return false
  }

  async #open(
    path: string,
    entry: ScannedFolderEntry,
    above: ReadonlySet<string>,
    changed: Set<string>,
  ): Promise<void> {
    if (this.#folders.size >= FOLDERS_MAX) return
    const folder: TreeFolder = {
      path,
      real: entry.real,
      self: entry.self,
      chain: new Set([...above, entry.real]),
      files: new Map(),
      folders: new Set(),
      problems: [],
      hasLinks: false,
      watcher: null,
    }
    this.#folders.set(path, folder)
    // Watched before it is read, so that nothing falls between.
    folder.watcher = this.#watch(folder)
    await this.#rescan(path, changed)
  }

  async #rescan(path: string, changed: Set<string>): Promise<void> {
    const folder = this.#folders.get(path)
    if (!folder) return
    const { root, ownData } = this.#parts
    const { real, chain } = folder
    try {
      const scanned = await scanFolder({ root, ownData, path, real, chain })
      if (path === '') this.#rootProblem = null
      this.#takeFiles(folder, scanned.files, changed)
      folder.problems = scanned.problems
      folder.hasLinks = scanned.hasLinks
      await this.#takeFolders(folder, scanned, changed)
    } catch (error) {
      this.#unlistable(folder, error, changed)
    }
  }

  /** A folder that is gone takes its files along; one that cannot be read now, or the root itself, keeps what was known. */
  #unlistable(folder: TreeFolder, error: unknown, changed: Set<string>): void {
    if (folder.path === '') this.#rootProblem = rootProblem(error)
    else if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) {
      this.#drop(folder.path, changed)
    } else {
      const reason = 'The folder cannot be read: check its permissions.'
      folder.problems = [{ path: folder.path, code: 'unreadable', reason }]
    }
  }

  #takeFiles(folder: TreeFolder, scanned: readonly ScannedFile[], changed: Set<string>): void {
    const now = this.#parts.clock.now()
    const gone = new Set(folder.files.keys())
    for (const { name, real, identity } of scanned) {
      gone.delete(name)
      const known = folder.files.get(name)
      if (known && known.real === real && sameIdentity(known.identity, identity)) continue
      const path = joinPath(folder.path, name)
      folder.files.set(name, { path, real, identity, since: now })
      changed.add(path)
    }
    for (const name of gone) {
      folder.files.delete(name)
      changed.add(joinPath(folder.path, name))
    }
  }

  async #takeFolders(
    folder: TreeFolder,
    scanned: ScannedFolder,
    changed: Set<string>,
  ): Promise<void> {
    const gone = new Set(folder.folders)
    for (const entry of scanned.folders) {
      gone.delete(entry.name)
      const path = joinPath(folder.path, entry.name)
      const known = this.#folders.get(path)
      if (known?.self === entry.self && known.real === entry.real) continue
      if (known) this.#drop(path, changed)
      folder.folders.add(entry.name)
      await this.#open(path, entry, folder.chain, changed)
    }
    for (const name of gone) {
      folder.folders.delete(name)
      this.#drop(joinPath(folder.path, name), changed)
    }
  }

  #drop(path: string, changed: Set<string>): void {
    const folder = this.#folders.get(path)
    if (!folder) return
    folder.watcher?.close()
    this.#folders.delete(path)
    for (const file of folder.files.values()) changed.add(file.path)
    for (const name of folder.folders) this.#drop(joinPath(path, name), changed)
  }

  #watch({ path, real }: TreeFolder): FSWatcher | null {
    const { onDirty } = this.#parts
    try {
      const watcher = watch(real, { persistent: false })
      watcher.on('change', () => onDirty(path))
      watcher.on('error', () => onDirty(path))
      return watcher
    } catch (error) {
      // ENOSPC: the system's limit of watches (fs.inotify.max_user_watches) is reached.
      if (systemCode(error) !== 'ENOENT') this.#unwatched++
      return null
    }
  }
}

/** The place where a disk was mounted is an empty folder: that is no reason to forget a thousand assets. */
const UNMOUNTED: AssetProblem = {
  path: '',
  code: 'unreadable',
  reason:
    'The folder is empty and not the one it was: is its disk mounted? What was known is kept.',
}

function rootProblem(error: unknown): AssetProblem {
  const code = systemCode(error) ?? 'unknown'
  return {
    path: '',
    code: 'unreadable',
    reason: `The folder itself cannot be read (${code}); what was known of it is kept.`,
  }
}
