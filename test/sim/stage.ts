import type { Intent } from '../../src/assets/intents.ts'
import type { OuterTarget } from '../../src/contract/targets.ts'
import type { Build } from './build.ts'
import type { Control, Library } from './control.ts'
import type { Database } from './database.ts'
import type { Ledger } from './ledger.ts'
import type { InnerNode } from './links.ts'
import type { Network } from './network.ts'
import type { OuterCache } from './outer-cache.ts'
import type { Origin } from './origin.ts'
import type { Safety } from './safety.ts'
import type { World } from './world.ts'

/** What all programs of one run share: the world outside of them. */
export interface Stage {
  readonly world: World
  readonly network: Network
  readonly origin: Origin
  readonly ledger: Ledger
  readonly database: Database
  readonly library: Library
  /** What the programs are made of; a mutant has one part replaced. */
  readonly build: Build
  /** To a checker. */
  readonly fail: Safety['fail']
  readonly leaseMs: number
  readonly cacheBytes: number
  readonly controlsCount: number
  /** The image server; null until it is there. */
  resizer: InnerNode | null
  /** The cache outside Sluice, if there is one. */
  outer: OuterCache | null
  readonly outerSettings: OuterTarget
  /** A look of control at the cache outside. */
  readonly looked: Safety['looked']
  /** Control processes as they run now; nodes talk to any of them. */
  readonly controls: Control[]
  /** Notes of changes under way, on the disk that control processes share. */
  readonly intents: Set<Intent>
}
