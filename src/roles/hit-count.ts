import type { Metrics } from '../kernel/metrics.ts'

export interface HitCount {
  readonly meter: Metrics
  readonly counts: () => { readonly hits: number; readonly misses: number }
}

/** Passes counts on, and keeps hits and misses of the counter `name` for what the node tells of itself. */
export function countHits(metrics: Metrics, name: string): HitCount {
  let hits = 0
  let misses = 0
  return {
    counts: () => ({ hits, misses }),
    meter: {
      ...metrics,
      count(counter, labels, by) {
        if (counter === name) {
          if (labels?.['cache'] === 'hit') hits += 1
          else misses += 1
        }
        metrics.count(counter, labels, by)
      },
    },
  }
}
