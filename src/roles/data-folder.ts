import { constants } from 'node:fs'
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isMissing } from '../cache/disk-bodies.ts'
import { StartError } from '../kernel/http-server.ts'
import { randomToken } from '../kernel/ids.ts'
import type { Random } from '../kernel/random.ts'

/** Everything that is kept, in one folder that one Sluice at a time may use. */
export interface DataFolder {
  readonly path: string
  /** A secret kept in a file that only its owner may read; made of chance when it is not there yet. */
  secret(name: string, given: string | null): Promise<{ value: string; made: boolean }>
  /** Incarnations of nodes that ran here before: surely dead, because this start holds the lock. */
  predecessors(): Promise<Readonly<Record<string, string>>>
  rememberNode(id: string, incarnation: string): Promise<void>
  has(name: string): Promise<boolean>
  /** Null when it is not there. */
  read(name: string): Promise<string | null>
  write(name: string, text: string): Promise<void>
  unlock(): void
}

const SECRET_BYTES = 32
const NODES_FILE = 'nodes.json'

export async function openDataFolder(path: string, random: Random): Promise<DataFolder> {
  await makeWritable(path)
  const lock = takeLock(path)
  const file = (name: string): string => join(path, name)
  let remembering = Promise.resolve()
  return {
    path,
    async secret(name, given) {
      if (given !== null) return { value: given, made: false }
      const kept = await readOptional(file(name))
      if (kept !== null && kept.trim() !== '') return { value: kept.trim(), made: false }
      const value = randomToken(random, SECRET_BYTES)
      await writeWhole(file(name), `${value}\n`, 0o600)
      return { value, made: true }
    },
    async predecessors() {
      const text = await readOptional(file(NODES_FILE))
      return text === null ? {} : parseNodes(text)
    },
    rememberNode(id, incarnation) {
      remembering = rememberAfter(remembering, file(NODES_FILE), id, incarnation)
      return remembering
    },
    read: (name) => readOptional(file(name)),
    has: async (name) => (await readOptional(file(name))) !== null,
    write: (name, text) => writeWhole(file(name), text, 0o640),
    unlock: () => lock.close(),
  }
}

async function rememberAfter(
  before: Promise<void>,
  path: string,
  id: string,
  incarnation: string,
): Promise<void> {
  await before.catch(() => undefined)
  const text = await readOptional(path)
  const nodes = { ...(text === null ? {} : parseNodes(text)), [id]: incarnation }
  await writeWhole(path, JSON.stringify(nodes), 0o640)
}

async function makeWritable(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new StartError(
      `the data folder ${path} cannot be written; give it to this user or set SLUICE_DATA to another`,
      error,
    )
  }
}

/** An exclusive SQLite transaction held for life: the system lets go of it when the process ends, however it ends. */
function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'lock.sqlite'))
  try {
    lock.exec('pragma journal_mode = memory; begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    throw new StartError(
      `the data folder ${path} is in use by another Sluice; stop it or set SLUICE_DATA to another`,
      error,
    )
  }
}

/** What cannot be read names nobody: then a predecessor is waited for until its lease is over, which is safe. */
function parseNodes(text: string): Record<string, string> {
  const parsed = parseJson(text)
  if (typeof parsed !== 'object' || parsed === null) return {}
  return Object.fromEntries(
    Object.entries(parsed).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const partial = `${path}.partial`
  try {
    // A mode counts only for a file that is made, not for one that a crash left.
    await rm(partial, { force: true })
    await writeFile(partial, text, { mode, flush: true })
    await rename(partial, path)
  } catch (error) {
    const cure = isFull(error) ? 'make room on its disk' : 'give its folder to this user'
    throw new StartError(`${path} cannot be written; ${cure}`, error)
  }
}

/** Errors that mean a full disk, or a quota that is used up (errno(3)). */
function isFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT'
}
