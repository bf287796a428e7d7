import { lifetimeSeconds, storability } from '../../src/edge/lifetime.ts'
import type { OuterTarget } from '../../src/contract/targets.ts'
import { TARGET_DEFAULTS } from '../../src/contract/targets.ts'
import { TargetError } from '../../src/targets/errors.ts'
import { Outside } from '../../src/targets/outside.ts'
import type { OutsideAnswer, OutsideRequest } from '../../src/targets/outside.ts'
import { Program } from './host.ts'
import type { Host } from './host.ts'
import type { EdgeNode } from './edge-node.ts'
import { HOST } from './scene.ts'
import type { Stage } from './stage.ts'
import { wholeAnswer } from './whole-answer.ts'
import type { WholeAnswer } from './whole-answer.ts'

interface Kept {
  readonly answer: WholeAnswer
  readonly until: number
}

/** What does not vary is for whoever asks. */
const EVERYBODY = ''
const ADDRESS = 'http://outer.test'

/**
 * A cache that Sluice does not run, before the edges: it knows lifetimes and purges by URL, and nothing of marks or purge logs. Like
 * most of them, it keeps what it was fetching while it was purged.
 */
export class OuterCache {
  readonly program: Program
  readonly #stage: Stage
  readonly #edges: readonly EdgeNode[]
  /** By target, then by what selects a variant (RFC 9111 §4.1). */
  readonly #kept = new Map<string, Map<string, Kept>>()

  constructor(stage: Stage, host: Host, edges: readonly EdgeNode[]) {
    this.program = new Program(host, host.name)
    this.#stage = stage
    this.#edges = edges
  }

  /** Of which purge log the mark of an answer is; a cache knows nothing of it. */
  readonly #logs = new WeakMap<WholeAnswer, string>()

  logOf(answer: WholeAnswer): string {
    return this.#logs.get(answer) ?? ''
  }

  mood: 'honest' | 'lying' | 'limiting' | 'late' = 'honest'

  /** What its purge API says to `purge`; late is later than anybody waits. */
  async asked(target: string | null): Promise<number> {
    const { world, ledger } = this.#stage
    if (this.mood !== 'honest') world.meet(`outer ${this.mood}`)
    switch (this.mood) {
      case 'limiting':
        return 429
      case 'lying':
        ledger.lied(target)
        world.note('outer', `says that it purged ${target ?? 'everything'}`)
        return 200
      case 'late':
        await this.program.pause(world.chance.between(0.5, 2) * TIMEOUT_SECONDS * 1000)
        break
      case 'honest':
        break
    }
    this.purge(target)
    return 200
  }

  async request(target: string, accept: string): Promise<WholeAnswer> {
    const { clock } = this.program
    const variants = this.#kept.get(target)
    const kept = variants?.get(accept) ?? variants?.get(EVERYBODY)
    if (kept && clock.now() < kept.until) return kept.answer
    const answer = await this.#fetch(target, accept)
    const { status, headers } = answer
    if (status === 200 && storability({ headers: {} }, status, headers).store) {
      const held = this.#kept.get(target) ?? new Map<string, Kept>()
      const selected = headers['vary'] === 'Accept' ? accept : EVERYBODY
      held.set(selected, { answer, until: clock.now() + lifetimeSeconds(headers) * 1000 })
      this.#kept.set(target, held)
    }
    return answer
  }

  #fetch(target: string, accept: string): Promise<WholeAnswer> {
    const edge = this.#stage.world.chance.pick(this.#edges)
    return this.#stage.network.call({
      from: this.program,
      to: () => edge.program,
      what: `outer ${target}`,
      signal: new AbortController().signal,
      handle: async () => {
        const before = edge.logId()
        const answer = await wholeAnswer(await edge.requestOfOuter(target, accept))
        this.#logs.set(answer, before === edge.logId() ? before : '')
        return answer
      },
      failure: (why) => new TargetError('unreachable', why),
    })
  }

  /** One URL; all of them for null. */
  purge(target: string | null): void {
    if (target === null) this.#kept.clear()
    else this.#kept.delete(target)
    this.#stage.world.note('outer', `purged ${target ?? 'everything'}`)
  }
}

/** A control process's way to it, purges and looks alike. */
export class WayToOuter extends Outside {
  readonly #stage: Stage
  readonly #from: Program
  readonly #outer: OuterCache

  constructor(stage: Stage, from: Program, outer: OuterCache) {
    super()
    this.#stage = stage
    this.#from = from
    this.#outer = outer
  }

  override async send(
    asked: OutsideRequest,
    _allowPrivate: boolean,
    signal: AbortSignal,
  ): Promise<OutsideAnswer> {
    const late = new AbortController()
    const cancel = this.#from.timers.after(asked.timeoutMs, () =>
      late.abort(new TargetError('late', 'The cache outside did not answer in time.')),
    )
    try {
      return await this.#send(asked, AbortSignal.any([signal, late.signal]))
    } finally {
      cancel()
    }
  }

  #send(asked: OutsideRequest, signal: AbortSignal): Promise<OutsideAnswer> {
    const outer = this.#outer
    const target = asked.url.slice(ADDRESS.length)
    return this.#stage.network.call({
      from: this.#from,
      to: () => outer.program,
      what: `${asked.method} ${target}`,
      signal,
      handle: async () => {
        if (asked.method === 'GET') {
          const answer = await outer.request(target, asked.headers['accept'] ?? '')
          this.#stage.looked(target, answer)
          return { ...answer, text: '' }
        }
        const status = await outer.asked(asked.method === 'BAN' ? null : target)
        return { status, headers: status === 429 ? { 'retry-after': '1' } : {}, text: '' }
      },
      failure: (why) => new TargetError('unreachable', why),
    })
  }
}

/** Longer than any message of a bad network takes: that is what a person must know to state it. */
export const FILL_BOUND_SECONDS = 1

const TIMEOUT_SECONDS = 1

const UNSEEN: OuterTarget = {
  ...TARGET_DEFAULTS,
  kind: 'generic-http',
  hosts: [HOST],
  purge: { method: 'PURGE', url: `${ADDRESS}{path}{query}`, headers: {}, body: null },
  everything: { method: 'BAN', url: `${ADDRESS}/`, headers: {}, body: null },
  fillBoundSeconds: FILL_BOUND_SECONDS,
  timeoutSeconds: TIMEOUT_SECONDS,
  askers: { addresses: ['192.0.2.7'], header: null },
}

export const OUTER_SETTINGS = {
  unseen: UNSEEN,
  'looked at': { ...UNSEEN, verifyAddress: ADDRESS },
} as const
