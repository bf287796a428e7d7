import { constants, existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { assetsWithoutBytes } from './assets/restored-library.ts'
import type { Random } from './kernel/random.ts'
import { openAssetsOrigin } from './origin/assets-origin.ts'
import type { AssetsOrigin } from './origin/assets-origin.ts'
import { syncFolder } from './origin/durable-files.ts'
import { ORIGIN_FOLDER, STORE_FILE } from './roles/control-role.ts'
import { openDataFolder } from './roles/data-folder.ts'
import { copyDataFile, markAsCopy } from './store/sqlite-copies.ts'
import { openSqliteStore } from './store/sqlite-store.ts'

/** Copies of a data folder: taken while Sluice runs, and put back. */

export interface CopyIo {
  readonly dataFolder: string
  readonly storeFile: string
  readonly random: Random
}

/** Of what was refused, in one line for people. */
export class CopyError extends Error {
  override readonly name = 'CopyError'
}

/** What the system says of files: ENOSPC, EACCES, EROFS (errno(3)). */
const SYSTEM_CODE = /^E[A-Z0-9]+$/

/** Kept as they are, so that nodes and scripts go on with what they know. Caches are not copied: they fill by themselves. */
const SECRETS = ['admin-key', 'node-secret'] as const
/** libuv has four threads for files. */
const COPIES_AT_ONCE = 4
/** Names in one line. */
const NAMED_MAX = 20

export interface BackUp {
  readonly blobs: number
  /** Assets, as `project/id`, whose bytes are not in it. */
  readonly lost: readonly string[]
}

/**
 * Makes `to`, a data folder that Sluice can be started with: the store as it is now, and the bytes of every asset that it knows. It is
 * there whole or not at all.
 */
export async function backUp(io: CopyIo, place: string): Promise<BackUp> {
  const to = path.resolve(place)
  if (existsSync(to)) throw new CopyError(`${to} exists already: name a folder that is not there`)
  try {
    return await fillWhole(io, to)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!SYSTEM_CODE.test(code)) throw error
    throw new CopyError(
      `the backup ${to} cannot be written (${code}); make room, or name a folder that this user may make`,
      { cause: error },
    )
  }
}

async function fillWhole({ dataFolder, random }: CopyIo, to: string): Promise<BackUp> {
  const unfinished = `${to}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  try {
    await mkdir(path.join(unfinished, ORIGIN_FOLDER), { recursive: true, mode: 0o750 })
    const from = openAssetsOrigin(path.join(dataFolder, ORIGIN_FOLDER))
    const into = openAssetsOrigin(path.join(unfinished, ORIGIN_FOLDER))
    // Before and after the store: what it knows was there at one of the two, whatever is put or removed meanwhile.
    await copyBlobs(from, into)
    const storeFile = path.join(unfinished, STORE_FILE)
    copyDataFile(path.join(dataFolder, STORE_FILE), storeFile, random)
    await chmod(storeFile, 0o640)
    await copyBlobs(from, into)
    const lost = await lostFrom(storeFile, into, random)
    for (const name of SECRETS) await copySecret(dataFolder, unfinished, name)
    await syncFolder(unfinished)
    await rename(unfinished, to)
    await syncFolder(path.dirname(to))
    return { blobs: (await openAssetsOrigin(path.join(to, ORIGIN_FOLDER)).blobs()).length, lost }
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

async function copyBlobs(from: AssetsOrigin, into: AssetsOrigin): Promise<void> {
  const there = new Set(await into.blobs())
  const wanted = (await from.blobs()).filter((hash) => !there.has(hash)).values()
  const worker = async (): Promise<void> => {
    for (const hash of wanted) await copyWhole(from.blobPath(hash), into.blobPath(hash))
  }
  await Promise.all(Array.from({ length: COPIES_AT_ONCE }, worker))
}

/** Not linked: one more name changes a file's ctime, and with it what is known to be unchanged (freshness rule P12). */
async function copyWhole(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true })
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  } catch (error) {
    // Collected meanwhile: nothing needed it any more.
    if (isMissing(error)) return
    throw error
  }
  const file = await open(to, 'r')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function copySecret(from: string, to: string, name: string): Promise<void> {
  try {
    await copyFile(path.join(from, name), path.join(to, name))
  } catch (error) {
    // Set by the environment, then there is no file.
    if (!isMissing(error)) throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function lostFrom(
  storeFile: string,
  origin: AssetsOrigin,
  random: Random,
): Promise<readonly string[]> {
  const store = await openSqliteStore(storeFile, { random })
  try {
    return await assetsWithoutBytes(store, origin)
  } finally {
    await store.close()
  }
}

/** Says that the data are a copy that was put back; nobody may use them meanwhile. Names assets whose bytes did not come along. */
export async function declareRestored({
  dataFolder,
  storeFile,
  random,
}: CopyIo): Promise<{ readonly lost: readonly string[] }> {
  const data = await openDataFolder(dataFolder, random)
  try {
    markAsCopy(storeFile, random)
    const origin = openAssetsOrigin(path.join(dataFolder, ORIGIN_FOLDER))
    return { lost: await lostFrom(storeFile, origin, random) }
  } finally {
    data.unlock()
  }
}

/** A list of assets for one line. */
export function named(assets: readonly string[]): string {
  const more = assets.length > NAMED_MAX ? ` and ${assets.length - NAMED_MAX} more` : ''
  return assets.slice(0, NAMED_MAX).join(', ') + more
}
