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

/**
 * Lifetimes: `Cache-Control` for browsers, `CDN-Cache-Control` (RFC 9213) for outer caches and our edges. A year only when the bytes used
 * had the named version, and never for URLs with presets or crops, whose meaning can change.
 */
export function lifetimeHeaders(url: DeliveryUrl, meta: RenditionMeta): Record<string, string> {
  const token = url.versionToken?.toLowerCase() ?? ''
  const lasting =
    token.length >= TOKEN_CHARACTERS_MIN &&
    meta.inputHash.startsWith(token) &&
    url.presets.length === 0 &&
    !(url.subject.kind === 'image' && url.subject.crop !== null)
  const browserSeconds = lasting ? YEAR_SECONDS : meta.browserTtlSeconds
  const cdnSeconds = lasting ? YEAR_SECONDS : meta.cdnTtlSeconds
  return {
    'cache-control': `public, max-age=${browserSeconds}${lasting ? ', immutable' : ''}`,
    'cdn-cache-control': `max-age=${cdnSeconds}`,
  }
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
