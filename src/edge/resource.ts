import type { KeyHash } from '../contract/keys.ts'
import type { Asker } from '../contract/node-protocol.ts'
import type { OuterCaches } from '../contract/records.ts'
import type { HeaderMap } from './lifetime.ts'
import type { EdgeAnswer } from './answer.ts'

/** A request's head as the door read it. */
export interface EdgeRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  /** Path and query, as received. */
  readonly target: string
  /** Lower-case names. On a public listener without any `sluice-*` field. */
  readonly headers: HeaderMap
  /** Set when the asker proved to be a node of ours. */
  readonly asker: Asker | null
  /** The client's address, as far as trusted proxies tell. */
  readonly client: string
  readonly body?: AsyncIterable<Uint8Array>
}

/** What is asked for, whatever its spelling. */
export interface Resource {
  /** Names the resource in the cache; variants are told apart behind it. */
  readonly cacheKey: string
  /** What the upstream is asked for. */
  readonly target: string
  /** Keys that the URL alone tells: hashed when they are first asked for, because hits and refusals never do. */
  readonly keys: () => readonly KeyHash[]
  /** Request fields that go inward. */
  readonly forward: HeaderMap
  /** Whether `Vary` of answers selects among variants; a resource of Sluice is one variant already. */
  readonly varies: boolean
  /** For "every URL known to have been served"; null for what is not a rendition. */
  readonly served: {
    readonly project: string
    readonly subject: string
    /** Set where a cache behind us is a target of the project. */
    readonly outer?: OuterCaches
  } | null
  /** Wall-clock milliseconds after which no cache may give this answer: the end of a signed URL. */
  readonly expiresAtMs?: number
  /** How much of the purge log the names reflect by which the URL was understood: no answer to it reflects more. */
  readonly understoodAt?: number
  /** Called when the request is let in: what is refused must leave nothing behind, or a flood of it fills the memory. */
  readonly onAdmitted?: () => void
  /** Called after the upstream took a request that may have changed the resource. */
  readonly afterUnsafe?: () => void
}

export type Resolution =
  | { readonly kind: 'resource'; readonly resource: Resource }
  | { readonly kind: 'answer'; readonly answer: EdgeAnswer }

/** Turns a request into a resource: by the URL dialects and the names record, or plainly by its URL. */
export interface Resolver {
  resolve(request: EdgeRequest): Promise<Resolution> | Resolution
}

/** What costs something and is often not needed at all: made once, when it is first asked for. */
export function whenAsked<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
