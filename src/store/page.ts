/** A part of a list, and where the next part begins. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

export interface PageRequest {
  readonly cursor?: string
  readonly limit: number
}
