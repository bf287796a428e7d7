/**
 * Cache directives (RFC 9111 §5.2) and the field meant for caches like ours (RFC 9213 §3.1). Unknown directives are ignored; a
 * lifetime that cannot be read counts as 0, the safe reading (RFC 9111 §4.2.1).
 */
export interface CacheDirectives {
  readonly noStore: boolean
  readonly noCache: boolean
  readonly private: boolean
  readonly public: boolean
  readonly mustRevalidate: boolean
  readonly onlyIfCached: boolean
  readonly maxAge: number | null
  readonly sharedMaxAge: number | null
}

/** Seconds beyond which a lifetime means "very long" (RFC 9111 §1.2.2). */
const SECONDS_MAX = 2 ** 31

export function parseCacheControl(value: string | undefined): CacheDirectives {
  const found = new Map<string, string>()
  for (const part of splitDirectives(value ?? '')) {
    const equals = part.indexOf('=')
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase()
    // The first of a repeated directive would be as valid; the last is what most caches take.
    if (name !== '') found.set(name, equals < 0 ? '' : unquote(part.slice(equals + 1).trim()))
  }
  return {
    noStore: found.has('no-store'),
    noCache: found.has('no-cache'),
    private: found.has('private'),
    public: found.has('public'),
    mustRevalidate: found.has('must-revalidate') || found.has('proxy-revalidate'),
    onlyIfCached: found.has('only-if-cached'),
    maxAge: seconds(found.get('max-age')),
    sharedMaxAge: seconds(found.get('s-maxage')),
  }
}

function* splitDirectives(value: string): Generator<string> {
  let start = 0
  let quoted = false
  for (let at = 0; at < value.length; at++) {
    const char = value[at]
    if (char === '\\' && quoted) at += 1
    else if (char === '"') quoted = !quoted
    else if (char === ',' && !quoted) {
      yield value.slice(start, at)
      start = at + 1
    }
  }
  yield value.slice(start)
}

function unquote(value: string): string {
  return value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

function seconds(value: string | undefined): number | null {
  if (value === undefined) return null
  return /^\d+$/.test(value) ? Math.min(Number(value), SECONDS_MAX) : 0
}
