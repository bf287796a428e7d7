import type { Assets } from '../assets/assets.ts'
import type { OuterCaches } from '../contract/records.ts'
import { usesTags } from '../contract/targets.ts'
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
  readonly assets: Pick<Assets, 'updateProject'>
  readonly outer: OuterTargets
}): TargetLibrary {
  const { store, assets, outer } = parts
  const others = async (project: string, id: string): Promise<readonly TargetRow[]> =>
    (await store.tables.targets.list(project)).filter((row) => row.id !== id)
  return {
    async put(row) {
      // Edges first: what they do for nobody is harmless, what they do not do for a target is not.
      const rows = [...(await others(row.project, row.id)), row]
      await assets.updateProject(row.project, { outerCaches: outerCachesOf(rows) })
      await store.transaction('durable', (tx) => tx.targets.put(row))
    },
    async remove(project, id) {
      const known = await store.transaction('durable', (tx) => tx.targets.remove(project, id))
      const rows = await others(project, id)
      if (known) await assets.updateProject(project, { outerCaches: outerCachesOf(rows) })
      return known
    },
    try: (...args) => outer.try(...args),
  }
}

/** What edges must do for all of these together. */
function outerCachesOf(rows: readonly TargetRow[]): OuterCaches {
  const headers = rows.flatMap(({ settings }) => settings.tagHeader?.toLowerCase() ?? [])
  return {
    recordUrls: rows.some(({ settings }) => !usesTags(settings.purge)),
    tagHeaders: [...new Set(headers)].sort(),
  }
}
