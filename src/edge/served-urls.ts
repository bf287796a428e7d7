import { dropOldest } from '../kernel/drop-oldest.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Log } from '../kernel/log.ts'
import type { Timers } from '../kernel/timers.ts'
import type { ServedUrl } from '../contract/node-protocol.ts'

/** Spellings remembered as already reported; a forgotten one is reported again, which is harmless. */
const KNOWN_MAX = 50_000
/** Reports kept while control cannot be reached; beyond this the oldest are lost: the list is a help, not a proof. */
const WAITING_MAX = 10_000
/** … and in characters, because a visitor decides how long a URL is. */
const WAITING_CHARACTERS_MAX = 8 * 1024 * 1024
/** Enough of a hash that no two of the remembered spellings share one by chance. */
const HASH_CHARACTERS = 24
/** A millisecond of control's work, which in one process with edges is a millisecond that visitors wait. */
const PER_REPORT_MAX = 50
const REPORT_EVERY_MS = 1_000
/** While more is waiting: a thousand a second, each of them told in time for whoever looks. */
const NEXT_REPORT_MS = 50

/** Collects first-seen spellings of rendition URLs and reports them to control in batches. */
export class ServedUrls {
  /** How often each was served. */
  readonly #known = new Map<string, number>()
  readonly #waiting: ServedUrl[] = []
  #characters = 0
  readonly #stopping = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  /** `told`: control knows the spelling already. */
  note(url: ServedUrl, told = false): void {
    const name = sha256(url.url).slice(0, HASH_CHARACTERS)
    const before = this.#known.get(name) ?? 0
    this.#known.set(name, before + 1)
    if (!isPowerOfFour(before + 1)) return
    dropOldest(this.#known, KNOWN_MAX)
    // A quarter of them was told of when they were a quarter as many.
    const fresh = before === 0 ? url : { ...url, times: ((before + 1) / 4) * 3 }
    if (told && before === 0) return
    this.#waiting.push(fresh)
    this.#characters += charactersOf(url)
    this.#drop()
  }

  /** The oldest of too many. */
  #drop(): void {
    let count = 0
    while (
      this.#waiting.length - count > WAITING_MAX ||
      this.#characters > WAITING_CHARACTERS_MAX
    ) {
      this.#characters -= charactersOf(this.#waiting[count]!)
      count += 1
    }
    if (count > 0) this.#waiting.splice(0, count)
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
    let waitMs = REPORT_EVERY_MS
    while (!signal.aborted) {
      await timers.sleep(waitMs, signal).catch(() => undefined)
      waitMs = REPORT_EVERY_MS
      // Taken out, because what is noted while the report is on its way may push the oldest away.
      const batch = this.#waiting.splice(0, PER_REPORT_MAX)
      for (const url of batch) this.#characters -= charactersOf(url)
      if (batch.length === 0 || signal.aborted) continue
      try {
        await report(batch, signal)
        if (this.#waiting.length > 0) waitMs = NEXT_REPORT_MS
      } catch (error) {
        this.#waiting.unshift(...batch)
        for (const url of batch) this.#characters += charactersOf(url)
        this.#drop()
        log.debug({ err: error }, 'served URLs not reported; trying again')
      }
    }
  }
}

/** A picture that is shown a million times is told of ten times. */
function isPowerOfFour(count: number): boolean {
  return Number.isInteger(Math.log2(count) / 2)
}

function charactersOf({ project, subject, url, target }: ServedUrl): number {
  return project.length + subject.length + url.length + target.length
}
