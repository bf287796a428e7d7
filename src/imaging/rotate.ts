import type { Operation } from './operation.ts'
import { TRANSPARENT, settled, turn } from './picture.ts'

/** The box grows around the turned picture; its corners are transparent. */
export const rotate: Operation = {
  name: 'rotate',
  async apply(picture, { rotate: degrees }) {
    if (degrees === 0) return picture
    const rightAngle = degrees % 90 === 0
    const turned = await turn(picture, (image) =>
      rightAngle
        ? image.rotate(degrees)
        : image.ensureAlpha().rotate(degrees, { background: TRANSPARENT }),
    )
    // Only the pixels tell how large the box became.
    return settled(turned)
  },
}
