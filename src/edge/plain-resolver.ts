import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { Freshness } from '../cache/freshness.ts'
import { text } from './answer.ts'
import { whenAsked } from './resource.ts'
import type { EdgeRequest, Resolution, Resolver, Resource } from './resource.ts'
import { endToEnd } from './upstream.ts'

/** All that a plain edge caches belongs to one project of this name. */
const PROJECT = 'plain'
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
/** Of a question, the upstream must send the whole: the edge answers conditions and ranges itself. */
const ANSWERED_HERE = new Set([
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'if-range',
  'range',
])

/**
 * A plain cache before any HTTP server, with a purge log of its own: `PURGE <url>` from an allowed address stamps, and a fill that began
 * before it cannot come back. Without a query, a purge covers the path with all its queries.
 */
export class PlainResolver implements Resolver {
  readonly #freshness: Freshness
  readonly #mayPurge: (request: EdgeRequest) => boolean

  constructor(
    freshness: Freshness,
    logId: string,
    now: number,
    mayPurge: (request: EdgeRequest) => boolean,
  ) {
    this.#freshness = freshness
    this.#mayPurge = mayPurge
    // Nobody else purges: this node always knows the head of its log.
    freshness.startEmpty(logId, 0)
    freshness.grant({ head: 0, leaseMs: Number.POSITIVE_INFINITY, sentAt: now, sentWall: now })
  }

  resolve(request: EdgeRequest): Resolution {
    const place = `${request.host.toLowerCase()}${request.target}`
    if (request.method === 'PURGE') return { kind: 'answer', answer: this.#purge(request, place) }
    const resource: Resource = {
      cacheKey: place,
      target: request.target,
      keys: whenAsked(() => keysOf(place)),
      forward: inward(request),
      varies: true,
      served: null,
      // RFC 9111 §4.4: a change through this cache makes what it keeps of the URL invalid.
      ...(SAFE_METHODS.has(request.method)
        ? {}
        : { afterUnsafe: () => this.#apply([keysOf(place)[2]!]) }),
    }
    return { kind: 'resource', resource }
  }

  #purge(request: EdgeRequest, place: string): ReturnType<typeof text> {
    if (!this.#mayPurge(request))
      return text(403, 'This address may not purge; --purge-from names those that may.')
    const [, pathKey, urlKey] = keysOf(place)
    this.#apply([request.target.includes('?') ? urlKey! : pathKey!])
    return text(200, 'Purged.', { 'sluice-mark': String(this.#freshness.applied) })
  }

  #apply(keys: readonly KeyHash[]): void {
    this.#freshness.apply({
      seq: this.#freshness.applied + 1,
      project: PROJECT,
      kind: 'purge',
      keys,
    })
  }
}

function keysOf(place: string): readonly KeyHash[] {
  const query = place.indexOf('?')
  const path = query < 0 ? place : place.slice(0, query)
  return [keyText.project(PROJECT), keyText.path(PROJECT, path), keyText.url(PROJECT, place)].map(
    keyHash,
  )
}

function inward(request: EdgeRequest): Record<string, string> {
  const headers = endToEnd(request.headers)
  // The door has already told the client to go on (RFC 9110 §10.1.1).
  delete headers['expect']
  // The preconditions of a change are the upstream's to check: without them one editor would overwrite another.
  const asks = request.method === 'GET' || request.method === 'HEAD'
  for (const name of Object.keys(headers)) if (asks && ANSWERED_HERE.has(name)) delete headers[name]
  return { ...headers, host: request.host, via: via(request.headers['via']) }
}

/** RFC 9110 §7.6.3. */
function via(before: string | undefined): string {
  return before ? `${before}, 1.1 sluice` : '1.1 sluice'
}
