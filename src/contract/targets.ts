/**
 * A cache outside Sluice that purges go to: what a person states about it. `generic-http` is anything that takes one HTTP request for
 * a URL, a tag or everything: Varnish's PURGE and BAN, nginx, and the purge APIs of most CDNs.
 */
export const OUTER_KINDS = ['generic-http'] as const

/** A request with placeholders in URL, header values and body: see `PLACEHOLDERS`. */
export interface RequestPattern {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Which answers mean that the purge was taken. */
export interface SuccessRule {
  readonly statuses: readonly number[]
  /** What the body must hold, literally; null: anything. */
  readonly bodyHolds: string | null
}

/** How requests of this cache are told from those of visitors: any of these. */
export interface AskerRule {
  /** Addresses and networks that it asks our edges from. */
  readonly addresses: readonly string[]
  /** A header that it adds; never a proof, only a sign. */
  readonly header: { readonly name: string; readonly value: string | null } | null
}

export interface OuterTarget {
  readonly kind: (typeof OUTER_KINDS)[number]
  /** A paused one is asked nothing, and what it holds is unverifiable. */
  readonly paused: boolean
  /** Hosts whose URLs it caches; empty: all. Lower case, with the port where a URL names one. */
  readonly hosts: readonly string[]
  /** Sent once for each URL; once for each tag when it holds `{tag}`. */
  readonly purge: RequestPattern
  /** Sent once instead, when everything of the project goes; null: URL by URL. */
  readonly everything: RequestPattern | null
  /** Added to each request; never shown again, never logged. */
  readonly secretHeaders: Readonly<Record<string, string>>
  readonly success: SuccessRule
  readonly timeoutSeconds: number
  /** Requests at one time. */
  readonly concurrency: number
  /** Requests that may begin within a second; null: no limit. */
  readonly requestsPerSecond: number | null
  /** Permits loopback, private and other special addresses. */
  readonly allowPrivate: boolean
  /** Base URL at which public URLs are asked for, with their own Host, to see what it holds; null: it cannot be looked at. */
  readonly verifyAddress: string | null
  /** The longest that it may take to finish what it began to fetch: then it is purged once more. 0: it is not. */
  readonly fillBoundSeconds: number
  readonly askers: AskerRule
  /** The response header in which answers bear their tags for this cache, as in `xkey` or `Cache-Tag`; null: none. */
  readonly tagHeader: string | null
}

export const PLACEHOLDERS = ['url', 'scheme', 'host', 'path', 'query', 'target', 'tag'] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]

export const TARGET_DEFAULTS = {
  paused: false,
  hosts: [],
  everything: null,
  secretHeaders: {},
  success: { statuses: [200, 201, 202, 204], bodyHolds: null },
  timeoutSeconds: 10,
  concurrency: 4,
  requestsPerSecond: null,
  allowPrivate: false,
  verifyAddress: null,
  fillBoundSeconds: 5,
  askers: { addresses: [], header: null },
  tagHeader: null,
} as const satisfies Omit<OuterTarget, 'kind' | 'purge'>

const PLACEHOLDER = new RegExp(`\\{(${PLACEHOLDERS.join('|')})(?:\\|(encoded|json))?\\}`, 'g')

/** What stands for one URL or tag. */
export type PatternValues = Readonly<Partial<Record<Placeholder, string>>>

/**
 * `{url}` as it is, `{url|encoded}` percent-encoded once more, as a query's value must be, `{url|json}` as inside a JSON string. What
 * has no value here is left out.
 */
export function filledIn(pattern: string, values: PatternValues): string {
  return pattern.replaceAll(PLACEHOLDER, (_, name: Placeholder, how: string | undefined) => {
    const value = values[name] ?? ''
    if (how === 'encoded') return encodeURIComponent(value)
    return how === 'json' ? JSON.stringify(value).slice(1, -1) : value
  })
}

/** Placeholders that a pattern holds, known or not: `{name}`. */
export function placeholdersIn(pattern: string): readonly string[] {
  return [...pattern.matchAll(/\{([a-z]+)(?:\|[a-z]+)?\}/g)].map(([, name]) => name!)
}

export function usesTags({ url, headers, body }: RequestPattern): boolean {
  return [url, body ?? '', ...Object.values(headers)].some((text) =>
    placeholdersIn(text).includes('tag'),
  )
}

/** `{query}` begins with its question mark, so that `{path}{query}` is the target. */
export function urlValues(url: URL): PatternValues {
  return {
    url: url.href,
    scheme: url.protocol.slice(0, -1),
    host: url.host,
    path: url.pathname,
    query: url.search,
    target: url.pathname + url.search,
  }
}
