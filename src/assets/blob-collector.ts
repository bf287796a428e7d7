import type { Log } from '../kernel/log.ts'
import type { Timers } from '../kernel/timers.ts'
import type { AssetsOrigin } from '../origin/assets-origin.ts'
import type { Store } from '../store/store.ts'
import type { BlobHolds, BlobWatch } from './blob-holds.ts'

/** Versions of an asset that are kept and can be had back; the bytes of older ones are collected. */
export const VERSIONS_PER_ASSET_MAX = 20

/** Disk space is not urgent, and a look reads the names of all blobs. */
const EVERY_MS = 60 * 60 * 1000

/**
 * A blob must be unneeded at two looks this far apart: an image server that has read a record a moment ago still opens its bytes,
 * and bytes that are being read stay readable until they are closed, whatever happens to their name (POSIX unlink).
 */
const GRACE_MS = 60_000

/** Blobs asked about at once, so that the store is free for others in between. */
const BATCH = 500

export interface CollectorParts {
  readonly store: Store
  readonly origin: AssetsOrigin
  readonly holds: BlobHolds
  readonly timers: Pick<Timers, 'after'>
  readonly log: Log
}

export interface BlobCollector {
  /** One look, one grace, and what was unneeded throughout is gone; resolves to how many. */
  collect(signal?: AbortSignal): Promise<number>
  /** Now, and every hour. */
  start(): void
  stop(): Promise<void>
}

/** Removes the bytes that no asset and no kept version needs. */
export function createBlobCollector(parts: CollectorParts): BlobCollector {
  const { timers, log, holds } = parts
  const stopping = new AbortController()
  let running: Promise<void> | null = null

  async function collect(signal: AbortSignal = stopping.signal): Promise<number> {
    const watch = holds.watch()
    try {
      const candidates = await unneeded(parts, await parts.origin.blobs())
      if (candidates.length === 0) return 0
      await pause(timers, GRACE_MS, signal)
      return await removeUnneeded(parts, candidates, watch)
    } finally {
      watch.end()
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const removed = await collect()
        if (removed > 0) log.info({ blobs: removed }, 'bytes of forgotten versions removed')
      } catch (error) {
        if (stopping.signal.aborted) return
        log.warn({ err: error }, 'blobs could not be collected; the next hour tries again')
      }
      await pause(timers, EVERY_MS, stopping.signal).catch(() => undefined)
    }
  }

  return {
    collect,
    start: () => void (running ??= loop()),
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Like a sleep that keeps no process alive: there is nothing to finish. */
function pause(timers: Pick<Timers, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const stop = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = timers.after(ms, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}

async function unneeded(
  { store }: CollectorParts,
  hashes: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = []
  for (let at = 0; at < hashes.length; at += BATCH) {
    const batch = hashes.slice(at, at + BATCH)
    const needed = new Set(await store.tables.assets.neededBlobs(batch))
    found.push(...batch.filter((hash) => !needed.has(hash)))
  }
  return found
}

/**
 * The second look, and the removal at once: between the question whether a blob is held and its removal nothing else runs, so that an
 * upload either was seen or writes the file anew afterwards.
 */
async function removeUnneeded(
  parts: CollectorParts,
  candidates: readonly string[],
  watch: BlobWatch,
): Promise<number> {
  let removed = 0
  for (let at = 0; at < candidates.length; at += BATCH) {
    for (const hash of await unneeded(parts, candidates.slice(at, at + BATCH))) {
      if (watch.touched(hash)) continue
      parts.origin.removeBlobNow(hash)
      removed++
    }
  }
  return removed
}
