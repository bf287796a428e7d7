import { Fills } from '../../src/cache/fills.ts'
import type { FillAnswer, FillOrder, Waiter } from '../../src/cache/fills.ts'
import { Freshness } from '../../src/cache/freshness.ts'
import type { FreshnessState, Judgement, Marked } from '../../src/cache/freshness.ts'
import { MarkedCache } from '../../src/cache/marked-cache.ts'
import type { MarkedCacheParts, StoreOutcome } from '../../src/cache/marked-cache.ts'
import { ImagingError } from '../../src/imaging/errors.ts'
import type { PurgeSink } from '../../src/purgelog/follower.ts'
import type { RenditionFill } from '../../src/resizer/rendition.ts'
import type { Store } from '../../src/store/store.ts'
import { soundBuild } from './build.ts'
import { Database } from './database.ts'
import type { Program } from './host.ts'
import { HURRIED } from './mutants.ts'
import type { Mutant } from './mutants.ts'
import { onlyFaults } from './profile.ts'
import { SCRIPT_PROFILE } from './scripts.ts'
import { purgedWhileDown } from './log-scripts.ts'

/** How long a node that acknowledges first takes to apply. */
const APPLY_MS = 100

/** P2: what has arrived is acknowledged, and applied in a moment. */
function acknowledgingFirst(freshness: Freshness, program: Program): PurgeSink {
  let told = 0
  let epoch = -1
  const current = (): number => {
    if (epoch !== freshness.epoch) [epoch, told] = [freshness.epoch, freshness.applied]
    return told
  }
  return {
    get logId() {
      return freshness.logId
    },
    get applied() {
      return current()
    },
    apply(entry) {
      told = entry.seq
      const { epoch: began } = freshness
      program.later(APPLY_MS, () => {
        if (freshness.epoch === began && entry.seq === freshness.applied + 1) freshness.apply(entry)
      })
    },
    startEmpty: (logId, head) => freshness.startEmpty(logId, head),
    heard: (head) => freshness.heard(head),
    grant: (grant) => freshness.grant(grant),
  }
}

/** P13: a restart asks for what comes behind the entry that it has not seen. */
class OneTooFar extends Freshness {
  override restore(state: FreshnessState): void {
    super.restore({ ...state, applied: state.applied + 1 })
  }
}

/** P5: stamps are looked at, something is awaited, and what was found good is raised to what is applied by then. */
class SplitJudge extends Freshness {
  readonly #program: Program

  constructor(program: Program) {
    super(program.clock)
    this.#program = program
  }

  override judge(thing: Marked, minMark: number): Judgement {
    const judgement = super.judge(thing, minMark)
    if (judgement.usable)
      this.#program.later(this.#program.random.between(0, 10), () => {
        thing.mark = Math.max(thing.mark, this.applied)
      })
    return judgement
  }
}

/** P7: a resizer looks at how far it is when all inputs are read. */
class LateMarkFills<A extends FillAnswer> extends Fills<A> {
  readonly #freshness: Freshness

  constructor(freshness: Freshness, program: Program) {
    super(freshness, program.clock)
    this.#freshness = freshness
  }

  override obtain(
    key: string,
    waiter: Waiter,
    start: (order: FillOrder) => Promise<A>,
  ): Promise<A> {
    return super.obtain(key, waiter, async (order) => {
      const answer = await start(order)
      return { ...answer, mark: Math.max(answer.mark, this.#freshness.applied) }
    })
  }
}

/** P9: what is wrong with an original is told to everybody who waits, and not as an answer that they judge. */
class ThrowingFills<A extends FillAnswer> extends Fills<A> {
  override obtain(
    key: string,
    waiter: Waiter,
    start: (order: FillOrder) => Promise<A>,
  ): Promise<A> {
    return super.obtain(key, waiter, async (order) => {
      const answer = await start(order)
      const { made } = answer as A & Partial<RenditionFill>
      if (made?.kind === 'problem' && made.problem.status === 422)
        throw new ImagingError('image-damaged', made.problem.reason)
      return answer
    })
  }
}

/** P14: a sweep raises the floor, and the stamps below it stay. */
class Hoarding extends Freshness {
  #swept = 0

  override get floor(): number {
    return Math.max(this.#swept, super.floor)
  }

  override forgetStampsUpTo(sweptTo: number): void {
    this.#swept = sweptTo
  }
}

/** P10: what a fill brings is kept, whatever became of the log since it began. */
class KeepingAnything<Meta, Body> extends MarkedCache<Meta, Body> {
  readonly #freshness: Freshness

  constructor(parts: MarkedCacheParts<Body>) {
    super(parts)
    this.#freshness = parts.freshness
  }

  override store(...[key, entry]: Parameters<MarkedCache<Meta, Body>['store']>): StoreOutcome {
    return super.store(key, entry, this.#freshness.epoch)
  }
}

class BelievingAnyMark extends Freshness {
  override mayKeep(): boolean {
    return true
  }
}

/** "Durable before they are told": what was accepted is on the disk some time. */
class AtLeisure extends Database {
  override for(program: Program, announce: () => void): Store {
    const store = super.for(program, announce)
    return { ...store, transaction: (_, work) => store.transaction('volatile', work) }
  }
}

/** Departures of what a node does with the purge log, and of what it keeps. */
export const PROTOCOL_MUTANTS: readonly Mutant[] = [
  {
    name: 'an invalidation that is accepted before it is on the disk',
    build: { ...soundBuild, database: (world, ledger) => new AtLeisure(world, ledger) },
    profile: { ...HURRIED, faults: onlyFaults({ powerCut: 1 }) },
    by: 'not Done',
  },
  {
    name: 'a node that acknowledges a purge before it has applied it',
    build: { ...soundBuild, sink: acknowledgingFirst },
    profile: HURRIED,
  },
  {
    name: 'a restart that goes on from applied + 2',
    build: { ...soundBuild, freshness: ({ clock }) => new OneTooFar(clock) },
    profile: SCRIPT_PROFILE,
    script: purgedWhileDown,
  },
  {
    name: 'the same, as the log itself shows',
    build: { ...soundBuild, freshness: ({ clock }) => new OneTooFar(clock) },
    profile: { ...HURRIED, faults: onlyFaults({ restartNode: 1 }) },
    by: 'log',
  },
  {
    name: 'a judge that is split by an await',
    build: { ...soundBuild, freshness: (program) => new SplitJudge(program) },
    profile: HURRIED,
  },
  {
    name: 'a mark taken when all inputs were read',
    build: {
      ...soundBuild,
      fills: (freshness, program) =>
        program.host.name === 'resizer'
          ? new LateMarkFills(freshness, program)
          : new Fills(freshness, program.clock),
    },
    profile: { ...HURRIED, faults: onlyFaults({ slowOrigin: 1 }) },
  },
  {
    name: 'a store without P10, which keeps marks that control never announced, from a log that was replaced meanwhile',
    build: {
      ...soundBuild,
      freshness: ({ clock }) => new BelievingAnyMark(clock),
      cache: (parts) => new KeepingAnything(parts),
    },
    profile: {
      ...HURRIED,
      leaseMs: 100,
      writeEveryMs: 30,
      faultEveryMs: 80,
      originSlowMs: 600,
      faults: onlyFaults({ replaceStore: 1, slowOrigin: 2 }),
    },
  },
  {
    name: 'a waiter that is told of the damage of an original by a fill that began before it was replaced',
    build: {
      ...soundBuild,
      fills: (freshness, program) =>
        program.host.name === 'resizer'
          ? new ThrowingFills(freshness, program.clock)
          : new Fills(freshness, program.clock),
    },
    profile: { ...HURRIED, faults: onlyFaults({ slowOrigin: 1 }) },
  },
  {
    name: 'stamps that a sweep leaves where they are',
    build: { ...soundBuild, freshness: ({ clock }) => new Hoarding(clock) },
    profile: { ...HURRIED, faultEveryMs: 60, faults: onlyFaults({ sweep: 1 }) },
    by: 'unbounded',
  },
  {
    name: 'a cache that forgets nothing',
    build: {
      ...soundBuild,
      cache: (parts) => new MarkedCache({ ...parts, bytesMax: Number.MAX_SAFE_INTEGER }),
    },
    profile: { ...HURRIED, cacheBytes: 4_000 },
    by: 'unbounded',
  },
]
