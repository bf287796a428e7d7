import type { KernelEnum } from 'sharp'
import type { Color } from '../contract/color.ts'
import type { Backdrop } from '../contract/recipe.ts'
import { blurred, covered } from './filters.ts'
import type { Picture } from './picture.ts'
import { cut, flatten, laidUnder, pixelsOf, resize, resizeToInterest, turn } from './picture.ts'
import type { Size } from './view-geometry.ts'
import { viewGeometry } from './view-geometry.ts'

/** Where a picture lies on a blurred copy of itself instead of a color (Cloudimage's page "Fit", "Blurred background"). */
export interface CopyBehind {
  readonly backdrop: Backdrop
  readonly background: Color
  readonly canvas: Size
  readonly at: { readonly left: number; readonly top: number }
  readonly kernel: keyof KernelEnum
}

/** How much of the tint is seen: enough to color the copy, not to cover it. */
const TINT_OPACITY = 0.5

export async function laidOnCopy(picture: Picture, behind: CopyBehind): Promise<Picture> {
  const { backdrop, background, canvas, at, kernel } = behind
  const whole = await pixelsOf(picture)
  const copy = await covering(whole.open(), backdrop, canvas, kernel)
  const { tint, opacity, blur } = backdrop
  let ground = await flatten(copy, background)
  if (blur > 0) ground = await turn(ground, (image) => blurred(image, blur))
  if (tint !== null) {
    ground = await turn(ground, (image) => covered(image, { color: tint, opacity: TINT_OPACITY }))
  }
  if (opacity < 1) {
    const color = { color: background, opacity: 1 - opacity }
    ground = await turn(ground, (image) => covered(image, color))
  }
  const laid = await laidUnder(ground, { ...whole, left: at.left, top: at.top }, background)
  return { ...laid, scale: picture.scale }
}

async function covering(
  picture: Picture,
  { focus }: Backdrop,
  canvas: Size,
  kernel: keyof KernelEnum,
): Promise<Picture> {
  const sideMax = Math.max(canvas.width, canvas.height)
  const view = {
    kind: 'box',
    ...canvas,
    scale: 'outside',
    canvas: 'box',
    enlarge: true,
    sideMax,
  } as const
  if (focus.kind === 'auto') return resizeToInterest(picture, canvas, kernel)
  const { scaled, cut: part } = viewGeometry({ view, focus, size: picture })
  return cut(await resize(picture, scaled, kernel), part)
}
