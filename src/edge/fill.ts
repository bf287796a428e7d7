import type { Clock } from '../kernel/clock.ts'
import type { Timers } from '../kernel/timers.ts'
import { inThisLog } from '../cache/fills.ts'
import type { FillAnswer, FillOrder } from '../cache/fills.ts'
import type { Freshness } from '../cache/freshness.ts'
import type { CacheEntry, MarkedCache } from '../cache/marked-cache.ts'
import { KEY_HASH_PATTERN } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { EdgeError } from './errors.ts'
import { keptMeta, refreshedMeta } from './kept.ts'
import type { KeptMeta, Received } from './kept.ts'
import { storability } from './lifetime.ts'
import type { HeaderMap } from './lifetime.ts'
import type { Resource } from './resource.ts'
import type { Upstream, UpstreamAnswer } from './upstream.ts'
import { variantKey } from './variants.ts'
import type { Variants } from './variants.ts'

export type EdgeCache = MarkedCache<KeptMeta, Uint8Array>
export type EdgeEntry = CacheEntry<KeptMeta, Uint8Array>

/** One answer of the upstream, read whole. */
export interface EdgeFill extends FillAnswer {
  mark: number
  readonly meta: KeptMeta
  readonly body: Uint8Array
  readonly stored: boolean
  /** Status of the upstream's answer, 304 included. */
  readonly upstreamStatus: number
  /** The cache key of the variant that this is; another variant's waiter must not take it. */
  readonly variant: string
  /** Larger than what is kept: the asker streams it for itself. `body` is then empty. */
  readonly tooLarge: boolean
}

export interface FillParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly freshness: Freshness
  readonly cache: EdgeCache
  readonly upstream: Upstream
  readonly variants: Variants
}

/** Long enough for the slowest render that a resizer allows; then waiters get 504 and the key is free. */
export const FILL_DEADLINE_MS = 60_000

/**
 * Asks inward once for what is not in the cache, or may not be used without asking (freshness rules P7, P8, P10, P11). What it
 * brings back carries the mark that the upstream gave it, never one of our own making: only who reads the origin may claim one.
 */
export async function fill(
  parts: FillParts,
  resource: Resource,
  request: HeaderMap,
  order: FillOrder,
): Promise<EdgeFill> {
  const late = new AbortController()
  const cancel = parts.timers.after(FILL_DEADLINE_MS, () =>
    late.abort(
      new EdgeError(
        'upstream-late',
        504,
        `The image server did not answer within ${FILL_DEADLINE_MS / 1000} s.`,
      ),
    ),
  )
  try {
    return await fillOnce(parts, resource, request, order, late.signal)
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error
  } finally {
    cancel()
  }
}

async function fillOnce(
  parts: FillParts,
  resource: Resource,
  request: HeaderMap,
  asked: FillOrder,
  signal: AbortSignal,
): Promise<EdgeFill> {
  const { clock, freshness, cache, upstream, variants } = parts
  const order = inThisLog(freshness, asked)
  const epoch = freshness.epoch
  const candidate = cache.lookupStale(variantKey(resource, variants, request), 0)?.entry
  const minMark = Math.max(order.minMark, freshness.needOf(candidate?.keys ?? resource.keys()))
  // A plain upstream is the origin's door: this node reads the origin, so it may claim what it asked (P7), taken before the read.
  const ownMark = Math.max(freshness.applied, minMark)
  const sentAt = clock.now()
  const headers = {
    ...resource.forward,
    ...validatorsOf(candidate),
    ...nodeHeaders(parts, minMark, order),
  }
  const answer = await upstream.ask({ method: 'GET', target: resource.target, headers }, signal)
  const mark = upstream.marks && answer.status < 500 ? markOf(answer, freshness.logId) : ownMark
  const keys = keysOf(answer) ?? candidate?.keys ?? resource.keys()
  const received: Received = {
    sentAt,
    status: answer.status,
    headers: answer.headers,
    inputHash: answer.headers[NODE_HEADERS.input] ?? null,
    dated: !upstream.marks,
  }
  if (resource.varies && answer.status < 500)
    variants.note(resource.cacheKey, answer.headers['vary'] ?? notModifiedVary(answer, candidate))
  const variant = variantKey(resource, variants, request)
  const common = { keys, mark, upstreamStatus: answer.status, variant, tooLarge: false }

  if (answer.status === 304) {
    answer.discard()
    if (!candidate)
      throw new EdgeError(
        'upstream-malformed',
        502,
        'The image server answered 304 to an unconditional request.',
      )
    const meta = refreshedMeta(clock, received, candidate.meta)
    return keep(parts, epoch, { ...common, meta, body: candidate.body, shareable: true })
  }
  const meta = keptMeta(clock, received)
  const body = await readWithin(answer, cache.objectBytesMax)
  if (body === null)
    return { ...common, meta, body: EMPTY, shareable: false, stored: false, tooLarge: true }
  const verdict = storability(inwardOf(resource, request), answer.status, answer.headers)
  if (!verdict.store)
    return { ...common, meta, body, shareable: isForAll(answer, resource.forward), stored: false }
  return keep(parts, epoch, { ...common, meta, body, shareable: true })
}

/** Only what went inward can have made the answer one visitor's own; the wish that nothing be stored is heard all the same. */
function inwardOf(resource: Resource, request: HeaderMap): { headers: HeaderMap } {
  const wish = request['cache-control']
  return wish === undefined
    ? { headers: resource.forward }
    : { headers: { ...resource.forward, 'cache-control': wish } }
}

/** A failure is for everybody who waits, unless it may speak of the one who asked. */
function isForAll(answer: UpstreamAnswer, request: HeaderMap): boolean {
  const personal =
    answer.headers['set-cookie'] !== undefined ||
    request['authorization'] !== undefined ||
    request['cookie'] !== undefined
  return answer.status >= 500 && !personal
}

/** A 304 need not repeat Vary; what was stored still says it. */
function notModifiedVary(
  answer: UpstreamAnswer,
  candidate: EdgeEntry | undefined,
): string | undefined {
  return answer.status === 304 ? candidate?.meta.headers['vary'] : undefined
}

const EMPTY = new Uint8Array(0)

function keep(parts: FillParts, epoch: number, made: Omit<EdgeFill, 'stored'>): EdgeFill {
  const { keys, mark, meta, body, variant } = made
  const bodyBytes = body.byteLength + headerBytes(meta.headers)
  const outcome = parts.cache.store(variant, { keys, mark, meta, body, bodyBytes }, epoch)
  return { ...made, stored: outcome === 'stored' }
}

/** Fields count too: an upstream may send thousands of bytes of them with an empty body. */
function headerBytes(headers: HeaderMap): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
}

function validatorsOf(candidate: EdgeEntry | undefined): Record<string, string> {
  if (!candidate) return {}
  const { etag, lastModified } = candidate.meta
  if (etag !== null) return { 'if-none-match': etag }
  return lastModified === null ? {} : { 'if-modified-since': lastModified }
}

function nodeHeaders(parts: FillParts, minMark: number, order: FillOrder): Record<string, string> {
  if (!parts.upstream.marks) return {}
  return {
    [NODE_HEADERS.log]: parts.freshness.logId,
    [NODE_HEADERS.minMark]: String(minMark),
    [NODE_HEADERS.lease]: order.waitersJudge ? 'held' : 'none',
  }
}

/**
 * A mark of another purge log says nothing here. A node that has joined none yet, because control is down, holds no lease: it asks
 * each time and says so, so that what comes back was read after the question; it knows of no purge, and so of no mark.
 */
export function markOf(answer: UpstreamAnswer, logId: string): number {
  if (logId === '') return 0
  const mark = answer.headers[NODE_HEADERS.mark] ?? ''
  if (answer.headers[NODE_HEADERS.log] !== logId || !/^\d{1,15}$/.test(mark)) {
    answer.discard()
    throw new EdgeError(
      'upstream-another-log',
      503,
      'The image server is joining the purge log; try again in a moment.',
    )
  }
  return Number(mark)
}

function keysOf(answer: UpstreamAnswer): readonly KeyHash[] | undefined {
  const listed = answer.headers[NODE_HEADERS.keys]
  // What is refused before its URL is understood has no keys of its own.
  if (listed === undefined || listed === '') return undefined
  const keys = listed.split(',')
  if (!keys.every((key) => KEY_HASH_PATTERN.test(key))) {
    answer.discard()
    throw new EdgeError(
      'upstream-malformed',
      502,
      'The image server named keys that cannot be read.',
    )
  }
  return keys as KeyHash[]
}

/** The whole body, or null when it is larger than `bytesMax`. */
async function readWithin(answer: UpstreamAnswer, bytesMax: number): Promise<Uint8Array | null> {
  const stated = Number(answer.headers['content-length'] ?? 0)
  if (stated > bytesMax) {
    answer.discard()
    return null
  }
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of answer.body) {
    bytes += piece.byteLength
    if (bytes > bytesMax) {
      answer.discard()
      return null
    }
    pieces.push(piece)
  }
  if (stated > 0 && bytes !== stated) {
    throw new EdgeError(
      'upstream-malformed',
      502,
      `The image server promised ${stated} bytes and sent ${bytes}.`,
    )
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}
