import type { Clock } from '../kernel/clock.ts'
import type { Timers } from '../kernel/timers.ts'

export interface PaceLimits {
  readonly concurrency: number
  /** Null: no limit. */
  readonly requestsPerSecond: number | null
}

/** How fast a target is asked, by all invalidations together: so many requests at one time, so many begun in a second. */
export class Pace {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #limits: PaceLimits
  readonly #waiting: (() => void)[] = []
  #running = 0
  #nextAt = Number.NEGATIVE_INFINITY

  constructor(parts: { readonly clock: Clock; readonly timers: Timers }, limits: PaceLimits) {
    this.#clock = parts.clock
    this.#timers = parts.timers
    this.#limits = limits
  }

  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#enter()
    try {
      signal.throwIfAborted()
      await this.#turn(signal)
      return await work()
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }

  async #enter(): Promise<void> {
    while (this.#running >= this.#limits.concurrency) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running += 1
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { requestsPerSecond } = this.#limits
    if (requestsPerSecond === null) return
    const now = this.#clock.now()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = at + 1000 / requestsPerSecond
    if (at > now) await this.#timers.sleep(at - now, signal)
  }
}
