import { randomToken } from '../kernel/ids.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Random } from '../kernel/random.ts'
import type { Timers } from '../kernel/timers.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'
import type {
  ControlLink,
  FollowAnswer,
  FollowRequest,
  NodeHello,
  NodeRole,
  NodeStats,
  OriginLocation,
  Peek,
  PeekAsk,
  Registration,
  RenewAnswer,
  RenewRequest,
  ServedUrl,
} from '../contract/node-protocol.ts'
import { KEYS_PER_ENTRY_MAX } from '../contract/purge-log.ts'
import type { PurgeEntry } from '../contract/purge-log.ts'
import type { NodeBarrier, NodeOutcome, NodePeek, NodeProgress } from './barrier.ts'
import type { AskerRule } from '../contract/targets.ts'
import { Bell } from './bell.ts'

/** What control knows of a node; a row of the store. */
export interface KnownNode {
  readonly id: string
  readonly incarnation: string
  readonly role: NodeRole
  readonly version: string
  readonly urls: readonly string[]
  readonly applied: number
  readonly state: 'in' | 'out'
  readonly seenAt: number
}

/** The store as the nodes' authority sees it. Each call is one transaction, and reads see the last commit. */
export interface ControlMemory {
  logId(): Promise<string>
  head(): Promise<number>
  oldest(): Promise<number>
  /** Ends earlier once the entries have `keysMax` keys or more; always the next one, if there is one. */
  after(seq: number, limit: number, keysMax: number): Promise<readonly PurgeEntry[]>
  nodes(): Promise<readonly KnownNode[]>
  register(node: KnownNode, predecessor: string | undefined): Promise<void>
  acknowledge(incarnation: string, applied: number, seenAt: number): Promise<boolean>
  markOut(incarnation: string): Promise<void>
  remove(incarnation: string): Promise<void>
  recordServed(urls: readonly ServedUrl[], at: number): Promise<void>
  /** On disk when it resolves; gives those back that are beyond the bound. Without it nothing is kept. */
  keepServed?(urls: readonly ServedUrl[], at: number): Promise<readonly string[]>
}

export interface AuthorityParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly memory: ControlMemory
  readonly leaseMs: number
  readonly origin: OriginLocation
}

/** Entries in one answer; a node far behind asks again at once. */
const ENTRIES_PER_ANSWER = 256
/** Keys in one answer, an entry more or less: a megabyte, and what a node applies in some tens of milliseconds. */
const KEYS_PER_ANSWER = 16 * KEYS_PER_ENTRY_MAX
/** How often what another control process did is looked for; what this one does rings at once. */
const LOOK_AGAIN_MS = 500
/** An edge cuts what it has not answered after 15 s; its word may take a little longer. */
const DRAIN_WAIT_MS = 18_000
/** Nodes may be asked to wait at most this long, whatever they say. */
const FOLLOW_WAIT_MAX_MS = 30_000

interface OpenAsk {
  readonly ask: PeekAsk
  /** When it was last handed out, monotonic; an answer may be lost, so it is handed out again. */
  givenAt: number
  readonly answer: (peeks: readonly Peek[]) => void
}

/**
 * Control's side of the purge log: gives entries and grants, takes acknowledgements, and says when a purge is reflected everywhere.
 * It keeps no record of grants (freshness rule P4): a node that stays silent has surely lost every lease older than a commit once
 * lease + margin have passed since that commit returned, whichever control process granted it.
 */
export class Authority implements ControlLink, NodeBarrier {
  readonly #parts: AuthorityParts
  /** Rings when an entry was committed here. */
  readonly #committed = new Bell()
  /** Rings when a node acknowledged, registered or was put out. */
  readonly #changed = new Bell()
  readonly #asks = new Map<string, OpenAsk[]>()
  readonly #stats = new Map<string, NodeStats>()
  /**
   * When this process first saw an incarnation marked out, on its own clock. `seenAt` tells the mark from a later one: it stands still
   * while a node is out, and moves when it registers again, through whichever control process.
   */
  readonly #outSeen = new Map<string, { readonly seenAt: number; readonly since: number }>()

  constructor(parts: AuthorityParts) {
    this.#parts = parts
  }

  /** To be called after each commit that appended to the log. */
  announce(): void {
    this.#committed.ring()
  }

  statsOf(incarnation: string): NodeStats | undefined {
    return this.#stats.get(incarnation)
  }

  async register(hello: NodeHello): Promise<Registration> {
    const { memory, clock, leaseMs, origin } = this.#parts
    const { predecessor, ...node } = hello
    const logId = await memory.logId()
    await memory.register({ ...node, applied: 0, state: 'in', seenAt: clock.wall() }, predecessor)
    this.#outSeen.delete(hello.incarnation)
    this.#changed.ring()
    return { logId, head: await memory.head(), leaseMs, origin }
  }

  async follow(request: FollowRequest, signal: AbortSignal): Promise<FollowAnswer> {
    const { memory, clock } = this.#parts
    const logId = await memory.logId()
    if (request.logId === logId) {
      if (!(await memory.acknowledge(request.incarnation, request.applied, clock.wall())))
        return { kind: 'register' }
      this.#changed.ring()
    }
    const until = clock.now() + Math.min(request.waitMs, FOLLOW_WAIT_MAX_MS)
    for (;;) {
      const rung = this.#committed.listen()
      const head = await memory.head()
      const lost =
        request.logId !== logId ||
        request.applied > head ||
        request.applied < (await memory.oldest()) - 1
      if (lost) return { kind: 'start-empty', logId, head }
      const entries =
        request.applied < head
          ? await memory.after(request.applied, ENTRIES_PER_ANSWER, KEYS_PER_ANSWER)
          : []
      const asks = this.#takeAsks(request.incarnation)
      const left = until - clock.now()
      if (entries.length > 0 || asks.length > 0 || left <= 0)
        return { kind: 'entries', logId, head, entries, asks }
      await this.#eitherOr(rung, Math.min(left, LOOK_AGAIN_MS), signal)
    }
  }

  /** Freshness rule P3: the head is read after the renewal arrived. */
  async renew(request: RenewRequest): Promise<RenewAnswer> {
    const { memory, clock, leaseMs } = this.#parts
    const logId = await memory.logId()
    const applied = (request.logId ?? logId) === logId ? request.applied : 0
    if (!(await memory.acknowledge(request.incarnation, applied, clock.wall())))
      return { kind: 'register' }
    this.#stats.set(request.incarnation, request.stats)
    this.#changed.ring()
    return { kind: 'grant', logId, head: await memory.head(), leaseMs }
  }

  async answerPeeks(incarnation: string, askId: string, peeks: readonly Peek[]): Promise<void> {
    const open = this.#asks.get(incarnation)
    const at = open?.findIndex((each) => each.ask.id === askId) ?? -1
    if (!open || at < 0) return
    const [asked] = open.splice(at, 1)
    asked?.answer(peeks)
  }

  async reportServed(_incarnation: string, urls: readonly ServedUrl[]): Promise<void> {
    await this.#parts.memory.recordServed(urls, this.#parts.clock.wall())
  }

  async keepServed(_incarnation: string, urls: readonly ServedUrl[]): Promise<readonly string[]> {
    const { memory, clock } = this.#parts
    return (await memory.keepServed?.(urls, clock.wall())) ?? urls.map(({ url }) => url)
  }

  /**
   * Takes a node out for good: no grants from now on, and forgotten once every lease it may hold is over. It may register again
   * if it still runs.
   */
  async dismiss(incarnation: string, signal: AbortSignal): Promise<void> {
    const { memory, timers, leaseMs } = this.#parts
    const rowNow = async (): Promise<KnownNode | undefined> =>
      (await memory.nodes()).find((known) => known.incarnation === incarnation)
    await memory.markOut(incarnation)
    const marked = await rowNow()
    this.#changed.ring()
    await timers.sleep(leaseMs + leaseMarginMs(leaseMs), signal)
    const node = await rowNow()
    // Out all the while: one that came back and is out once more may hold a lease from in between.
    if (node?.state === 'out' && node.seenAt === marked?.seenAt) await memory.remove(incarnation)
    this.#changed.ring()
  }

  async waitFor(
    seq: number,
    onProgress: (nodes: readonly NodeProgress[]) => void,
    signal: AbortSignal,
  ): Promise<readonly NodeProgress[]> {
    const { memory, clock, leaseMs } = this.#parts
    const graceMs = leaseMs + leaseMarginMs(leaseMs)
    const deadline = clock.now() + graceMs
    const outcomes = new Map<string, NodeProgress>()
    let told = ''
    for (;;) {
      const rung = this.#changed.listen()
      const now = clock.now()
      const known = new Map((await memory.nodes()).map((node) => [node.incarnation, node]))
      if (outcomes.size === 0 && told === '') {
        for (const node of known.values()) outcomes.set(node.incarnation, progressOf(node, null))
      }
      for (const waiting of outcomes.values()) {
        if (waiting.outcome !== null) continue
        const node = known.get(waiting.incarnation)
        const outcome = this.#outcome(node, seq, now, deadline, graceMs)
        if (outcome === null) continue
        if (outcome === 'lease-expired' && node?.state === 'in')
          await memory.markOut(waiting.incarnation)
        outcomes.set(waiting.incarnation, { ...waiting, outcome })
      }
      const nodes = [...outcomes.values()]
      const state = JSON.stringify(nodes)
      if (state !== told) onProgress(nodes)
      told = state
      if (nodes.every((node) => node.outcome !== null)) return nodes
      await this.#eitherOr(
        rung,
        Math.max(0, Math.min(LOOK_AGAIN_MS, deadline - clock.now())),
        signal,
      )
    }
  }

  #outcome(
    node: KnownNode | undefined,
    seq: number,
    now: number,
    deadline: number,
    graceMs: number,
  ): NodeOutcome | null {
    if (!node) return 'replaced'
    if (node.applied >= seq) return 'acknowledged'
    if (now >= deadline) return 'lease-expired'
    if (node.state === 'in') {
      this.#outSeen.delete(node.incarnation)
      return null
    }
    // A node that another invalidation found silent is ignored only once its leases are over for whoever saw the mark late.
    const seen = this.#outSeen.get(node.incarnation)
    if (seen?.seenAt === node.seenAt) return now >= seen.since + graceMs ? 'lease-expired' : null
    this.#outSeen.set(node.incarnation, { seenAt: node.seenAt, since: now })
    return null
  }

  async peek(
    targets: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<readonly NodePeek[]> {
    const nodes = (await this.#parts.memory.nodes()).filter((node) => node.state === 'in')
    const answers = nodes.map(async (node): Promise<NodePeek | undefined> => {
      const peeks = await this.#ask(node.incarnation, { targets }, timeoutMs, signal)
      return peeks && { node: node.id, role: node.role, peeks }
    })
    this.#committed.ring()
    return (await Promise.all(answers)).filter((answer) => answer !== undefined)
  }

  /** Every edge ends the requests of an outer cache; one that is out, or does not answer in time, is silent. */
  async drain(
    rule: AskerRule,
    signal: AbortSignal,
  ): Promise<readonly { readonly node: string; readonly outcome: 'drained' | 'silent' }[]> {
    const edges = (await this.#parts.memory.nodes()).filter((node) => node.role === 'edge')
    const answers = edges.map(async ({ id, incarnation, state }) => {
      const ask = { targets: [], drain: rule }
      const ended =
        state === 'in' ? await this.#ask(incarnation, ask, DRAIN_WAIT_MS, signal) : undefined
      return { node: id, outcome: ended ? ('drained' as const) : ('silent' as const) }
    })
    this.#committed.ring()
    const drained = await Promise.all(answers)
    signal.throwIfAborted()
    return drained
  }

  async #ask(
    incarnation: string,
    asked: Omit<PeekAsk, 'id'>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<readonly Peek[] | undefined> {
    const ask: PeekAsk = { id: randomToken(this.#parts.random, 9), ...asked }
    const open = this.#asks.get(incarnation) ?? []
    this.#asks.set(incarnation, open)
    const answered = new Promise<readonly Peek[] | undefined>((resolve) => {
      open.push({ ask, givenAt: Number.NEGATIVE_INFINITY, answer: resolve })
      const cancel = this.#parts.timers.after(timeoutMs, () => resolve(undefined))
      signal.addEventListener('abort', () => (cancel(), resolve(undefined)), { once: true })
    })
    try {
      return await answered
    } finally {
      const at = open.findIndex((each) => each.ask === ask)
      if (at >= 0) open.splice(at, 1)
      if (open.length === 0) this.#asks.delete(incarnation)
    }
  }

  #takeAsks(incarnation: string): readonly PeekAsk[] {
    const now = this.#parts.clock.now()
    const due = (this.#asks.get(incarnation) ?? []).filter(
      (open) => now >= open.givenAt + LOOK_AGAIN_MS,
    )
    for (const open of due) open.givenAt = now
    return due.map((open) => open.ask)
  }

  /** Resolves when `rung` does or after `ms`; rejects when `signal` ends. */
  async #eitherOr(rung: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const woken = Promise.withResolvers<void>()
    const cancel = this.#parts.timers.after(ms, woken.resolve)
    const stop = (): void => woken.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      await Promise.race([rung, woken.promise])
    } finally {
      cancel()
      signal.removeEventListener('abort', stop)
    }
  }
}

function progressOf(node: KnownNode, outcome: NodeOutcome | null): NodeProgress {
  return { node: node.id, incarnation: node.incarnation, role: node.role, outcome }
}
