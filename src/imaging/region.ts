import type { Operation } from './operation.ts'
import { cutToWindow } from './window.ts'

export const region: Operation = {
  name: 'region',
  apply: (picture, recipe) =>
    recipe.region === null ? picture : cutToWindow(picture, recipe.region),
}
