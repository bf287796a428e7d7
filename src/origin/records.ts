import { mkdir, readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { recordName } from '../contract/records.ts'
import type { AssetRecord, NamesRecord, PresetsRecord, ProjectRecord } from '../contract/records.ts'
import { removeDurably, writeDurably } from './durable-files.ts'
import { OriginError, systemCode } from './errors.ts'
import { recordPath } from './record-path.ts'
import {
  parseAssetRecord,
  parseNamesRecord,
  parsePresetsRecord,
  parseProjectRecord,
} from './record-parsing.ts'

/** Records as files. What a method resolved with is on disk. */
export interface RecordStore {
  /** The document as parsed JSON; null when there is none. */
  read(name: string, signal?: AbortSignal): Promise<unknown>
  names(signal?: AbortSignal): Promise<NamesRecord | null>
  project(project: string, signal?: AbortSignal): Promise<ProjectRecord | null>
  presets(project: string, signal?: AbortSignal): Promise<PresetsRecord | null>
  asset(project: string, id: string, signal?: AbortSignal): Promise<AssetRecord | null>
  write(name: string, document: unknown): Promise<void>
  remove(name: string): Promise<void>
  /** Many at once, for a folder of thousands; a null document removes. Each record is whole, the batch may be cut short. */
  apply(changes: readonly RecordChange[]): Promise<void>
}

export interface RecordChange {
  readonly name: string
  readonly document: unknown
}

/** `folder` is the origin folder of the data folder: records are under `records` in it. */
export function openRecords(folder: string): RecordStore {
  const root = join(folder, 'records')
  const fileOf = (name: string): string => join(root, recordPath(name))
  const read = (name: string, signal?: AbortSignal): Promise<unknown> =>
    readDocument(fileOf(name), signal)
  const apply = async (changes: readonly RecordChange[]): Promise<void> => {
    const written = changes.filter((change) => change.document !== null)
    const removed = changes.filter((change) => change.document === null)
    await writeDurably(
      written.map((change) => ({
        path: fileOf(change.name),
        text: JSON.stringify(change.document),
      })),
    )
    await removeDurably(removed.map((change) => fileOf(change.name)))
  }
  return {
    read,
    names: async (signal) => orNull(await read(recordName.names(), signal), parseNamesRecord),
    project: async (project, signal) =>
      orNull(await read(recordName.project(project), signal), parseProjectRecord),
    presets: async (project, signal) =>
      orNull(await read(recordName.presets(project), signal), parsePresetsRecord),
    asset: async (project, id, signal) =>
      orNull(await read(recordName.asset(project, id), signal), parseAssetRecord),
    write: (name, document) => apply([{ name, document }]),
    remove: (name) => apply([{ name, document: null }]),
    apply,
  }
}

/** Removes every record that has none of these names; resolves to how many there were. `folder` as for `openRecords`. */
export async function removeOtherRecords(
  folder: string,
  names: readonly string[],
): Promise<number> {
  const root = join(folder, 'records')
  const wanted = new Set(names.map(recordPath))
  await mkdir(root, { recursive: true })
  const found = await readdir(root, { recursive: true, withFileTypes: true })
  const others = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !wanted.has(relative(root, path)))
  await removeDurably(others)
  return others.length
}

function orNull<T>(document: unknown, parse: (value: unknown) => T): T | null {
  return document === null ? null : parse(document)
}

async function readDocument(path: string, signal: AbortSignal | undefined): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, { encoding: 'utf8', ...(signal ? { signal } : {}) })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    if (signal?.aborted) throw error
    throw new OriginError('original-unreadable', 'A record cannot be read from disk.', error)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OriginError('record-malformed', 'A record on disk is not JSON.', error)
  }
}
