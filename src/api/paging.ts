import { PAGE_LIMIT_DEFAULT } from '../contract/api/shapes.ts'
import type { Page, PageRequest } from '../store/store.ts'

/** `signal`: of a request whose answer may take long. */
export function pageRequest(
  query: { readonly cursor?: string; readonly limit?: number },
  signal?: AbortSignal,
): PageRequest {
  return {
    limit: query.limit ?? PAGE_LIMIT_DEFAULT,
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
    ...(signal === undefined ? {} : { signal }),
  }
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
