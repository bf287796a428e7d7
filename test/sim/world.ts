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

  /** Called before a program goes on with what one of its effects brought: a timer, a message, a disk, the store. */
  beforeEntry: (host: string) => void = () => undefined

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
  at(time: number, run: () => void, inOrder = false): Planned {
    const tie = inOrder ? 0 : this.chance.number()
    return this.#queue.push(Math.max(time, this.#now), tie, run)
  }

  after(ms: number, run: () => void): Planned {
    return this.at(this.#now + ms, run)
  }

  /** Resolves when `until` is true, at `deadline`, or when nothing is left to happen. */
  run(deadline: number, until: () => boolean = () => false): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const step = (): void => {
      try {
        if (until()) return resolve()
        const event = this.#queue.pop(deadline)
        if (!event) {
          this.#now = Math.max(this.#now, deadline)
          return resolve()
        }
        this.#now = event.time
        this.#count += 1
        event.run()
        whenQuiet(step, this.#count)
      } catch (error) {
        reject(error)
      }
    }
    whenQuiet(step, this.#count)
    return promise
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

/** Each so many events Node gets its turn: rejections that nobody handles are told, and memory is collected. */
const BREATH_EVERY = 256

const settled = Promise.resolve()

/**
 * Runs `next` when all promises that can settle have settled. Node runs their reactions before it turns to the next tick that one of
 * them asked for, and so before the next immediate; a tick costs a fraction of an immediate, which looks at the whole event loop.
 */
function whenQuiet(next: () => void, count: number): void {
  if (count % BREATH_EVERY === 0) setImmediate(next)
  else void settled.then(() => process.nextTick(next))
}

/** Something that is to happen, unless it is cancelled before: then it is as if it had never been planned. */
export interface Planned {
  cancel(): void
}

class Event implements Planned {
  readonly time: number
  readonly tie: number
  readonly order: number
  #run: (() => void) | undefined

  constructor(time: number, tie: number, order: number, run: () => void) {
    this.time = time
    this.tie = tie
    this.order = order
    this.#run = run
  }

  get isCancelled(): boolean {
    return this.#run === undefined
  }

  run(): void {
    this.#run?.()
  }

  /** Holds nothing any more, however long it stays in the queue. */
  cancel(): void {
    this.#run = undefined
  }
}

/** A binary heap by time, then tie, then order of arrival. */
class EventQueue {
  readonly #heap: Event[] = []
  #order = 0

  push(time: number, tie: number, run: () => void): Event {
    const heap = this.#heap
    const event = new Event(time, tie, this.#order++, run)
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]!
      if (!before(event, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
    return event
  }

  /** The next event up to `deadline`. */
  pop(deadline: number): Event | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (!first || first.time > deadline) return undefined
      const last = this.#heap.pop()!
      if (this.#heap.length > 0) this.#sink(last)
      if (!first.isCancelled) return first
    }
  }

  /** Puts `event` where the first one was. */
  #sink(event: Event): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1
      if (!before(heap[child]!, event)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = event
  }
}

function before(one: Event, other: Event): boolean {
  if (one.time !== other.time) return one.time < other.time
  return one.tie === other.tie ? one.order < other.order : one.tie < other.tie
}
