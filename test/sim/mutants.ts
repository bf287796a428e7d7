import { Fills } from '../../src/cache/fills.ts'
import type { FillAnswer, FillOrder, Waiter } from '../../src/cache/fills.ts'
import { Freshness } from '../../src/cache/freshness.ts'
import type { FreshnessState } from '../../src/cache/freshness.ts'
import type { Grant } from '../../src/cache/leases.ts'
import type { KeyHash } from '../../src/contract/keys.ts'
import { keyHash, keyText } from '../../src/contract/keys.ts'
import { NODE_HEADERS } from '../../src/contract/node-protocol.ts'
import type { PurgeEntry } from '../../src/contract/purge-log.ts'
import { Edge } from '../../src/edge/edge.ts'
import type { Obtained } from '../../src/edge/edge.ts'
import type { EdgeRequest, Resource } from '../../src/edge/resource.ts'
import type { Upstream } from '../../src/edge/upstream.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { Authority } from '../../src/purgelog/authority.ts'
import type { ControlMemory } from '../../src/purgelog/authority.ts'
import type { NodeProgress } from '../../src/purgelog/barrier.ts'
import type { Store } from '../../src/store/store.ts'
import { soundBuild } from './build.ts'
import type { Build } from './build.ts'
import type { EdgeParts } from '../../src/edge/edge.ts'
import { tellingStore } from './control.ts'
import type { Library } from './control.ts'
import type { Program } from './host.ts'
import { CALM_PROFILE, onlyFaults } from './profile.ts'
import type { Profile } from './profile.ts'
import type { Script } from './run.ts'
import { PROJECT, REMOTE } from './scene.ts'
import {
  SCRIPT_PROFILE,
  innerTiersBehind,
  outTwice,
  powerCut,
  purgedThenCrashed,
  slowGrant,
  softAndLate,
  softListAndLate,
} from './scripts.ts'
import type { Violation } from './safety.ts'
import { SequenceDatabase } from './sequence-database.ts'

/**
 * Departures from the freshness rules, each an honest reading of a looser text that went stale. Each replaces one part of a sound
 * system; the simulator must find it, and must find nothing when the part is put back.
 */
export interface Mutant {
  readonly name: string
  readonly build: Build
  /** Under which the departure shows; the sound build passes the same seeds. */
  readonly profile: Profile
  /** Instead of chance. */
  readonly script?: Script
  /** The checker that finds it, where it is not that of safety. */
  readonly by?: Violation['kind']
}

export const HURRIED: Profile = {
  ...CALM_PROFILE,
  leaseMs: 300,
  readEveryMs: 4,
  writeEveryMs: 60,
  faultEveryMs: 150,
  lastsMs: 4_000,
  throughHome: 0,
  writes: { ...CALM_PROFILE.writes, soft: 0, packed: 0 },
}

/** P3: a lease says that control was heard of lately, not that everything up to its head is applied. */
class HeadlessLease extends Freshness {
  override grant(grant: Grant): void {
    super.grant({ ...grant, head: 0 })
  }
}

/** P9: whoever comes joins the fill that is under way. */
class JoiningFills<A extends FillAnswer> extends Fills<A> {
  override obtain(
    key: string,
    waiter: Waiter,
    start: (order: FillOrder) => Promise<A>,
  ): Promise<A> {
    const begin = (order: FillOrder): Promise<A> =>
      start({ ...order, waitersJudge: waiter.mayUseCache })
    return super.obtain(key, { ...waiter, mayUseCache: true }, begin)
  }
}

/** P12: a purge by URL names renditions, and says nothing of the cached original. */
class WithoutSourceStamps extends Freshness {
  override apply(entry: PurgeEntry): void {
    const source = keyHash(keyText.source(PROJECT, REMOTE))
    super.apply({ ...entry, keys: entry.keys.filter((key) => key !== source) })
  }
}

/** P13: a restart knows how much it had applied, and lost what that said. */
class ForgottenStamps extends Freshness {
  override restore(state: FreshnessState): void {
    super.restore({ ...state, floor: 0, stamps: [] })
  }
}

/** P7: a node that does not read the origin asks inward for what it has applied itself, and claims what it was asked for. */
function claiming(upstream: Upstream, freshness: Freshness): Upstream {
  return {
    marks: true,
    async ask(request, signal) {
      const asked = request.headers[NODE_HEADERS.minMark] ?? '0'
      const own = String(freshness.applied)
      const headers = { ...request.headers, [NODE_HEADERS.minMark]: own }
      const answer = await upstream.ask({ ...request, headers }, signal)
      const mark = String(Math.max(Number(asked), Number(answer.headers[NODE_HEADERS.mark])))
      return { ...answer, headers: { ...answer.headers, [NODE_HEADERS.mark]: mark } }
    },
  }
}

/** P5: something is awaited between the judgement and the reading of the mark. */
class LateMark extends Edge {
  readonly #program: Program

  constructor(parts: EdgeParts, program: Program) {
    super(parts)
    this.#program = program
  }

  override async obtain(
    request: EdgeRequest,
    resource: Resource,
  ): Promise<Obtained | 'not-cached'> {
    const obtained = await super.obtain(request, resource)
    if (obtained === 'not-cached') return obtained
    await this.#program.pause(this.#program.random.between(0, 10))
    return { ...obtained, mark: Math.max(obtained.mark, this.parts.freshness.applied) }
  }
}

/** P11: an asset gets other keys, and its log entry comes later or never. */
function movingWithout(purge: 'never' | 'late'): Library {
  return {
    async change(parts, what) {
      if (!what.purge) return soundBuild.library.change(parts, what)
      const { store, records } = parts
      await records.apply(what.records)
      await tellingStore(store, what.committed).transaction('durable', what.rows)
      if (purge === 'never') return
      await what.pause(300)
      const keys = what.records.map(({ name }) => keyHash(keyText.record(name)))
      const all = [...keys, ...what.purge]
      await store.transaction('durable', (tx) => tx.log.append(PROJECT, all))
    },
  }
}

/** P3: a lease runs from the arrival of the grant. */
class LeaseFromReceipt extends Freshness {
  readonly #clock: Clock

  constructor(clock: Clock) {
    super(clock)
    this.#clock = clock
  }

  override grant(grant: Grant): void {
    super.grant({ ...grant, sentAt: this.#clock.now(), sentWall: this.#clock.wall() })
  }
}

/** P14: what a sweep forgets is forgotten, for fills that are still under way as well. */
class WithoutFloor extends Freshness {
  override reflects(keys: readonly KeyHash[], mark: number): boolean {
    return mark >= this.stampOf(keys)
  }

  override needOf(keys: readonly KeyHash[]): number {
    return this.stampOf(keys)
  }
}

/** P9: a waiter takes whatever the fill that it joined brings. */
class TrustingFills<A extends FillAnswer> extends Fills<A> {
  override accepts(): boolean {
    return true
  }
}

/** P7: what comes from inside is as fresh as this node. */
function unheeding(upstream: Upstream, freshness: Freshness): Upstream {
  return {
    marks: true,
    async ask(request, signal) {
      const answer = await upstream.ask(request, signal)
      const mark = Math.max(freshness.applied, Number(answer.headers[NODE_HEADERS.mark]))
      return { ...answer, headers: { ...answer.headers, [NODE_HEADERS.mark]: String(mark) } }
    },
  }
}

/** P4: nobody is waited for. */
class ImpatientAuthority extends Authority {
  override async waitFor(): Promise<readonly NodeProgress[]> {
    return []
  }
}

/** P4: a process waits for the nodes that it has granted a lease itself. */
function ownGrantsOnly(memory: ControlMemory): ControlMemory {
  const granted = new Set<string>()
  return {
    ...memory,
    async acknowledge(incarnation, applied, seenAt) {
      granted.add(incarnation)
      return memory.acknowledge(incarnation, applied, seenAt)
    },
    nodes: async () => (await memory.nodes()).filter(({ incarnation }) => granted.has(incarnation)),
  }
}

/** P4: a node that somebody has marked out is waited for no more. */
function withoutOut(memory: ControlMemory): ControlMemory {
  return {
    ...memory,
    nodes: async () => (await memory.nodes()).filter(({ state }) => state === 'in'),
  }
}

/** Soft: whenever a node hears of a soft purge, its window begins. */
class SoftWhenever extends Freshness {
  #applying = false

  override apply(entry: PurgeEntry): void {
    this.#applying = true
    super.apply(entry)
    this.#applying = false
  }

  override holdsLease(): boolean {
    return this.#applying || super.holdsLease()
  }
}

/** P4: who is to be waited for is written down at leisure. */
function forgetfulOfNodes(memory: ControlMemory, store: Store): ControlMemory {
  return {
    ...memory,
    register: (node, predecessor) =>
      store.transaction('volatile', (tx) => tx.nodes.register(node, predecessor)),
  }
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a lease that is not tied to the head of the log',
    build: { ...soundBuild, freshness: ({ clock }) => new HeadlessLease(clock) },
    profile: { ...HURRIED, faults: onlyFaults({ badNetwork: 1 }) },
  },
  {
    name: 'a waiter that joins a running fill while the node has no lease',
    build: { ...soundBuild, fills: (freshness, { clock }) => new JoiningFills(freshness, clock) },
    profile: {
      ...HURRIED,
      // A purge must be Done without this node while one fill is under way.
      leaseMs: 100,
      originSlowMs: 1_000,
      faultEveryMs: 60,
      faults: onlyFaults({ cutFromControl: 4, slowOrigin: 3 }),
    },
  },
  {
    name: 'a purge by URL after which a rendition is made again from the cached original',
    build: {
      ...soundBuild,
      freshness: ({ clock }, role) =>
        role === 'resizer' ? new WithoutSourceStamps(clock) : new Freshness(clock),
    },
    profile: { ...HURRIED, writes: { ...HURRIED.writes, remote: 20 } },
  },
  {
    name: 'a restart from disk that goes on from applied without its stamps',
    build: { ...soundBuild, freshness: ({ clock }) => new ForgottenStamps(clock) },
    profile: SCRIPT_PROFILE,
    script: purgedThenCrashed,
  },
  {
    name: 'a home edge that asks inward for its own applied and claims the asked mark',
    build: {
      ...soundBuild,
      upstream: (upstream, freshness, home) => (home ? claiming(upstream, freshness) : upstream),
    },
    profile: { ...SCRIPT_PROFILE, throughHome: 2 },
    script: innerTiersBehind,
  },
  {
    name: 'a mark read after an await between judgement and answer',
    build: { ...soundBuild, edge: (parts, program) => new LateMark(parts, program) },
    profile: { ...HURRIED, throughHome: 2 },
  },
  {
    name: 'a database sequence, whose numbers are not in the order of commits',
    build: { ...soundBuild, database: (world, ledger) => new SequenceDatabase(world, ledger) },
    profile: { ...HURRIED, writeEveryMs: 20 },
  },
  {
    name: 'a move to another folder without its purge',
    build: { ...soundBuild, library: movingWithout('never') },
    profile: { ...HURRIED, writes: { ...HURRIED.writes, move: 10 } },
  },
  {
    name: 'a move to another folder whose purge comes late',
    build: { ...soundBuild, library: movingWithout('late') },
    profile: {
      ...HURRIED,
      writeEveryMs: 40,
      writes: { ...HURRIED.writes, move: 8, purgeOnly: 16 },
    },
  },
  {
    name: 'a lease counted from the arrival of the grant',
    build: { ...soundBuild, freshness: ({ clock }) => new LeaseFromReceipt(clock) },
    profile: SCRIPT_PROFILE,
    script: slowGrant,
  },
  {
    name: 'stamps that a sweep forgets without raising the floor',
    build: { ...soundBuild, freshness: ({ clock }) => new WithoutFloor(clock) },
    profile: { ...HURRIED, faultEveryMs: 20, faults: onlyFaults({ sweep: 6, slowOrigin: 1 }) },
  },
  {
    name: 'a waiter that does not look at what it is given',
    build: { ...soundBuild, fills: (freshness, { clock }) => new TrustingFills(freshness, clock) },
    profile: { ...HURRIED, faults: onlyFaults({ slowOrigin: 1 }) },
  },
  {
    name: 'an upstream mark that is ignored',
    build: { ...soundBuild, upstream: (upstream, freshness) => unheeding(upstream, freshness) },
    profile: HURRIED,
  },
  {
    name: 'no wait for acknowledgements or leases',
    build: { ...soundBuild, authority: (parts) => new ImpatientAuthority(parts) },
    profile: { ...HURRIED, faults: onlyFaults({ badNetwork: 1 }) },
  },
  {
    name: 'control processes that know only their own grants',
    build: { ...soundBuild, memory: ownGrantsOnly },
    profile: {
      ...HURRIED,
      controls: 2,
      faultEveryMs: 60,
      faults: onlyFaults({ cutFromControl: 1, crashControl: 1 }),
    },
  },
  {
    name: 'nodes that are out and ignored at once',
    build: { ...soundBuild, memory: withoutOut },
    profile: SCRIPT_PROFILE,
    script: outTwice,
  },
  {
    name: 'registrations that a power cut takes away',
    build: { ...soundBuild, memory: forgetfulOfNodes },
    profile: SCRIPT_PROFILE,
    script: powerCut,
  },
  {
    name: 'a soft purge whose window begins whenever a node hears of it',
    build: { ...soundBuild, freshness: ({ clock }) => new SoftWhenever(clock) },
    profile: SCRIPT_PROFILE,
    script: softAndLate,
  },
  {
    name: 'a soft list whose window begins whenever a node hears of it',
    build: { ...soundBuild, freshness: ({ clock }) => new SoftWhenever(clock) },
    profile: SCRIPT_PROFILE,
    script: softListAndLate,
  },
]
