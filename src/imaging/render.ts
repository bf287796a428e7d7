import { AssertionError } from 'node:assert'
import type { Sharp } from 'sharp'
import type { Color } from '../contract/color.ts'
import type { Recipe } from '../contract/recipe.ts'
import { aspect } from './aspect.ts'
import { between } from './between.ts'
import { corners } from './corners.ts'
import { crop } from './crop.ts'
import { dominantColor } from './dominant-color.ts'
import type { EncodedFormat } from './encode.ts'
import { MEDIA_TYPES, SOURCE_TYPES, encode, resolvedOutput } from './encode.ts'
import { imagingError } from './errors.ts'
import { filters } from './filters.ts'
import { flip } from './flip.ts'
import { layOnBackground } from './lay-on-background.ts'
import type { Operation, OtherSources } from './operation.ts'
import type { Picture } from './picture.ts'
import { region } from './region.ts'
import { rotate } from './rotate.ts'
import { sharpen } from './sharpen.ts'
import type { ImageInfo, SourceFormat } from './source.ts'
import { inspect, openSource } from './source.ts'
import { trim } from './trim.ts'
import { unsharp } from './unsharp.ts'
import { view } from './view.ts'
import { watermark } from './watermark.ts'

/** A recipe and an original in, a rendition out: the same bytes for the same both and the same renderer. */

/**
 * From original to rendition, in Dynamic Media's order ("Layer transforms", "View transform for images"). Decoding comes
 * before: upright by EXIF orientation, ICC profile applied, CMYK converted. Encoding comes after, without metadata.
 */
export const PIPELINE: readonly Operation[] = [
  trim,
  between,
  crop,
  flip,
  rotate,
  region,
  aspect,
  layOnBackground,
  view,
  sharpen,
  unsharp,
  filters,
  watermark,
  corners,
]

export interface Rendition {
  readonly bytes: Uint8Array
  /** What it is written as; the original's own when it is untouched. */
  readonly format: EncodedFormat | SourceFormat
  readonly mediaType: string
  readonly width: number
  readonly height: number
}

/** Throws an `ImagingError`, or the signal's reason when aborted between two operations. */
export async function render(
  recipe: Recipe,
  source: Uint8Array,
  signal?: AbortSignal,
  others: OtherSources = {},
): Promise<Rendition> {
  signal?.throwIfAborted()
  const info = await inspect(source)
  const { width, height, alpha, turned, format } = info
  if (recipe.untouched) {
    return { bytes: source, format, mediaType: SOURCE_TYPES[format], width, height }
  }
  const output = resolvedOutput(recipe.output, format)
  const background = recipe.background === 'auto' ? await dominantColor(source) : recipe.background
  const concrete = { ...recipe, output, background }
  let picture: Picture = {
    pending: decoding(source, info, background),
    stage: 'none',
    width,
    height,
    alpha,
    turned,
    scale: 1,
  }
  try {
    for (const { apply } of PIPELINE) {
      signal?.throwIfAborted()
      picture = await apply(picture, concrete, others)
    }
    signal?.throwIfAborted()
    return await encoded(picture, output)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof AssertionError) throw error
    throw imagingError(error)
  }
}

/** A gray picture on a colored background has colors from the start: libvips would make the background gray too. */
function decoding(source: Uint8Array, { space }: ImageInfo, background: Color): Sharp {
  const image = openSource(source)
  const gray = space === 'b-w' || space === 'grey16'
  const [red, green, blue] = background.match(/../g) ?? []
  const colored = red !== green || green !== blue
  return gray && colored ? image.pipelineColourspace('srgb') : image
}

async function encoded(
  picture: Picture,
  output: ReturnType<typeof resolvedOutput>,
): Promise<Rendition> {
  const { pending, width, height } = picture
  const bytes = await encode(pending, { output, pixels: width * height }).toBuffer()
  return { bytes, format: output.format, mediaType: MEDIA_TYPES[output.format], width, height }
}
