import type { Operation } from './operation.ts'
import { sharpened } from './picture.ts'

/** The plain sharpening of `op_sharpen=1`: libvips' mild default, a fixed 3x3 kernel. */
export const sharpen: Operation = {
  name: 'sharpen',
  apply: (picture, recipe) =>
    recipe.sharpen ? sharpened(picture, (image) => image.sharpen()) : picture,
}
