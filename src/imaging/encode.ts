import type { Sharp } from 'sharp'
import type { Output } from '../contract/recipe.ts'
import { ImagingError } from './errors.ts'
import type { SourceFormat } from './source.ts'

/** Formats that are written. */
export type EncodedFormat = Exclude<Output['format'], 'original'>

export const MEDIA_TYPES = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
  tiff: 'image/tiff',
} as const satisfies Record<EncodedFormat, string>

/** Of an original that is delivered as it is. */
export const SOURCE_TYPES: Readonly<Record<SourceFormat, string>> = {
  ...MEDIA_TYPES,
  svg: 'image/svg+xml',
}

/** What the output is written as, once the original is known. */
export function resolvedOutput(
  output: Output,
  source: SourceFormat,
): Output & { readonly format: EncodedFormat } {
  const format = output.format === 'original' ? asDelivered(source) : output.format
  return { ...output, format, alpha: output.alpha && format !== 'jpeg' }
}

/** Browsers show neither TIFF nor, in an `img`, every SVG as a picture of that size. */
function asDelivered(source: SourceFormat): EncodedFormat {
  return source === 'tiff' || source === 'svg' ? 'jpeg' : source
}

/**
 * AVIF takes up to a hundred times as long as JPEG, and no time limit stops its encoder: so the effort falls as the picture
 * grows, and the largest are refused.
 */
const AVIF_EFFORTS: readonly { readonly pixelsMax: number; readonly effort: number }[] = [
  { pixelsMax: 500_000, effort: 4 },
  { pixelsMax: 2_000_000, effort: 2 },
  { pixelsMax: 9_000_000, effort: 0 },
]

/** AVIF's scale is not JPEG's: this brings about the same look for the same number. */
const AVIF_QUALITY_SHARE = 0.7

export interface EncodeInputs {
  readonly output: Output & { readonly format: EncodedFormat }
  readonly pixels: number
}

/** All settings are explicit, so that an upgrade of sharp changes bytes only where the renderer's version says so. */
export function encode(image: Sharp, { output, pixels }: EncodeInputs): Sharp {
  const { quality, lossless, fullChroma } = output
  const chromaSubsampling = fullChroma ? '4:4:4' : '4:2:0'
  const ready = image.toColourspace(output.gray ? 'b-w' : 'srgb')
  switch (output.format) {
    case 'jpeg':
      return ready.jpeg({
        quality,
        chromaSubsampling,
        progressive: output.progressive,
        optimiseCoding: true,
        mozjpeg: false,
      })
    case 'png':
      return output.palette
        ? ready.png({ palette: true, colours: 256, dither: 1, quality: 100, effort: 4 })
        : ready.png({ palette: false, compressionLevel: 6, adaptiveFiltering: false })
    case 'webp':
      return ready.webp({ quality, lossless, alphaQuality: 100, effort: lossless ? 1 : 4 })
    case 'avif':
      return ready.avif({
        quality: Math.max(1, Math.round(quality * (quality === 100 ? 1 : AVIF_QUALITY_SHARE))),
        lossless,
        effort: avifEffort(pixels),
        chromaSubsampling: lossless ? '4:4:4' : chromaSubsampling,
        bitdepth: 8,
      })
    case 'gif':
      return ready.gif({ colours: 256, effort: 4, dither: 1 })
    case 'tiff':
      return ready.tiff({ compression: output.tiffCompression, quality })
  }
}

function avifEffort(pixels: number): number {
  const found = AVIF_EFFORTS.find(({ pixelsMax }) => pixels <= pixelsMax)
  if (found) return found.effort
  throw new ImagingError('reply-too-large', 'fmt (force_format): the picture is too large for AVIF')
}
