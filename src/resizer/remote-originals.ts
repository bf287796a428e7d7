import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Log } from '../kernel/log.ts'
import { Fills, inThisLog } from '../cache/fills.ts'
import type { FillAnswer, FillOrder } from '../cache/fills.ts'
import type { DiskBodies, DiskBody } from '../cache/disk-bodies.ts'
import type { Freshness } from '../cache/freshness.ts'
import { MarkedCache, memoryBodies } from '../cache/marked-cache.ts'
import type { CacheEntry } from '../cache/marked-cache.ts'
import { deliverySettings } from '../contract/delivery-settings.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { KnownOriginal } from '../contract/known-originals.ts'
import type { OriginRule, ProjectRecord } from '../contract/records.ts'
import { OriginError } from '../origin/errors.ts'
import type { OriginErrorCode } from '../origin/errors.ts'
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
  /** How long a cache before the origin had kept that answer; absent when it did not tell. */
  readonly ageSeconds?: number
}

export type OriginalCache = MarkedCache<OriginalMeta, DiskBody>
type OriginalEntry = CacheEntry<OriginalMeta, DiskBody>

export type RemoteOriginal =
  | {
      readonly kind: 'found'
      readonly hash: string
      readonly mediaType: string
      /** Wall-clock milliseconds of the last answer that confirmed it. */
      readonly confirmedAt: number
      /** How long a cache before the origin had kept that answer; null when it did not tell. */
      readonly ageSeconds: number | null
      /** Past its lifetime, standing in for an origin that failed just now. */
      readonly stale: boolean
      /** Only when something must be rendered. */
      readonly load: () => Promise<Uint8Array>
    }
  | { readonly kind: 'missing'; readonly reason: string }

/** What is asked for, and how it may be answered. */
export interface OriginalAsk {
  readonly project: ProjectRecord
  readonly rule: OriginRule
  readonly original: string
  /** How long a copy is believed; the project's lifetime unless the URL says otherwise. */
  readonly ttlSeconds: number
}

export interface RemoteOriginalsParts {
  readonly clock: Clock
  readonly log: Log
  readonly freshness: Freshness
  readonly cache: OriginalCache
  readonly bodies: DiskBodies
  readonly remote: Pick<Remote, 'fetch'>
}

/** Why there is none just now: shared with its mark, so that who could have learned of a purge since asks for himself. */
interface Failure {
  readonly kind: 'failed'
  readonly error: OriginError
}

type OriginalFill = FillAnswer & { readonly original: RemoteOriginal | Failure }

/** A `vh` not seen before revalidates its original at most this often, and no lifetime is shorter. */
const REVALIDATE_EVERY_MS = 1_000
/** "Missing" is remembered for a few thousand originals: some hundred bytes each. */
const MISSING_BYTES_MAX = 4 * 1024 * 1024
const NO_BODY = new Uint8Array(0)
/** Failures of an origin, as against its answer that there is nothing: a copy past its lifetime may stand in for them. */
const ORIGIN_FAILURES: readonly OriginErrorCode[] = [
  'origin-unreachable',
  'origin-timeout',
  'origin-failed',
  'origin-resting',
  'origin-busy',
]
/** Originals whose last revalidation and seen tokens are remembered. */
const REMEMBERED_MAX = 20_000
const TOKENS_PER_ORIGINAL_MAX = 64
/** Enough of a hash to tell them apart. */
const BRIEF_CHARACTERS = 40

/** Remote originals: cached with a `src:` key that renditions do not carry (freshness rule P12). */
export class RemoteOriginals {
  readonly #parts: RemoteOriginalsParts
  readonly #fills: Fills<OriginalFill>
  readonly #revalidatedAt = new Map<string, number>()
  readonly #seenTokens = new Map<string, Set<string>>()
  /** Those that the next look is for. */
  readonly #askedTokens = new Map<string, Set<string>>()
  /** What an origin said it has not, when, and with which status. */
  readonly #missing: MarkedCache<{ readonly status: number; readonly at: number }, Uint8Array>

  constructor(parts: RemoteOriginalsParts) {
    this.#parts = parts
    const { freshness } = parts
    this.#missing = new MarkedCache({
      freshness,
      bodies: memoryBodies,
      bytesMax: MISSING_BYTES_MAX,
    })
    this.#fills = new Fills(parts.freshness, parts.clock)
  }

  /**
   * Whether this version token asks for a look at the origin first (`news`), or would if the last look were not just over or under
   * way (`too-soon`): then what is known may be given, for a moment only. It is `known` once a look that began after it came has
   * ended, so that who asks meanwhile is not told for good what that look may find to be old.
   */
  tokenState(project: string, original: string, version: string): 'known' | 'news' | 'too-soon' {
    const name = brief(sourceName(project, original))
    const token = brief(version)
    if (this.#seenTokens.get(name)?.has(token)) return 'known'
    const last = this.#revalidatedAt.get(name)
    if (last !== undefined && this.#parts.clock.now() < last + REVALIDATE_EVERY_MS)
      return 'too-soon'
    note(this.#askedTokens, name, [token])
    return 'news'
  }

  async read(ask: OriginalAsk, need: InputNeed): Promise<RemoteOriginal> {
    const name = sourceName(ask.project.project, ask.original)
    const { freshness } = this.#parts
    const kept = need.strict ? undefined : this.#kept(name, ask, need.mark)
    if (kept) return kept
    const waiter = {
      minMark: need.mark,
      appliedAtArrival: freshness.applied,
      mayUseCache: !need.strict,
      logId: need.logId,
    }
    const { original } = await this.#fills.obtain(name, waiter, (order) =>
      this.#fetch(name, ask, order),
    )
    if (original.kind === 'failed') throw original.error
    return original
  }

  /** Usable originals of a project by name, behind `after`, at most `limit`. */
  known(project: string, after: string, limit: number): readonly KnownOriginal[] {
    const prefix = sourceName(project, '')
    const names: string[] = []
    for (const [name] of this.#parts.cache.all()) {
      if (name.startsWith(prefix) && name.slice(prefix.length) > after) names.push(name)
    }
    names.sort()
    return names.slice(0, limit).flatMap((name) => this.#knownAt(name, name.slice(prefix.length)))
  }

  knownOne(project: string, original: string): KnownOriginal | undefined {
    return this.#knownAt(sourceName(project, original), original)[0]
  }

  /** Looking changes nothing; what was purged is not known any more. */
  #knownAt(name: string, original: string): readonly KnownOriginal[] {
    const found = this.#parts.cache.peek(name)
    if (!found?.judgement.usable) return []
    const { hash, mediaType, etag, lastModified, confirmedAt } = found.entry.meta
    const { bytes } = found.entry.body
    return [{ original, hash, mediaType, bytes, etag, lastModified, confirmedAt }]
  }

  *sweep(): Generator<void> {
    yield* this.#parts.cache.sweep()
    yield* this.#missing.sweep()
  }

  #kept(
    name: string,
    { project, ttlSeconds }: OriginalAsk,
    mark: number,
  ): RemoteOriginal | undefined {
    const { cache, clock } = this.#parts
    const { missingTtlSeconds } = deliverySettings(project.delivery)
    const missing = this.#missing.lookup(name, mark)?.entry.meta
    if (missing && clock.wall() < missing.at + missingTtlSeconds * 1000)
      return notThere(missing.status)
    const found = cache.lookup(name, mark)
    const ttlMs = Math.max(REVALIDATE_EVERY_MS, ttlSeconds * 1000)
    if (!found || clock.wall() >= found.entry.meta.confirmedAt + ttlMs) return undefined
    return this.#fromDisk(name, found.entry)
  }

  #fromDisk(
    name: string,
    entry: OriginalEntry,
    { stale = false, meta = entry.meta }: { stale?: boolean; meta?: OriginalMeta } = {},
  ): RemoteOriginal {
    const { bodies, cache } = this.#parts
    const { hash, mediaType, confirmedAt, ageSeconds = null } = meta
    const load = async (): Promise<Uint8Array> => {
      const bytes = await bodies.read(entry.body)
      if (bytes) return bytes
      cache.dropLost(name, entry.body)
      throw keptBytesLost()
    }
    return { kind: 'found', hash, mediaType, confirmedAt, ageSeconds, stale, load }
  }

  /** What a hard purge made unusable is fetched anew, past every cache; the rest is asked after with its validators. */
  async #fetch(name: string, ask: OriginalAsk, asked: FillOrder): Promise<OriginalFill> {
    const { freshness, cache, clock, remote } = this.#parts
    const order = inThisLog(freshness, asked)
    const { project, rule, original } = ask
    const epoch = freshness.epoch
    const mark = Math.max(freshness.applied, order.minMark)
    const keys = keysOf(project.project, original)
    const fill = { keys, mark, shareable: true } as const
    remember(this.#revalidatedAt, brief(name), clock.now())
    const tokens = this.#askedTokens.get(brief(name)) ?? []
    this.#askedTokens.delete(brief(name))
    // By what is asked for, not by what is applied: a purge that is still on its way here may be of this very original.
    const candidate = cache.lookupStale(name, order.minMark)?.entry
    let answer: RemoteAnswer
    try {
      answer = await remote.fetch({
        rule,
        original,
        allowed: project.origins,
        ...(candidate ? { validators: candidate.meta } : { noCache: true }),
      })
    } catch (error) {
      // The version tokens that this look was for have not been looked after: they are news again.
      if (!(error instanceof OriginError)) throw error
      const failure = { ...fill, original: { kind: 'failed', error } } as const
      return this.#standIn(error, name, ask, order) ?? failure
    }
    note(this.#seenTokens, brief(name), tokens)
    if (answer.kind === 'missing') {
      const { status } = answer
      const meta = { status, at: clock.wall() }
      // What its origin says is gone stands in for nothing.
      cache.drop(name)
      this.#missing.store(name, { keys, mark, meta, body: NO_BODY, bodyBytes: 0 }, epoch)
      return { ...fill, original: notThere(status) }
    }
    this.#missing.drop(name)
    const confirmedAt = clock.wall()
    if (answer.kind === 'not-modified') {
      if (!candidate)
        throw new OriginError(
          'origin-answer',
          'The origin answered 304 to an unconditional request.',
        )
      // Somebody found its bytes lost, or something newer took its place: what this 304 speaks of is gone.
      if (cache.peek(name)?.entry.body !== candidate.body) return this.#fetch(name, ask, order)
      const meta = metaOf(candidate.meta, confirmedAt, answer.ageSeconds)
      const { body } = candidate
      cache.store(name, { keys, mark, meta, body, bodyBytes: body.bytes }, epoch)
      return { ...fill, original: this.#fromDisk(name, candidate, { meta }) }
    }
    const meta = metaOf(answer, confirmedAt, answer.ageSeconds)
    await this.#keep(name, { keys, mark, meta }, answer.bytes, epoch)
    const { bytes, hash, mediaType, ageSeconds } = answer
    return {
      ...fill,
      original: {
        kind: 'found',
        hash,
        mediaType,
        confirmedAt,
        ageSeconds,
        stale: false,
        load: async () => bytes,
      },
    }
  }

  /**
   * A copy past its lifetime, where the project allows it (RFC 5861 §4): only one that is usable now for what is asked, so nothing
   * that was hard-purged; and only while this node may use its cache, because without a lease a purge may be unknown here. Its mark
   * is the judge's, not one of a read that failed.
   */
  #standIn(
    error: OriginError,
    name: string,
    ask: OriginalAsk,
    order: FillOrder,
  ): OriginalFill | undefined {
    const { cache, clock, log } = this.#parts
    const { staleIfErrorSeconds } = deliverySettings(ask.project.delivery)
    const failed = ORIGIN_FAILURES.includes(error.code)
    if (!failed || !order.waitersJudge || staleIfErrorSeconds === 0) return undefined
    const found = cache.lookup(name, order.minMark)
    const ageMs = found ? clock.wall() - found.entry.meta.confirmedAt : Number.POSITIVE_INFINITY
    if (!found || ageMs >= (ask.ttlSeconds + staleIfErrorSeconds) * 1000) return undefined
    log.warn({ err: error, original: ask.original }, 'the origin failed; an older copy stands in')
    const { keys } = found.entry
    const original = this.#fromDisk(name, found.entry, { stale: true })
    return { keys, mark: found.mark, shareable: true, original }
  }

  async #keep(
    name: string,
    marked: Pick<OriginalEntry, 'keys' | 'mark' | 'meta'>,
    bytes: Uint8Array,
    epoch: number,
  ): Promise<void> {
    const { bodies, cache, log } = this.#parts
    try {
      const body = await bodies.write(bytes)
      cache.store(name, { ...marked, body, bodyBytes: body.bytes }, epoch)
    } catch (error) {
      log.warn({ err: error }, 'original not kept: the cache disk refused it')
    }
  }
}

function metaOf(
  { hash, mediaType, etag, lastModified }: Omit<OriginalMeta, 'confirmedAt' | 'ageSeconds'>,
  confirmedAt: number,
  ageSeconds: number | null,
): OriginalMeta {
  const age = ageSeconds === null ? {} : { ageSeconds }
  return { hash, mediaType, etag, lastModified, confirmedAt, ...age }
}

function notThere(status: number): RemoteOriginal {
  return { kind: 'missing', reason: `The origin answered ${status}.` }
}

/** Names and tokens are as long as a visitor likes; what is remembered of them is not. */
function brief(text: string): string {
  return text.length <= BRIEF_CHARACTERS ? text : sha256(text).slice(0, BRIEF_CHARACTERS)
}

function keysOf(project: string, original: string): readonly KeyHash[] {
  const { project: whole, original: named, source } = keyText
  return [whole(project), named(project, original), source(project, original)].map(keyHash)
}

function sourceName(project: string, original: string): string {
  return keyText.source(project, original)
}

/** The newest tokens of an original, of the originals that came last. */
function note(map: Map<string, Set<string>>, name: string, tokens: Iterable<string>): void {
  const noted = map.get(name) ?? new Set()
  for (const token of tokens) noted.add(token)
  for (const oldest of noted) {
    if (noted.size <= TOKENS_PER_ORIGINAL_MAX) break
    noted.delete(oldest)
  }
  if (noted.size > 0) remember(map, name, noted)
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED_MAX) break
    map.delete(oldest)
  }
}
