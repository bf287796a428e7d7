import type { HeaderMap } from './lifetime.ts'

export interface UpstreamRequest {
  readonly method: string
  readonly target: string
  readonly headers: HeaderMap
  /** Only for methods that change things, on a plain edge. */
  readonly body?: AsyncIterable<Uint8Array>
}

export interface UpstreamAnswer {
  readonly status: number
  /** Lower-case names; repeated fields joined by `, `. */
  readonly headers: HeaderMap
  readonly body: AsyncIterable<Uint8Array>
  /** Lets go of a body that nobody will read. */
  discard(): void
}

/** What an edge asks: a resizer or another edge of Sluice (`marks`), or any HTTP server, which knows of no marks. */
export interface Upstream {
  readonly marks: boolean
  /** Rejects with EdgeError. */
  ask(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer>
}

/** Fields of one connection (RFC 9110 §7.6.1) and fields that a cache computes itself: never forwarded as they came. */
const NOT_FORWARDED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'age',
])

export function endToEnd(headers: HeaderMap): Record<string, string> {
  const named = new Set(
    (headers['connection'] ?? '').split(',').map((name) => name.trim().toLowerCase()),
  )
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!NOT_FORWARDED.has(name) && !named.has(name) && !name.startsWith('sluice-'))
      kept[name] = value
  }
  return kept
}
