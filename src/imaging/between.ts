import { ImagingError } from './errors.ts'
import type { Operation } from './operation.ts'
import { cut } from './picture.ts'

/** Cuts between two corners; what lies outside the picture is left out (Cloudimage's page "Positionable crop"). */
export const between: Operation = {
  name: 'cut between corners',
  apply(picture, { between: corners }) {
    if (!corners) return picture
    const { width, height } = picture
    const { topLeft = { x: 0, y: 0 }, bottomRight = { x: width, y: height } } = corners
    const area = {
      left: topLeft.x,
      top: topLeft.y,
      width: Math.min(width, bottomRight.x) - topLeft.x,
      height: Math.min(height, bottomRight.y) - topLeft.y,
    }
    if (area.width >= 1 && area.height >= 1) return cut(picture, area)
    throw new ImagingError(
      'recipe-impossible',
      `tl_px, br_px: nothing of the picture, ${width}x${height} pixels, lies between them`,
    )
  },
}
