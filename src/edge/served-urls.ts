import type { Log } from '../kernel/log.ts'
import type { Timers } from '../kernel/timers.ts'
import type { ServedUrl } from '../contract/node-protocol.ts'

/** Spellings remembered as already reported; a forgotten one is reported again, which is harmless. */
const KNOWN_MAX = 50_000
/** Reports kept while control cannot be reached; beyond this the oldest are lost: the list is a help, not a proof. */
const WAITING_MAX = 10_000
const PER_REPORT_MAX = 1_000
const REPORT_EVERY_MS = 1_000

/** Collects first-seen spellings of rendition URLs and reports them to control in batches. */
export class ServedUrls {
  readonly #known = new Set<string>()
  #waiting: ServedUrl[] = []
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  note(url: ServedUrl): void {
    if (this.#known.has(url.url)) return
    this.#known.add(url.url)
    for (const oldest of this.#known) {
      if (this.#known.size <= KNOWN_MAX) break
      this.#known.delete(oldest)
    }
    this.#waiting.push(url)
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift()
  }

  start(
    timers: Timers,
    log: Log,
    report: (urls: readonly ServedUrl[], signal: AbortSignal) => Promise<void>,
  ): void {
    this.#loop = this.#forever(timers, log, report)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop
  }

  async #forever(
    timers: Timers,
    log: Log,
    report: (urls: readonly ServedUrl[], signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await timers.sleep(REPORT_EVERY_MS, signal).catch(() => undefined)
      // Taken out, because what is noted while the report is on its way may push the oldest away.
      const batch = this.#waiting.splice(0, PER_REPORT_MAX)
      if (batch.length === 0 || signal.aborted) continue
      try {
        await report(batch, signal)
      } catch (error) {
        this.#waiting = [...batch, ...this.#waiting].slice(-WAITING_MAX)
        log.debug({ err: error }, 'served URLs not reported; trying again')
      }
    }
  }
}
