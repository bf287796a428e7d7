import { createTargetLibrary } from '../api/target-library.ts'
import type { TargetLibrary } from '../api/target-library.ts'
import type { Assets } from '../assets/assets.ts'
import type { Authority } from '../purgelog/authority.ts'
import type { Store } from '../store/store.ts'
import { createOrigins } from '../targets/origins.ts'
import { OuterTargets } from '../targets/outer-targets.ts'
import { Outside } from '../targets/outside.ts'
import { createOwnNodes } from '../targets/own-nodes.ts'
import { createReference } from '../targets/reference.ts'
import type { Target } from '../targets/target.ts'
import { lookThroughResizer, resizersOf } from './resizer-originals.ts'
import type { Machine } from './role.ts'

export interface ControlTargets {
  /** What belongs to every project: our nodes, and the origins that are looked at through them. */
  readonly own: readonly Target[]
  of(project: string): Promise<readonly Target[]>
  library(rooms: { readonly store: Store; readonly assets: Assets }): TargetLibrary
  stop(): Promise<void>
}

/** Our own nodes; and caches outside Sluice: asked by this process, drained and compared with through our own nodes. */
export function controlTargets(
  { clock, timers, log }: Pick<Machine, 'clock' | 'timers' | 'log'>,
  parts: { readonly store: Store; readonly authority: Authority; readonly nodeSecret: string },
): ControlTargets {
  const { store, authority, nodeSecret } = parts
  const asked = resizersOf(store, nodeSecret, log)
  const outside = new Outside()
  async function resizers(): Promise<readonly string[]> {
    const nodes = await asked.nodes()
    const known = nodes.filter(({ role, state }) => role === 'resizer' && state === 'in')
    return known.flatMap(({ urls }) => urls)
  }
  const outer = new OuterTargets({
    clock,
    timers,
    outside,
    drain: authority,
    reference: createReference({
      outside,
      nodeSecret,
      logId: asked.logId,
      resizers,
    }),
    list: (project) => store.tables.targets.list(project),
  })
  return {
    own: [
      createOwnNodes({ barrier: authority, clock, list: asked.nodes }),
      createOrigins({ clock, timers, look: lookThroughResizer(asked) }),
    ],
    of: (project) => outer.of(project),
    library: (rooms) => createTargetLibrary({ ...rooms, outer }),
    stop: () => outside.close(),
  }
}
