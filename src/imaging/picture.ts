import sharp from 'sharp'
import type { Channels, KernelEnum, Sharp } from 'sharp'
import type { Color } from '../contract/color.ts'
import { assert } from '../kernel/assert.ts'
import { ImagingError } from './errors.ts'
import { limited } from './source.ts'
import type { Size } from './view-geometry.ts'

/**
 * A picture between two operations. sharp has one fixed order of its own for what is asked of one of its pipelines, so an
 * operation joins the pending pipeline only when it comes later in that order than what is already there; else the pipeline
 * is run to raw pixels and a new one begun. Thus operations happen in the order of our list, and the usual recipe (cut,
 * resize, cut or extend, sharpen) still is one pipeline that decodes no more of the original than it needs.
 */
export interface Picture extends Size {
  readonly pending: Sharp
  /** The latest in sharp's order of what is pending. */
  readonly stage: Stage
  readonly alpha: boolean
  /** Whether the pending decoding turns it by an EXIF orientation. */
  readonly turned: boolean
  /** How much it was scaled since the original: 0.5 when it was halved. */
  readonly scale: number
}

/** In the order in which sharp does them. */
const STAGES = ['none', 'cut', 'flatten', 'resize', 'trim', 'extend', 'sharpen', 'turn'] as const
export type Stage = (typeof STAGES)[number]

/** The most pixels that are held uncompressed between two pipelines: 200 MB. */
const RAW_PIXELS_MAX = 50_000_000

export interface Area extends Size {
  readonly left: number
  readonly top: number
}

export interface Margins {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export const TRANSPARENT = { r: 255, g: 255, b: 255, alpha: 0 } as const

export function opaque(color: Color): { r: number; g: number; b: number; alpha: number } {
  const at = (start: number) => Number.parseInt(color.slice(start, start + 2), 16)
  return { r: at(0), g: at(2), b: at(4), alpha: 1 }
}

export async function cut(picture: Picture, area: Area): Promise<Picture> {
  if (area.width === picture.width && area.height === picture.height) return picture
  const ready = isBetterSettled(picture) ? await settled(picture) : await readyFor(picture, 'trim')
  const { width, height } = area
  const stage = ready.stage === 'none' ? 'cut' : 'trim'
  return { ...ready, pending: ready.pending.extract(area), stage, width, height }
}

/** Cutting anywhere in a pipeline makes sharp turn the whole original first, instead of decoding it reduced. */
function isBetterSettled({ stage, turned, width, height }: Picture): boolean {
  return turned && stage === 'resize' && width * height <= RAW_PIXELS_MAX
}

export async function extend(
  picture: Picture,
  margins: Margins,
  background: { r: number; g: number; b: number; alpha: number },
): Promise<Picture> {
  const { left, top, right, bottom } = margins
  if (left + top + right + bottom === 0) return picture
  const ready = await readyFor(picture, 'extend')
  const width = picture.width + left + right
  const height = picture.height + top + bottom
  return {
    ...ready,
    pending: ready.pending.extend({ left, top, right, bottom, background }),
    stage: 'extend',
    width,
    height,
    alpha: picture.alpha || background.alpha < 1,
  }
}

export async function resize(
  picture: Picture,
  size: Size,
  kernel: keyof KernelEnum,
): Promise<Picture> {
  if (size.width === picture.width && size.height === picture.height) return picture
  const ready = await readyFor(picture, 'resize')
  const { width, height } = size
  return {
    ...ready,
    pending: ready.pending.resize({ width, height, fit: 'fill', kernel }),
    stage: 'resize',
    width,
    height,
    scale: picture.scale * Math.sqrt((width * height) / (picture.width * picture.height)),
  }
}

/** Covers the size and keeps the part of it with most contrast, saturation and skin tones. */
export async function resizeToInterest(
  picture: Picture,
  size: Size,
  kernel: keyof KernelEnum,
): Promise<Picture> {
  const ready = await readyFor(picture, 'resize')
  const { width, height } = size
  const position = sharp.strategy.attention
  return {
    ...ready,
    pending: ready.pending.resize({ width, height, fit: 'cover', position, kernel }),
    stage: 'resize',
    width,
    height,
    scale: picture.scale * Math.max(width / picture.width, height / picture.height),
  }
}

export async function flatten(picture: Picture, background: Color): Promise<Picture> {
  if (!picture.alpha) return picture
  const ready = await readyFor(picture, 'flatten')
  const pending = ready.pending.flatten({ background: opaque(background) })
  return { ...ready, pending, stage: 'flatten', alpha: false }
}

/** A change at the pixels' places, for which sharp is given a pipeline of its own. */
export async function turn(picture: Picture, apply: (image: Sharp) => Sharp): Promise<Picture> {
  const ready = picture.stage === 'none' ? picture : await settled(picture)
  return { ...ready, pending: apply(ready.pending), stage: 'turn' }
}

export async function sharpened(
  picture: Picture,
  apply: (image: Sharp) => Sharp,
): Promise<Picture> {
  const ready = await readyFor(picture, 'sharpen')
  return { ...ready, pending: apply(ready.pending), stage: 'sharpen' }
}

/** Pixels that are laid over a picture; what lies outside it is not seen. */
export interface Above extends Size {
  readonly data: Uint8Array
  readonly channels: Channels
}

export async function laidUnder(
  picture: Picture,
  { data, width, height, channels, left, top }: Above & { left: number; top: number },
  background: Color,
): Promise<Picture> {
  const ground = await settled(picture)
  const above = { input: Buffer.from(data), raw: { width, height, channels }, left, top }
  const laid = await settled(await turn(ground, (image) => image.composite([above])))
  // Composing gives every picture an alpha channel.
  return ground.alpha ? laid : flatten(laid, background)
}

/** Nothing of the picture is left: only its scale. */
export function transparent(picture: Picture, { width, height }: Size): Picture {
  const create = { width, height, channels: 4, background: TRANSPARENT } as const
  const pending = limited(sharp({ create }))
  return { ...picture, pending, stage: 'none', width, height, alpha: true }
}

async function readyFor(picture: Picture, stage: Stage): Promise<Picture> {
  const later = STAGES.indexOf(stage) > STAGES.indexOf(picture.stage)
  return later ? picture : settled(picture)
}

/** Runs what is pending. Pixels are sRGB from then on: profiles were applied when the original was decoded. */
export async function settled(picture: Picture): Promise<Picture> {
  return (await pixelsOf(picture)).open()
}

/** The pixels of what is pending, from which several pictures may go on. */
export interface Pixels extends Size {
  readonly data: Buffer
  readonly channels: Channels
  readonly open: () => Picture
}

export async function pixelsOf(picture: Picture): Promise<Pixels> {
  if (picture.width * picture.height > RAW_PIXELS_MAX) {
    throw new ImagingError('image-too-large', 'The original has too many pixels for this recipe')
  }
  const { data, info } = await picture.pending
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  // What sharp says of a picture that was cut and then extended is its size in between; of a turned one only sharp knows it.
  const { width, height } = picture.stage === 'turn' ? info : picture
  const { channels } = info
  assert(data.length === width * height * channels, 'raw pixels are of another size than tracked')
  const open = (): Picture => ({
    ...picture,
    pending: limited(sharp(data, { raw: { width, height, channels } })),
    stage: 'none',
    width,
    height,
    turned: false,
    alpha: channels === 4 || channels === 2,
  })
  return { data, channels, width, height, open }
}
