import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type { KeyHash } from '../contract/keys.ts'
import { notModified, rangeOf } from './conditional.ts'
import type { KeptMeta } from './kept.ts'
import { ageMs } from './kept.ts'
import type { HeaderMap } from './lifetime.ts'

/** What an edge answers; the door writes it to a socket. */
export interface EdgeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
}

/** How an answer came about, in the words of RFC 9211 §2. */
export type CacheOutcome =
  | { readonly kind: 'hit'; readonly ttlSeconds: number }
  /** Made stale by a soft purge, shown while it is asked after. */
  | { readonly kind: 'stale' }
  | {
      readonly kind: 'forwarded'
      readonly reason: 'uri-miss' | 'miss' | 'stale' | 'bypass' | 'method' | 'request'
      readonly status: number
      readonly stored: boolean
      readonly collapsed: boolean
      readonly detail: string | null
    }

/** The member name of ours in `Cache-Status`. */
export const CACHE_NAME = 'sluice-edge'

/** RFC 9211: a structured list; ours is appended to what inner caches said. */
export function cacheStatus(outcome: CacheOutcome, inner: string | undefined): string {
  const own = `${CACHE_NAME}; ${ownStatus(outcome)}`
  return inner ? `${inner}, ${own}` : own
}

function ownStatus(outcome: CacheOutcome): string {
  switch (outcome.kind) {
    case 'hit':
      return `hit; ttl=${Math.floor(outcome.ttlSeconds)}`
    case 'stale':
      // RFC 9211 §2.6: a lifetime that is over is negative.
      return 'hit; ttl=-1; detail=soft-purged'
    case 'forwarded': {
      const { reason, status, stored, collapsed, detail } = outcome
      const parts = [`fwd=${reason}`, `fwd-status=${status}`]
      if (stored) parts.push('stored')
      if (collapsed) parts.push('collapsed')
      if (detail !== null) parts.push(`detail=${detail}`)
      return parts.join('; ')
    }
  }
}

export interface AnswerParts {
  readonly method: string
  readonly request: HeaderMap
  readonly meta: KeptMeta
  readonly body: Uint8Array
  readonly mark: number
  readonly now: number
  readonly outcome: CacheOutcome
  /** Set when a node of ours asked: keys and log go along. */
  readonly inner: { readonly keys: readonly KeyHash[]; readonly logId: string } | null
}

export function answerFrom(parts: AnswerParts): EdgeAnswer {
  const { meta, body, request } = parts
  const headers = { ...meta.headers, ...ownHeaders(parts) }
  if (meta.status === 200 && notModified(request, meta.etag, meta.lastModified)) {
    return { status: 304, headers: without304(headers), body: null }
  }
  const range =
    meta.status === 200 && parts.method === 'GET'
      ? rangeOf(request, body.byteLength, meta.etag, meta.lastModified)
      : ({ kind: 'whole' } as const)
  switch (range.kind) {
    case 'unsatisfiable':
      return text(416, 'The range lies outside the content.', {
        ...pick(headers, [NODE_HEADERS.mark, 'cache-status']),
        'content-range': `bytes */${body.byteLength}`,
      })
    case 'part': {
      const part = body.subarray(range.start, range.end + 1)
      const contentRange = `bytes ${range.start}-${range.end}/${body.byteLength}`
      const length = String(part.byteLength)
      return {
        status: 206,
        headers: { ...headers, 'content-range': contentRange, 'content-length': length },
        body: part,
      }
    }
    case 'whole':
      // RFC 9110 §8.6: a 204 has no content, and no length of it.
      if (meta.status === 204) return { status: 204, headers, body: null }
      return {
        status: meta.status,
        headers: { ...headers, 'content-length': String(body.byteLength) },
        body: parts.method === 'HEAD' ? null : body,
      }
  }
}

function ownHeaders(parts: AnswerParts): Record<string, string> {
  const { meta, mark, now, outcome, inner } = parts
  const headers: Record<string, string> = {
    // What inner caches said belongs to the answer that was forwarded, not to later hits on it.
    'cache-status': cacheStatus(
      outcome,
      outcome.kind === 'forwarded' ? meta.headers['cache-status'] : undefined,
    ),
    [NODE_HEADERS.mark]: String(mark),
    age: String(Math.floor(ageMs(meta, now) / 1000)),
  }
  if (meta.status === 200) headers['accept-ranges'] = 'bytes'
  if (inner) {
    headers[NODE_HEADERS.keys] = inner.keys.join(',')
    headers[NODE_HEADERS.log] = inner.logId
    if (meta.inputHash) headers[NODE_HEADERS.input] = meta.inputHash
  }
  return headers
}

/** RFC 9110 §15.4.5: a 304 carries what a cache needs, not what describes content it does not send. */
function without304(headers: Record<string, string>): Record<string, string> {
  const {
    'content-type': _type,
    'content-length': _length,
    'content-encoding': _encoding,
    ...kept
  } = headers
  return kept
}

function pick(headers: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  )
}

/** A short text that names what is wrong; never kept by anyone. */
export function text(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): EdgeAnswer {
  const body = Buffer.from(`${message}\n`)
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-length': String(body.byteLength),
      ...headers,
    },
    body,
  }
}
