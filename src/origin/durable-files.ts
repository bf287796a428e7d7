import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Files that are whole or absent: written beside their place, synced, renamed over it, and the folder synced so that the name
 * itself survives a power cut.
 */

/** Prefix of unfinished files; a reader never sees one, and a start may remove them all. */
export const UNFINISHED_PREFIX = '.unfinished-'

/** libuv has four threads for files; more syncs at once only queue. */
const SYNCS_AT_ONCE = 4

export interface FileToWrite {
  readonly path: string
  readonly text: string
}

/** A name for an unfinished file in `folder`. */
export function unfinishedPath(folder: string): string {
  return join(folder, `${UNFINISHED_PREFIX}${randomUUID()}`)
}

export async function writeDurably(files: readonly FileToWrite[]): Promise<void> {
  const folders = new Set(files.map((file) => dirname(file.path)))
  for (const folder of folders) await mkdir(folder, { recursive: true })
  await inParallel(files, writeRenamed)
  for (const folder of folders) await syncFolder(folder)
}

export async function removeDurably(paths: readonly string[]): Promise<void> {
  await inParallel(paths, (path) => rm(path, { force: true }))
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    await mkdir(folder, { recursive: true })
    await syncFolder(folder)
  }
}

async function writeRenamed(file: FileToWrite): Promise<void> {
  const unfinished = unfinishedPath(dirname(file.path))
  try {
    const handle = await open(unfinished, 'wx', 0o640)
    try {
      await handle.writeFile(file.text)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file.path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** Makes the names in a folder durable: fsync of a file does not cover the entry that names it (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item)
  }
  await Promise.all(Array.from({ length: SYNCS_AT_ONCE }, worker))
}

/** Removes what a crash left unfinished anywhere under `root`. Only before anything else writes there. */
export async function sweepUnfinished(root: string): Promise<void> {
  await mkdir(root, { recursive: true })
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const unfinished = entries.filter((entry) => entry.name.startsWith(UNFINISHED_PREFIX))
  await Promise.all(
    unfinished.map((entry) => rm(join(entry.parentPath, entry.name), { force: true })),
  )
}
