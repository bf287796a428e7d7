import type { Crop } from '../../../../src/contract/api/assets.ts'

/** What dragging does to a rectangle, in shares of the picture. Pure, so that hands and tests do the same. */

export type Rect = Crop['rect']

export const CORNERS = ['nw', 'ne', 'sw', 'se'] as const
export const SIDES = ['n', 'e', 's', 'w'] as const
export type Handle = (typeof CORNERS)[number] | (typeof SIDES)[number] | 'move'

/** A rectangle that could not be seen or taken hold of any more. */
export const SHARE_MIN = 0.01

/** Shares are kept to a tenth of a thousandth: finer than a pixel of what is delivered. */
const PRECISION = 10_000

export interface Drag {
  readonly handle: Handle
  /** How far the pointer went, in shares of the picture. */
  readonly dx: number
  readonly dy: number
  /** Width by height, in shares, that stays as it is; null: any shape. */
  readonly ratio: number | null
}

/** What a rectangle of these shares must be for an output of that shape to show all of it and nothing else. */
export function ratioOf(
  output: { readonly width: number; readonly height: number },
  picture: { readonly width: number; readonly height: number },
): number {
  return (output.width / output.height) * (picture.height / picture.width)
}

export function dragged(rect: Rect, drag: Drag): Rect {
  if (drag.handle === 'move') return moved(rect, drag.dx, drag.dy)
  return drag.ratio === null ? stretched(rect, drag) : scaled(rect, drag, drag.ratio)
}

export function moved({ x, y, width, height }: Rect, dx: number, dy: number): Rect {
  return rounded({
    x: within(x + dx, 0, 1 - width),
    y: within(y + dy, 0, 1 - height),
    width,
    height,
  })
}

/** Each side that the handle is at follows the pointer; the others stay. */
function stretched(rect: Rect, { handle, dx, dy }: Drag): Rect {
  let { x: left, y: top } = rect
  let right = left + rect.width
  let bottom = top + rect.height
  if (handle.includes('w')) left = within(left + dx, 0, right - SHARE_MIN)
  if (handle.includes('e')) right = within(right + dx, left + SHARE_MIN, 1)
  if (handle.includes('n')) top = within(top + dy, 0, bottom - SHARE_MIN)
  if (handle.includes('s')) bottom = within(bottom + dy, top + SHARE_MIN, 1)
  return rounded({ x: left, y: top, width: right - left, height: bottom - top })
}

/** Grows or shrinks in one shape from the opposite corner; a side's handle acts as the corner at its right or below. */
function scaled(rect: Rect, { handle, dx, dy }: Drag, ratio: number): Rect {
  const toLeft = handle.includes('w')
  const toTop = handle.includes('n')
  const byWidth = rect.width + (toLeft ? -dx : dx)
  const byHeight = (rect.height + (toTop ? -dy : dy)) * ratio
  const isFlat = handle === 'n' || handle === 's'
  const isUpright = handle === 'e' || handle === 'w'
  const wanted = isFlat ? byHeight : isUpright ? byWidth : Math.max(byWidth, byHeight)
  const roomX = toLeft ? rect.x + rect.width : 1 - rect.x
  const roomY = toTop ? rect.y + rect.height : 1 - rect.y
  const width = within(
    wanted,
    Math.max(SHARE_MIN, SHARE_MIN * ratio),
    Math.min(roomX, roomY * ratio),
  )
  const height = width / ratio
  return rounded({
    x: toLeft ? rect.x + rect.width - width : rect.x,
    y: toTop ? rect.y + rect.height - height : rect.y,
    width,
    height,
  })
}

/** The largest rectangle of that shape with the same middle that fits in the old one; in the picture in any case. */
export function shaped(rect: Rect, ratio: number): Rect {
  const width = Math.min(rect.width, rect.height * ratio, 1, ratio)
  const height = width / ratio
  return rounded({
    x: within(rect.x + (rect.width - width) / 2, 0, 1 - width),
    y: within(rect.y + (rect.height - height) / 2, 0, 1 - height),
    width,
    height,
  })
}

export function hasShape({ width, height }: Rect, ratio: number): boolean {
  return Math.abs(width / height / ratio - 1) < 0.01
}

/** A rectangle typed in numbers may reach beyond the picture: it is pushed back, and cut where it is too large. */
export function inPicture(rect: Rect): Rect {
  const width = within(rect.width, SHARE_MIN, 1)
  const height = within(rect.height, SHARE_MIN, 1)
  const x = within(rect.x, 0, 1 - width)
  const y = within(rect.y, 0, 1 - height)
  return rounded({ x, y, width, height })
}

/** The picture's edge goes before the least size. */
function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}

/** Rounded, and by the rounding never beyond the picture: `x + width` in binary fractions is at most 1. */
function rounded({ x, y, width, height }: Rect): Rect {
  const left = share(within(x, 0, 1))
  const top = share(within(y, 0, 1))
  return { x: left, y: top, width: rest(left, width), height: rest(top, height) }
}

function rest(start: number, length: number): number {
  const exact = share(Math.min(length, 1 - start))
  return start + exact > 1 ? share(exact - 1 / PRECISION) : exact
}

function share(value: number): number {
  return Math.round(value * PRECISION) / PRECISION
}
