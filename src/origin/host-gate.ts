/**
 * What a host of originals is spared. Reads are spaced so that no second sees more of them than the host should bear; and a host that
 * fails again and again is left in peace for a while, because asking on would neither help it nor anybody who waits. Pure
 * arithmetic over the times that it is given; whoever asks waits by himself.
 */
export interface GateLimits {
  /** Reads that may begin within any one second. */
  readonly readsPerSecond: number
  /** How long a read may wait for its turn; beyond this it is refused at once, since its asker would not wait either. */
  readonly turnWaitMaxMs: number
  /** Failures in a row after which the host rests. */
  readonly failuresBeforeRest: number
  /** The first rest; each further one is twice as long. */
  readonly restMs: number
  readonly restMaxMs: number
}

export const GATE_LIMITS: GateLimits = {
  readsPerSecond: 50,
  turnWaitMaxMs: 5_000,
  failuresBeforeRest: 5,
  restMs: 1_000,
  restMaxMs: 30_000,
}

export type Admission =
  | { readonly kind: 'go'; readonly waitMs: number; readonly probe: boolean }
  /** It rests: `forMs` more, as far as one can say. */
  | { readonly kind: 'resting'; readonly forMs: number }
  | { readonly kind: 'crowded' }

const SECOND_MS = 1_000

export class HostGate {
  readonly #limits: GateLimits
  /** When the last reads began or will begin, oldest first: as many as one second may see. */
  readonly #starts: number[] = []
  #failures = 0
  #rests = 0
  #restsUntil = 0
  #probing = false

  constructor(limits: GateLimits) {
    this.#limits = limits
  }

  /** `now`: monotonic. Whoever is told to go says afterwards how it went. */
  admit(now: number): Admission {
    const probe = this.#rests > 0
    if (probe && (now < this.#restsUntil || this.#probing)) {
      return { kind: 'resting', forMs: Math.max(0, this.#restsUntil - now) }
    }
    const { readsPerSecond, turnWaitMaxMs } = this.#limits
    const before = this.#starts.at(-readsPerSecond)
    const start = before === undefined ? now : Math.max(now, before + SECOND_MS)
    if (start - now > turnWaitMaxMs) return { kind: 'crowded' }
    this.#starts.push(start)
    if (this.#starts.length > readsPerSecond) this.#starts.shift()
    this.#probing = probe
    return { kind: 'go', waitMs: start - now, probe }
  }

  succeeded(): void {
    this.#failures = 0
    this.#rests = 0
    this.#probing = false
  }

  /** It failed as a host does: unreachable, silent, 5xx. After a rest one failure is enough. */
  failed(now: number): void {
    this.#failures += 1
    const { failuresBeforeRest, restMs, restMaxMs } = this.#limits
    const resting = this.#rests > 0
    // Reads that began before the rest say nothing new.
    if (resting ? !this.#probing : this.#failures < failuresBeforeRest) return
    this.#restsUntil = now + Math.min(restMaxMs, restMs * 2 ** this.#rests)
    this.#rests += 1
    this.#probing = false
  }

  /** Neither: its asker went away, or what it asked was refused by us. */
  undecided(probe: boolean): void {
    if (probe) this.#probing = false
  }
}
