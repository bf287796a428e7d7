import { clientNetwork } from '../kernel/client-network.ts'
import { dropOldest } from '../kernel/drop-oldest.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'

/**
 * How many new things one client may ask for: what costs an image server and an origin work. Hits and revalidations cost nobody
 * anything and are never counted, so a client that is over its limit still gets all that is cached. It only refuses: no answer is
 * older because of it, and no purge is missed.
 */
export interface MissLimitOptions {
  /** New ones a second, in the long run. */
  readonly perSecond: number
  /** New ones at once: a page full of pictures that nobody saw before. */
  readonly burst: number
}

/** Clients remembered; a forgotten one begins with a full burst. */
const CLIENTS_MAX = 50_000
/** A line a minute is enough to be found, and no flood. */
const WARN_EVERY_MS = 60_000

export class MissLimit {
  readonly #clock: Clock
  readonly #log: Log
  readonly #msPerMiss: number
  readonly #burstMs: number
  /** Until when each client has spent its allowance; in the past: all of it is left. Least recently seen first. */
  readonly #spentUntil = new Map<string, number>()
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, log: Log, { perSecond, burst }: MissLimitOptions) {
    this.#clock = clock
    this.#log = log
    this.#msPerMiss = 1000 / perSecond
    this.#burstMs = burst * this.#msPerMiss
  }

  /** Whether it may have none at this moment. */
  isSpent(address: string): boolean {
    const spentUntil = this.#spentUntil.get(clientNetwork(address))
    return spentUntil !== undefined && this.#overMs(spentUntil, this.#clock.now()) > 0
  }

  /** 0 when the client may have one more, else the whole seconds after which it may. */
  take(address: string): number {
    const client = clientNetwork(address)
    const now = this.#clock.now()
    const spentUntil = this.#spentUntil.get(client) ?? now
    const overMs = this.#overMs(spentUntil, now)
    if (overMs > 0) {
      this.#warn(client, now)
      return Math.ceil(overMs / 1000)
    }
    this.#spentUntil.delete(client)
    this.#spentUntil.set(client, Math.max(now, spentUntil) + this.#msPerMiss)
    dropOldest(this.#spentUntil, CLIENTS_MAX)
    return 0
  }

  /** How long one more would be over the burst. */
  #overMs(spentUntil: number, now: number): number {
    const overMs = Math.max(0, spentUntil - now) + this.#msPerMiss - this.#burstMs
    // Half a microsecond of rounding is no miss.
    return overMs > 0.0005 ? overMs : 0
  }

  #warn(client: string, now: number): void {
    if (now < this.#warnedAt + WARN_EVERY_MS) return
    this.#warnedAt = now
    this.#log.warn(
      { client },
      'a client asks for more new pictures than SLUICE_MISSES_PER_SECOND; if it is a proxy of yours, name it in SLUICE_TRUSTED_PROXIES',
    )
  }
}
