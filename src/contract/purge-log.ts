import type { KeyHash } from './keys.ts'

/** The most keys in one entry; a larger invalidation takes consecutive entries (freshness rule P1). */
export const KEYS_PER_ENTRY_MAX = 4096

/** Entry kinds that this version knows. A node that meets another kind purges the whole project. */
export const PURGE_KINDS = ['purge'] as const
export type PurgeKind = (typeof PURGE_KINDS)[number]

/** One line of the purge log. `seq` is gapless and in commit order. */
export interface PurgeEntry {
  readonly seq: number
  readonly project: string
  readonly kind: string
  readonly keys: readonly KeyHash[]
}
