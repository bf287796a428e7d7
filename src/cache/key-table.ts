import { KEY_BYTES } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'

/**
 * A number of a purge for each key, and a note with it, in flat memory: a list of a million URLs makes two million entries, which as
 * a Map of strings would take 300 MB and a long collection of garbage. A slot has 64 of a key's 128 bits: two keys that share them
 * share the higher number, which purges too much and never too little. The table is cut into segments by the first bits of the key,
 * so that growing moves a small part at a time and no event loop stands still for it.
 */
const SEGMENTS = 256
const SLOTS_MIN = 16
/**
 * Beyond such a share of used slots a segment doubles, so that linear probing stays short. It is another for each segment: they
 * fill alike, and would else all grow in the same moment.
 */
const LOAD_MAX_FIRST = 0.5
const LOAD_MAX_LAST = 0.8

/** Values of base64url characters by their code. */
const DIGITS = new Uint8Array(128)
for (const [value, char] of Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
).entries())
  DIGITS[char.charCodeAt(0)] = value

/** A slot lies together, because a table is larger than a processor's caches: high, low, note, and the seq in two halves. */
const WORDS = 5
const LOW = 1
const NOTE = 2
const SEQ_LOW = 3
const SEQ_HIGH = 4
const TWO_TO_32 = 2 ** 32

class Segment {
  #words = new Int32Array(SLOTS_MIN * WORDS)
  #mask = SLOTS_MIN - 1
  #used = 0
  readonly #loadMax: number

  constructor(index: number) {
    this.#loadMax = LOAD_MAX_FIRST + ((LOAD_MAX_LAST - LOAD_MAX_FIRST) * index) / SEGMENTS
  }

  get used(): number {
    return this.#used
  }

  /** The place of a key, or the free one where it would go. */
  find(high: number, low: number): number {
    const words = this.#words
    for (let slot = low & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WORDS
      if (words[at + LOW] === low && words[at] === high) return at
      if ((words[at + SEQ_LOW]! | words[at + SEQ_HIGH]!) === 0) return at
    }
  }

  /** 0 at a free place: no purge has that number. */
  seqAt(at: number): number {
    return this.#words[at + SEQ_HIGH]! * TWO_TO_32 + (this.#words[at + SEQ_LOW]! >>> 0)
  }

  setSeq(at: number, seq: number): void {
    this.#words[at + SEQ_LOW] = seq
    this.#words[at + SEQ_HIGH] = seq / TWO_TO_32
  }

  noteAt(at: number): number {
    return this.#words[at + NOTE]! >>> 0
  }

  setNote(at: number, note: number): void {
    this.#words[at + NOTE] = note
  }

  /** For a key that is not there yet; `place` is where it was looked for. */
  add(place: number, high: number, low: number, seq: number, note: number): void {
    const slots = this.#mask + 1
    const full = this.#used + 1 > slots * this.#loadMax
    if (full) this.#resize(slots * 2)
    const at = full ? this.find(high, low) : place
    this.#words[at] = high
    this.#words[at + LOW] = low
    this.setSeq(at, seq)
    this.setNote(at, note)
    this.#used += 1
  }

  each(take: (high: number, low: number, seq: number, note: number) => void): void {
    const words = this.#words
    for (let at = 0; at < words.length; at += WORDS) {
      const seq = this.seqAt(at)
      if (seq !== 0) take(words[at]!, words[at + LOW]!, seq, this.noteAt(at))
    }
  }

  /** Forgets all but what stays; leaves no holes, which probing must not meet. */
  keep(stays: (seq: number, note: number) => boolean): void {
    const before = this.#used
    for (let at = 0; at < this.#words.length; at += WORDS) {
      const seq = this.seqAt(at)
      if (seq === 0 || stays(seq, this.noteAt(at))) continue
      this.setSeq(at, 0)
      this.#used -= 1
    }
    if (this.#used === before) return
    let slots = SLOTS_MIN
    while (this.#used + 1 > slots * this.#loadMax) slots *= 2
    this.#resize(slots)
  }

  #resize(slots: number): void {
    const old = this.#words
    const words = new Int32Array(slots * WORDS)
    const mask = slots - 1
    for (let from = 0; from < old.length; from += WORDS) {
      if ((old[from + SEQ_LOW]! | old[from + SEQ_HIGH]!) === 0) continue
      let slot = old[from + LOW]! & mask
      // No two are the same.
      while ((words[slot * WORDS + SEQ_LOW]! | words[slot * WORDS + SEQ_HIGH]!) !== 0)
        slot = (slot + 1) & mask
      for (let word = 0; word < WORDS; word++) words[slot * WORDS + word] = old[from + word]!
    }
    this.#words = words
    this.#mask = mask
  }
}

export class KeyTable {
  /** Made when their first key comes: a node that has just started knows of few. */
  readonly #segments: (Segment | undefined)[] = Array.from({ length: SEGMENTS })
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Keys with the same first bits are together. */
  segment(high: number): Segment {
    return (this.#segments[high >>> 24] ??= new Segment(high >>> 24))
  }

  /** For a key that its segment has not yet. */
  add(place: number, high: number, low: number, seq: number, note: number): void {
    this.#count += 1
    this.segment(high).add(place, high, low, seq, note)
  }

  /** The number of a key; 0 when it is not there. */
  seqOf(key: KeyHash): number {
    const high = highOf(key)
    const segment = this.#segments[high >>> 24]
    return segment === undefined ? 0 : segment.seqAt(segment.find(high, lowOf(key)))
  }

  each(take: (high: number, low: number, seq: number, note: number) => void): void {
    for (const segment of this.#segments) segment?.each(take)
  }

  /** Forgets all but what stays. */
  keep(stays: (seq: number, note: number) => boolean): void {
    for (const segment of this.#segments) {
      if (segment === undefined) continue
      const before = segment.used
      segment.keep(stays)
      this.#count -= before - segment.used
    }
  }
}

/** Each key of KEY_BYTES in turn, as the 64 bits that a table goes by. */
export function eachPacked(keys: Uint8Array, take: (high: number, low: number) => void): void {
  const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength)
  for (let at = 0; at + KEY_BYTES <= keys.byteLength; at += KEY_BYTES)
    take(view.getInt32(at), view.getInt32(at + 4))
}

/** The first 32 bits of a key, with a sign as all halves here, which the engine keeps in a register: five characters of six bits and two bits of the sixth. */
export function highOf(key: KeyHash): number {
  return (
    (digit(key, 0) << 26) |
    (digit(key, 1) << 20) |
    (digit(key, 2) << 14) |
    (digit(key, 3) << 8) |
    (digit(key, 4) << 2) |
    (digit(key, 5) >> 4)
  )
}

/** The next 32 bits. */
export function lowOf(key: KeyHash): number {
  return (
    (digit(key, 5) << 28) |
    (digit(key, 6) << 22) |
    (digit(key, 7) << 16) |
    (digit(key, 8) << 10) |
    (digit(key, 9) << 4) |
    (digit(key, 10) >> 2)
  )
}

function digit(key: string, at: number): number {
  return DIGITS[key.charCodeAt(at)]!
}
