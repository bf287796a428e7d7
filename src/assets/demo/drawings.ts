import sharp from 'sharp'
import type { Sharp } from 'sharp'
import { assertNever } from '../../kernel/assert.ts'
import type { DemoId, DemoPicture } from '../../contract/demo-ids.ts'
import { drawDocument } from './document.ts'
import { drawFilm } from './film.ts'
import { scene } from './scenes.ts'

/** The bytes of a demo asset in one of its versions: always the same for the same version. */
export function drawAsset(id: DemoId, version: number): Promise<Buffer> {
  if (id === 'gspdf') return drawDocument(version)
  if (id === 'clip') return drawFilm(version)
  return drawPicture(id, version)
}

/** Each picture is another kind of file, because each kind goes wrong in its own way. */
function drawPicture(id: DemoPicture, version: number): Promise<Buffer> {
  const { svg, width, height } = scene(id, version)
  const drawn = sharp(Buffer.from(svg))
  switch (id) {
    case 'Backpack_B':
    case 'spinset':
    case 'flat':
    case 'gradient':
      return flat(drawn).jpeg(JPEG).toBuffer()
    case 'portrait':
    case 'harbour':
      return withGrain(flat(drawn), width, height)
    case 'flat1':
      return flat(drawn).png({ palette: true, colours: 32, effort: 1 }).toBuffer()
    case 'fine-text':
      return flat(drawn).png({ compressionLevel: 6 }).toBuffer()
    case 'glass':
      return drawn.png({ compressionLevel: 6 }).toBuffer()
    case 'upright':
      // Lies on its side, with the EXIF orientation that says so.
      return flat(drawn).rotate(270).withMetadata({ orientation: 6 }).jpeg(JPEG).toBuffer()
    case 'print':
      return flat(drawn).toColourspace('cmyk').jpeg(JPEG).toBuffer()
    case 'deep-colour':
      return flat(drawn).toColourspace('rgb16').png({ compressionLevel: 2 }).toBuffer()
    default:
      return assertNever(id, 'drawPicture')
  }
}

const JPEG = { quality: 88 } as const

/** What the origin server gives for a picture: the same scene under other words, as a plain JPEG. */
export function drawOriginal(id: DemoPicture, version: number): Promise<Buffer> {
  const { svg } = scene(id, version, `original ${version}`)
  return flat(sharp(Buffer.from(svg)))
    .jpeg(JPEG)
    .toBuffer()
}

function flat(drawn: Sharp): Sharp {
  return drawn.flatten({ background: '#fff' })
}

/** Grain as a camera makes it: what compresses badly. */
async function withGrain(drawn: Sharp, width: number, height: number): Promise<Buffer> {
  const grain = grainPixels(width * height)
  const input = await sharp(grain, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 0 })
    .toBuffer()
  return drawn
    .composite([{ input, blend: 'soft-light' }])
    .jpeg(JPEG)
    .toBuffer()
}

/** Greys around the middle from a small generator (xorshift, Marsaglia 2003): chance that is the same each time. */
function grainPixels(count: number): Buffer {
  const pixels = Buffer.alloc(count)
  let state = 0x9e3779b9
  for (let at = 0; at < count; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    pixels[at] = 96 + ((state >>> 8) & 63)
  }
  return pixels
}
