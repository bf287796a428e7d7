/** A part of a list, and where the next part begins. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
  /** A search that would have taken too long: not full, and not the end. `nextCursor` goes on from where it ended. */
  readonly partial?: true
}

export interface PageRequest {
  readonly cursor?: string
  readonly limit: number
  /** Of whoever asks: a read that waits, or goes on for long, ends with it. */
  readonly signal?: AbortSignal
}
