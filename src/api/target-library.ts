import type { Store, TargetRow } from '../store/store.ts'
import type { OuterTargets } from '../targets/outer-targets.ts'

/** Targets outside Sluice as their settings change, and what must be told of that. */
export interface TargetLibrary extends Pick<OuterTargets, 'try'> {
  put(row: TargetRow): Promise<void>
  /** False when there was none. */
  remove(project: string, id: string): Promise<boolean>
}

export function createTargetLibrary(parts: {
  readonly store: Store
  readonly outer: OuterTargets
}): TargetLibrary {
  const { store, outer } = parts
  return {
    put: (row) => store.transaction('durable', (tx) => tx.targets.put(row)),
    remove: (project, id) => store.transaction('durable', (tx) => tx.targets.remove(project, id)),
    try: (...args) => outer.try(...args),
  }
}
