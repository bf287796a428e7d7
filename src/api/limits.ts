import type { Clock } from '../kernel/clock.ts'

/** Limits on how often: a token bucket for requests, a sliding window for wrong passwords. In memory, per process. */

/** Contract: 50 requests/s per key, burst 200. */
export const KEY_RATE = { perSecond: 50, burst: 200 } as const
/** A console page may show hundreds of thumbnails at once; a person cannot click faster than this. */
export const SESSION_RATE = { perSecond: 200, burst: 1000 } as const
/** Who is not known yet, by address: sign-in pages, wrong keys. */
export const ADDRESS_RATE = { perSecond: 50, burst: 200 } as const

/** Contract: 5 wrong passwords in 10 min per account and address. */
export const WRONG_PASSWORDS_MAX = 5
export const WRONG_PASSWORDS_WINDOW_MS = 10 * 60 * 1000
/** For one address over all accounts: an office behind one address, yet no dictionary of accounts. */
export const WRONG_PASSWORDS_PER_ADDRESS_MAX = 50

/** Names remembered at once; the longest unseen is forgotten first, so strangers cannot fill the memory. */
const NAMES_MAX = 10_000

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Seconds to wait; 0 when the request may go on. */
export type TakeToken = (name: string, rate: Rate) => number

export function createBuckets(clock: Clock): TakeToken {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return (name, rate) => {
    const now = clock.now()
    const before = buckets.get(name) ?? { tokens: rate.burst, at: now }
    const grown = before.tokens + ((now - before.at) / 1000) * rate.perSecond
    const tokens = Math.min(rate.burst, grown)
    const allowed = tokens >= 1
    touch(buckets, name, { tokens: allowed ? tokens - 1 : tokens, at: now })
    return allowed ? 0 : (1 - tokens) / rate.perSecond
  }
}

export interface SignInLimits {
  /** Seconds to wait before another try; 0 when it may be tried now. */
  waitSeconds(email: string, address: string): number
  /** Counted before the password is looked at, so that tries at the same time do not slip through. */
  tried(email: string, address: string): void
  /** It was right: clears the account's count at that address. */
  right(email: string, address: string): void
}

export function createSignInLimits(clock: Clock): SignInLimits {
  const wrongAt = new Map<string, readonly number[]>()
  const recent = (name: string) =>
    (wrongAt.get(name) ?? []).filter((at) => clock.now() - at < WRONG_PASSWORDS_WINDOW_MS)
  const wait = (name: string, most: number) => {
    const times = recent(name)
    if (times.length < most) return 0
    return (times[times.length - most]! + WRONG_PASSWORDS_WINDOW_MS - clock.now()) / 1000
  }
  return {
    waitSeconds: (email, address) =>
      Math.max(
        wait(pair(email, address), WRONG_PASSWORDS_MAX),
        wait(address, WRONG_PASSWORDS_PER_ADDRESS_MAX),
      ),
    tried(email, address) {
      for (const name of [pair(email, address), address]) {
        touch(wrongAt, name, [...recent(name), clock.now()].slice(-WRONG_PASSWORDS_PER_ADDRESS_MAX))
      }
    },
    right(email, address) {
      wrongAt.delete(pair(email, address))
      touch(wrongAt, address, recent(address).slice(0, -1))
    },
  }
}

function pair(email: string, address: string): string {
  return `${address} ${email.toLowerCase()}`
}

/** Sets an entry as the youngest; a Map remembers the order of insertion. */
function touch<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name)
  map.set(name, value)
  if (map.size > NAMES_MAX) map.delete(map.keys().next().value!)
}
