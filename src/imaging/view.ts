import { REPLY_SIDE_MAX } from '../contract/dynamic-media-commands.ts'
import type { Resampling } from '../contract/dynamic-media-commands.ts'
import type { Recipe } from '../contract/recipe.ts'
import { laidOnCopy } from './backdrop.ts'
import { ImagingError } from './errors.ts'
import type { Operation } from './operation.ts'
import type { Picture } from './picture.ts'
import { TRANSPARENT, cut, extend, opaque, resize, resizeToInterest } from './picture.ts'
import type { Size, ViewGeometry } from './view-geometry.ts'
import { viewGeometry } from './view-geometry.ts'

const KERNELS = {
  bilin: 'linear',
  bicub: 'cubic',
  sharp2: 'lanczos3',
  bisharp: 'lanczos2',
} as const satisfies Record<Resampling, string>

/** Scaled, then cut or filled to the canvas. */
export const view: Operation = {
  name: 'view',
  async apply(picture, recipe) {
    const geometry = viewGeometry({ view: recipe.view, focus: recipe.focus, size: picture })
    const kernel = KERNELS[recipe.resampling]
    const { scaled, canvas } = geometry
    refuseTooMuchWork(recipe, canvas)
    const part =
      recipe.focus.kind === 'auto' && cuts(geometry)
        ? await resizeToInterest(picture, geometry.cut, kernel)
        : await cut(await resize(picture, scaled, kernel), geometry.cut)
    const bars = margins(part, geometry)
    if (recipe.backdrop && Object.values(bars).some((pixels) => pixels > 0)) {
      const { backdrop, background } = recipe
      return laidOnCopy(part, { backdrop, background, canvas, at: bars, kernel })
    }
    const clear = recipe.output.alpha && recipe.padding === 'transparent'
    return extend(part, bars, clear ? TRANSPARENT : opaque(recipe.background))
  },
}

/**
 * Each filter, rounded corners, a watermark and a copy behind the picture go over all of its pixels once more, uncompressed: more
 * than the largest picture that is made without asking would take gigabytes and many seconds.
 */
const EFFECT_PIXELS_MAX = REPLY_SIDE_MAX * REPLY_SIDE_MAX

function refuseTooMuchWork(recipe: Recipe, { width, height }: Size): void {
  const { filters, corners, watermark, backdrop } = recipe
  if (width * height <= EFFECT_PIXELS_MAX) return
  if (!filters && !corners && !watermark && !backdrop) return
  throw new ImagingError(
    'reply-too-large',
    `The picture would be ${width}x${height} pixels, and with filters, corners, watermarks or a copy behind it at most ${EFFECT_PIXELS_MAX} are made: change w or h`,
  )
}

function cuts({ scaled, cut: part }: ViewGeometry): boolean {
  return part.width < scaled.width || part.height < scaled.height
}

function margins({ width, height }: Picture, { canvas, offset: { left, top } }: ViewGeometry) {
  return { left, top, right: canvas.width - width - left, bottom: canvas.height - height - top }
}
