import sharp from 'sharp'
import type { Length } from '../contract/cloudimage-watermark.ts'
import type { Watermark } from '../contract/recipe.ts'
import type { Operation } from './operation.ts'
import { laidUnder } from './picture.ts'
import type { Above } from './picture.ts'
import { inspect, openSource } from './source.ts'
import type { Size } from './view-geometry.ts'

/** Lays another original over the picture. */
export const watermark: Operation = {
  name: 'watermark',
  async apply(picture, { watermark: wanted, background }, { watermark: source }) {
    if (!wanted || !source) return picture
    const size = markSize(await inspect(source), picture, wanted.scale)
    const mark = await drawn(source, size, wanted.opacity)
    return laidUnder(picture, { ...mark, ...place(size, picture, wanted) }, background)
  },
}

/** Never larger than the picture: what is, is scaled down first. */
function markSize(own: Size, picture: Size, scale: Watermark['scale']): Size {
  const fits = Math.min(picture.width / own.width, picture.height / own.height)
  const { of = 'own', share = 1 } = scale ?? {}
  const factor = of === 'own' ? Math.min(share, fits) : share * fits
  return {
    width: Math.max(1, Math.floor(own.width * factor)),
    height: Math.max(1, Math.floor(own.height * factor)),
  }
}

function place(size: Size, picture: Size, { anchor, padding }: Watermark) {
  const along = (axis: 'x' | 'y', whole: number, length: number) => {
    const share = anchor[axis]
    if (anchor.of === 'picture') return Math.round(whole * share)
    const pad = pixels(padding[axis], whole)
    // Away from the side that it is anchored at; in the middle there is none.
    const inward = share === 0 ? pad : share === 1 ? -pad : 0
    return Math.round((whole - length) * share) + inward
  }
  return {
    left: within(along('x', picture.width, size.width), picture.width - 1),
    top: within(along('y', picture.height, size.height), picture.height - 1),
  }
}

function pixels({ unit, value }: Length, whole: number): number {
  return Math.round(unit === 'share' ? value * whole : value)
}

function within(start: number, most: number): number {
  return Math.min(Math.max(0, start), most)
}

async function drawn(source: Uint8Array, size: Size, opacity: number): Promise<Above> {
  const { width, height } = size
  const { data, info } = await openSource(source)
    .resize({ width, height, fit: 'fill' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const { channels } = info
  if (opacity === 1) return { data, width, height, channels }
  const faded = await sharp(data, { raw: { width, height, channels } })
    .linear([1, 1, 1, opacity], [0, 0, 0, 0])
    .raw({ depth: 'uchar' })
    .toBuffer()
  return { data: faded, width, height, channels }
}
