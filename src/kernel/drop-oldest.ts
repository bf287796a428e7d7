/** How much of a full map is forgotten at once. */
const SHARE = 0.1

/**
 * Keeps a map or set that is filled for ever at `max` entries by forgetting those that were put in first. Many at once, because each
 * walk from the front steps over everything that was deleted there since the map last grew: one by one, that costs more than all else.
 */
export function dropOldest(from: Map<unknown, unknown> | Set<unknown>, max: number): void {
  if (from.size <= max) return
  const kept = Math.floor(max * (1 - SHARE))
  for (const oldest of from.keys()) {
    if (from.size <= kept) return
    from.delete(oldest)
  }
}
