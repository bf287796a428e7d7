import type { CropArea } from '../contract/recipe.ts'
import type { Rect } from '../contract/value-grammar.ts'
import type { Operation } from './operation.ts'
import type { Size } from './view-geometry.ts'
import { cutToWindow } from './window.ts'

export const crop: Operation = {
  name: 'crop',
  async apply(picture, { crops }) {
    let cropped = picture
    for (const area of crops) cropped = await cutToWindow(cropped, windowOf(area, cropped))
    return cropped
  },
}

/** Edges are rounded, not sizes, so that neighbouring shares neither overlap nor leave a gap. */
function windowOf({ unit, rect }: CropArea, { width, height }: Size): Rect {
  if (unit === 'pixel') return rect
  const left = Math.round(rect.x * width)
  const top = Math.round(rect.y * height)
  return {
    x: left,
    y: top,
    width: Math.max(1, Math.round((rect.x + rect.width) * width) - left),
    height: Math.max(1, Math.round((rect.y + rect.height) * height) - top),
  }
}
