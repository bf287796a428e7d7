import sharp from 'sharp'
import type { Metadata, Sharp, SharpOptions } from 'sharp'
import { ImagingError, imagingError } from './errors.ts'

/** Opening originals: the one place that says what libvips may do with bytes from strangers. */

/**
 * A larger image is refused from its header, before a pixel is decoded: a few bytes can declare billions. Twice the
 * largest cameras' pictures.
 */
export const SOURCE_PIXELS_MAX = 100_000_000

/** A picture takes a second; what takes this long would only be waited for by nobody. */
export const RENDER_SECONDS_MAX = 20

export const SOURCE_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'svg'] as const
export type SourceFormat = (typeof SOURCE_FORMATS)[number]

export interface ImageInfo {
  readonly format: SourceFormat
  /** In pixels, as it is seen: turned by its EXIF orientation. */
  readonly width: number
  readonly height: number
  /** Whether its EXIF orientation turns or mirrors it. */
  readonly turned: boolean
  readonly alpha: boolean
  /** libvips' name of the color space: `srgb`, `cmyk`, `b-w`, `rgb16`… */
  readonly space: string
  /** Whether it carries an ICC profile. */
  readonly icc: boolean
  /** More than one for animations; the first is what is rendered. */
  readonly pages: number
}

/**
 * Errors but not warnings refuse an image: a cut off download is an error, an odd marker is not. Only the first page. An
 * SVG is drawn from these bytes alone: it has no address that a reference could be resolved against.
 */
const OPTIONS: SharpOptions = {
  failOn: 'error',
  limitInputPixels: SOURCE_PIXELS_MAX,
  pages: 1,
  autoOrient: true,
  sequentialRead: true,
  unlimited: false,
}

export function openSource(source: Uint8Array): Sharp {
  // One thread a picture: the bytes of AVIF depend on their number, and the queue keeps the processors busy anyway.
  sharp.concurrency(1)
  // Originals are cached by their hash already; libvips would only keep memory for operations that do not come again.
  sharp.cache(false)
  return limited(sharp(source, OPTIONS))
}

export function limited(image: Sharp): Sharp {
  return image.timeout({ seconds: RENDER_SECONDS_MAX })
}

/** What an image is, from its header. Throws an `ImagingError` for what is none. */
export async function inspect(source: Uint8Array): Promise<ImageInfo> {
  if (source.byteLength === 0) {
    throw new ImagingError('image-unsupported', 'The original is empty')
  }
  const metadata = await metadataOf(source)
  const format = formatOf(metadata)
  if (!format) throw new ImagingError('image-unsupported', 'The original is no image known here')
  return {
    format,
    width: metadata.autoOrient.width,
    height: metadata.autoOrient.height,
    turned: (metadata.orientation ?? 1) > 1,
    alpha: metadata.hasAlpha,
    space: metadata.space,
    icc: metadata.icc !== undefined,
    pages: metadata.pages ?? 1,
  }
}

async function metadataOf(source: Uint8Array): Promise<Metadata> {
  try {
    return await openSource(source).metadata()
  } catch (error) {
    throw imagingError(error)
  }
}

/** HEIC shares its container with AVIF, but its codec is not here. */
function formatOf({ format, compression }: Metadata): SourceFormat | undefined {
  if (format === 'heif') return compression === 'av1' ? 'avif' : undefined
  return SOURCE_FORMATS.find((known) => known === format)
}
