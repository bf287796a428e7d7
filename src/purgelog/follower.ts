import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { Timers } from '../kernel/timers.ts'
import type {
  ControlLink,
  FollowAnswer,
  NodeHello,
  NodeStats,
  Peek,
  PeekAsk,
  Registration,
} from '../contract/node-protocol.ts'
import { KEYS_PER_ENTRY_MAX, keysCountOf } from '../contract/purge-log.ts'
import type { PurgeEntry } from '../contract/purge-log.ts'
import type { AskerRule } from '../contract/targets.ts'
import { PurgelogError } from './errors.ts'

/** What a follower feeds: the node's freshness. */
export interface PurgeSink {
  readonly logId: string
  readonly applied: number
  apply(entry: PurgeEntry): void
  startEmpty(logId: string, head: number): void
  heard(head: number): void
  grant(grant: { head: number; leaseMs: number; sentAt: number; sentWall: number }): void
}

export interface FollowerParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
  readonly link: ControlLink
  readonly sink: PurgeSink
  readonly hello: NodeHello
  readonly stats: () => NodeStats
  /** Looks, never fills. */
  readonly peek: (targets: readonly string[]) => readonly Peek[]
  /** Ends what an outer cache has asked and not been answered; a node that answers no visitors has none. */
  readonly drain?: (rule: AskerRule) => Promise<void>
  /** Told at each registration, for example where originals live. */
  readonly onRegistered: (registration: Registration) => void | Promise<void>
}

/** How long control may hold a follow request open; below the idle limits of usual proxies. */
const FOLLOW_WAIT_MS = 20_000
/** A call that is not answered for this long, its own wait apart, is lost. */
const CALL_MS = 5_000
/** Renewals per lease: two may be lost before the lease is. */
const RENEWALS_PER_LEASE = 3
/** Keys stamped before others get their turn: a millisecond. */
const KEYS_AT_ONCE = KEYS_PER_ENTRY_MAX
const RETRY_FIRST_MS = 50
const HANGS = 'control grants leases for purges that do not come'
/** Low, because caching must be back within two seconds of control's return. */
const RETRY_MAX_MS = 1_000

/**
 * A node's side of the purge log: registers, applies entries in order, acknowledges by following on, and renews its lease. Each of
 * the two loops goes on for ever, through lost control and lost messages, until `stop`.
 */
export class Follower {
  readonly #parts: FollowerParts
  readonly #stopping = new AbortController()
  #loops: Promise<void> = Promise.resolve()
  #registration: Promise<Registration> | undefined
  #connected = false
  /** Ends the follow call that is under way. */
  #cutFollow: (() => void) | undefined
  /** Since when a grant's head was ahead of what is applied, and nothing came. */
  #waiting:
    | { readonly applied: number; readonly since: number; readonly patienceMs: number }
    | undefined
  readonly #answering = new Set<string>()

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  /** Whether the last message to control was answered. */
  get connected(): boolean {
    return this.#connected
  }

  start(): void {
    this.#loops = Promise.all([
      this.#forever('follow', () => this.#follow()),
      this.#forever('renew', () => this.#renew()),
    ]).then(() => undefined)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loops
  }

  /** One registration for both loops, made anew after control asked for it. */
  #registered(): Promise<Registration> {
    this.#registration ??= this.#register().catch((error: unknown) => {
      this.#registration = undefined
      throw error
    })
    return this.#registration
  }

  async #register(): Promise<Registration> {
    const { link, sink, hello, onRegistered } = this.#parts
    const registration = await this.#within(CALL_MS, (signal) => link.register(hello, signal))
    if (registration.logId !== sink.logId) sink.startEmpty(registration.logId, registration.head)
    await onRegistered(registration)
    return registration
  }

  async #follow(): Promise<void> {
    await this.#registered()
    const { link, sink, hello } = this.#parts
    const { id, incarnation } = hello
    const request = {
      id,
      incarnation,
      logId: sink.logId,
      applied: sink.applied,
      waitMs: FOLLOW_WAIT_MS,
    }
    const cut = new AbortController()
    this.#cutFollow = () => cut.abort(new PurgelogError('control-unreachable', HANGS))
    const answer = await this.#within(FOLLOW_WAIT_MS + CALL_MS, (signal) =>
      link.follow(request, AbortSignal.any([signal, cut.signal])),
    )
    if (answer.kind === 'register') await this.#registerAgain()
    else await this.#take(answer)
  }

  /** Control forgot this node: after a restart of its store, or because it was silent for too long. */
  async #registerAgain(): Promise<void> {
    this.#registration = undefined
    await this.#parts.timers.sleep(RETRY_FIRST_MS, this.#stopping.signal)
  }

  async #take(answer: Exclude<FollowAnswer, { kind: 'register' }>): Promise<void> {
    const { sink, log } = this.#parts
    switch (answer.kind) {
      case 'start-empty':
        log.warn(
          { applied: sink.applied, head: answer.head },
          'the purge log does not reach back: starting empty',
        )
        sink.startEmpty(answer.logId, answer.head)
        return
      case 'entries':
        if (answer.logId !== sink.logId) {
          sink.startEmpty(answer.logId, answer.head)
          return
        }
        sink.heard(answer.head)
        await this.#apply(answer.logId, answer.entries)
        for (const ask of answer.asks) void this.#answer(ask)
        return
    }
  }

  /** Entry by entry, each in one step (freshness rule P2); requests get their turn between long ones. */
  async #apply(logId: string, entries: readonly PurgeEntry[]): Promise<void> {
    const { sink, timers } = this.#parts
    let keys = 0
    for (const entry of entries) {
      // A repeated or reordered answer: what is applied stays applied, and a gap is asked for again.
      if (sink.logId === logId && entry.seq === sink.applied + 1) sink.apply(entry)
      keys += keysCountOf(entry)
      if (keys < KEYS_AT_ONCE) continue
      keys = 0
      await timers.sleep(0, this.#stopping.signal)
    }
  }

  async #answer(ask: PeekAsk): Promise<void> {
    const { link, hello, peek, drain, log } = this.#parts
    // Handed out again while it is being worked at: an answer may have been lost.
    if (this.#answering.has(ask.id)) return
    this.#answering.add(ask.id)
    try {
      if (ask.drain) await drain?.(ask.drain)
      const peeks = peek(ask.targets)
      await this.#within(CALL_MS, (signal) =>
        link.answerPeeks(hello.incarnation, ask.id, peeks, signal),
      )
    } catch (error) {
      log.debug({ err: error }, 'peeks not answered')
    } finally {
      this.#answering.delete(ask.id)
    }
  }

  async #renew(): Promise<void> {
    const { leaseMs } = await this.#registered()
    const { link, sink, hello, clock, stats } = this.#parts
    const sentAt = clock.now()
    const sentWall = clock.wall()
    const request = {
      id: hello.id,
      incarnation: hello.incarnation,
      logId: sink.logId,
      applied: sink.applied,
      stats: stats(),
    }
    const answer = await this.#within(leaseMs, (signal) => link.renew(request, signal))
    if (answer.kind === 'register') return this.#registerAgain()
    if (answer.logId === sink.logId)
      sink.grant({ head: answer.head, leaseMs: answer.leaseMs, sentAt, sentWall })
    this.#noticeHang(answer.head)
    // Counted from the sending, like the lease itself: an answer that was held up is worth little, and is asked for again at once.
    const dueInMs = leaseMs / RENEWALS_PER_LEASE - (clock.now() - sentAt)
    if (dueInMs > 0) await this.#parts.timers.sleep(dueInMs, this.#stopping.signal)
  }

  /**
   * A machine that lost its power resets no connection: a follow call to it hangs until its own end, while renewals reach whoever
   * took its place and tell of purges that never come. Then the call is made anew.
   */
  #noticeHang(head: number): void {
    const { sink, clock } = this.#parts
    const { applied } = sink
    const before = this.#waiting
    if (applied >= head) {
      this.#waiting = undefined
    } else if (before?.applied !== applied) {
      this.#waiting = { applied, since: clock.now(), patienceMs: CALL_MS }
    } else if (clock.now() >= before.since + before.patienceMs) {
      // Longer each time: a slow network must be able to bring a large answer in the end.
      this.#waiting = { applied, since: clock.now(), patienceMs: before.patienceMs * 2 }
      this.#cutFollow?.()
    }
  }

  async #forever(name: string, step: () => Promise<void>): Promise<void> {
    let retryMs = RETRY_FIRST_MS
    while (!this.#stopping.signal.aborted) {
      try {
        await step()
        retryMs = RETRY_FIRST_MS
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        if (this.#connected)
          this.#parts.log.warn(
            { err: error, loop: name },
            'control is lost; answers are revalidated',
          )
        this.#connected = false
        const jitter = 0.5 + this.#parts.random.number() / 2
        await this.#parts.timers
          .sleep(retryMs * jitter, this.#stopping.signal)
          .catch(() => undefined)
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
      }
    }
  }

  /** Calls with a signal that ends with the follower, or after `ms`. */
  async #within<T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController()
    const cancel = this.#parts.timers.after(ms, () =>
      late.abort(
        new PurgelogError('control-unreachable', `control did not answer within ${ms} ms`),
      ),
    )
    try {
      const answer = await call(AbortSignal.any([late.signal, this.#stopping.signal]))
      if (!this.#connected) this.#parts.log.info('control is reached')
      this.#connected = true
      return answer
    } finally {
      cancel()
    }
  }
}
