import { Fills } from '../../src/cache/fills.ts'
import type { FillAnswer, FillOrder, Waiter } from '../../src/cache/fills.ts'
import type { Freshness } from '../../src/cache/freshness.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { NODE_HEADERS } from '../../src/contract/node-protocol.ts'
import type { RenewAnswer, RenewRequest } from '../../src/contract/node-protocol.ts'
import type { Upstream } from '../../src/edge/upstream.ts'
import { Authority } from '../../src/purgelog/authority.ts'
import { soundBuild } from './build.ts'
import { joinsWhileItReads, lateRenewal, refusedInAnotherLog } from './log-scripts.ts'
import type { Mutant } from './mutants.ts'
import { SCRIPT_PROFILE } from './scripts.ts'

/** A renewal speaks of a log, and how far it is in that one; here of whichever log there is now. */
class OfAnyLog extends Authority {
  override renew({ logId: _, ...request }: RenewRequest): Promise<RenewAnswer> {
    return super.renew(request)
  }
}

/** What a waiter needed when it came, it needs in whichever log there is now. */
class UprootedFills<A extends FillAnswer> extends Fills<A> {
  readonly #freshness: Freshness

  constructor(freshness: Freshness, clock: Clock) {
    super(freshness, clock)
    this.#freshness = freshness
  }

  override obtain(
    key: string,
    waiter: Waiter,
    start: (order: FillOrder) => Promise<A>,
  ): Promise<A> {
    const freshness = this.#freshness
    const uprooted = {
      ...waiter,
      get logId() {
        return freshness.logId
      },
    }
    return super.obtain(key, uprooted, start)
  }
}

/** An answer that spans two logs is taken for one of this node's own. */
function ofTwoLogs(upstream: Upstream, freshness: Freshness): Upstream {
  return {
    marks: true,
    async ask(request, signal) {
      const answer = await upstream.ask(request, signal)
      if (answer.headers[NODE_HEADERS.log] !== '') return answer
      const headers = { ...answer.headers, [NODE_HEADERS.log]: freshness.logId }
      return { ...answer, headers }
    },
  }
}

/** Departures of what becomes of numbers when the purge log that they are of is replaced. */
export const LOG_MUTANTS: readonly Mutant[] = [
  {
    name: 'a late renewal that acknowledges its number in a log that took the place of its own',
    build: { ...soundBuild, authority: (parts) => new OfAnyLog(parts) },
    profile: SCRIPT_PROFILE,
    script: lateRenewal,
  },
  {
    name: 'a waiter whose need in a log that was replaced is asked for in the new one',
    build: {
      ...soundBuild,
      fills: (freshness, { clock }) => new UprootedFills(freshness, clock),
    },
    profile: SCRIPT_PROFILE,
    script: refusedInAnotherLog,
  },
  {
    name: 'an answer that spans two logs, taken for one of the asker’s',
    build: { ...soundBuild, upstream: (upstream, freshness) => ofTwoLogs(upstream, freshness) },
    profile: SCRIPT_PROFILE,
    script: joinsWhileItReads,
  },
]
