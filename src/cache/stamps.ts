import type { KeyHash } from '../contract/keys.ts'
import { KeyTable, eachPacked, highOf, lowOf } from './key-table.ts'
import { OF_ALL_PROJECTS, StampWriter, eachSaved } from './saved-stamps.ts'
import type { SavedStamps } from './saved-stamps.ts'

/** A stamp that more than one project has set: never folded into one of them. */
const OF_SEVERAL = 0

/** The last purge of each key; the note of each is whose it is. */
export class Stamps {
  #table = new KeyTable()
  /** Index 0 is of several projects. */
  #names: string[] = [OF_ALL_PROJECTS]
  #indexes = new Map<string, number>([[OF_ALL_PROJECTS, OF_SEVERAL]])
  #counts: number[] = [0]

  get count(): number {
    return this.#table.count
  }

  /** The last purge of a key; 0 when none is known. */
  of(key: KeyHash): number {
    return this.#table.seqOf(key)
  }

  raise(project: string, key: KeyHash, seq: number): void {
    this.#raise(this.#indexOf(project), highOf(key), lowOf(key), seq)
  }

  /** The same for keys of KEY_BYTES each, one behind the other. */
  raisePacked(project: string, keys: Uint8Array, seq: number): void {
    const owner = this.#indexOf(project)
    eachPacked(keys, (high, low) => this.#raise(owner, high, low, seq))
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
    this.#table = new KeyTable()
    this.#names = [OF_ALL_PROJECTS]
    this.#indexes = new Map([[OF_ALL_PROJECTS, OF_SEVERAL]])
    this.#counts = [0]
  }

  save(): readonly SavedStamps[] {
    const writer = new StampWriter()
    this.#table.each((high, low, seq, owner) => writer.add(this.#names[owner]!, high, low, seq))
    return writer.end()
  }

  load(saved: readonly SavedStamps[]): void {
    for (const [project, stamps] of saved) {
      const owner = this.#indexOf(project)
      eachSaved(stamps, (high, low, seq) => this.#raise(owner, high, low, seq))
    }
  }

  #raise(owner: number, high: number, low: number, seq: number): void {
    const segment = this.#table.segment(high)
    const at = segment.find(high, low)
    const before = segment.seqAt(at)
    if (before === 0) {
      this.#table.add(at, high, low, seq, owner)
      this.#counts[owner]! += 1
      return
    }
    const known = segment.noteAt(at)
    if (known !== owner && known !== OF_SEVERAL) {
      this.#counts[known]! -= 1
      this.#counts[OF_SEVERAL]! += 1
      segment.setNote(at, OF_SEVERAL)
    }
    if (seq > before) segment.setSeq(at, seq)
  }

  #keep(stays: (seq: number, owner: number) => boolean): void {
    this.#table.keep((seq, owner) => {
      const kept = stays(seq, owner)
      if (!kept) this.#counts[owner]! -= 1
      return kept
    })
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
