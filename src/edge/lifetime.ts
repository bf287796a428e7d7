import { parseCacheControl } from './cache-control.ts'
import type { CacheDirectives } from './cache-control.ts'

/** What may be kept, for how long, and how old it is (RFC 9111 §3, §4.2). Pure: headers and times in, numbers out. */
export type HeaderMap = Readonly<Record<string, string>>

export type Storability =
  | { readonly store: true }
  | { readonly store: false; readonly reason: string }

/** Statuses whose meaning this cache understands well enough to keep (RFC 9111 §3: "understands the status code"). */
const UNDERSTOOD = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451])

/** RFC 9213 §2.2: the targeted field replaces `Cache-Control` when it is there and not empty. */
export function directivesFor(headers: HeaderMap): CacheDirectives {
  const targeted = headers['cdn-cache-control']
  return parseCacheControl(targeted?.trim() ? targeted : headers['cache-control'])
}

export function storability(
  request: { headers: HeaderMap },
  status: number,
  headers: HeaderMap,
): Storability {
  const directives = directivesFor(headers)
  if (!UNDERSTOOD.has(status)) return { store: false, reason: `status ${status}` }
  if (directives.noStore) return { store: false, reason: 'no-store' }
  if (directives.private) return { store: false, reason: 'private' }
  if (parseCacheControl(request.headers['cache-control']).noStore)
    return { store: false, reason: 'request no-store' }
  if (headers['vary']?.split(',').some((name) => name.trim() === '*'))
    return { store: false, reason: 'vary *' }
  // A kept Set-Cookie would hand one visitor's session to the next.
  if (headers['set-cookie'] !== undefined) return { store: false, reason: 'set-cookie' }
  if (request.headers['authorization'] !== undefined && !sharesAuthorized(directives)) {
    return { store: false, reason: 'authorization' }
  }
  if (
    lifetimeSeconds(headers) <= 0 &&
    headers['etag'] === undefined &&
    headers['last-modified'] === undefined
  ) {
    return { store: false, reason: 'no lifetime' }
  }
  return { store: true }
}

/** RFC 9111 §3.5. */
function sharesAuthorized(directives: CacheDirectives): boolean {
  return directives.public || directives.mustRevalidate || directives.sharedMaxAge !== null
}

/** RFC 9111 §4.2.1 without the heuristic: what states no lifetime is revalidated each time. */
export function lifetimeSeconds(headers: HeaderMap): number {
  const directives = directivesFor(headers)
  if (directives.noCache) return 0
  if (directives.sharedMaxAge !== null) return directives.sharedMaxAge
  if (directives.maxAge !== null) return directives.maxAge
  if (headers['cdn-cache-control']?.trim() || headers['expires'] === undefined) return 0
  const expires = Date.parse(headers['expires'])
  const date = Date.parse(headers['date'] ?? '')
  return Number.isNaN(expires) || Number.isNaN(date) ? 0 : Math.max(0, (expires - date) / 1000)
}

/** RFC 9111 §4.2.3: how old an answer already was when it arrived, in seconds. */
export function initialAgeSeconds(
  headers: HeaderMap,
  receivedAtWall: number,
  delayMs: number,
): number {
  const date = Date.parse(headers['date'] ?? '')
  const apparent = Number.isNaN(date) ? 0 : Math.max(0, (receivedAtWall - date) / 1000)
  const stated = /^\d+$/.test(headers['age'] ?? '') ? Number(headers['age']) : 0
  return Math.max(apparent < 1 ? 0 : apparent, stated + delayMs / 1000)
}
