import type { Unsharp } from '../contract/dynamic-media-commands.ts'
import type { Operation } from './operation.ts'
import { sharpened } from './picture.ts'

/** Below half a pixel there is nothing to sharpen with; what libvips takes at most is 10. */
const SIGMA = { min: 0.5, max: 10 }
/** libvips bounds how far sharpening may brighten and darken; an unsharp mask does not, so the bound is all of it. */
const LIGHTNESS_MAX = 100

/**
 * An unsharp mask: what differs from a blurred copy by more than a threshold is amplified. Done on lightness alone, as with
 * `mono`, in every case: on each channel it only adds colored fringes. The radius is one of the unscaled original (Dynamic
 * Media's page "op_usm").
 */
export const unsharp: Operation = {
  name: 'unsharp',
  apply: (picture, recipe) =>
    recipe.unsharp === null
      ? picture
      : sharpened(picture, (image) => image.sharpen(settings(recipe.unsharp!, picture.scale))),
}

function settings({ amount, radius, threshold }: Unsharp, scale: number) {
  return {
    sigma: Math.min(SIGMA.max, Math.max(SIGMA.min, radius * scale)),
    m1: 0,
    m2: amount,
    x1: (threshold / 255) * LIGHTNESS_MAX,
    y2: LIGHTNESS_MAX,
    y3: LIGHTNESS_MAX,
  }
}
