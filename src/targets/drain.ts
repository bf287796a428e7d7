import type { AskerRule } from '../contract/targets.ts'

/** How one node ended the requests that an outer cache had sent to it. */
export interface DrainedNode {
  readonly node: string
  /** `silent`: it did not say; only the rebound purge covers what it sends late. */
  readonly outcome: 'drained' | 'silent'
}

/**
 * Waits until every request that an outer cache had sent to one of our edges is answered in full or cut (freshness rule P15). Without
 * this, an edge that is slow to send an old answer gives it to the cache after the cache was purged.
 */
export interface Drain {
  drain(rule: AskerRule, signal: AbortSignal): Promise<readonly DrainedNode[]>
}

export function hasAskers({ addresses, header }: AskerRule): boolean {
  return addresses.length > 0 || header !== null
}

/** In words, for the log. */
export function drainNote(drained: readonly DrainedNode[]): string | null {
  const silent = drained.filter(({ outcome }) => outcome === 'silent').map(({ node }) => node)
  if (silent.length === 0) return null
  return `${silent.join(', ')} did not say whether it had answered all requests of this cache`
}
