import type { Clock } from '../kernel/clock.ts'
import { initialAgeSeconds, lifetimeSeconds } from './lifetime.ts'
import type { HeaderMap } from './lifetime.ts'
import { endToEnd } from './upstream.ts'

/** What an edge keeps of an answer besides its bytes, keys and mark. */
export interface KeptMeta {
  readonly status: number
  /** For clients: without fields of one connection and without ours. */
  readonly headers: HeaderMap
  readonly etag: string | null
  readonly lastModified: string | null
  readonly lifetimeMs: number
  readonly ageAtReceiptMs: number
  /** Monotonic milliseconds. */
  readonly receivedAt: number
  /** SHA-256 of the original; null when the upstream does not say. */
  readonly inputHash: string | null
}

/** An answer as it came. */
export interface Received {
  /** Monotonic milliseconds at which it was asked for. */
  readonly sentAt: number
  readonly status: number
  readonly headers: HeaderMap
  readonly inputHash: string | null
  /** Whether its `Date` tells its age: a node's answer is as old as it says, and its clock may be wrong. */
  readonly dated: boolean
}

export function keptMeta(clock: Clock, answer: Received): KeptMeta {
  return metaOf(clock, answer, answer.headers)
}

/** After a 304: the stored fields, replaced by those that the 304 brings (RFC 9111 §3.2). It is as old as the 304 is. */
export function refreshedMeta(clock: Clock, answer: Received, stored: KeptMeta): KeptMeta {
  const fields = { ...stored.headers, ...endToEnd(answer.headers) }
  const { status } = stored
  const inputHash = answer.inputHash ?? stored.inputHash
  return metaOf(clock, { ...answer, status, inputHash }, fields)
}

function metaOf(clock: Clock, answer: Received, fields: HeaderMap): KeptMeta {
  const { sentAt, status, inputHash, dated } = answer
  const receivedAt = clock.now()
  const { date: _unbelieved, ...undated } = answer.headers
  const aging = dated ? answer.headers : undated
  return {
    status,
    headers: endToEnd(fields),
    etag: fields['etag'] ?? null,
    lastModified: fields['last-modified'] ?? null,
    lifetimeMs: lifetimeSeconds(fields) * 1000,
    ageAtReceiptMs: initialAgeSeconds(aging, clock.wall(), receivedAt - sentAt) * 1000,
    receivedAt,
    inputHash,
  }
}

export function ageMs(meta: KeptMeta, now: number): number {
  return meta.ageAtReceiptMs + Math.max(0, now - meta.receivedAt)
}

export function isFresh(meta: KeptMeta, now: number): boolean {
  return ageMs(meta, now) < meta.lifetimeMs
}
