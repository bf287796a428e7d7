import { createTargetLibrary } from '../api/target-library.ts'
import type { TargetLibrary } from '../api/target-library.ts'
import type { Assets } from '../assets/assets.ts'
import type { Authority } from '../purgelog/authority.ts'
import type { Store } from '../store/store.ts'
import { OuterTargets } from '../targets/outer-targets.ts'
import { Outside } from '../targets/outside.ts'
import { createReference } from '../targets/reference.ts'
import type { Target } from '../targets/target.ts'
import type { Machine } from './role.ts'

export interface ControlTargets {
  of(project: string): Promise<readonly Target[]>
  library(rooms: { readonly store: Store; readonly assets: Assets }): TargetLibrary
  stop(): Promise<void>
}

/** Caches outside Sluice: asked by this process, drained and compared with through our own nodes. */
export function controlTargets(
  { clock, timers }: Pick<Machine, 'clock' | 'timers'>,
  parts: { readonly store: Store; readonly authority: Authority; readonly nodeSecret: string },
): ControlTargets {
  const { store, authority, nodeSecret } = parts
  const outside = new Outside()
  async function resizers(): Promise<readonly string[]> {
    const nodes = await store.tables.nodes.list()
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
      logId: () => store.tables.log.id(),
      resizers,
    }),
    list: (project) => store.tables.targets.list(project),
  })
  return {
    of: (project) => outer.of(project),
    library: (rooms) => createTargetLibrary({ ...rooms, outer }),
    stop: () => outside.close(),
  }
}
