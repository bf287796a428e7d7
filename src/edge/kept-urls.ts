import type { ServedUrl } from '../contract/node-protocol.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Timers } from '../kernel/timers.ts'

/** Spellings of which control has said that it keeps them; a forgotten one is asked about again, which is harmless. */
const KEPT_MAX = 50_000
/** Then it is said again: rows of a store may be lost without its purge log being replaced. */
const SAY_AGAIN_MS = 24 * 3600 * 1000
/** A visitor waits no longer for this; the answer then goes out for him alone. */
const DEADLINE_MS = 1_000
/** Control that did not answer is not asked for so long, so that not everybody waits for it. */
const REST_MS = 1_000
const PER_CALL_MAX = 200
const WAITING_MAX = 2_000

export interface KeptUrlsParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Log
  /** Which purge log the node follows. */
  readonly logId: () => string
  /** Gives those back that control does not keep. */
  readonly keep: (urls: readonly ServedUrl[], signal: AbortSignal) => Promise<readonly string[]>
}

interface Waiting {
  readonly served: ServedUrl
  readonly answered: PromiseWithResolvers<boolean>
}

/** First-seen spellings, recorded before their answer leaves: for caches behind us that can be purged by nothing but URLs. */
export class KeptUrls {
  readonly #parts: KeptUrlsParts
  /** When control said so, monotonic. */
  readonly #kept = new Map<string, number>()
  readonly #waiting = new Map<string, Waiting>()
  #logId = ''
  #restsUntil = Number.NEGATIVE_INFINITY
  #asking = false

  constructor(parts: KeptUrlsParts) {
    this.#parts = parts
  }

  /** True when the spelling is known to control by now, so that a cache may keep what it names. */
  async keep(served: ServedUrl): Promise<boolean> {
    this.#forgetOfAnotherLog()
    const now = this.#parts.clock.now()
    const since = this.#kept.get(served.url)
    if (since !== undefined && now - since < SAY_AGAIN_MS) return true
    if (now < this.#restsUntil || this.#waiting.size >= WAITING_MAX) return false
    const known = this.#waiting.get(served.url)
    if (known) return known.answered.promise
    const answered = Promise.withResolvers<boolean>()
    this.#waiting.set(served.url, { served, answered })
    void this.#ask()
    return answered.promise
  }

  /** One call at a time; what comes meanwhile goes with the next. */
  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting.values()].slice(0, PER_CALL_MAX)
      const logId = this.#parts.logId()
      const refused = await this.#refused(batch.map(({ served }) => served))
      for (const { served, answered } of batch) {
        this.#waiting.delete(served.url)
        const kept = !refused.has(served.url)
        if (kept && logId === this.#parts.logId()) this.#remember(served.url)
        answered.resolve(kept)
      }
    }
    this.#asking = false
  }

  async #refused(urls: readonly ServedUrl[]): Promise<ReadonlySet<string>> {
    const { keep, clock, timers, log } = this.#parts
    const late = new AbortController()
    const cancel = timers.after(DEADLINE_MS, () => late.abort())
    try {
      return new Set(await keep(urls, late.signal))
    } catch (error) {
      log.debug({ err: error }, 'spellings were not recorded: nobody behind us keeps these answers')
      this.#restsUntil = clock.now() + REST_MS
      return new Set(urls.map(({ url }) => url))
    } finally {
      cancel()
    }
  }

  /** A store that took the place of its own knows what it kept itself, and nothing of what was said to the one before. */
  #forgetOfAnotherLog(): void {
    const logId = this.#parts.logId()
    if (logId === this.#logId) return
    this.#logId = logId
    this.#kept.clear()
  }

  #remember(url: string): void {
    this.#forgetOfAnotherLog()
    this.#kept.delete(url)
    this.#kept.set(url, this.#parts.clock.now())
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_MAX) break
      this.#kept.delete(oldest)
    }
  }
}
