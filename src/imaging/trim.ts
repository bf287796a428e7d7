import type { Operation } from './operation.ts'
import { settled, turn } from './picture.ts'

/** Smaller, there is no border to tell from a picture. */
const SIDE_MIN = 3

/** Takes away a border that has the color of the top left pixel. A picture that is border all over stays as it is. */
export const trim: Operation = {
  name: 'trim',
  async apply(picture, { trim: threshold }) {
    const { width, height } = picture
    if (threshold === undefined || Math.min(width, height) < SIDE_MIN) return picture
    const upright = picture.turned ? await settled(picture) : picture
    // Only the pixels tell how much is left.
    return settled(await turn(upright, (image) => image.trim({ threshold })))
  },
}
