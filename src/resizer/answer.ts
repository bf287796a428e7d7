import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import type { RenditionMeta } from './rendition.ts'

/** What a resizer answers; the door writes it to a socket. */
export interface ResizerAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
}

/** What every answer of a node says to another node. */
export interface Provenance {
  readonly logId: string
  readonly mark: number
  readonly keys: readonly KeyHash[]
}

const YEAR_SECONDS = 31_536_000
/** Fewer characters of a hash could name another version by chance. */
const TOKEN_CHARACTERS_MIN = 6

export function provenanceHeaders({ logId, mark, keys }: Provenance): Record<string, string> {
  return {
    [NODE_HEADERS.log]: logId,
    [NODE_HEADERS.mark]: String(mark),
    [NODE_HEADERS.keys]: keys.join(','),
  }
}

/** Against what lifetimes are counted. */
export interface LifetimeNow {
  readonly wall: number
  /** Whatever else is said: this answer is only known to be right for a moment. */
  readonly atMostSeconds?: number
}

/**
 * Lifetimes: `Cache-Control` for browsers, `CDN-Cache-Control` (RFC 9213) for outer caches and our edges. What wins: `ci_cache` over a year
 * for the named version over the project's settings. A year only when the bytes used had the named version, and never for URLs with
 * presets, crops or watermarks, whose meaning can change. For caches the time since a remote original was confirmed is taken off, so that tiers
 * do not add up their lifetimes.
 */
export function lifetimeHeaders(
  url: DeliveryUrl,
  meta: RenditionMeta,
  now?: LifetimeNow,
): Record<string, string> {
  if (url.cacheSeconds === null && namesItsVersion(url, meta)) {
    return {
      'cache-control': `public, max-age=${YEAR_SECONDS}, immutable`,
      'cdn-cache-control': `max-age=${YEAR_SECONDS}`,
    }
  }
  const most = now?.atMostSeconds ?? Number.POSITIVE_INFINITY
  const browserSeconds = Math.min(most, secondsOf(url, meta, meta.browserTtlSeconds))
  const cdnSeconds = Math.min(most, secondsOf(url, meta, meta.cdnTtlSeconds))
  const passed = now && meta.confirmedAt !== null ? now.wall - meta.confirmedAt : 0
  const left = Math.max(0, Math.ceil((cdnSeconds * 1000 - Math.max(0, passed)) / 1000))
  return {
    'cache-control': `public, max-age=${browserSeconds}`,
    'cdn-cache-control': `max-age=${left}`,
  }
}

/** How long the resizer itself believes a rendition of a remote original. */
export function believedSeconds(url: DeliveryUrl, meta: RenditionMeta): number {
  return Math.max(1, secondsOf(url, meta, meta.cdnTtlSeconds))
}

/** `ci_cache` overrides both lifetimes ("Caching interval"), but stretches none of an answer that stands in for another. */
function secondsOf(url: DeliveryUrl, meta: RenditionMeta, ofProject: number): number {
  const own = url.cacheSeconds ?? ofProject
  return meta.passing ? Math.min(own, ofProject) : own
}

function namesItsVersion(url: DeliveryUrl, meta: RenditionMeta): boolean {
  const token = url.versionToken?.toLowerCase() ?? ''
  return (
    token.length >= TOKEN_CHARACTERS_MIN &&
    meta.inputHash.startsWith(token) &&
    url.presets.length === 0 &&
    !url.modifiers.some(({ name }) => name === 'wat') &&
    !(url.subject.kind === 'image' && url.subject.crop !== null)
  )
}

export function textAnswer(
  status: number,
  message: string,
  provenance: Provenance | null,
  headers: Record<string, string> = {},
): ResizerAnswer {
  const body = Buffer.from(`${message}\n`)
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-length': String(body.byteLength),
      ...(provenance ? provenanceHeaders(provenance) : {}),
      ...headers,
    },
    body,
  }
}
