import { sha256 } from '../kernel/hash.ts'
import { deliverySettings } from '../contract/delivery-settings.ts'
import type { DeliveryUrl } from '../contract/delivery-url.ts'
import type { ProjectRecord } from '../contract/records.ts'
import { standInUrl } from '../contract/url-inputs.ts'
import { provenanceHeaders } from './answer.ts'
import type { Provenance, ResizerAnswer } from './answer.ts'
import type { Made } from './rendition.ts'

/** What stands for an original that is not there, by the project's choice (Cloudimage's page "Origin image missing"). */

/** An answer that is no rendition of what was asked for, and lives for a moment only. */
export interface StandIn {
  readonly kind: 'stand-in'
  readonly status: 200 | 404
  readonly mediaType: string | null
  readonly etag: string | null
  readonly bytes: Uint8Array
  readonly ttlSeconds: number
}

/** The default image's own rendition, made like any other; whoever makes it adds its keys to the answer (freshness rule P11). */
export type MakeDefault = (url: DeliveryUrl) => Promise<Made>

/** One transparent pixel; the smallest GIF that all browsers show. */
const TRANSPARENT = Buffer.from(
  'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
  'base64',
)

/** Null for `text-404`: then the refusal says what is missing. */
export async function standInFor(
  project: ProjectRecord,
  url: DeliveryUrl,
  makeDefault: MakeDefault,
): Promise<StandIn | null> {
  const settings = deliverySettings(project.delivery)
  const { missingOriginal: choice, missingTtlSeconds: ttlSeconds } = settings
  const empty: StandIn = {
    kind: 'stand-in',
    status: 404,
    mediaType: null,
    etag: null,
    bytes: new Uint8Array(0),
    ttlSeconds,
  }
  switch (choice) {
    case 'empty-404':
      return empty
    case 'transparent-200':
      return { ...empty, ...image(200, 'image/gif', TRANSPARENT) }
    case 'default-image-404':
    case 'default-image-200': {
      const wanted = standInUrl(url, settings)
      if (!wanted) return empty
      const made = await makeDefault(wanted)
      // A default image that is missing itself is no reason to answer 200.
      if (made.kind !== 'rendition') return empty
      const status = choice === 'default-image-200' ? 200 : 404
      const bytes = await made.load()
      return { ...empty, ...image(status, made.meta.mediaType, bytes) }
    }
    case 'text-404':
    default:
      // Also what a newer version of control may choose.
      return null
  }
}

function image(status: 200 | 404, mediaType: string, bytes: Uint8Array) {
  return { status, mediaType, bytes, etag: `"${sha256(bytes).slice(0, 32)}"` } as const
}

export function standInAnswer(
  standIn: StandIn,
  ifNoneMatch: string | undefined,
  from: Provenance,
): ResizerAnswer {
  const { status, mediaType, etag, bytes, ttlSeconds } = standIn
  const headers: Record<string, string> = {
    'cache-control': `public, max-age=${ttlSeconds}`,
    'cdn-cache-control': `max-age=${ttlSeconds}`,
    ...(etag !== null && status === 200 ? { etag } : {}),
    ...provenanceHeaders(from),
  }
  // RFC 9110 §13.2.1: conditions are for what would be a 200.
  if (status === 200 && etag !== null && ifNoneMatch === etag)
    return { status: 304, headers, body: null }
  return {
    status,
    headers: {
      ...headers,
      ...(mediaType === null ? {} : { 'content-type': mediaType }),
      'content-length': String(bytes.byteLength),
      'x-content-type-options': 'nosniff',
    },
    body: bytes,
  }
}
