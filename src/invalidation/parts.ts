import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { Timers } from '../kernel/timers.ts'
import type { Store } from '../store/store.ts'
import type { Target } from '../targets/target.ts'

/** What the composition root gives to the invalidation room. */
export interface InvalidationParts {
  readonly store: Store
  /** Those of every project: our own nodes. */
  readonly targets: readonly Target[]
  /** Those outside Sluice that a project has; they begin after our own nodes. */
  readonly outerTargets?: (project: string) => Promise<readonly Target[]>
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
  /**
   * True when this process holds the data folder's lock: then whoever held an invalidation before is dead, and what it left is
   * taken up at once instead of after its silence.
   */
  readonly alone: boolean
  /** Makes pending changes of a watched folder true before a list is formed. */
  readonly settle?: (project: string, ids: readonly string[] | 'all') => Promise<void>
  /** How long invalidations stay in the log. */
  readonly logDays?: number
  /** For crash tests: called when a step begins, and with `submitted` and `finished`. */
  readonly atStep?: (name: StepPoint) => void | Promise<void>
}

/** Everything that a purge of this project goes to. */
export async function targetsOf(
  parts: Pick<InvalidationParts, 'targets' | 'outerTargets'>,
  project: string,
): Promise<readonly Target[]> {
  return [...parts.targets, ...((await parts.outerTargets?.(project)) ?? [])]
}

export const STEP_POINTS = [
  'submitted',
  'prepare',
  'flush-resizing',
  'flush-cdn',
  'verify',
  'finish',
  'finished',
] as const
export type StepPoint = (typeof STEP_POINTS)[number]
