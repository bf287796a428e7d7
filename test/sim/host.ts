import type { Clock } from '../../src/kernel/clock.ts'
import type { Timers } from '../../src/kernel/timers.ts'
import { Chance } from './chance.ts'
import type { Planned, World } from './world.ts'

/** Clocks may differ by the margin's share of a lease: half of it to either side, and a little less. */
export const DRIFT_MAX = 0.009

/** A machine with a clock of its own: it begins anywhere, drifts, can be set to another time of day, and stands still in a suspend. */
export class Host {
  readonly name: string
  readonly world: World
  readonly #drift: number
  readonly #begin: number
  #suspendedMs = 0
  #suspendedSince: number | null = null
  #wallJumpMs = 0

  constructor(world: World, name: string, drift: number) {
    this.world = world
    this.name = name
    this.#drift = drift
    this.#begin = world.chance.between(0, 1e7)
  }

  readonly clock: Clock = {
    now: () => this.#begin + this.#awakeMs() * (1 + this.#drift),
    wall: () => EPOCH_MS + this.world.now * (1 + this.#drift) + this.#wallJumpMs,
    boot: () => this.#begin + this.world.now * (1 + this.#drift),
  }

  #awakeMs(): number {
    return (this.#suspendedSince ?? this.world.now) - this.#suspendedMs
  }

  /** How long it truly takes until this clock has moved on by `ms`. */
  trueMs(ms: number): number {
    return ms / (1 + this.#drift)
  }

  jumpWall(ms: number): void {
    this.#wallJumpMs += ms
  }

  /** The monotonic clock stands still, the time of day does not: what a suspended laptop or a paused virtual machine sees. */
  suspend(): void {
    this.#suspendedSince ??= this.world.now
  }

  wake(): void {
    if (this.#suspendedSince === null) return
    this.#suspendedMs += this.world.now - this.#suspendedSince
    this.#suspendedSince = null
  }
}

const EPOCH_MS = Date.UTC(2026, 0, 1)

/**
 * A running program: what is to happen in it happens while it lives, and waits while it is stopped (SIGSTOP), for timers and
 * messages alike. After a crash nothing of it happens any more.
 */
export class Program {
  readonly host: Host
  readonly name: string
  readonly random: Chance
  #alive = true
  #paused = false
  #held: (() => void)[] = []
  readonly #atDeath = new Set<() => void>()

  constructor(host: Host, name: string) {
    this.host = host
    this.name = name
    this.random = new Chance(host.world.chance.number() * 2 ** 32, 1)
  }

  get world(): World {
    return this.host.world
  }
  get clock(): Clock {
    return this.host.clock
  }
  get alive(): boolean {
    return this.#alive
  }
  get running(): boolean {
    return this.#alive && !this.#paused
  }

  /** Runs inside this program after `ms` of true time. */
  later(ms: number, run: () => void): Planned {
    return this.world.after(ms, () => this.#enter(run))
  }

  #enter(run: () => void): void {
    if (!this.#alive) return
    if (this.#paused) return void this.#held.push(run)
    this.world.beforeEntry(this.host.name)
    if (this.#alive) run()
  }

  /** Waits inside this program; after a crash for ever. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.later(ms, resolve)
    })
  }

  stop(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.host.wake()
    const held = this.#held
    this.#held = []
    for (const run of held) this.world.at(this.world.now, () => this.#enter(run), true)
  }

  crash(): void {
    this.#alive = false
    this.#held = []
    for (const tell of this.#atDeath) tell()
    this.#atDeath.clear()
  }

  /** Who talks to this program hears of its death, if at all. */
  whenDead(tell: () => void): () => void {
    this.#atDeath.add(tell)
    return () => this.#atDeath.delete(tell)
  }

  readonly timers: Timers = {
    sleep: (ms, signal) => this.#sleep(ms, signal),
    after: (ms, run) => {
      let cancelled = false
      // It may be due and held already, in a program that is stopped.
      const planned = this.later(this.host.trueMs(ms), () => {
        if (!cancelled) run()
      })
      return () => {
        cancelled = true
        planned.cancel()
      }
    },
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const abort = (): void => reject(signal?.reason as Error)
      signal?.addEventListener('abort', abort, { once: true })
      this.later(this.host.trueMs(ms), () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
    })
  }
}
