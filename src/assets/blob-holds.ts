/**
 * Which blobs somebody is about to need: an upload has its bytes on disk before the row that names them is committed, and the same bytes
 * may be a forgotten version's. Names are held from before the file gets its name until the commit; who collects watches from his
 * first look on, so that a hold that came and went meanwhile is seen as well.
 */
export interface BlobHolds {
  /** Until the returned function is called. */
  hold(hash: string): () => void
  watch(): BlobWatch
}

export interface BlobWatch {
  /** Held now, or at any time since the watch began. */
  touched(hash: string): boolean
  end(): void
}

export function createBlobHolds(): BlobHolds {
  const held = new Map<string, number>()
  const watches = new Set<Set<string>>()
  return {
    hold(hash) {
      held.set(hash, (held.get(hash) ?? 0) + 1)
      for (const seen of watches) seen.add(hash)
      let released = false
      return () => {
        if (released) return
        released = true
        const left = held.get(hash)! - 1
        if (left === 0) held.delete(hash)
        else held.set(hash, left)
      }
    },
    watch() {
      const seen = new Set(held.keys())
      watches.add(seen)
      return { touched: (hash) => seen.has(hash), end: () => void watches.delete(seen) }
    },
  }
}
