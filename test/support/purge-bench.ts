import { Freshness } from '../../src/cache/freshness.ts'
import { keyHash } from '../../src/contract/keys.ts'
import type { ControlLink, NodeRole, Peek } from '../../src/contract/node-protocol.ts'
import type { AskerRule } from '../../src/contract/targets.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { Authority } from '../../src/purgelog/authority.ts'
import { Follower } from '../../src/purgelog/follower.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { controlMemory } from '../../src/roles/control-memory.ts'
import { manualTime } from './manual-time.ts'
import type { ManualTime } from './manual-time.ts'

export const LEASE_MS = 5_000

/** Control and nodes in one process, over a store in memory, in time that the test moves. */
export interface PurgeBench {
  readonly time: ManualTime
  readonly store: Store
  readonly authority: Authority
  /** Commits a purge and announces it, as control does. */
  purge(...keyTexts: string[]): Promise<number>
  /** Commits without announcing: what another control process did. */
  purgeElsewhere(...keyTexts: string[]): Promise<number>
  node(id: string, options?: NodeOptions): BenchNode
}

export interface NodeOptions {
  readonly role?: NodeRole
  readonly incarnation?: string
  readonly predecessor?: string
  /** Stands between the node and control. */
  readonly through?: (link: ControlLink) => ControlLink
  readonly peek?: (targets: readonly string[]) => readonly Peek[]
  readonly drain?: (rule: AskerRule) => Promise<void>
  /** What an earlier life left. */
  readonly freshness?: Freshness
}

export interface BenchNode {
  readonly id: string
  readonly incarnation: string
  readonly freshness: Freshness
  readonly follower: Follower
  readonly registrations: () => number
}

export function purgeBench(): PurgeBench {
  const time = manualTime()
  const store = createMemoryStore({ random: systemRandom })
  const origin = { kind: 'folder', path: '/nowhere' } as const
  const { clock, timers } = time
  const memory = controlMemory(store)
  const parts = { clock, timers, random: systemRandom, memory, leaseMs: LEASE_MS, origin }
  const authority = new Authority(parts)
  const purgeElsewhere = (...keyTexts: string[]): Promise<number> =>
    store.transaction('durable', (tx) => tx.log.append('demo', keyTexts.map(keyHash)))
  return {
    time,
    store,
    authority,
    purgeElsewhere,
    async purge(...keyTexts) {
      const seq = await purgeElsewhere(...keyTexts)
      authority.announce()
      return seq
    },
    node: (id, options = {}) => benchNode(time, authority, id, options),
  }
}

const NO_STATS = { entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }

/** A node in a test's own time and with a test's own control. */
export function benchNode(
  { clock, timers }: ManualTime,
  control: ControlLink,
  id: string,
  options: NodeOptions,
): BenchNode {
  const { role = 'edge', incarnation = `${id}-1`, predecessor, through, peek, drain } = options
  const freshness = options.freshness ?? new Freshness(clock)
  let registrations = 0
  const follower = new Follower({
    clock,
    timers,
    random: systemRandom,
    log: silentLog,
    link: through ? through(control) : control,
    sink: freshness,
    hello: {
      id,
      incarnation,
      role,
      version: '0.0.0-test',
      urls: [],
      ...(predecessor === undefined ? {} : { predecessor }),
    },
    stats: () => NO_STATS,
    peek: peek ?? (() => []),
    ...(drain ? { drain } : {}),
    onRegistered: () => void (registrations += 1),
  })
  follower.start()
  return { id, incarnation, freshness, follower, registrations: () => registrations }
}

/** A link that a test cuts and joins: while cut, every call fails at once. */
export function cuttable(): {
  cut: boolean
  through: (link: ControlLink) => ControlLink
} {
  const state = { cut: false, through }
  const open = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (state.cut) throw new TypeError('cut')
      const answer = await call(...args)
      if (state.cut) throw new TypeError('cut')
      return answer
    }
  }
  function through(link: ControlLink): ControlLink {
    return {
      register: open((hello, signal) => link.register(hello, signal)),
      follow: open((request, signal) => link.follow(request, signal)),
      renew: open((request, signal) => link.renew(request, signal)),
      answerPeeks: open((...args) => link.answerPeeks(...args)),
      reportServed: open((...args) => link.reportServed(...args)),
    }
  }
  return state
}
