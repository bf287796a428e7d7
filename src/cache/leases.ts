import type { Clock } from '../kernel/clock.ts'
import { LEASE_JUMP_MAX_MS } from '../contract/node-protocol.ts'

/**
 * What entitles a node to answer clients from cache (freshness rule P3). Control grants `head` for `leaseMs`; the time counts from
 * the moment the request was *sent*, so that a slow answer shortens a lease and never lengthens it. The node holds a lease while any
 * unexpired grant has a head that it has applied: a newer grant whose head is still to come does not weaken an older one.
 */
export interface Grant {
  readonly head: number
  /** Infinite for a node that is its own control. */
  readonly leaseMs: number
  /** Monotonic milliseconds at which the renewal was sent. */
  readonly sentAt: number
  /** The time of day at that moment. */
  readonly sentWall: number
}

/** Renewals come every third of a lease; more than this many live at once means that control's answers are useless. */
const GRANTS_MAX = 16

/** Reading two clocks takes time, and the time of day has whole milliseconds: less than this is no step backwards. */
const STEP_BACK_MS = 10

interface Held extends Grant {
  /** By how much the time of day was ahead of the monotonic clock when the renewal was sent. */
  aheadMs: number
}

export class Leases {
  readonly #clock: Clock
  #grants: Held[] = []
  #aheadMs: number
  /** By how much the machine's uptime was ahead of the monotonic clock: it grows by suspends, and nobody can set it. */
  #suspendedMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#suspendedMs = this.#suspended()
    this.#aheadMs = clock.wall() - clock.now()
  }

  add(grant: Grant): void {
    this.#look()
    // Perhaps suspended while this renewal was under way; the next one is near.
    if (this.#dropAfterSuspend()) return
    const now = this.#clock.now()
    const aheadMs = grant.sentWall - grant.sentAt
    // Set back since the renewal was sent: a suspend meanwhile would not show. The next renewal is near.
    if (this.#aheadMs - aheadMs < -STEP_BACK_MS) return
    this.#grants = this.#grants.filter((held) => now < held.sentAt + held.leaseMs)
    this.#grants.push({ ...grant, aheadMs })
    if (this.#grants.length > GRANTS_MAX) this.#grants.shift()
  }

  /** Compared at each use, never a flag that a timer clears: a paused process would answer before its timers run. */
  held(applied: number): boolean {
    this.#look()
    const now = this.#clock.now()
    return this.#grants.some(
      (grant) => grant.head <= applied && now < grant.sentAt + grant.leaseMs && this.#counts(grant),
    )
  }

  /** Whether the clock that a grant is measured by can be believed; one without end needs none. */
  #counts({ leaseMs, aheadMs }: Held): boolean {
    return leaseMs === Number.POSITIVE_INFINITY || this.#aheadMs - aheadMs <= LEASE_JUMP_MAX_MS
  }

  dropAll(): void {
    this.#grants = []
  }

  /**
   * A suspended machine's monotonic clock may stand still while time passes; the time of day then betrays it. Counted for each grant
   * from its sending on: several short suspends are one long one, however often somebody looks in between.
   */
  #look(): void {
    const aheadMs = this.#clock.wall() - this.#clock.now()
    const change = aheadMs - this.#aheadMs
    this.#aheadMs = aheadMs
    // A clock that was set back says nothing of suspends; what grants have seen of them before still counts.
    if (change >= -STEP_BACK_MS) return
    for (const grant of this.#grants) grant.aheadMs += change
    // Set back in the same moment it would hide a suspend: the machine's uptime tells.
    this.#dropAfterSuspend()
  }

  #suspended(): number {
    return (this.#clock.boot?.() ?? this.#clock.now()) - this.#clock.now()
  }

  /** Whether the machine slept since the last look at its uptime; what was granted before is then worth nothing. */
  #dropAfterSuspend(): boolean {
    const suspendedMs = this.#suspended()
    const slept = suspendedMs - this.#suspendedMs > LEASE_JUMP_MAX_MS
    this.#suspendedMs = suspendedMs
    if (slept) this.#grants = this.#grants.filter(({ leaseMs }) => leaseMs === Infinity)
    return slept
  }
}
