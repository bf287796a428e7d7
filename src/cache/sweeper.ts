import type { Timers } from '../kernel/timers.ts'
import type { Freshness } from './freshness.ts'

/** Something that judges all that it holds, in slices. */
export interface Sweepable {
  sweep(): Generator<void>
}

const LOOK_EVERY_MS = 1_000
const BETWEEN_SLICES_MS = 1
/**
 * Beyond this, purges come faster than sweeps: the project with most stamps is purged as a whole. 80 MB; a list of a million URLs,
 * two keys each, stays below.
 */
export const STAMPS_MAX = 3_000_000

/** Forgets stamps once there are many, after judging everything that they could condemn (freshness rule P14). */
export class Sweeper {
  readonly #freshness: Freshness
  readonly #holders: readonly Sweepable[]
  readonly #timers: Timers
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(freshness: Freshness, holders: readonly Sweepable[], timers: Timers) {
    this.#freshness = freshness
    this.#holders = holders
    this.#timers = timers
  }

  start(): void {
    this.#loop = this.#forever()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  async #forever(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#pause(LOOK_EVERY_MS)
      if (this.#freshness.sweepIsDue) await this.sweep()
      this.#fold()
    }
  }

  #fold(): void {
    // What no project alone has set (what a restart made of soft purges) stays for the sweep.
    while (this.#freshness.stampCount > STAMPS_MAX && this.#freshness.foldLargestProject());
  }

  async sweep(): Promise<void> {
    const { epoch, applied } = this.#freshness
    for (const holder of this.#holders) {
      const slices = holder.sweep()
      while (!slices.next().done) {
        await this.#pause(BETWEEN_SLICES_MS)
        // Judging much takes long: what is purged meanwhile must not grow without end.
        this.#fold()
        if (this.#stopping.signal.aborted || this.#freshness.epoch !== epoch) return
      }
    }
    this.#freshness.forgetStampsUpTo(applied)
  }

  async #pause(ms: number): Promise<void> {
    await this.#timers.sleep(ms, this.#stopping.signal).catch(() => undefined)
  }
}
