import type { Probe } from '../contract/invalidation.ts'
import type { NodeRole } from '../contract/node-protocol.ts'
import { KEYS_PER_ENTRY_MAX } from '../contract/purge-log.ts'
import type { Clock } from '../kernel/clock.ts'
import type { NodeBarrier, NodeOutcome, NodePeek, NodeProgress } from '../purgelog/barrier.ts'
import type { MemberProgress, PlannedMember, Target } from './target.ts'

/** A node that has not said what it holds by then is left out: its acknowledgement is the proof, the peek only shows it. */
const PEEK_TIMEOUT_MS = 500

/** Stated while there is no history: nodes that follow the log acknowledge within a second, also over a network. */
const DEFAULT_SECONDS = 1

export interface OwnNode {
  readonly id: string
  readonly role: NodeRole
  /** One that is out serves nothing from its cache, and is not waited for. */
  readonly state: 'in' | 'out'
}

/**
 * Our own resizers and edges. They hear of a purge by following the log, all at once and in any order (freshness rule P4 and
 * "Flushing … are observations"), so flushing is waiting: until each has acknowledged or has surely lost its lease.
 */
export function createOwnNodes(parts: {
  readonly barrier: NodeBarrier
  readonly clock: Clock
  /** All nodes that would be waited for, without waiting. */
  readonly list: () => Promise<readonly OwnNode[]>
}): Target {
  const { barrier, clock, list } = parts
  return {
    id: 'own-nodes',
    begins: 'at-once',
    async describe(purge) {
      const requests = Math.max(1, Math.ceil(purge.keysCount / KEYS_PER_ENTRY_MAX))
      const waited = (await list()).filter((node) => node.state === 'in')
      const nodes = new Map(waited.map((node) => [node.id, node]))
      return [...nodes.values()].map(({ id, role }): PlannedMember => ({
        id,
        tier: tierOf(role),
        requests,
        defaultSeconds: DEFAULT_SECONDS,
      }))
    },
    async flush(purge, report, signal) {
      const nodes = await barrier.waitFor(purge.seq, (each) => report(members(each)), signal)
      return members(nodes)
    },
    async verify(purge, signal) {
      if (purge.places.length === 0) return { verdict: 'fresh', probes: [], peeks: [] }
      const urls = new Map(purge.places.map(({ target, url }) => [target, url]))
      const peeks = await barrier.peek([...urls.keys()], PEEK_TIMEOUT_MS, signal)
      const probes = probesOf(peeks, urls, new Date(clock.wall()).toISOString())
      return { verdict: isStale(peeks, purge.seq) ? 'stale' : 'fresh', probes, peeks }
    },
  }
}

function tierOf(role: NodeRole): MemberProgress['tier'] {
  return role === 'resizer' ? 'resizing' : 'cdn'
}

/** The resizing tier first, as in the statuses; then by name. */
function inOrder<T extends { readonly id: string; readonly tier: MemberProgress['tier'] }>(
  all: readonly T[],
): readonly T[] {
  const place = ({ id, tier }: T) => (tier === 'resizing' ? '0' : '1') + id
  return all.toSorted((a, b) => (place(a) < place(b) ? -1 : 1))
}

const OUTCOMES = {
  acknowledged: 'acknowledged',
  'lease-expired': 'silent; its lease has surely ended, so it serves nothing from its cache',
  replaced: 'replaced by a newer start',
} as const satisfies Record<NodeOutcome, string>

/** One member a node: what two starts of it do is shown together, and it is done when both are. */
function members(nodes: readonly NodeProgress[]): readonly MemberProgress[] {
  const byNode = new Map<string, MemberProgress>()
  for (const { node, role, outcome } of nodes) {
    const waiting = outcome === null || byNode.get(node)?.state === 'running'
    byNode.set(node, {
      id: node,
      tier: tierOf(role),
      state: waiting ? 'running' : 'done',
      detail: outcome === null || waiting ? null : OUTCOMES[outcome],
    })
  }
  return inOrder([...byNode.values()])
}

function probesOf(
  peeks: readonly NodePeek[],
  urls: ReadonlyMap<string, string>,
  at: string,
): readonly Probe[] {
  return peeks.flatMap(({ node, peeks: held }) =>
    held.map(({ target, state, mark }) => ({
      url: urls.get(target) ?? target,
      via: node,
      mark,
      cacheStatus: state,
      at,
    })),
  )
}

/** Only what a node would still serve, and knows to be older than the purge, is stale. */
function isStale(peeks: readonly NodePeek[], seq: number): boolean {
  return peeks.some(({ peeks: held }) =>
    held.some(({ state, mark }) => state === 'usable' && (mark === null || mark < seq)),
  )
}
