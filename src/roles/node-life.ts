import { randomToken } from '../kernel/ids.ts'
import { NODE_ROLES } from '../contract/node-protocol.ts'
import type { NodeRole, NodeStats, Peek, Registration } from '../contract/node-protocol.ts'
import type { AskerRule } from '../contract/targets.ts'
import type { Freshness } from '../cache/freshness.ts'
import { Follower } from '../purgelog/follower.ts'
import type { Machine, NodePlace } from './role.ts'

export interface NodeLifeParts {
  readonly role: NodeRole
  readonly urls: readonly string[]
  readonly freshness: Freshness
  readonly stats: () => NodeStats
  readonly peek: (targets: readonly string[]) => readonly Peek[]
  readonly onRegistered: (registration: Registration) => Promise<void>
  readonly drain?: (rule: AskerRule) => Promise<void>
}

export interface NodeLife {
  readonly follower: Follower
  readonly incarnation: string
  readonly notReady: () => readonly string[]
}

const INCARNATION_BYTES = 12

/** Lets a node live by the purge log: a new incarnation, its predecessor declared dead, following and renewing until stopped. */
export async function startNodeLife(
  machine: Machine,
  place: NodePlace,
  parts: NodeLifeParts,
): Promise<NodeLife> {
  const { freshness, role, urls } = parts
  const { clock, timers, random, log, version, metrics } = machine
  const incarnation = randomToken(random, INCARNATION_BYTES)
  const predecessor = (await place.data.predecessors())[place.id]
  const follower = new Follower({
    clock,
    timers,
    random,
    log: log.child({ node: place.id }),
    link: place.link,
    sink: freshness,
    hello: {
      id: place.id,
      incarnation,
      role,
      version,
      urls,
      ...(predecessor === undefined ? {} : { predecessor }),
    },
    stats: parts.stats,
    peek: parts.peek,
    ...(parts.drain ? { drain: parts.drain } : {}),
    async onRegistered(registration) {
      await parts.onRegistered(registration)
      await place.data.rememberNode(place.id, incarnation)
    },
  })
  metrics.beforeExposition(() => {
    const labels = { node: place.id, role }
    metrics.gauge('sluice_node_applied', labels, freshness.applied)
    metrics.gauge('sluice_node_head', labels, freshness.headHeard)
    metrics.gauge('sluice_node_lag', labels, freshness.headHeard - freshness.applied)
    metrics.gauge('sluice_node_stamps', labels, freshness.stampCount)
    metrics.gauge('sluice_node_floor', labels, freshness.floor)
    metrics.gauge('sluice_node_lease', labels, freshness.holdsLease() ? 1 : 0)
    metrics.gauge('sluice_node_lease_changes', labels, freshness.leaseChanges)
  })
  follower.start()
  return {
    follower,
    incarnation,
    notReady: () =>
      freshness.logId === '' ? [`${place.id} has not joined the purge log yet`] : [],
  }
}

const NODE_LABELS = ['node', 'role'] as const

export const NODE_METRICS = {
  sluice_node_applied: { kind: 'gauge', help: 'The last purge applied.', labels: NODE_LABELS },
  sluice_node_head: {
    kind: 'gauge',
    help: 'The highest head of the purge log heard of.',
    labels: NODE_LABELS,
  },
  sluice_node_lag: {
    kind: 'gauge',
    help: 'Purges heard of and not applied yet.',
    labels: NODE_LABELS,
  },
  sluice_node_stamps: { kind: 'gauge', help: 'Stamps held.', labels: NODE_LABELS },
  sluice_node_floor: {
    kind: 'gauge',
    help: 'The mark below which everything is unusable.',
    labels: NODE_LABELS,
  },
  sluice_node_lease: {
    kind: 'gauge',
    help: '1 while the node may answer clients from its cache.',
    labels: NODE_LABELS,
  },
  sluice_node_lease_changes: {
    kind: 'gauge',
    help: 'How often a lease was gained or lost.',
    labels: NODE_LABELS,
  },
  sluice_node_entries: {
    kind: 'gauge',
    help: `Things cached, by role (${NODE_ROLES.join(', ')}).`,
    labels: NODE_LABELS,
  },
  sluice_node_bytes: { kind: 'gauge', help: 'Bytes cached.', labels: NODE_LABELS },
} as const
