import sharp from 'sharp'
import type { Color } from '../contract/color.ts'
import { imagingError } from './errors.ts'
import { openSource } from './source.ts'

/** Colors are counted in a small copy: it has the same in the same shares. */
const LOOK_SIDE = 128

/** The color that most of a picture has, on white where it is transparent. */
export async function dominantColor(source: Uint8Array): Promise<Color> {
  try {
    const { data, info } = await openSource(source)
      .flatten({ background: '#ffffff' })
      .resize({ width: LOOK_SIDE, height: LOOK_SIDE, fit: 'inside' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    const { width, height, channels } = info
    const { dominant } = await sharp(data, { raw: { width, height, channels } }).stats()
    return [dominant.r, dominant.g, dominant.b].map(hexByte).join('')
  } catch (error) {
    throw imagingError(error)
  }
}

function hexByte(value: number): string {
  return Math.round(value).toString(16).padStart(2, '0')
}
