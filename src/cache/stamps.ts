import { KEY_BYTES } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'

/**
 * The last purge of each key, in flat memory: a list of a million URLs makes two million stamps, which as a Map of strings would
 * take 300 MB and a long collection of garbage. A slot has 64 of a key's 128 bits: two keys that share them share the higher stamp,
 * which purges too much and never too little. The table is cut into segments by the first bits of the key, so that growing
 * moves a small part at a time and no event loop stands still for it.
 */
const SEGMENTS = 256
const SLOTS_MIN = 16
/**
 * Beyond such a share of used slots a segment doubles, so that linear probing stays short. It is another for each segment: they
 * fill alike, and would else all grow in the same moment.
 */
const LOAD_MAX_FIRST = 0.5
const LOAD_MAX_LAST = 0.8
/** A stamp that more than one project has set: never folded into one of them. */
const OF_SEVERAL = 0
export const OF_ALL_PROJECTS = ''

/** Project, then 16 bytes a stamp as base64: 8 of the key, 8 of the seq. */
export type SavedStamps = readonly [project: string, stamps: string]
const SAVED_BYTES = 16
/** Stamps in one saved piece: a line of the saved state of a megabyte at most. */
const SAVED_PIECE_STAMPS = 48_000

/** Values of base64url characters by their code. */
const DIGITS = new Uint8Array(128)
for (const [value, char] of Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
).entries())
  DIGITS[char.charCodeAt(0)] = value

class Segment {
  high = new Uint32Array(SLOTS_MIN)
  low = new Uint32Array(SLOTS_MIN)
  owner = new Uint32Array(SLOTS_MIN)
  /** 0 marks a free slot: no purge has that number. */
  seq = new Float64Array(SLOTS_MIN)
  used = 0
  readonly #loadMax: number

  constructor(index: number) {
    this.#loadMax = LOAD_MAX_FIRST + ((LOAD_MAX_LAST - LOAD_MAX_FIRST) * index) / SEGMENTS
  }

  isFull(): boolean {
    return this.used + 1 > this.seq.length * this.#loadMax
  }

  /** After many were freed. */
  shrink(): void {
    let slots = SLOTS_MIN
    while (this.used + 1 > slots * this.#loadMax) slots *= 2
    this.resize(slots)
  }

  /** The slot of a key, or the free one where it would go. */
  slot(high: number, low: number): number {
    const mask = this.seq.length - 1
    let at = low & mask
    while (this.seq[at] !== 0 && (this.low[at] !== low || this.high[at] !== high))
      at = (at + 1) & mask
    return at
  }

  resize(slots: number): void {
    const { high, low, owner, seq } = this
    this.high = new Uint32Array(slots)
    this.low = new Uint32Array(slots)
    this.owner = new Uint32Array(slots)
    this.seq = new Float64Array(slots)
    for (let from = 0; from < seq.length; from++) {
      if (seq[from] === 0) continue
      const at = this.slot(high[from]!, low[from]!)
      this.high[at] = high[from]!
      this.low[at] = low[from]!
      this.owner[at] = owner[from]!
      this.seq[at] = seq[from]!
    }
  }
}

export class Stamps {
  #segments = freshSegments()
  #count = 0
  /** Index 0 is of several projects. */
  #names: string[] = [OF_ALL_PROJECTS]
  #indexes = new Map<string, number>([[OF_ALL_PROJECTS, OF_SEVERAL]])
  #counts: number[] = [0]

  get count(): number {
    return this.#count
  }

  /** The last purge of a key; 0 when none is known. */
  of(key: KeyHash): number {
    const high = highOf(key)
    const segment = this.#segments[high >>> 24]!
    return segment.seq[segment.slot(high, lowOf(key))]!
  }

  raise(project: string, key: KeyHash, seq: number): void {
    this.#raise(this.#indexOf(project), highOf(key), lowOf(key), seq)
  }

  /** The same for keys of KEY_BYTES each, one behind the other. */
  raisePacked(project: string, keys: Uint8Array, seq: number): void {
    const owner = this.#indexOf(project)
    const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength)
    for (let at = 0; at + KEY_BYTES <= keys.byteLength; at += KEY_BYTES)
      this.#raise(owner, view.getUint32(at), view.getUint32(at + 4), seq)
  }

  /** The project with most stamps; undefined when no stamp is of one project alone. */
  largestProject(): string | undefined {
    let largest = OF_SEVERAL
    let most = 0
    for (let index = 1; index < this.#counts.length; index++) {
      if (this.#counts[index]! > most) [largest, most] = [index, this.#counts[index]!]
    }
    return most === 0 ? undefined : this.#names[largest]
  }

  /** Forgets all stamps of one project; returns the highest of them. */
  forgetProject(project: string): number {
    const owner = this.#indexOf(project)
    let highest = 0
    this.#keep((seq, of) => {
      if (of !== owner) return true
      highest = Math.max(highest, seq)
      return false
    })
    return highest
  }

  forgetUpTo(swept: number): void {
    this.#keep((seq) => seq > swept)
  }

  clear(): void {
    this.#segments = freshSegments()
    this.#count = 0
    this.#names = [OF_ALL_PROJECTS]
    this.#indexes = new Map([[OF_ALL_PROJECTS, OF_SEVERAL]])
    this.#counts = [0]
  }

  save(): readonly SavedStamps[] {
    const saved: SavedStamps[] = []
    const open = new Map<number, { bytes: Buffer; used: number }>()
    const close = (owner: number, { bytes, used }: { bytes: Buffer; used: number }) =>
      saved.push([this.#names[owner]!, bytes.toString('base64', 0, used)])
    for (const { high, low, owner, seq } of this.#segments) {
      for (let slot = 0; slot < seq.length; slot++) {
        if (seq[slot] === 0) continue
        let piece = open.get(owner[slot]!)
        if (!piece || piece.used === piece.bytes.length) {
          if (piece) close(owner[slot]!, piece)
          const stamps = Math.min(this.#counts[owner[slot]!]!, SAVED_PIECE_STAMPS)
          piece = { bytes: Buffer.alloc(stamps * SAVED_BYTES), used: 0 }
          open.set(owner[slot]!, piece)
        }
        piece.bytes.writeUInt32BE(high[slot]!, piece.used)
        piece.bytes.writeUInt32BE(low[slot]!, piece.used + 4)
        piece.bytes.writeDoubleBE(seq[slot]!, piece.used + 8)
        piece.used += SAVED_BYTES
      }
    }
    for (const [owner, piece] of open) close(owner, piece)
    return saved
  }

  load(saved: readonly SavedStamps[]): void {
    for (const [project, text] of saved) {
      const owner = this.#indexOf(project)
      const bytes = Buffer.from(text, 'base64')
      for (let at = 0; at + SAVED_BYTES <= bytes.length; at += SAVED_BYTES)
        this.#raise(
          owner,
          bytes.readUInt32BE(at),
          bytes.readUInt32BE(at + 4),
          bytes.readDoubleBE(at + 8),
        )
    }
  }

  #raise(owner: number, high: number, low: number, seq: number): void {
    const segment = this.#segments[high >>> 24]!
    let at = segment.slot(high, low)
    const before = segment.seq[at]!
    if (before === 0) {
      if (segment.isFull()) {
        segment.resize(segment.seq.length * 2)
        at = segment.slot(high, low)
      }
      segment.high[at] = high
      segment.low[at] = low
      segment.owner[at] = owner
      segment.used += 1
      this.#count += 1
      this.#counts[owner]! += 1
    } else if (segment.owner[at] !== owner && segment.owner[at] !== OF_SEVERAL) {
      this.#counts[segment.owner[at]!]! -= 1
      this.#counts[OF_SEVERAL]! += 1
      segment.owner[at] = OF_SEVERAL
    }
    if (seq > before) segment.seq[at] = seq
  }

  /** Forgetting leaves no holes behind: what stays is put into fresh segments. */
  #keep(stays: (seq: number, owner: number) => boolean): void {
    for (const segment of this.#segments) {
      const { owner, seq } = segment
      let used = 0
      for (let slot = 0; slot < seq.length; slot++) {
        if (seq[slot] === 0) continue
        if (stays(seq[slot]!, owner[slot]!)) used += 1
        else {
          this.#counts[owner[slot]!]! -= 1
          seq[slot] = 0
        }
      }
      if (used === segment.used) continue
      this.#count -= segment.used - used
      segment.used = used
      segment.shrink()
    }
  }

  #indexOf(project: string): number {
    const known = this.#indexes.get(project)
    if (known !== undefined) return known
    const index = this.#names.push(project) - 1
    this.#indexes.set(project, index)
    this.#counts.push(0)
    return index
  }
}

function freshSegments(): readonly Segment[] {
  return Array.from({ length: SEGMENTS }, (_, index) => new Segment(index))
}

/** The first 32 bits of a key: five characters of six bits and two bits of the sixth. */
function highOf(key: string): number {
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
function lowOf(key: string): number {
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
