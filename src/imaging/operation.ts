import type { Recipe } from '../contract/recipe.ts'
import type { Picture } from './picture.ts'

/** One step from original to rendition. One whose part of the recipe asks for nothing gives the picture back as it is. */
export interface Operation {
  readonly name: string
  readonly apply: (
    picture: Picture,
    recipe: Recipe,
    others: OtherSources,
  ) => Promise<Picture> | Picture
}

/** Bytes that a recipe needs besides its original. */
export interface OtherSources {
  readonly watermark?: Uint8Array
}
