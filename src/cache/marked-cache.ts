import type { Freshness, Judgement, Marked } from './freshness.ts'
import type { Staleness } from './soft-stamps.ts'

/**
 * A byte-bounded cache whose entries are usable only while the judge says so. One implementation for all tiers: an edge keeps bodies in
 * memory, a resizer keeps them as files (`disk-bodies.ts`); the index is in memory in both. Nothing is searched when a purge is
 * applied: what became unusable is dropped when it is met, by a lookup, by eviction or by the sweeper.
 */
export interface CacheEntry<Meta, Body> extends Marked {
  readonly meta: Meta
  readonly body: Body
  /** Bytes that count against the bound: body, keys and meta. */
  readonly size: number
}

export interface Found<Meta, Body> {
  readonly entry: CacheEntry<Meta, Body>
  /** The mark that the answer goes out with, read in the same step as the judgement. */
  readonly mark: number
}

/** What else holds a body's bytes. Memory bodies need nothing; files are unlinked. */
export interface BodyHolder<Body> {
  release(body: Body): void
}

export const memoryBodies: BodyHolder<Uint8Array> = { release: () => undefined }

export type StoreOutcome = 'stored' | 'not-usable' | 'older-than-held' | 'too-large'

/** Map slots, strings and objects around a body, measured roughly with the heap profiler. */
const ENTRY_OVERHEAD_BYTES = 600
/** One object may take at most this share of a cache, so that it cannot evict everything else. */
const LARGEST_SHARE = 0.25
/** Entries judged between two yields of the sweeper: below a millisecond. */
const SWEEP_SLICE = 2_000

export interface MarkedCacheParts<Body> {
  readonly freshness: Freshness
  readonly bodies: BodyHolder<Body>
  readonly bytesMax: number
}

export class MarkedCache<Meta, Body> {
  readonly #freshness: Freshness
  readonly #bodies: BodyHolder<Body>
  readonly #bytesMax: number
  /** Insertion order is use order: the first is the least recently used. */
  readonly #entries = new Map<string, CacheEntry<Meta, Body>>()
  #bytes = 0

  constructor(parts: MarkedCacheParts<Body>) {
    this.#freshness = parts.freshness
    this.#bodies = parts.bodies
    this.#bytesMax = parts.bytesMax
    this.#freshness.whenEmptied({ forgetAll: () => this.clear() })
  }

  get count(): number {
    return this.#entries.size
  }
  get bytes(): number {
    return this.#bytes
  }
  get objectBytesMax(): number {
    return Math.floor(this.#bytesMax * LARGEST_SHARE)
  }

  /** Whether anything is held, usable or not. */
  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** What may be used for a request that needs at least `minMark`. A hard-purged entry does not exist. */
  lookup(key: string, minMark: number): Found<Meta, Body> | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    const judgement = this.#freshness.judge(entry, minMark)
    if (!judgement.usable) {
      // Only what its stamps condemn is garbage; an entry may merely be too old for this asker.
      if (!this.#freshness.reflects(entry.keys, entry.mark)) this.#remove(key, entry)
      return undefined
    }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return { entry, mark: judgement.mark }
  }

  /**
   * What no hard purge condemns, although a soft one may have made it stale: to be asked after with its validators, and to be shown
   * to clients until its staleness says. Undefined staleness: it is not stale, only not fit for the asker.
   */
  lookupStale(
    key: string,
    minMark: number,
  ):
    | { readonly entry: CacheEntry<Meta, Body>; readonly staleness: Staleness | undefined }
    | undefined {
    const entry = this.#entries.get(key)
    if (!entry || !this.#freshness.reflects(entry.keys, entry.mark)) return undefined
    // A need that is not applied here may be a hard purge of just this.
    if (entry.mark < minMark && this.#freshness.applied < minMark) return undefined
    return { entry, staleness: this.#freshness.staleness(entry) }
  }

  /** Looks without using: neither recency nor content changes. For evidence. */
  peek(
    key: string,
  ): { readonly entry: CacheEntry<Meta, Body>; readonly judgement: Judgement } | undefined {
    const entry = this.#entries.get(key)
    return entry && { entry, judgement: this.#freshness.judge(entry, 0) }
  }

  /**
   * Freshness rule P10: keeps `entry` only if it is usable now, never instead of one with a higher mark, never with a mark that control
   * has not announced. `epoch` is the one in which its fill began. A body that is not kept is released.
   */
  store(
    key: string,
    entry: Omit<CacheEntry<Meta, Body>, 'size'> & { bodyBytes: number },
    epoch: number,
  ): StoreOutcome {
    const { bodyBytes, ...rest } = entry
    const size = bodyBytes + ENTRY_OVERHEAD_BYTES + key.length * 2
    const held = this.#entries.get(key)
    const outcome = this.#verdict(rest, held, size, epoch)
    if (outcome !== 'stored') {
      if (held?.body !== entry.body) this.#bodies.release(entry.body)
      return outcome
    }
    if (held) this.#remove(key, held, held.body !== entry.body)
    this.#entries.set(key, { ...rest, size })
    this.#bytes += size
    this.#evict()
    return 'stored'
  }

  #verdict(entry: Marked, held: Marked | undefined, size: number, epoch: number): StoreOutcome {
    if (epoch !== this.#freshness.epoch) return 'not-usable'
    if (!this.#freshness.reflects(entry.keys, entry.mark)) return 'not-usable'
    if (!this.#freshness.mayKeep(entry.mark)) return 'not-usable'
    if (held && held.mark > entry.mark && this.#freshness.judge(held, 0).usable)
      return 'older-than-held'
    return size > this.objectBytesMax ? 'too-large' : 'stored'
  }

  drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry) this.#remove(key, entry)
  }

  /** What has a body that could not be read; what was kept since under the same key stays. */
  dropLost(key: string, body: Body): void {
    if (this.#entries.get(key)?.body === body) this.drop(key)
  }

  clear(): void {
    for (const [key, entry] of this.#entries) this.#remove(key, entry)
  }

  /** Every entry, least recently used first: for saving to disk. */
  *all(): Generator<readonly [string, CacheEntry<Meta, Body>]> {
    yield* this.#entries
  }

  /**
   * Judges everything held, dropping what is unusable and raising the rest (freshness rule P14). Yields between slices; the caller
   * then tells freshness to forget stamps up to the `applied` that it noted before the first slice. What is stored meanwhile with an
   * older mark is unusable under the new floor, which is safe.
   */
  *sweep(): Generator<void> {
    let judged = 0
    // A copy: lookups between slices move entries to the end, and the walk would meet them again.
    for (const [key, entry] of Array.from(this.#entries)) {
      if (this.#entries.get(key) === entry && !this.#freshness.judge(entry, 0).usable)
        this.#remove(key, entry)
      judged += 1
      if (judged % SWEEP_SLICE === 0) yield
    }
  }

  #remove(key: string, entry: CacheEntry<Meta, Body>, release = true): void {
    this.#entries.delete(key)
    this.#bytes -= entry.size
    if (release) this.#bodies.release(entry.body)
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return
      this.#remove(key, entry)
    }
  }
}
