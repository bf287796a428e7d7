import type { Random } from '../../src/kernel/random.ts'

/** Chance that is the same for the same seed: sfc32 (PractRand's small fast counter generator). */
export class Chance implements Random {
  #a: number
  #b: number
  #c: number
  #count = 1

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 2 ** 32) | 0
    this.#c = stream | 0
    // The first numbers of near seeds resemble each other.
    for (let round = 0; round < 15; round++) this.#next()
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0
    this.#count = (this.#count + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  number(): number {
    return this.#next() / 2 ** 32
  }

  bytes(count: number): Uint8Array {
    const made = new Uint8Array(count)
    for (let at = 0; at < count; at++) made[at] = this.#next() & 255
    return made
  }

  /** True in `share` of all cases. */
  happens(share: number): boolean {
    return this.number() < share
  }

  between(from: number, to: number): number {
    return from + this.number() * (to - from)
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[Math.floor(this.number() * choices.length)]
    if (chosen === undefined) throw new Error('nothing to pick from')
    return chosen
  }

  /** One of the names, each as often as its weight says. */
  weighed<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][]
    let left = this.number() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    throw new Error('nothing has any weight')
  }
}
