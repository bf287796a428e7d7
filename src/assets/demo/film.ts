import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Output,
  WebMOutputFormat,
} from 'mediabunny'
import sharp from 'sharp'
import { assert } from '../../kernel/assert.ts'
import { document, nameplate } from './scenes.ts'

/**
 * The demo's film. A lossy WebP picture is one VP8 key frame (RFC 9649 §2.5), so pictures drawn one by one become a real video
 * (WebM with VP8) without a video encoder.
 */
const WIDTH = 640
const HEIGHT = 360
const FRAMES = 24
const FRAMES_PER_SECOND = 12

export async function drawFilm(version: number): Promise<Buffer> {
  const target = new BufferTarget()
  const output = new Output({ format: new WebMOutputFormat(), target })
  const source = new EncodedVideoPacketSource('vp8')
  output.addVideoTrack(source, { frameRate: FRAMES_PER_SECOND })
  await output.start()
  const decoderConfig = { codec: 'vp8', codedWidth: WIDTH, codedHeight: HEIGHT }
  for (let at = 0; at < FRAMES; at++) {
    const frame = vp8Frame(await drawFrame(version, at))
    const packet = new EncodedPacket(frame, 'key', at / FRAMES_PER_SECOND, 1 / FRAMES_PER_SECOND)
    await source.add(packet, { decoderConfig })
  }
  await output.finalize()
  assert(target.buffer, 'a finished film has bytes')
  return Buffer.from(target.buffer)
}

/** A ball that rolls to the right, so that one sees it move. */
function drawFrame(version: number, at: number): Promise<Buffer> {
  const hue = (30 + (version - 1) * 158) % 360
  const x = 40 + ((WIDTH - 80) * at) / (FRAMES - 1)
  const inner =
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="hsl(${hue},50%,70%)"/>` +
    `<circle cx="${x}" cy="80" r="40" fill="hsl(${hue},80%,35%)"/>` +
    nameplate({ width: WIDTH, height: HEIGHT, hue }, 'clip', `version ${version}`)
  return sharp(Buffer.from(document(WIDTH, HEIGHT, inner)))
    .flatten({ background: '#fff' })
    .webp({ quality: 70, effort: 0 })
    .toBuffer()
}

/** RIFF: twelve bytes of header, then chunks of a four-letter name, a length (little-endian) and the data, padded to even. */
const RIFF_HEADER_BYTES = 12
const CHUNK_HEADER_BYTES = 8

/** The VP8 frame of a lossy WebP file (RFC 9649 §2.5). */
export function vp8Frame(webp: Buffer): Uint8Array {
  let at = RIFF_HEADER_BYTES
  while (at + CHUNK_HEADER_BYTES <= webp.length) {
    const bytes = webp.readUInt32LE(at + 4)
    const start = at + CHUNK_HEADER_BYTES
    if (webp.toString('latin1', at, at + 4) === 'VP8 ') return webp.subarray(start, start + bytes)
    at = start + bytes + (bytes % 2)
  }
  assert(false, 'a lossy WebP picture has a VP8 chunk')
}
