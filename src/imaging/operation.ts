import type { Recipe } from '../contract/recipe.ts'
import type { Picture } from './picture.ts'

/** One step from original to rendition. One whose part of the recipe asks for nothing gives the picture back as it is. */
export interface Operation {
  readonly name: string
  readonly apply: (picture: Picture, recipe: Recipe) => Promise<Picture> | Picture
}
