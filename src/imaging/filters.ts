import type { Sharp } from 'sharp'
import type { Filter } from '../contract/recipe.ts'
import type { Operation } from './operation.ts'
import type { Picture } from './picture.ts'
import { cut, opaque, resize, settled, turn } from './picture.ts'

/** One after the other, each on the pixels that the one before left. */
export const filters: Operation = {
  name: 'filters',
  async apply(picture, { filters: wanted = [] }) {
    let filtered = picture
    for (const filter of wanted) filtered = await filteredBy(filtered, filter)
    return filtered
  },
}

function filteredBy(picture: Picture, filter: Filter): Promise<Picture> {
  if (filter.kind === 'pixelate') return pixelated(picture, filter.block)
  return onPixels(picture, (image) => applied(image, filter))
}

/** Pixels are sRGB once they are settled: all of these filters count in its bytes, and a gray picture may get colors. */
async function onPixels(picture: Picture, apply: (image: Sharp) => Sharp): Promise<Picture> {
  return settled(await turn(await settled(picture), apply))
}

/** How far the strongest adjustment goes, as Scaleflex's image editor has it: `bright` adds, `contrast` multiplies around gray. */
const FULL = 100
const WHITE_LEVEL = 255
const SEPIA = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
] as const

function applied(image: Sharp, filter: Exclude<Filter, { kind: 'pixelate' }>): Sharp {
  switch (filter.kind) {
    case 'bright':
      return image.linear(1, (filter.by / FULL) * WHITE_LEVEL)
    case 'contrast': {
      const factor = (1 + filter.by / FULL) ** 2
      return image.linear(factor, (WHITE_LEVEL / 2) * (1 - factor))
    }
    case 'saturate':
      return image.modulate({ saturation: 1 + filter.by / FULL })
    case 'gray':
      return image.greyscale()
    case 'sepia':
      return image.recomb([[...SEPIA[0]], [...SEPIA[1]], [...SEPIA[2]]])
    case 'invert':
      return image.negate({ alpha: false })
    case 'overlay':
      return covered(image, filter)
    case 'blur':
      return blurred(image, filter.radius)
    case 'sharpen':
      return filter.percent === 1 ? image.sharpen() : image.sharpen(sharpening(filter.percent))
  }
}

/** A layer of one color over it. */
export function covered(image: Sharp, layer: { color: string; opacity: number }): Sharp {
  const { r, g, b } = opaque(layer.color)
  const share = 1 - layer.opacity
  return image.linear(
    [share, share, share],
    [r * layer.opacity, g * layer.opacity, b * layer.opacity],
  )
}

const SIGMA_MIN = 0.3

/** A Gaussian blur's deviation is half its radius. A wide one would take seconds to do exactly. */
export function blurred(image: Sharp, radius: number): Sharp {
  return image.blur({ sigma: Math.max(SIGMA_MIN, radius / 2), precision: 'approximate' })
}

/** From a touch at 2 to as strong as an unsharp mask gets at 100. */
function sharpening(percent: number) {
  return { sigma: 1, m1: 0, m2: (percent / FULL) * 20 }
}

async function pixelated(picture: Picture, block: number): Promise<Picture> {
  const { width, height, scale } = picture
  const blocks = { width: Math.ceil(width / block), height: Math.ceil(height / block) }
  const small = await settled(await resize(await settled(picture), blocks, 'linear'))
  const large = { width: blocks.width * block, height: blocks.height * block }
  const drawn = await settled(await resize(small, large, 'nearest'))
  return { ...(await cut(drawn, { left: 0, top: 0, width, height })), scale }
}
