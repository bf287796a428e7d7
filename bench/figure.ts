/** One line of the table. */
export interface Figure {
  readonly what: string
  readonly value: string
  /** What it is compared with, or under which conditions. */
  readonly beside: string
}

export interface Bench {
  readonly name: string
  readonly run: () => Promise<readonly Figure[]>
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
