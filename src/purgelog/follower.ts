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
import type { PurgeEntry } from '../contract/purge-log.ts'

/** What a follower feeds: the node's freshness. */
export interface PurgeSink {
  readonly logId: string
  readonly applied: number
  apply(entry: PurgeEntry): void
  startEmpty(logId: string, head: number): void
  heard(head: number): void
  grant(grant: { head: number; leaseMs: number; sentAt: number }): void
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
  /** Told at each registration, for example where originals live. */
  readonly onRegistered: (registration: Registration) => void | Promise<void>
}

/** How long control may hold a follow request open; below the idle limits of usual proxies. */
const FOLLOW_WAIT_MS = 20_000
/** A follow request that is not answered this long after its wait is lost. */
const FOLLOW_SLACK_MS = 5_000
/** Renewals per lease: two may be lost before the lease is. */
const RENEWALS_PER_LEASE = 3
const RETRY_FIRST_MS = 50
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
    const registration = await link.register(hello, this.#deadline(FOLLOW_SLACK_MS))
    if (registration.logId !== sink.logId) sink.startEmpty(registration.logId, registration.head)
    await onRegistered(registration)
    return registration
  }

  async #follow(): Promise<void> {
    await this.#registered()
    const { link, sink, hello } = this.#parts
    const answer = await link.follow(
      { id: hello.id, incarnation: hello.incarnation, logId: sink.logId, applied: sink.applied, waitMs: FOLLOW_WAIT_MS },
      this.#deadline(FOLLOW_WAIT_MS + FOLLOW_SLACK_MS),
    )
    this.#take(answer)
  }

  #take(answer: FollowAnswer): void {
    const { sink, log } = this.#parts
    switch (answer.kind) {
      case 'register':
        this.#registration = undefined
        return
      case 'start-empty':
        log.warn({ applied: sink.applied, head: answer.head }, 'the purge log does not reach back: starting empty')
        sink.startEmpty(answer.logId, answer.head)
        return
      case 'entries':
        if (answer.logId !== sink.logId) {
          sink.startEmpty(answer.logId, answer.head)
          return
        }
        sink.heard(answer.head)
        for (const entry of answer.entries) {
          // A repeated or reordered answer: what is applied stays applied, and a gap is asked for again.
          if (entry.seq === sink.applied + 1) sink.apply(entry)
        }
        for (const ask of answer.asks) void this.#answer(ask)
        return
    }
  }

  async #answer(ask: PeekAsk): Promise<void> {
    const { link, hello, peek, log } = this.#parts
    try {
      await link.answerPeeks(hello.incarnation, ask.id, peek(ask.targets), this.#deadline(FOLLOW_SLACK_MS))
    } catch (error) {
      log.debug({ err: error }, 'peeks not answered')
    }
  }

  async #renew(): Promise<void> {
    const { leaseMs } = await this.#registered()
    const { link, sink, hello, clock, stats } = this.#parts
    const sentAt = clock.now()
    const answer = await link.renew(
      { id: hello.id, incarnation: hello.incarnation, applied: sink.applied, stats: stats() },
      this.#deadline(leaseMs),
    )
    if (answer.kind === 'register') {
      this.#registration = undefined
      return
    }
    if (answer.logId === sink.logId) sink.grant({ head: answer.head, leaseMs: answer.leaseMs, sentAt })
    await this.#parts.timers.sleep(leaseMs / RENEWALS_PER_LEASE, this.#stopping.signal)
  }

  async #forever(name: string, step: () => Promise<void>): Promise<void> {
    let retryMs = RETRY_FIRST_MS
    while (!this.#stopping.signal.aborted) {
      try {
        await step()
        if (!this.#connected) this.#parts.log.info('control is reached')
        this.#connected = true
        retryMs = RETRY_FIRST_MS
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        if (this.#connected) this.#parts.log.warn({ err: error, loop: name }, 'control is lost; answers are revalidated')
        this.#connected = false
        const jitter = 0.5 + this.#parts.random.number() / 2
        await this.#parts.timers.sleep(retryMs * jitter, this.#stopping.signal).catch(() => undefined)
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
      }
    }
  }

  /** A signal that ends with the follower or after `ms`. */
  #deadline(ms: number): AbortSignal {
    const own = new AbortController()
    const cancel = this.#parts.timers.after(ms, () => own.abort(new Error(`control did not answer within ${ms} ms`)))
    own.signal.addEventListener('abort', cancel, { once: true })
    return AbortSignal.any([own.signal, this.#stopping.signal])
  }
}
