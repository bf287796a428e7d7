import type { Selection } from '../contract/invalidation.ts'
import type { InvalidationRow, Tables } from '../store/store.ts'
import type { Events } from './events.ts'
import { HISTORY_COUNT, estimate } from './estimates.ts'
import { targetsOf } from './parts.ts'
import type { InvalidationParts } from './parts.ts'
import type { RecordedChange } from './requests.ts'
import type { Runner } from './runner.ts'
import { accept, blankRow, told } from './submit.ts'

/** Changes of this long become one invalidation, counted from the first: a folder of a thousand files makes one entry. */
const WINDOW_MS = 1000
/** More causes than a person reads; the rest is counted. */
const CAUSES_SHOWN = 3

/** Automatic ones go by the keys of what changed. */
export const NO_SELECTION: Selection = {
  assets: [],
  folders: [],
  renditions: false,
  presets: false,
  template: false,
  crops: false,
  served: false,
  content: false,
  urls: [],
  originals: [],
  everything: false,
  exclude: [],
}

export interface Automatic {
  record(tx: Tables, change: RecordedChange): Promise<void>
  /** Makes invalidations of what has waited for its window. */
  invalidateDue(): Promise<void>
  stop(): Promise<void>
}

export function createAutomatic(
  parts: InvalidationParts & { readonly events: Events; readonly runner: () => Runner },
): Automatic {
  const { store, clock, timers, log } = parts
  let cancel: (() => void) | null = null
  let stopped = false
  let working: Promise<void> = Promise.resolve()

  /** Not later than the look of the runner, but usually earlier. */
  function wake(): void {
    if (stopped) return
    cancel ??= timers.after(WINDOW_MS + 1, () => {
      cancel = null
      working = working.then(invalidateDue).catch((error: unknown) => {
        log.error({ err: error }, 'automatic invalidations failed, and will be tried again')
      })
    })
  }

  async function invalidateDue(): Promise<void> {
    const before = clock.wall() - WINDOW_MS
    for (const project of await store.tables.changes.due(before)) await invalidate(project)
    // Whatever came after the first look is not due yet, and has nobody else to wake us in time.
    if ((await store.tables.changes.due(Number.MAX_SAFE_INTEGER)).length > 0) wake()
  }

  async function invalidate(project: string): Promise<void> {
    const { invalidations } = store.tables
    const history = await invalidations.recentDurations(project, HISTORY_COUNT)
    const targets = await targetsOf(parts, project)
    const { estimatedSeconds } = await estimate(targets, { keysCount: 1, urlsCount: 0 }, history)
    const row = await store.transaction('durable', async (tx) => {
      const automatic = (await tx.projects.get(project))?.automaticInvalidation ?? false
      const taken = await tx.changes.take(project)
      const changes = taken.filter((change) => automatic || change.asked === true)
      const keys = [...new Set(changes.flatMap((change) => change.keys))].sort()
      if (keys.length === 0) return null
      const fresh: InvalidationRow = {
        ...blankRow(parts, project, 'Received'),
        ...parts.runner().hold(),
        scope: 'original',
        source: 'automatic',
        cause: causeInWords(changes.map((change) => change.cause)),
        createdBy: 'Sluice',
        urlCount: 0,
        estimatedSeconds,
        selection: NO_SELECTION,
        keys,
      }
      return accept(tx, fresh, [])
    })
    if (row) told({ events: parts.events, runner: parts.runner() }, row)
  }

  return {
    invalidateDue,
    async record(tx, change) {
      const project = await tx.projects.get(change.project)
      if (!project?.automaticInvalidation && change.asked !== true) return
      await tx.changes.add({ ...change, at: clock.wall() })
      wake()
    },
    async stop() {
      stopped = true
      cancel?.()
      await working
    },
  }
}

export function causeInWords(causes: readonly string[]): string {
  const different = [...new Set(causes)]
  const shown = different.slice(0, CAUSES_SHOWN).join('; ')
  const more = different.length - CAUSES_SHOWN
  return more > 0 ? `${shown}; and ${more} more changes` : shown
}
