import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { Fills } from '../cache/fills.ts'
import type { FillAnswer, FillOrder } from '../cache/fills.ts'
import type { DiskBodies, DiskBody } from '../cache/disk-bodies.ts'
import type { Freshness } from '../cache/freshness.ts'
import type { CacheEntry, MarkedCache } from '../cache/marked-cache.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { OriginRule, ProjectRecord } from '../contract/records.ts'
import { OriginError } from '../origin/errors.ts'
import type { Remote, RemoteAnswer } from '../origin/remote.ts'
import { keptBytesLost } from './errors.ts'
import type { InputNeed } from './record-reader.ts'

/** What is kept of a remote original besides its bytes. */
export interface OriginalMeta {
  readonly hash: string
  readonly mediaType: string
  readonly etag: string | null
  readonly lastModified: string | null
  /** Wall-clock milliseconds of the last answer that confirmed it; for ordinary expiry only. */
  readonly confirmedAt: number
}

export type OriginalCache = MarkedCache<OriginalMeta, DiskBody>
type OriginalEntry = CacheEntry<OriginalMeta, DiskBody>

export type RemoteOriginal =
  | {
      readonly kind: 'found'
      readonly hash: string
      readonly mediaType: string
      /** Only when something must be rendered. */
      readonly load: () => Promise<Uint8Array>
    }
  | { readonly kind: 'missing'; readonly reason: string }

export interface RemoteOriginalsParts {
  readonly clock: Clock
  readonly log: Log
  readonly freshness: Freshness
  readonly cache: OriginalCache
  readonly bodies: DiskBodies
  readonly remote: Pick<Remote, 'fetch'>
}

type OriginalFill = FillAnswer & { readonly original: RemoteOriginal }

/** A `vh` not seen before revalidates its original at most this often. */
const REVALIDATE_EVERY_MS = 1_000
/** Originals whose last revalidation and seen tokens are remembered. */
const REMEMBERED_MAX = 20_000
const TOKENS_PER_ORIGINAL_MAX = 64

/** Remote originals: cached with a `src:` key that renditions do not carry (freshness rule P12). */
export class RemoteOriginals {
  readonly #parts: RemoteOriginalsParts
  readonly #fills: Fills<OriginalFill>
  readonly #revalidatedAt = new Map<string, number>()
  readonly #seenTokens = new Map<string, Set<string>>()

  constructor(parts: RemoteOriginalsParts) {
    this.#parts = parts
    this.#fills = new Fills(parts.freshness, parts.clock)
  }

  /** Whether this version token asks for a look at the origin first. Notes it as seen. */
  tokenIsNews(project: string, original: string, token: string): boolean {
    const name = sourceName(project, original)
    const seen = this.#seenTokens.get(name) ?? new Set()
    if (seen.has(token)) return false
    seen.add(token)
    for (const oldest of seen) {
      if (seen.size <= TOKENS_PER_ORIGINAL_MAX) break
      seen.delete(oldest)
    }
    remember(this.#seenTokens, name, seen)
    const last = this.#revalidatedAt.get(name)
    return last === undefined || this.#parts.clock.now() >= last + REVALIDATE_EVERY_MS
  }

  async read(
    project: ProjectRecord,
    rule: OriginRule,
    original: string,
    need: InputNeed,
  ): Promise<RemoteOriginal> {
    const name = sourceName(project.project, original)
    const { freshness } = this.#parts
    const kept = need.strict ? undefined : this.#kept(name, project, need.mark)
    if (kept) return kept
    const waiter = {
      minMark: need.mark,
      appliedAtArrival: freshness.applied,
      mayUseCache: !need.strict,
    }
    const fill = await this.#fills.obtain(name, waiter, (order) =>
      this.#fetch(name, project, rule, original, order),
    )
    return fill.original
  }

  *sweep(): Generator<void> {
    yield* this.#parts.cache.sweep()
  }

  #kept(name: string, project: ProjectRecord, mark: number): RemoteOriginal | undefined {
    const { cache, clock } = this.#parts
    const found = cache.lookup(name, mark)
    if (!found || clock.wall() >= found.entry.meta.confirmedAt + project.cdnTtlSeconds * 1000)
      return undefined
    return this.#fromDisk(name, found.entry)
  }

  #fromDisk(name: string, entry: OriginalEntry): RemoteOriginal {
    const { bodies, cache } = this.#parts
    const load = async (): Promise<Uint8Array> => {
      const bytes = await bodies.read(entry.body)
      if (bytes) return bytes
      cache.drop(name)
      throw keptBytesLost()
    }
    return { kind: 'found', hash: entry.meta.hash, mediaType: entry.meta.mediaType, load }
  }

  /** What a hard purge made unusable is fetched anew, past every cache; the rest is asked after with its validators. */
  async #fetch(
    name: string,
    project: ProjectRecord,
    rule: OriginRule,
    original: string,
    order: FillOrder,
  ): Promise<OriginalFill> {
    const { freshness, cache, clock, remote } = this.#parts
    const epoch = freshness.epoch
    const mark = Math.max(freshness.applied, order.minMark)
    const keys = [
      keyText.project(project.project),
      keyText.original(project.project, original),
      keyText.source(project.project, original),
    ].map(keyHash)
    remember(this.#revalidatedAt, name, clock.now())
    const candidate = cache.lookup(name, 0)?.entry
    const ask = { rule, original, allowed: project.origins }
    const answer = await remote.fetch(
      candidate
        ? {
            ...ask,
            validators: { etag: candidate.meta.etag, lastModified: candidate.meta.lastModified },
          }
        : { ...ask, noCache: true },
    )
    if (answer.kind === 'missing') {
      return {
        keys,
        mark,
        shareable: true,
        original: { kind: 'missing', reason: `The origin answered ${answer.status}.` },
      }
    }
    if (answer.kind === 'not-modified') {
      if (!candidate)
        throw new OriginError(
          'origin-answer',
          'The origin answered 304 to an unconditional request.',
        )
      const meta = { ...candidate.meta, confirmedAt: clock.wall() }
      const { body } = candidate
      cache.store(name, { keys, mark, meta, body, bodyBytes: body.bytes }, epoch)
      return { keys, mark, shareable: true, original: this.#fromDisk(name, candidate) }
    }
    await this.#keep(name, keys, mark, answer, epoch)
    const { bytes, hash, mediaType } = answer
    return {
      keys,
      mark,
      shareable: true,
      original: { kind: 'found', hash, mediaType, load: async () => bytes },
    }
  }

  async #keep(
    name: string,
    keys: OriginalEntry['keys'],
    mark: number,
    answer: Extract<RemoteAnswer, { kind: 'bytes' }>,
    epoch: number,
  ): Promise<void> {
    const { bodies, cache, clock, log } = this.#parts
    const { hash, mediaType, etag, lastModified } = answer
    try {
      const body = await bodies.write(answer.bytes)
      const meta: OriginalMeta = { hash, mediaType, etag, lastModified, confirmedAt: clock.wall() }
      cache.store(name, { keys, mark, meta, body, bodyBytes: body.bytes }, epoch)
    } catch (error) {
      log.warn({ err: error }, 'original not kept: the cache disk refused it')
    }
  }
}

function sourceName(project: string, original: string): string {
  return keyText.source(project, original)
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED_MAX) break
    map.delete(oldest)
  }
}
