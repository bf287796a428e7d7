import { Fills } from '../../src/cache/fills.ts'
import type { FillAnswer } from '../../src/cache/fills.ts'
import { Freshness } from '../../src/cache/freshness.ts'
import { MarkedCache } from '../../src/cache/marked-cache.ts'
import type { MarkedCacheParts } from '../../src/cache/marked-cache.ts'
import { Edge } from '../../src/edge/edge.ts'
import type { EdgeParts } from '../../src/edge/edge.ts'
import type { Resolver } from '../../src/edge/resource.ts'
import { SluiceResolver } from '../../src/edge/sluice-resolver.ts'
import type { Upstream } from '../../src/edge/upstream.ts'
import type { OuterTarget } from '../../src/contract/targets.ts'
import type { NodeRole } from '../../src/contract/node-protocol.ts'
import { Authority } from '../../src/purgelog/authority.ts'
import type { AuthorityParts, ControlMemory } from '../../src/purgelog/authority.ts'
import type { PurgeSink } from '../../src/purgelog/follower.ts'
import { spellings } from '../../src/roles/edge-role.ts'
import type { Store } from '../../src/store/store.ts'
import { createGenericHttp } from '../../src/targets/generic-http.ts'
import type { OuterParts } from '../../src/targets/generic-http.ts'
import { createOrigins } from '../../src/targets/origins.ts'
import type { OriginsParts } from '../../src/targets/origins.ts'
import type { Target } from '../../src/targets/target.ts'
import { soundLibrary } from './control.ts'
import type { Library } from './control.ts'
import { Database } from './database.ts'
import type { Program } from './host.ts'
import type { Ledger } from './ledger.ts'
import type { World } from './world.ts'

/** How the parts of a node are made. The sound build is production's; each mutant departs in one of them. */
export interface Build {
  readonly freshness: (program: Program, role: NodeRole) => Freshness
  /** What the follower feeds, which is the freshness itself. */
  readonly sink: (freshness: Freshness, program: Program) => PurgeSink
  readonly cache: <Meta, Body>(parts: MarkedCacheParts<Body>) => MarkedCache<Meta, Body>
  readonly fills: <A extends FillAnswer>(freshness: Freshness, program: Program) => Fills<A>
  readonly edge: (parts: EdgeParts, program: Program) => Edge
  readonly resolver: (edge: Edge) => Resolver
  /** `home` is true for the edge between edges and resizer. */
  readonly upstream: (upstream: Upstream, freshness: Freshness, home: boolean) => Upstream
  /** The store as one control process's authority sees it. */
  readonly memory: (memory: ControlMemory, store: Store) => ControlMemory
  readonly authority: (parts: AuthorityParts) => Authority
  readonly database: (world: World, ledger: Ledger) => Database
  readonly library: Library
  /** What an edge waits for when it is to drain. */
  readonly drains: 'requests' | 'answers'
  /** How control learns in which spellings an edge is asked. */
  readonly spellings: typeof spellings
  /** How it is told whether a cache before the remote origin has kept what is old. */
  readonly origins: (parts: OriginsParts) => Target
  /** How the cache outside is purged. */
  readonly outer: (parts: OuterParts, settings: OuterTarget) => Target
}

export const soundBuild: Build = {
  freshness: ({ clock }) => new Freshness(clock),
  sink: (freshness) => freshness,
  cache: (parts) => new MarkedCache(parts),
  fills: (freshness, { clock }) => new Fills(freshness, clock),
  edge: (parts) => new Edge(parts),
  resolver: (edge) => new SluiceResolver(edge),
  upstream: (upstream) => upstream,
  memory: (memory) => memory,
  authority: (parts) => new Authority(parts),
  database: (world, ledger) => new Database(world, ledger),
  library: soundLibrary,
  drains: 'requests',
  spellings,
  origins: (parts) => createOrigins(parts),
  outer: (parts, settings) => createGenericHttp({ id: 'outer', settings }, parts),
}
