import type { Operation } from './operation.ts'
import { flatten } from './picture.ts'

/** Before scaling, so that no edge is blended with what a transparent pixel hides. */
export const layOnBackground: Operation = {
  name: 'lay on background',
  apply: (picture, { output, background }) =>
    output.alpha ? picture : flatten(picture, background),
}
