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

class Segment {
  high = new Uint32Array(SLOTS_MIN)
  low = new Uint32Array(SLOTS_MIN)
  /** What the table's owner keeps with a key. */
  note = new Uint32Array(SLOTS_MIN)
  /** 0 marks a free slot: no purge has that number. */
  seq = new Float64Array(SLOTS_MIN)
  used = 0
  readonly #loadMax: number

  constructor(index: number) {
    this.#loadMax = LOAD_MAX_FIRST + ((LOAD_MAX_LAST - LOAD_MAX_FIRST) * index) / SEGMENTS
  }

  /** The slot of a key, or the free one where it would go. */
  slot(high: number, low: number): number {
    const mask = this.seq.length - 1
    let at = low & mask
    while (this.seq[at] !== 0 && (this.low[at] !== low || this.high[at] !== high))
      at = (at + 1) & mask
    return at
  }

  /** Takes the free slot of a key that is not there yet, after growing where that must be. */
  add(high: number, low: number, seq: number): number {
    if (this.used + 1 > this.seq.length * this.#loadMax) this.#resize(this.seq.length * 2)
    const at = this.slot(high, low)
    this.high[at] = high
    this.low[at] = low
    this.seq[at] = seq
    this.used += 1
    return at
  }

  /** After many were freed, which leaves holes that probing must not meet. */
  shrink(): void {
    let slots = SLOTS_MIN
    while (this.used + 1 > slots * this.#loadMax) slots *= 2
    this.#resize(slots)
  }

  #resize(slots: number): void {
    const { high, low, note, seq } = this
    this.high = new Uint32Array(slots)
    this.low = new Uint32Array(slots)
    this.note = new Uint32Array(slots)
    this.seq = new Float64Array(slots)
    for (let from = 0; from < seq.length; from++) {
      if (seq[from] === 0) continue
      const at = this.slot(high[from]!, low[from]!)
      this.high[at] = high[from]!
      this.low[at] = low[from]!
      this.note[at] = note[from]!
      this.seq[at] = seq[from]!
    }
  }
}

export class KeyTable {
  readonly #segments: readonly Segment[] = Array.from(
    { length: SEGMENTS },
    (_, index) => new Segment(index),
  )
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Keys with the same first bits are together. */
  segment(high: number): Segment {
    return this.#segments[high >>> 24]!
  }

  /** For a key that its segment has not yet. */
  add(segment: Segment, high: number, low: number, seq: number): number {
    this.#count += 1
    return segment.add(high, low, seq)
  }

  /** The number of a key; 0 when it is not there. */
  seqOf(key: KeyHash): number {
    const high = highOf(key)
    const segment = this.#segments[high >>> 24]!
    return segment.seq[segment.slot(high, lowOf(key))]!
  }

  each(take: (high: number, low: number, note: number, seq: number) => void): void {
    for (const { high, low, note, seq } of this.#segments) {
      for (let slot = 0; slot < seq.length; slot++)
        if (seq[slot] !== 0) take(high[slot]!, low[slot]!, note[slot]!, seq[slot]!)
    }
  }

  /** Forgets all but what stays. */
  keep(stays: (seq: number, note: number) => boolean): void {
    for (const segment of this.#segments) {
      const { note, seq } = segment
      let used = 0
      for (let slot = 0; slot < seq.length; slot++) {
        if (seq[slot] === 0) continue
        if (stays(seq[slot]!, note[slot]!)) used += 1
        else seq[slot] = 0
      }
      if (used === segment.used) continue
      this.#count -= segment.used - used
      segment.used = used
      segment.shrink()
    }
  }
}

/** Each key of KEY_BYTES in turn, as the 64 bits that a table goes by. */
export function eachPacked(keys: Uint8Array, take: (high: number, low: number) => void): void {
  const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength)
  for (let at = 0; at + KEY_BYTES <= keys.byteLength; at += KEY_BYTES)
    take(view.getUint32(at), view.getUint32(at + 4))
}

/** The first 32 bits of a key: five characters of six bits and two bits of the sixth. */
export function highOf(key: KeyHash): number {
  return (
    ((digit(key, 0) << 26) |
      (digit(key, 1) << 20) |
      (digit(key, 2) << 14) |
      (digit(key, 3) << 8) |
      (digit(key, 4) << 2) |
      (digit(key, 5) >> 4)) >>>
    0
  )
}

/** The next 32 bits. */
export function lowOf(key: KeyHash): number {
  return (
    ((digit(key, 5) << 28) |
      (digit(key, 6) << 22) |
      (digit(key, 7) << 16) |
      (digit(key, 8) << 10) |
      (digit(key, 9) << 4) |
      (digit(key, 10) >> 2)) >>>
    0
  )
}

function digit(key: string, at: number): number {
  return DIGITS[key.charCodeAt(at)]!
}
