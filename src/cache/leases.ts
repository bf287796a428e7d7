import type { Clock } from '../kernel/clock.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'

/**
 * What entitles a node to answer clients from cache (freshness rule P3). Control grants `head` for `leaseMs`; the time counts from
 * the moment the request was *sent*, so that a slow answer shortens a lease and never lengthens it. The node holds a lease while any
 * unexpired grant has a head that it has applied: a newer grant whose head is still to come does not weaken an older one.
 */
export interface Grant {
  readonly head: number
  readonly leaseMs: number
  /** Monotonic milliseconds at which the renewal was sent. */
  readonly sentAt: number
}

/** Renewals come every third of a lease; more than this many live at once means that control's answers are useless. */
const GRANTS_MAX = 16

export class Leases {
  readonly #clock: Clock
  #grants: Grant[] = []
  #lastNow: number
  #lastWall: number
  /** When a jump was last noticed: what was asked for before it says nothing any more, also if its answer comes only now. */
  #jumpNoticedAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastNow = clock.now()
    this.#lastWall = clock.wall()
  }

  add(grant: Grant): void {
    this.#dropAfterJump()
    if (grant.sentAt <= this.#jumpNoticedAt) return
    const now = this.#clock.now()
    this.#grants = this.#grants.filter((held) => now < held.sentAt + held.leaseMs)
    this.#grants.push(grant)
    if (this.#grants.length > GRANTS_MAX) this.#grants.shift()
  }

  /** Compared at each use, never a flag that a timer clears: a paused process would answer before its timers run. */
  held(applied: number): boolean {
    this.#dropAfterJump()
    const now = this.#clock.now()
    for (const grant of this.#grants) {
      if (now < grant.sentAt + grant.leaseMs && grant.head <= applied) return true
    }
    return false
  }

  dropAll(): void {
    this.#grants = []
  }

  /** A suspended machine's monotonic clock may stand still while time passes; the wall clock then betrays it. */
  #dropAfterJump(): void {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    const beyond = wall - this.#lastWall - (now - this.#lastNow)
    this.#lastNow = now
    this.#lastWall = wall
    const longest = this.#grants.reduce((most, grant) => Math.max(most, grant.leaseMs), 0)
    if (beyond <= leaseMarginMs(longest)) return
    this.#grants = []
    this.#jumpNoticedAt = now
  }
}
