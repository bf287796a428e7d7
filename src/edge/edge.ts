import type { Clock } from '../kernel/clock.ts'
import { assertNever } from '../kernel/assert.ts'
import type { Log } from '../kernel/log.ts'
import type { Meter } from '../kernel/metrics.ts'
import type { Timers } from '../kernel/timers.ts'
import { Fills, arrive } from '../cache/fills.ts'
import type { FillOrder, Waiter } from '../cache/fills.ts'
import type { Freshness } from '../cache/freshness.ts'
import { ofOneLog } from '../contract/node-protocol.ts'
import { answerFrom, text } from './answer.ts'
import type { CacheOutcome, EdgeAnswer } from './answer.ts'
import { parseCacheControl } from './cache-control.ts'
import { EdgeError, upstreamBehind } from './errors.ts'
import { fill } from './fill.ts'
import type { EdgeCache, EdgeFill, FillParts } from './fill.ts'
import { ageMs, isFresh } from './kept.ts'
import type { MissLimit } from './miss-limit.ts'
import { forOuterCaches } from './outer-caches.ts'
import { pass } from './pass.ts'
import type { EdgeRequest, Resolver, Resource } from './resource.ts'
import { endingAt } from './signed-request.ts'
import type { Upstream } from './upstream.ts'
import { Variants, variantKey } from './variants.ts'

export interface EdgeParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  readonly meter: Meter
  readonly freshness: Freshness
  readonly cache: EdgeCache
  readonly upstream: Upstream
  /** Its own unless given. */
  readonly fills?: Fills<EdgeFill>
  /** Made from the edge itself, because names are fetched through it. */
  readonly resolver: (edge: Edge) => Resolver
  /** How many new things a client may ask for; absent: any number. */
  readonly missLimit?: Pick<MissLimit, 'isSpent' | 'take'>
  /** Told before a rendition leaves. */
  readonly onServed: (request: EdgeRequest, resource: Resource) => void
  /** Records a spelling before its answer leaves; false: no cache behind us may keep that. None may when absent. */
  readonly keepServed?: (request: EdgeRequest, resource: Resource) => Promise<boolean>
}

/** The kept thing or the fill that answers a request, and how it came about. */
export interface Obtained {
  readonly answer: Pick<EdgeFill, 'keys' | 'meta' | 'body' | 'tooLarge'>
  readonly mark: number
  /** The same in one word. */
  readonly cache: 'hit' | 'stale' | 'miss' | 'revalidated'
  readonly outcome: CacheOutcome
}

/**
 * The HTTP cache role: canonical URL and keys; usable and fresh? serve; else one fill per key while others wait; keep it unless
 * purged meanwhile; send. Knows no sockets: the door reads requests and writes answers.
 */
export class Edge {
  readonly parts: EdgeParts
  readonly #fills: Fills<EdgeFill>
  readonly #variants = new Variants()
  readonly #resolver: Resolver
  readonly #confirming = new Map<string, Promise<void>>()

  constructor(parts: EdgeParts) {
    this.parts = parts
    this.#fills = parts.fills ?? new Fills(parts.freshness, parts.clock)
    this.#resolver = parts.resolver(this)
  }

  async handle(request: EdgeRequest): Promise<EdgeAnswer> {
    const { freshness } = this.parts
    const { logId } = freshness
    return ofOneLog(await this.#resolved(request), logId, freshness.logId)
  }

  async #resolved(request: EdgeRequest): Promise<EdgeAnswer> {
    try {
      const resolution = await this.#resolver.resolve(request)
      switch (resolution.kind) {
        case 'answer':
          return resolution.answer
        case 'resource':
          return await this.#serveUntil(request, resolution.resource)
        default:
          return assertNever(resolution, 'resolution')
      }
    } catch (error) {
      return this.#failure(error)
    }
  }

  async #serveUntil(request: EdgeRequest, resource: Resource): Promise<EdgeAnswer> {
    const answer = await this.#serve(request, resource)
    const { expiresAtMs } = resource
    return expiresAtMs === undefined
      ? answer
      : endingAt(answer, expiresAtMs, this.parts.clock.wall())
  }

  async #serve(request: EdgeRequest, resource: Resource): Promise<EdgeAnswer> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return pass(this.parts, request, resource, 'method')
    const waitSeconds = this.#missWaitSeconds(request, resource)
    if (waitSeconds > 0) return tooManyMisses(waitSeconds)
    resource.onAdmitted?.()
    const obtained = await this.obtain(request, resource)
    if (obtained === 'not-cached')
      return text(504, 'Not in this cache, and the request said only-if-cached.')
    const answer = await this.#answer(request, resource, obtained)
    const outer = resource.served?.outer
    if (!outer) return answer
    const record = async (): Promise<boolean> =>
      (await this.parts.keepServed?.(request, resource)) ?? false
    return forOuterCaches(outer, answer, obtained.answer.keys, record)
  }

  async #answer(request: EdgeRequest, resource: Resource, obtained: Obtained): Promise<EdgeAnswer> {
    if (obtained.answer.tooLarge) return pass(this.parts, request, resource, 'uri-miss')
    if (resource.served && obtained.answer.meta.status === 200)
      this.parts.onServed(request, resource)
    const { freshness, clock, meter } = this.parts
    meter.count('sluice_edge_requests_total', { cache: obtained.cache })
    return answerFrom({
      method: request.method,
      request: request.headers,
      meta: obtained.answer.meta,
      body: obtained.answer.body,
      mark: Math.min(obtained.mark, resource.understoodAt ?? obtained.mark),
      now: clock.now(),
      outcome: obtained.outcome,
      inner: request.asker ? { keys: obtained.answer.keys, logId: freshness.logId } : null,
    })
  }

  /** 0 unless this is a new thing, and the client asked for too many. What a purge or a lost lease makes us ask again is not its doing. */
  #missWaitSeconds(request: EdgeRequest, resource: Resource): number {
    const { cache, meter, missLimit } = this.parts
    if (!missLimit || resource.served === null) return 0
    // Without a lease everything is asked inward, new or not, and may be kept by nobody: visitors would pay for our trouble.
    if (!this.parts.freshness.holdsLease()) return 0
    const key = variantKey(resource, this.#variants, request.headers)
    if (cache.has(key) || this.#fills.isRunning(key)) return 0
    if (parseCacheControl(request.headers['cache-control']).onlyIfCached) return 0
    const waitSeconds = missLimit.take(request.client)
    if (waitSeconds > 0) meter.count('sluice_edge_refused_total', { reason: 'misses' })
    return waitSeconds
  }

  /** From the cache if that may be used at this moment, else by a fill. */
  async obtain(request: EdgeRequest, resource: Resource): Promise<Obtained | 'not-cached'> {
    const { freshness, cache, clock } = this.parts
    const waiter = arrive(
      freshness,
      request.asker?.minMark ?? 0,
      request.asker?.holdsLease ?? false,
    )
    const key = variantKey(resource, this.#variants, request.headers)
    const known = cache.has(key)
    const found = cache.lookup(key, waiter.minMark)
    const now = clock.now()
    const fresh = found !== undefined && isFresh(found.entry.meta, now)
    if (found && fresh && waiter.mayUseCache) {
      const ttlSeconds = (found.entry.meta.lifetimeMs - ageMs(found.entry.meta, now)) / 1000
      return {
        answer: { ...found.entry, tooLarge: false },
        mark: found.mark,
        cache: 'hit',
        outcome: { kind: 'hit', ttlSeconds },
      }
    }
    if (parseCacheControl(request.headers['cache-control']).onlyIfCached) return 'not-cached'
    const stale = found ? undefined : this.#showable(request, key, waiter, now)
    if (stale) {
      this.#confirmBehind(request, resource, key, waiter)
      return stale
    }
    return this.#fillFor(
      request,
      resource,
      key,
      waiter,
      bypassOf(found, fresh, known, cache.has(key)),
    )
  }

  /** What a soft purge made stale and a client may still see; never another node, nor a cache behind us. */
  #showable(request: EdgeRequest, key: string, waiter: Waiter, now: number): Obtained | undefined {
    const found = this.parts.cache.lookupStale(key, waiter.minMark)
    const until = found?.staleness?.until
    if (!found || until === undefined) return undefined
    if (request.asker || !waiter.mayUseCache || !isFresh(found.entry.meta, now)) return undefined
    if (this.parts.freshness.uptime() >= until) return undefined
    const meta = {
      ...found.entry.meta,
      headers: { ...found.entry.meta.headers, ...KEPT_BY_NOBODY },
    }
    return {
      answer: { ...found.entry, meta, tooLarge: false },
      mark: found.entry.mark,
      cache: 'stale',
      outcome: { kind: 'stale' },
    }
  }

  /** One question per key, however many see the stale one meanwhile: fills are collapsed. */
  #confirmBehind(request: EdgeRequest, resource: Resource, key: string, waiter: Waiter): void {
    if (this.#confirming.has(key)) return
    const asked = this.#fillFor(request, resource, key, waiter, 'soft')
      .then(() => undefined)
      .catch((error: unknown) =>
        this.parts.log.debug({ err: error }, 'a stale answer was not confirmed'),
      )
      .finally(() => this.#confirming.delete(key))
    this.#confirming.set(key, asked)
  }

  /** Resolves when nothing is asked behind clients' backs any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#confirming.values())
  }

  async #fillFor(
    request: EdgeRequest,
    resource: Resource,
    key: string,
    waiter: Waiter,
    bypass: Bypass,
  ): Promise<Obtained> {
    const { freshness, meter } = this.parts
    let started = 0
    const parts: FillParts = { ...this.parts, variants: this.#variants }
    const start = (order: FillOrder): Promise<EdgeFill> => {
      started += 1
      meter.count('sluice_edge_fills_total', { reason: bypass })
      return fill(parts, resource, request.headers, order)
    }
    let made = await this.#fills.obtain(key, waiter, start)
    // Which fields select a variant is known only once the first answer is there (RFC 9111 §4.1).
    const own = variantKey(resource, this.#variants, request.headers)
    if (made.variant !== own) made = await this.#fills.obtain(own, waiter, start)
    if (made.variant !== variantKey(resource, this.#variants, request.headers))
      made = await start({ minMark: waiter.minMark, waitersJudge: false, logId: waiter.logId })
    if (made.upstreamStatus < 500 && !this.#fills.accepts(waiter, made)) throw upstreamBehind()
    const judged = freshness.judge(made, waiter.minMark)
    const { missing, reason, detail } = FORWARDED[bypass]
    return {
      answer: made,
      mark: judged.usable ? judged.mark : made.mark,
      cache: missing ? 'miss' : 'revalidated',
      outcome: {
        kind: 'forwarded',
        reason,
        status: made.upstreamStatus,
        stored: made.stored,
        collapsed: started === 0,
        detail,
      },
    }
  }

  #failure(error: unknown): EdgeAnswer {
    if (!(error instanceof EdgeError)) {
      this.parts.log.error({ err: error }, 'edge failed')
      this.parts.meter.count('sluice_edge_errors_total', { code: 'internal' })
      return text(500, 'The cache failed to answer; the log says why.')
    }
    this.parts.log.warn({ err: error }, 'upstream failed')
    this.parts.meter.count('sluice_edge_errors_total', { code: error.code })
    return text(error.status, error.publicMessage, { 'retry-after': '1' })
  }
}

/** RFC 6585 §4. Made once: all but the seconds is the same for everybody, and a flood gets thousands of these. */
const TOO_MANY_MISSES = text(
  429,
  'Too many new pictures were asked for from your address; try again in a moment.',
)

function tooManyMisses(retryAfterSeconds: number): EdgeAnswer {
  const headers = { ...TOO_MANY_MISSES.headers, 'retry-after': String(retryAfterSeconds) }
  return { ...TOO_MANY_MISSES, headers }
}

/** Soft-stale answers are for this client alone; a cache behind us must not keep them (freshness rule P15). */
const KEPT_BY_NOBODY = { 'cache-control': 'no-cache', 'cdn-cache-control': 'no-store' } as const

/** Why the cache did not answer: nothing held, a purge, a need that it does not meet, an expired lifetime, no lease. */
type Bypass = 'absent' | 'stamp' | 'min-mark' | 'lifetime' | 'lease' | 'soft'

function bypassOf(
  found: unknown,
  fresh: boolean,
  knownBefore: boolean,
  knownAfter: boolean,
): Bypass {
  if (found) return fresh ? 'lease' : 'lifetime'
  if (knownAfter) return 'min-mark'
  return knownBefore ? 'stamp' : 'absent'
}

/** The same in the words of RFC 9211 §2.2; `detail` is free text there. */
const FORWARDED = {
  absent: { missing: true, reason: 'uri-miss', detail: null },
  stamp: { missing: true, reason: 'miss', detail: 'purged' },
  'min-mark': { missing: true, reason: 'miss', detail: 'behind' },
  lifetime: { missing: false, reason: 'stale', detail: null },
  lease: { missing: false, reason: 'stale', detail: 'no-lease' },
  soft: { missing: false, reason: 'stale', detail: 'soft-purged' },
} as const satisfies Record<Bypass, object>

export const EDGE_METRICS = {
  sluice_edge_requests_total: {
    kind: 'counter',
    help: 'Requests by how they were answered: hit, stale (after a soft purge), miss or revalidated.',
    labels: ['cache'],
  },
  sluice_edge_fills_total: {
    kind: 'counter',
    help: 'Questions inward by why the cache did not answer: absent, stamp, min-mark, lifetime, lease or soft.',
    labels: ['reason'],
  },
  sluice_edge_refused_total: {
    kind: 'counter',
    help: 'Requests refused: misses (a client over its limit), signature (missing, wrong or over).',
    labels: ['reason'],
  },
  sluice_edge_errors_total: {
    kind: 'counter',
    help: 'Requests that failed, by code.',
    labels: ['code'],
  },
} as const
