import sharp from 'sharp'
import type { CropRect } from '../contract/records.ts'
import { imagingError } from './errors.ts'
import { openSource } from './source.ts'
import type { Size } from './view-geometry.ts'

/** Attention is looked for in a small copy: what stands out there stands out, and a large one only takes longer. */
const LOOK_SIDE = 256

/** What a smart crop computes. */
export interface FindArea {
  /** Names the bytes, so that the same ones are looked at once. */
  readonly hash: string
  readonly load: () => Promise<Uint8Array>
  /** The shape that is wanted. */
  readonly size: Size
  readonly project: string
}

/**
 * The largest area of a picture that has a shape and holds what draws the eye: luminance frequency, color saturation and skin tones
 * (sharp's strategy "attention"). In shares of the upright picture. The same for the same bytes.
 */
export async function salientArea(source: Uint8Array, size: Size): Promise<CropRect> {
  try {
    const image = openSource(source)
    const { width, height } = (await image.metadata()).autoOrient
    const look = LOOK_SIDE / Math.max(size.width, size.height)
    const wanted = {
      width: Math.max(1, Math.round(size.width * look)),
      height: Math.max(1, Math.round(size.height * look)),
    }
    const { info } = await image
      .resize({ ...wanted, fit: 'cover', position: sharp.strategy.attention })
      .raw()
      .toBuffer({ resolveWithObject: true })
    const found = { left: -(info.cropOffsetLeft ?? 0), top: -(info.cropOffsetTop ?? 0) }
    return areaOf({ width, height }, size, wanted, found)
  } catch (error) {
    throw imagingError(error)
  }
}

/** Its exact shape, at the place that was found in the small copy, and never beyond the picture. */
function areaOf(
  whole: Size,
  size: Size,
  wanted: Size,
  found: { readonly left: number; readonly top: number },
): CropRect {
  const scale = Math.max(wanted.width / whole.width, wanted.height / whole.height)
  const covering = Math.min(whole.width / size.width, whole.height / size.height)
  const width = Math.min(1, (size.width * covering) / whole.width)
  const height = Math.min(1, (size.height * covering) / whole.height)
  return {
    x: within(found.left / scale / whole.width, 1 - width),
    y: within(found.top / scale / whole.height, 1 - height),
    width,
    height,
  }
}

function within(share: number, most: number): number {
  return Math.min(Math.max(0, share), most)
}

/** Areas remembered: a hundred thousand pictures in a shape or two. */
const REMEMBERED_MAX = 200_000

/** Looks at each picture once for each shape; who asks meanwhile waits for the same look. */
export function rememberedAreas(
  look: (wanted: FindArea) => Promise<CropRect>,
): (wanted: FindArea) => Promise<CropRect> {
  const known = new Map<string, Promise<CropRect>>()
  return (wanted) => {
    const { hash, size } = wanted
    const key = `${hash} ${size.width} ${size.height}`
    const before = known.get(key)
    if (before) return before
    const looking = look(wanted)
    known.set(key, looking)
    if (known.size > REMEMBERED_MAX) known.delete(known.keys().next().value!)
    // A failure is told to whoever waits, and not remembered.
    looking.catch(() => known.delete(key))
    return looking
  }
}
