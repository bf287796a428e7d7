import type { Clock } from '../kernel/clock.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { Freshness } from './freshness.ts'

/**
 * One fill per key, others wait (freshness rule P9). The catch: a waiter must not be given an answer that is older than what it could
 * have learned before it asked. So each waiter notes at its arrival how much of the log was applied and whether the node may use its
 * cache; it takes a joined fill's answer only if that passes, and otherwise asks once more for what it needs. A waiter on a node
 * without a lease joins only a fill that begins after it arrived.
 */
export interface FillAnswer {
  readonly keys: readonly KeyHash[]
  readonly mark: number
  /** An answer that may serve several askers. When false, the key is not collapsed for a while. */
  readonly shareable: boolean
}

export interface Waiter {
  readonly minMark: number
  /** `applied` when the request's head was read. */
  readonly appliedAtArrival: number
  /** Whether the node might answer this request from its cache then: it held a lease, or a node with one asked. */
  readonly mayUseCache: boolean
  /** Of which purge log these numbers are. */
  readonly logId: string
}

export function arrive(freshness: Freshness, minMark: number, askerHoldsLease: boolean): Waiter {
  return {
    minMark,
    appliedAtArrival: freshness.applied,
    mayUseCache: askerHoldsLease || freshness.holdsLease(),
    logId: freshness.logId,
  }
}

/** What a fill is asked to achieve. */
export interface FillOrder {
  /** The answer's mark must be at least this. */
  readonly minMark: number
  /** Every waiter will judge the answer by itself, so tiers further in may use their caches without a lease. */
  readonly waitersJudge: boolean
  /** Of which purge log the number is. */
  readonly logId: string
}

/**
 * The same order at this moment: numbers of a log that was replaced since mean nothing, and nobody knows how old anything is. Whoever
 * takes a mark from an order asks here at that very moment.
 */
export function inThisLog(freshness: Freshness, order: FillOrder): FillOrder {
  const { logId } = freshness
  return order.logId === logId ? order : { minMark: 0, waitersJudge: false, logId }
}

interface Fill<A> {
  readonly answer: Promise<A>
  /** What its answer's mark will be at least. */
  readonly minMark: number
}

interface Slot<A> {
  running: Fill<A> | undefined
  next: { answer: Promise<A>; orders: FillOrder[] } | undefined
}

/** Long enough that a burst for one uncacheable thing is not queued behind itself. */
const UNSHAREABLE_MS = 5_000
/** Of up to 32 KB each, as visitors please; forgetting one only collapses its askers again. */
const UNSHAREABLE_KEYS_MAX = 2_000

export class Fills<A extends FillAnswer> {
  readonly #freshness: Freshness
  readonly #clock: Clock
  #slots = new Map<string, Slot<A>>()
  /** Keys whose last answer was not shareable, until when; oldest first. */
  readonly #apart = new Map<string, number>()
  #epoch: number

  constructor(freshness: Freshness, clock: Clock) {
    this.#freshness = freshness
    this.#clock = clock
    this.#epoch = freshness.epoch
  }

  get running(): number {
    return this.#slots.size
  }

  /** Whether somebody asks for this already, so that one more who does costs nothing. */
  isRunning(key: string): boolean {
    return this.#slots.get(key)?.running !== undefined
  }

  /** `start` makes the fill, its own deadline included; it is called at most twice for one waiter. */
  async obtain(key: string, asked: Waiter, start: (order: FillOrder) => Promise<A>): Promise<A> {
    const waiter = this.#inThisLog(asked)
    const order = this.#orderOf(waiter, waiter.minMark)
    if (this.#isApart(key)) return this.#alone(key, waiter, order, start)
    const { epoch } = this.#freshness
    const first = await this.#join(key, waiter.mayUseCache, order, start)
    // What was under way in a log that is replaced by now has a number that cannot be compared with what the waiter could have learned.
    const isOfOneLog = first.own || epoch === this.#freshness.epoch
    if (isOfOneLog && this.accepts(waiter, first.answer) && (first.own || first.answer.shareable))
      return first.answer
    const again = this.#orderOf(waiter, this.#needAfter(waiter, first.answer))
    if (!first.answer.shareable) return this.#noteApart(key, await start(again))
    const second = await this.#join(key, false, again, start)
    return second.own || second.answer.shareable ? second.answer : start(again)
  }

  /** Whether this answer reflects all that the waiter could have learned before it asked. */
  accepts(asked: Waiter, answer: Pick<A, 'keys' | 'mark'>): boolean {
    const waiter = this.#inThisLog(asked)
    if (answer.mark < waiter.minMark) return false
    if (answer.mark >= waiter.appliedAtArrival) return true
    // What a soft purge made stale is shown from the cache, with its own terms, or not at all.
    return this.#freshness.reflects(answer.keys, answer.mark) && !this.#freshness.staleness(answer)
  }

  /**
   * Numbers of a log that was replaced since mean nothing: asked for under the new one, they would be claimed there, purges to come
   * included. Whoever arrived before asks for what is known now.
   */
  #inThisLog(waiter: Waiter): Waiter {
    const { logId, applied } = this.#freshness
    if (waiter.logId === logId) return waiter
    return { minMark: 0, appliedAtArrival: applied, mayUseCache: false, logId }
  }

  #orderOf(asked: Waiter, minMark: number): FillOrder {
    const { mayUseCache: waitersJudge } = this.#inThisLog(asked)
    return { minMark, waitersJudge, logId: this.#freshness.logId }
  }

  /** Enough that the second answer passes whatever is applied while it is made. */
  #needAfter(asked: Waiter, answer: A): number {
    const waiter = this.#inThisLog(asked)
    return Math.max(waiter.minMark, waiter.appliedAtArrival, this.#freshness.needOf(answer.keys))
  }

  async #alone(
    key: string,
    waiter: Waiter,
    order: FillOrder,
    start: (order: FillOrder) => Promise<A>,
  ): Promise<A> {
    const answer = this.#noteApart(key, await start(order))
    if (this.accepts(waiter, answer)) return answer
    return start(this.#orderOf(waiter, this.#needAfter(waiter, answer)))
  }

  async #join(
    key: string,
    mayJoinRunning: boolean,
    order: FillOrder,
    start: (order: FillOrder) => Promise<A>,
  ): Promise<{ answer: A; own: boolean }> {
    const slot = this.#slot(key)
    // A refused waiter may join a fill that was asked for as much as it needs: that one's answer it will not refuse.
    const enough = order.waitersJudge && (slot.running?.minMark ?? 0) >= order.minMark
    if (slot.running && (mayJoinRunning || enough))
      return { answer: await slot.running.answer, own: false }
    if (slot.next) {
      // Also when the running one has just ended: the next is about to begin, and two must not run at once.
      slot.next.orders.push(order)
      return { answer: await slot.next.answer, own: false }
    }
    if (!slot.running) return { answer: await this.#run(key, slot, order, start), own: true }
    const orders = [order]
    const before = slot.running.answer
    const begin = async (): Promise<A> => {
      await before.catch(() => undefined)
      slot.next = undefined
      return this.#run(key, slot, inThisLog(this.#freshness, strictest(orders)), start)
    }
    slot.next = { answer: begin(), orders }
    return { answer: await slot.next.answer, own: true }
  }

  #run(
    key: string,
    slot: Slot<A>,
    order: FillOrder,
    start: (order: FillOrder) => Promise<A>,
  ): Promise<A> {
    const answer = start(order).then((made) => this.#noteApart(key, made))
    const fill: Fill<A> = { answer, minMark: order.minMark }
    slot.running = fill
    const slots = this.#slots
    const end = (): void => {
      if (slot.running !== fill) return
      slot.running = undefined
      if (!slot.next && slots.get(key) === slot) slots.delete(key)
    }
    answer.then(end, end)
    return answer
  }

  #slot(key: string): Slot<A> {
    if (this.#epoch !== this.#freshness.epoch) {
      // Marks of running fills belong to another purge log: nobody joins them any more.
      this.#slots = new Map()
      this.#epoch = this.#freshness.epoch
    }
    let slot = this.#slots.get(key)
    if (!slot) this.#slots.set(key, (slot = { running: undefined, next: undefined }))
    return slot
  }

  #isApart(key: string): boolean {
    const until = this.#apart.get(key)
    if (until === undefined) return false
    if (this.#clock.now() < until) return true
    this.#apart.delete(key)
    return false
  }

  #noteApart(key: string, answer: A): A {
    if (answer.shareable) return answer
    this.#apart.delete(key)
    this.#apart.set(key, this.#clock.now() + UNSHAREABLE_MS)
    for (const oldest of this.#apart.keys()) {
      if (this.#apart.size <= UNSHAREABLE_KEYS_MAX) break
      this.#apart.delete(oldest)
    }
    return answer
  }
}

/** Of orders for one slot, and so of one log. */
function strictest(orders: readonly FillOrder[]): FillOrder {
  return {
    logId: orders[0]!.logId,
    minMark: Math.max(...orders.map((order) => order.minMark)),
    waitersJudge: orders.every((order) => order.waitersJudge),
  }
}
