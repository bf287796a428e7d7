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

export function keptMeta(
  clock: Clock,
  sentAt: number,
  status: number,
  headers: HeaderMap,
  inputHash: string | null,
): KeptMeta {
  const receivedAt = clock.now()
  return {
    status,
    headers: endToEnd(headers),
    etag: headers['etag'] ?? null,
    lastModified: headers['last-modified'] ?? null,
    lifetimeMs: lifetimeSeconds(headers) * 1000,
    ageAtReceiptMs: initialAgeSeconds(headers, clock.wall(), receivedAt - sentAt) * 1000,
    receivedAt,
    inputHash,
  }
}

/** After a 304: the stored fields, replaced by those that the 304 brings (RFC 9111 §3.2). */
export function refreshedMeta(
  clock: Clock,
  sentAt: number,
  stored: KeptMeta,
  headers: HeaderMap,
  inputHash: string | null,
): KeptMeta {
  const fields = { ...stored.headers, ...endToEnd(headers) }
  return keptMeta(clock, sentAt, stored.status, fields, inputHash ?? stored.inputHash)
}

export function ageMs(meta: KeptMeta, now: number): number {
  return meta.ageAtReceiptMs + Math.max(0, now - meta.receivedAt)
}

export function isFresh(meta: KeptMeta, now: number): boolean {
  return ageMs(meta, now) < meta.lifetimeMs
}
