import type { Target, PlannedMember, PlannedPurge } from '../targets/target.ts'

/** How many finished invalidations tell how long the next one takes. */
export const HISTORY_COUNT = 20
/** Most of the time it takes no longer than that. */
const PERCENTILE = 0.9
/** Nothing is instant, and 0 would look like a promise. */
const SECONDS_MIN = 0.1
/** When there is no member to ask: nothing to wait for but the store. */
const SECONDS_WITHOUT_TARGETS = 1

export interface EstimatedMember extends PlannedMember {
  readonly estimatedSeconds: number
}

export interface Estimate {
  readonly members: readonly EstimatedMember[]
  /** Members work at the same time, so it takes as long as the slowest. */
  readonly estimatedSeconds: number
}

export type History = readonly { readonly target: string; readonly ms: number }[]

export async function estimate(
  targets: readonly Target[],
  purge: PlannedPurge,
  history: History,
): Promise<Estimate> {
  const planned = await Promise.all(targets.map((target) => target.describe(purge)))
  const members = planned.flat().map((member) => ({
    ...member,
    estimatedSeconds: memberSeconds(member, history),
  }))
  const slowest = Math.max(0, ...members.map((member) => member.estimatedSeconds))
  return { members, estimatedSeconds: slowest === 0 ? SECONDS_WITHOUT_TARGETS : slowest }
}

function memberSeconds(member: PlannedMember, history: History): number {
  const known = history.filter(({ target }) => target === member.id).map(({ ms }) => ms)
  if (known.length === 0) return member.defaultSeconds
  const sorted = known.sort((a, b) => a - b)
  const ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * PERCENTILE))]!
  return Math.max(SECONDS_MIN, Math.ceil(ms / 100) / 10)
}
