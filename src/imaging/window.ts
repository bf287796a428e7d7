import type { Rect } from '../contract/value-grammar.ts'
import { ImagingError } from './errors.ts'
import type { Picture } from './picture.ts'
import { TRANSPARENT, cut, extend, transparent } from './picture.ts'
import { REPLY_PIXELS_MAX } from './view-geometry.ts'

/** Cuts to a rectangle that may lie partly or wholly outside; what is outside becomes transparent. */
export async function cutToWindow(picture: Picture, window: Rect): Promise<Picture> {
  const inside = overlap(picture, window)
  const outside = inside.width < window.width || inside.height < window.height
  // Inside, a window is never larger than the picture; outside, it could be anything.
  if (outside && window.width * window.height > REPLY_PIXELS_MAX) {
    throw new ImagingError('reply-too-large', 'crop or rgn: the rectangle is too large')
  }
  if (inside.width <= 0 || inside.height <= 0) return transparent(picture, window)
  const part = await cut(picture, {
    left: inside.x,
    top: inside.y,
    width: inside.width,
    height: inside.height,
  })
  const margins = {
    left: inside.x - window.x,
    top: inside.y - window.y,
    right: window.x + window.width - (inside.x + inside.width),
    bottom: window.y + window.height - (inside.y + inside.height),
  }
  return extend(part, margins, TRANSPARENT)
}

function overlap({ width, height }: Picture, window: Rect): Rect {
  const x = Math.max(0, window.x)
  const y = Math.max(0, window.y)
  return {
    x,
    y,
    width: Math.min(width, window.x + window.width) - x,
    height: Math.min(height, window.y + window.height) - y,
  }
}
