import type { Operation } from './operation.ts'
import { turn } from './picture.ts'

export const flip: Operation = {
  name: 'flip',
  apply(picture, { flip: direction }) {
    if (direction === 'none') return picture
    return turn(picture, (image) => image.flop(direction !== 'ud').flip(direction !== 'lr'))
  },
}
