import type { Sides } from '../contract/cloudimage-values.ts'
import type { Focus, View } from '../contract/recipe.ts'
import { ImagingError } from './errors.ts'

/** Where a view puts a picture: pure arithmetic, in whole pixels. */

export interface Size {
  readonly width: number
  readonly height: number
}

export interface ViewGeometry {
  /** The whole picture is scaled to this. */
  readonly scaled: Size
  readonly canvas: Size
  /** The part of the scaled picture that is seen; of its size where nothing is cut. */
  readonly cut: Size & { readonly left: number; readonly top: number }
  /** Where that part lies on the canvas. */
  readonly offset: { readonly left: number; readonly top: number }
}

/** The most pixels of an answer: the largest `sideMax` squared. Bounds time and memory of one render. */
export const REPLY_PIXELS_MAX = 25_000_000
/** The longest side that a picture is scaled to before it is cut; extreme proportions meet it first. */
const SCALED_SIDE_MAX = 65_500

export interface ViewInputs {
  readonly view: View
  readonly focus: Focus
  /** Of the picture as it is before the view. */
  readonly size: Size
}

export function viewGeometry({ view, focus, size }: ViewInputs): ViewGeometry {
  const scaled = scaledSize(view, size)
  const canvas = canvasSize(view, scaled)
  refuseTooLarge(view.sideMax, scaled, canvas)
  const cut = {
    width: Math.min(scaled.width, canvas.width),
    height: Math.min(scaled.height, canvas.height),
  }
  const at = focusPoint(focus, size, scaled)
  const { top, right, bottom, left } = marginOf(view)
  return {
    scaled,
    canvas,
    cut: { ...cut, ...cutPlace(at, scaled, cut) },
    offset: {
      left: left + Math.floor((canvas.width - left - right - cut.width) * at.share.x),
      top: top + Math.floor((canvas.height - top - bottom - cut.height) * at.share.y),
    },
  }
}

/** Where a part of a picture lies that keeps its focus. */
export function partAround(focus: Focus, size: Size, part: Size): { left: number; top: number } {
  return cutPlace(focusPoint(focus, size, size), size, part)
}

function cutPlace(at: FocusPoint, whole: Size, part: Size): { left: number; top: number } {
  const { share, pixel } = at
  return {
    left: cutStart(whole.width - part.width, share.x, pixel && pixel.x - part.width / 2),
    top: cutStart(whole.height - part.height, share.y, pixel && pixel.y - part.height / 2),
  }
}

const NO_MARGIN: Sides = { top: 0, right: 0, bottom: 0, left: 0 }

function marginOf(view: View): Sides {
  return (view.kind === 'box' ? view.margin : undefined) ?? NO_MARGIN
}

function scaledSize(view: View, { width, height }: Size): Size {
  const factor =
    view.kind === 'scale' ? { x: view.factor, y: view.factor } : boxFactors(view, { width, height })
  return { width: pixels(width * factor.x), height: pixels(height * factor.y) }
}

function pixels(length: number): number {
  return Math.max(1, Math.round(length))
}

function boxFactors(
  view: View & { readonly kind: 'box' },
  size: Size,
): { readonly x: number; readonly y: number } {
  const cap = (factor: number) => (view.enlarge ? factor : Math.min(1, factor))
  const { top, right, bottom, left } = marginOf(view)
  const room = {
    width: (view.width ?? Number.POSITIVE_INFINITY) - left - right,
    height: (view.height ?? Number.POSITIVE_INFINITY) - top - bottom,
  }
  if (room.width < 1 || room.height < 1) {
    throw new ImagingError('recipe-impossible', 'margin: it leaves no room for the picture')
  }
  const across = room.width / size.width
  const down = room.height / size.height
  const smaller = cap(Math.min(across, down))
  const larger = cap(Math.max(across, down))
  switch (view.scale) {
    case 'inside':
      return { x: smaller, y: smaller }
    case 'outside':
      return { x: larger, y: larger }
    case 'stretch':
      return { x: cap(across), y: cap(down) }
    case 'width':
      return { x: cap(across), y: cap(across) }
    case 'height':
      return { x: cap(down), y: cap(down) }
    case 'by-size':
      return Math.max(across, down) <= 1 ? { x: larger, y: larger } : { x: smaller, y: smaller }
  }
}

function canvasSize(view: View, scaled: Size): Size {
  const box = { width: view.width ?? scaled.width, height: view.height ?? scaled.height }
  if (view.kind === 'scale') return box
  switch (view.canvas) {
    case 'box':
      return box
    case 'image':
      return scaled
    case 'trim':
      return {
        width: Math.min(box.width, scaled.width),
        height: Math.min(box.height, scaled.height),
      }
  }
}

const ASK_FOR_LESS = 'change wid, hei or scl (w or h)'

function refuseTooLarge(sideMax: number, scaled: Size, canvas: Size): void {
  const { width, height } = canvas
  if (width > sideMax || height > sideMax || width * height > REPLY_PIXELS_MAX) {
    throw new ImagingError(
      'reply-too-large',
      `The picture would be ${width}x${height} pixels and at most ${sideMax}x${sideMax} are made: ${ASK_FOR_LESS}`,
    )
  }
  if (Math.max(scaled.width, scaled.height) > SCALED_SIDE_MAX) {
    throw new ImagingError(
      'reply-too-large',
      `The picture would be enlarged too much: ${ASK_FOR_LESS}`,
    )
  }
}

interface FocusPoint {
  /** Of the room to spare. */
  readonly share: { readonly x: number; readonly y: number }
  /** Of the scaled picture, when a point was named. */
  readonly pixel: { readonly x: number; readonly y: number } | null
}

function focusPoint(focus: Focus, size: Size, scaled: Size): FocusPoint {
  if (focus.kind === 'auto') return { share: { x: 0.5, y: 0.5 }, pixel: null }
  if (focus.kind === 'position') return { share: focus, pixel: null }
  const whole = focus.unit === 'pixel' ? size : { width: 1, height: 1 }
  const share = { x: clamp(focus.x / whole.width, 1), y: clamp(focus.y / whole.height, 1) }
  return { share, pixel: { x: share.x * scaled.width, y: share.y * scaled.height } }
}

/** `room`: how much is cut away along this axis. */
function cutStart(room: number, share: number, start: number | null): number {
  return start === null ? Math.floor(room * share) : clamp(Math.round(start), room)
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(0, value), max)
}
