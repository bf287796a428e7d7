import { StoreError } from './errors.ts'

/** A page's end as an opaque text: the sort key of its last row, so that the next page needs no OFFSET. */
export function encodeCursor(sortKey: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(sortKey)).toString('base64url')
}

/** `shape` is an example of the sort key: a cursor of another shape was not made by this list. */
export function decodeCursor<Shape extends readonly (string | number)[]>(
  cursor: string,
  shape: Shape,
): Shape {
  const sortKey = parse(cursor)
  const fits =
    Array.isArray(sortKey) &&
    sortKey.length === shape.length &&
    sortKey.every((part: unknown, at) => typeof part === typeof shape[at])
  if (!fits) {
    throw new StoreError('bad-cursor', 'The cursor was not made by this list: leave it out.')
  }
  return sortKey as unknown as Shape
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch (cause) {
    throw new StoreError('bad-cursor', 'The cursor was not made by this list: leave it out.', {
      cause,
    })
  }
}

/** Cuts `rows`, read with one row more than the page holds, into a page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  sortKey: (row: Row) => readonly (string | number)[],
): { readonly items: readonly Item[]; readonly nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = rows.length > limit && last !== undefined
  return { items: shown.map(item), nextCursor: more ? encodeCursor(sortKey(last)) : null }
}
