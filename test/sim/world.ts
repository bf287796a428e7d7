import { hash } from 'node:crypto'
import { Chance } from './chance.ts'

/**
 * One true time, and a queue of what is to happen in it. Between two events all promises run out, so that a run is single-threaded
 * and the same seed makes the same run: nothing in it may wait for the real machine.
 */
export class World {
  readonly chance: Chance
  /** How often each fault and each branch was met, by name. */
  readonly met = new Map<string, number>()
  readonly #queue = new EventQueue()
  readonly #trace: string[] = []
  #traceHash = ''
  #now = 0
  #count = 0
  #moment = 0

  constructor(seed: number) {
    this.chance = new Chance(seed)
  }

  /** True time in milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }
  /** Counts up at each asking: orders what happens at one time. */
  moment(): number {
    return (this.#moment += 1)
  }
  get eventsCount(): number {
    return this.#count
  }

  /** Events of the same moment come in an order that chance decides, unless they are `inOrder`. */
  at(time: number, run: () => void, inOrder = false): void {
    const tie = inOrder ? 0 : this.chance.number()
    this.#queue.push({ time: Math.max(time, this.#now), tie, run })
  }

  after(ms: number, run: () => void): void {
    this.at(this.#now + ms, run)
  }

  /** Resolves when `until` is true, at `deadline`, or when nothing is left to happen. */
  async run(deadline: number, until: () => boolean = () => false): Promise<void> {
    await quiet()
    while (!until()) {
      const event = this.#queue.pop(deadline)
      if (!event) {
        this.#now = Math.max(this.#now, deadline)
        return
      }
      this.#now = event.time
      this.#count += 1
      event.run()
      await quiet()
    }
  }

  meet(name: string): void {
    this.met.set(name, (this.met.get(name) ?? 0) + 1)
  }

  /** Who, what, when: kept for people, and hashed to see that two runs were one. */
  note(who: string, what: string): void {
    this.#trace.push(`${this.#now.toFixed(2).padStart(10)}  ${who.padEnd(10)} ${what}`)
    if (this.#trace.length >= TRACE_PIECE * 2) this.#hashPiece()
  }

  #hashPiece(): void {
    const piece = this.#trace.splice(0, TRACE_PIECE)
    this.#traceHash = hash('sha256', this.#traceHash + piece.join('\n'))
    if (this.#old.length >= TRACE_OLD_MAX) this.#old.shift()
    this.#old.push(piece)
  }

  readonly #old: string[][] = []

  get trace(): readonly string[] {
    return [...this.#old.flat(), ...this.#trace]
  }

  get traceHash(): string {
    return hash('sha256', this.#traceHash + this.#trace.join('\n')).slice(0, 16)
  }
}

/** Lines hashed at once, and how many such pieces are kept to be shown. */
const TRACE_PIECE = 2_000
const TRACE_OLD_MAX = 100

/** All promises that can settle have settled: Node runs their reactions before it turns to the next immediate. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

interface Event {
  readonly time: number
  readonly tie: number
  readonly run: () => void
}

/** A binary heap by time, then tie, then order of arrival. */
class EventQueue {
  readonly #heap: (Event & { readonly order: number })[] = []
  #order = 0

  push(event: Event): void {
    const heap = this.#heap
    heap.push({ ...event, order: this.#order++ })
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1
      if (!before(heap[at]!, heap[parent]!)) return
      swap(heap, at, parent)
      at = parent
    }
  }

  /** The next event up to `deadline`. */
  pop(deadline: number): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (!first || first.time > deadline) return undefined
    const last = heap.pop()!
    if (heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    return first
  }

  #sink(): void {
    const heap = this.#heap
    for (let at = 0; ;) {
      let least = at
      for (const child of [at * 2 + 1, at * 2 + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child
      }
      if (least === at) return
      swap(heap, at, least)
      at = least
    }
  }
}

type Queued = Event & { readonly order: number }

function before(one: Queued, other: Queued): boolean {
  if (one.time !== other.time) return one.time < other.time
  return one.tie === other.tie ? one.order < other.order : one.tie < other.tie
}

function swap(heap: Queued[], one: number, other: number): void {
  const kept = heap[one]!
  heap[one] = heap[other]!
  heap[other] = kept
}
