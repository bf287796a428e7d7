import { createWriteStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { KEY_HASH_PATTERN } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { Log } from '../kernel/log.ts'
import { isMissing } from './disk-bodies.ts'
import type { DiskBodies, DiskBody } from './disk-bodies.ts'
import { CacheError } from './errors.ts'
import type { Freshness, FreshnessState, Marked } from './freshness.ts'
import type { CacheEntry, MarkedCache } from './marked-cache.ts'
import type { SavedStamps } from './saved-stamps.ts'

/**
 * What a disk cache needs to live through a restart: stamps, `applied` and the index, all as of one moment, in one file
 * (freshness rule P13). Bodies written after that moment are garbage at the next start, and so are bodies when the file is missing or
 * damaged: then the cache starts empty, because without stamps nothing can be judged.
 */
const FORMAT = 'sluice-cache-3'

interface SavedEntry {
  readonly cache: string
  readonly key: string
  readonly keys: readonly KeyHash[]
  readonly mark: number
  readonly meta: unknown
  readonly body: DiskBody
}

/** One of the caches that share a disk. Its meta must survive JSON. */
export interface SavedCache {
  readonly name: string
  /** Every entry, least recently used first. */
  readonly all: () => Iterable<readonly [string, CacheEntry<unknown, DiskBody>]>
  /** Puts one back; false when its meta cannot be read. */
  readonly restore: (key: string, entry: Marked & { meta: unknown; body: DiskBody }) => boolean
}

/** `parseMeta` reads what meta was saved as; undefined drops the entry. */
export function savedCache<Meta>(
  name: string,
  cache: MarkedCache<Meta, DiskBody>,
  freshness: Freshness,
  parseMeta: (saved: unknown) => Meta | undefined,
): SavedCache {
  return {
    name,
    all: () => cache.all(),
    restore(key, { keys, mark, meta: saved, body }) {
      const meta = parseMeta(saved)
      if (meta === undefined) return false
      return (
        cache.store(key, { keys, mark, meta, body, bodyBytes: body.bytes }, freshness.epoch) ===
        'stored'
      )
    },
  }
}

/** Where the state is kept, as a part: the simulator crashes between capturing, writing and the file's appearing. */
export interface StateFile {
  /** Writes all lines, then makes them the file, whole. */
  write(lines: Iterable<string>): Promise<void>
  /** The lines of the last whole file; undefined when there is none. */
  read(): Promise<readonly string[] | undefined>
}

/** Captures in one synchronous step, then writes at leisure; the file appears whole, by rename. */
export async function saveState(
  file: StateFile,
  freshness: Freshness,
  caches: readonly SavedCache[],
): Promise<void> {
  const state = freshness.capture()
  const entries: SavedEntry[] = []
  for (const { name, all } of caches) {
    for (const [key, { keys, mark, meta, body }] of all())
      entries.push({ cache: name, key, keys, mark, meta, body })
  }
  await file.write(linesOf(state, entries))
}

function* linesOf(
  { stamps, ...state }: FreshnessState,
  entries: readonly SavedEntry[],
): Generator<string> {
  const counts = { stamps: stamps.length, entries: entries.length }
  yield JSON.stringify({ format: FORMAT, state, ...counts })
  for (const piece of stamps) yield JSON.stringify(piece)
  for (const entry of entries) yield JSON.stringify(entry)
}

export function stateFile(path: string): StateFile {
  return {
    async write(lines) {
      const partial = `${path}.partial`
      const out = createWriteStream(partial, { flush: true })
      for (const line of lines) {
        if (!out.write(`${line}\n`)) await once(out, 'drain')
      }
      out.end()
      await finished(out)
      await rename(partial, path)
    },
    async read() {
      try {
        await using file = await open(path)
        return await Array.fromAsync(file.readLines())
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
  }
}

/** Restores freshness and caches, or leaves all empty. Returns how many entries came back. */
export async function restoreState(
  file: StateFile,
  freshness: Freshness,
  caches: readonly SavedCache[],
  bodies: DiskBodies,
  log: Log,
): Promise<number> {
  const read = await readState(file, log)
  const held = new Set<string>()
  if (read) {
    freshness.restore(read.state)
    for (const entry of read.entries)
      caches.find(({ name }) => name === entry.cache)?.restore(entry.key, entry)
    for (const { all } of caches) for (const [, entry] of all()) held.add(entry.body.file)
  }
  await bodies.settled()
  await bodies.removeOthers(held)
  return held.size
}

async function readState(
  file: StateFile,
  log: Log,
): Promise<{ state: FreshnessState; entries: readonly SavedEntry[] } | undefined> {
  try {
    const [first, ...rest] = (await file.read()) ?? []
    if (first === undefined) return undefined
    const head = parseHead(JSON.parse(first))
    const stamps = rest.slice(0, head.stamps).map((line) => parseStamps(JSON.parse(line)))
    const entries = rest.slice(head.stamps).map((line) => parseEntry(JSON.parse(line)))
    if (head.entries !== entries.length)
      throw new CacheError('saved-state-damaged', 'the saved cache state is incomplete')
    return { state: { ...head.state, stamps }, entries }
  } catch (error) {
    log.warn({ err: error }, 'saved cache state unreadable: the cache starts empty')
    return undefined
  }
}

interface SavedHead {
  readonly state: Omit<FreshnessState, 'stamps'>
  /** Lines that follow: first the stamps, then the entries. */
  readonly stamps: number
  readonly entries: number
}

function parseHead(line: unknown): SavedHead {
  const head = line as Partial<SavedHead> & { format?: unknown }
  const state: Partial<FreshnessState> | undefined = head.state
  const sound =
    head.format === FORMAT &&
    typeof state?.logId === 'string' &&
    Number.isSafeInteger(state.applied) &&
    Number.isSafeInteger(state.floor) &&
    Number.isSafeInteger(head.stamps) &&
    Number.isSafeInteger(head.entries)
  if (!sound)
    throw new CacheError('saved-state-damaged', 'the saved cache state has another format')
  return head as SavedHead
}

function parseStamps(line: unknown): SavedStamps {
  const [project, stamps] = line as Partial<SavedStamps>
  if (typeof project === 'string' && typeof stamps === 'string') return [project, stamps]
  throw new CacheError('saved-state-damaged', 'the saved cache state holds damaged stamps')
}

function parseEntry(line: unknown): SavedEntry {
  const entry = line as Partial<SavedEntry>
  const sound =
    typeof entry.cache === 'string' &&
    typeof entry.key === 'string' &&
    Array.isArray(entry.keys) &&
    entry.keys.every((key) => KEY_HASH_PATTERN.test(String(key))) &&
    Number.isSafeInteger(entry.mark) &&
    typeof entry.body?.file === 'string' &&
    Number.isSafeInteger(entry.body.bytes) &&
    typeof entry.body.sha256 === 'string'
  if (!sound)
    throw new CacheError('saved-state-damaged', 'the saved cache state holds a damaged entry')
  return entry as SavedEntry
}
