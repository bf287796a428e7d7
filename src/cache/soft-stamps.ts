import { KEY_BYTES } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { KeyTable, eachPacked, highOf, lowOf } from './key-table.ts'
import { OF_ALL_PROJECTS, StampWriter } from './saved-stamps.ts'
import type { SavedStamps } from './saved-stamps.ts'

/**
 * Beyond this many, soft purges are taken as hard ones: covering more is safe. A list of a million URLs has two million keys at most,
 * some 100 MB.
 */
const SOFT_STAMPS_MAX = 2_100_000

/** A soft purge of something: since which seq it is stale, and until when it may still be shown. */
export interface Staleness {
  readonly seq: number
  /** Milliseconds of the machine's uptime. */
  readonly until: number
}

/**
 * A window's end is kept as so many of these since the first one, in 32 bits: enough for 497 days. Rounded down, and beyond that cut
 * off, so that a window may end early and never late.
 */
const TICK_MS = 10
const TICKS_MAX = 2 ** 32 - 1

/**
 * Soft purges: what they name is stale, and may be shown to clients while it is asked after, until a time that the project states.
 * Then it is what an expired lifetime is: not shown before it was confirmed.
 */
export class SoftStamps {
  #table = new KeyTable()
  /** When the first one came. */
  #began: number | undefined
  /** When the last of all windows ends. */
  #lastUntil = Number.NEGATIVE_INFINITY

  get count(): number {
    return this.#table.count
  }

  /** Milliseconds of uptime: from then on nothing is shown because of these any more. */
  get lastUntil(): number {
    return this.#lastUntil
  }

  /** False when there is no room: the purge must then be a hard one. `now` and `until` are of the machine's uptime. */
  raise(keys: readonly KeyHash[], seq: number, now: number, until: number): boolean {
    if (this.count + keys.length > SOFT_STAMPS_MAX) return false
    const tick = this.#tickOf(now, until)
    for (const key of keys) this.#raise(highOf(key), lowOf(key), seq, tick)
    return true
  }

  /** The same for keys of KEY_BYTES each, one behind the other. */
  raisePacked(keys: Uint8Array, seq: number, now: number, until: number): boolean {
    if (this.count + keys.byteLength / KEY_BYTES > SOFT_STAMPS_MAX) return false
    const tick = this.#tickOf(now, until)
    eachPacked(keys, (high, low) => this.#raise(high, low, seq, tick))
    return true
  }

  /** How stale a thing with these keys and this mark is; undefined when no soft purge is newer. */
  of(keys: readonly KeyHash[], mark: number): Staleness | undefined {
    if (this.count === 0) return undefined
    let worst: Staleness | undefined
    for (const key of keys) {
      const [high, low] = [highOf(key), lowOf(key)]
      const segment = this.#table.segment(high)
      const at = segment.find(high, low)
      const seq = segment.seqAt(at)
      // A free place has the number 0, which no mark is below.
      if (seq <= mark) continue
      const until = this.#began! + segment.noteAt(at) * TICK_MS
      worst = { seq: Math.max(seq, worst?.seq ?? 0), until: Math.min(until, worst?.until ?? until) }
    }
    return worst
  }

  forgetUpTo(swept: number): void {
    this.#table.keep((seq) => seq > swept)
    if (this.count === 0) this.clear()
  }

  clear(): void {
    this.#table = new KeyTable()
    this.#began = undefined
    this.#lastUntil = Number.NEGATIVE_INFINITY
  }

  /** As hard ones: their time means nothing to another process. */
  saveAsHard(): readonly SavedStamps[] {
    const writer = new StampWriter()
    this.#table.each((high, low, seq) => writer.add(OF_ALL_PROJECTS, high, low, seq))
    return writer.end()
  }

  #tickOf(now: number, until: number): number {
    this.#began ??= now
    this.#lastUntil = Math.max(this.#lastUntil, until)
    return Math.min(Math.floor((until - this.#began) / TICK_MS), TICKS_MAX)
  }

  #raise(high: number, low: number, seq: number, tick: number): void {
    const segment = this.#table.segment(high)
    const at = segment.find(high, low)
    if (segment.seqAt(at) === 0) return this.#table.add(at, high, low, seq, tick)
    segment.setSeq(at, seq)
    // What an earlier soft purge made stale must not be shown for longer because of a later one.
    if (tick < segment.noteAt(at)) segment.setNote(at, tick)
  }
}
