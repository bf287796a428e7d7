import { PAGE_LIMIT_DEFAULT } from '../contract/api/shapes.ts'
import type { Page, PageRequest } from '../store/store.ts'

export function pageRequest(query: {
  readonly cursor?: string
  readonly limit?: number
}): PageRequest {
  const limit = query.limit ?? PAGE_LIMIT_DEFAULT
  return query.cursor === undefined ? { limit } : { limit, cursor: query.cursor }
}

/** A list that is short by nature comes whole. */
export function wholeList<T>(items: readonly T[]): { items: T[]; nextCursor: null } {
  return { items: [...items], nextCursor: null }
}

export function pageOf<T, U>(
  page: Page<T>,
  view: (item: T) => U,
): { items: U[]; nextCursor: string | null } {
  return { items: page.items.map(view), nextCursor: page.nextCursor }
}
