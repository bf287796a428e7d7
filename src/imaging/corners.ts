import type { Corners, Radius } from '../contract/cloudimage-values.ts'
import type { Operation } from './operation.ts'
import { flatten, settled, turn } from './picture.ts'
import type { Size } from './view-geometry.ts'

/** Rounds corners with a mask that is drawn for the size of the answer (Cloudimage's page "Rounded corners"). */
export const corners: Operation = {
  name: 'corners',
  async apply(picture, { corners: wanted, background, output }) {
    if (!wanted) return picture
    const mask = { input: Buffer.from(maskOf(picture, wanted)), blend: 'dest-in' } as const
    const rounded = await settled(
      await turn(await settled(picture), (image) => image.ensureAlpha().composite([mask])),
    )
    if (output.alpha && wanted.outside === null) return rounded
    return flatten(rounded, wanted.outside ?? background)
  },
}

interface Radii {
  readonly topLeft: number
  readonly topRight: number
  readonly bottomRight: number
  readonly bottomLeft: number
}

/** Neighbours that do not both fit on their side shrink alike, as those of CSS do (Backgrounds and Borders, "Corner Overlap"). */
function radiiOf({ width, height }: Size, wanted: Corners): Radii {
  const pixels = (radius: Radius) => (radius === 'max' ? Math.min(width, height) : radius)
  const topLeft = pixels(wanted.topLeft)
  const topRight = pixels(wanted.topRight)
  const bottomRight = pixels(wanted.bottomRight)
  const bottomLeft = pixels(wanted.bottomLeft)
  const shrink = Math.min(
    1,
    width / Math.max(1, topLeft + topRight, bottomLeft + bottomRight),
    height / Math.max(1, topLeft + bottomLeft, topRight + bottomRight),
  )
  return {
    topLeft: topLeft * shrink,
    topRight: topRight * shrink,
    bottomRight: bottomRight * shrink,
    bottomLeft: bottomLeft * shrink,
  }
}

function maskOf(size: Size, wanted: Corners): string {
  const { width, height } = size
  const { topLeft, topRight, bottomRight, bottomLeft } = radiiOf(size, wanted)
  const outline = [
    `M${topLeft} 0`,
    `H${width - topRight}`,
    arc(topRight, width, topRight),
    `V${height - bottomRight}`,
    arc(bottomRight, width - bottomRight, height),
    `H${bottomLeft}`,
    arc(bottomLeft, 0, height - bottomLeft),
    `V${topLeft}`,
    arc(topLeft, topLeft, 0),
    'Z',
  ].join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><path d="${outline}"/></svg>`
}

function arc(radius: number, x: number, y: number): string {
  return `A${radius} ${radius} 0 0 1 ${x} ${y}`
}
