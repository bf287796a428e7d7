import type { CropRecord } from '../contract/records.ts'
import { SMART_CROPS_MAX } from '../contract/smart-crops.ts'
import type { SmartCropSize } from '../contract/smart-crops.ts'
import { AssetsError } from './errors.ts'
import type { AssetsErrorDetail } from './errors.ts'

/** A crop's name stands behind a colon in URLs: `asset:Large`. */
const CROP_NAME = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,99}$/

/** Larger outputs are refused at delivery anyway. */
const CROP_PIXELS_MAX = 10_000

/** Shares are decimal fractions of pixels: their sum may miss 1 by a rounding. */
const ROUNDING = 1e-9

export function checkCropName(name: string): void {
  if (CROP_NAME.test(name)) return
  throw new AssetsError('bad-crop', nameReason)
}

export function checkCrop(crop: CropRecord): void {
  const { x, y, width, height } = crop.rect
  const errors = [
    ...(isShare(x) && isShare(y) ? [] : [wrong('/rect', 'x and y are shares from 0 to 1.')]),
    ...(width > 0 && height > 0 ? [] : [wrong('/rect', 'width and height are greater than 0.')]),
    ...(x + width <= 1 + ROUNDING && y + height <= 1 + ROUNDING
      ? []
      : [
          wrong('/rect', 'The rectangle reaches beyond the picture: x + width and y + height ≤ 1.'),
        ]),
    ...(isPixels(crop.width) ? [] : [wrong('/width', sizeReason)]),
    ...(isPixels(crop.height) ? [] : [wrong('/height', sizeReason)]),
  ]
  if (errors.length > 0) throw new AssetsError('bad-crop', 'This crop is not possible.', { errors })
}

const nameReason =
  'A crop’s name has 1 to 100 letters, digits, spaces, dots, dashes or underscores.'

const sizeReason = `A whole number of pixels from 1 to ${CROP_PIXELS_MAX}.`

/** Of a project's smart crops. */
export function cropErrors(sizes: readonly SmartCropSize[]): readonly AssetsErrorDetail[] {
  const named = (name: string, at: number) =>
    sizes.findIndex((other) => other.name.toLowerCase() === name.toLowerCase()) === at
  return [
    ...(sizes.length > SMART_CROPS_MAX
      ? [wrong('/smartCrops', `A project has at most ${SMART_CROPS_MAX} smart crops.`)]
      : []),
    ...sizes.flatMap(({ name, width, height }, at) => [
      ...(CROP_NAME.test(name) ? [] : [wrong(`/smartCrops/${at}/name`, nameReason)]),
      ...(named(name, at) ? [] : [wrong(`/smartCrops/${at}/name`, 'This name is listed twice.')]),
      ...(isPixels(width) ? [] : [wrong(`/smartCrops/${at}/width`, sizeReason)]),
      ...(isPixels(height) ? [] : [wrong(`/smartCrops/${at}/height`, sizeReason)]),
    ]),
  ]
}

function isShare(value: number): boolean {
  return value >= 0 && value <= 1
}

function isPixels(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= CROP_PIXELS_MAX
}

function wrong(pointer: string, reason: string): { pointer: string; reason: string } {
  return { pointer, reason }
}
