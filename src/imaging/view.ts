import type { Resampling } from '../contract/dynamic-media-commands.ts'
import { laidOnCopy } from './backdrop.ts'
import type { Operation } from './operation.ts'
import type { Picture } from './picture.ts'
import { TRANSPARENT, cut, extend, opaque, resize, resizeToInterest } from './picture.ts'
import type { ViewGeometry } from './view-geometry.ts'
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

function cuts({ scaled, cut: part }: ViewGeometry): boolean {
  return part.width < scaled.width || part.height < scaled.height
}

function margins({ width, height }: Picture, { canvas, offset: { left, top } }: ViewGeometry) {
  return { left, top, right: canvas.width - width - left, bottom: canvas.height - height - top }
}
