import { KEY_BYTES } from './keys.ts'
import type { KeyHash } from './keys.ts'

/** The most keys in one entry; a larger invalidation takes consecutive entries (freshness rule P1). */
export const KEYS_PER_ENTRY_MAX = 4096

/**
 * Entry kinds that this version knows. A node that meets another kind purges the whole project. `packed` is the form of long
 * lists; `soft` says "stale, may be shown while it is asked after" for `softMs`, and so does a packed one that has `softMs`: a node
 * that does not know of that takes it for a hard one.
 */
export const PURGE_KINDS = ['purge', 'packed', 'soft'] as const
export type PurgeKind = (typeof PURGE_KINDS)[number]

/** One line of the purge log. `seq` is gapless and in commit order. */
export interface PurgeEntry {
  readonly seq: number
  readonly project: string
  readonly kind: string
  readonly keys: readonly KeyHash[]
  /** Of kind `packed`: the keys as KEY_BYTES each, one behind the other. `keys` is empty then. */
  readonly packed?: Uint8Array
  /** Of kind `soft`, and of a soft list: for how long, from its application, a node may show clients what it made stale. Milliseconds. */
  readonly softMs?: number
}

export function keysCountOf(entry: PurgeEntry): number {
  return entry.keys.length + (entry.packed?.byteLength ?? 0) / KEY_BYTES
}
