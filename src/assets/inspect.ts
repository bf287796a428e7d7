import { open } from 'node:fs/promises'
import sharp from 'sharp'
import { detectMediaType, SNIFF_BYTES } from '../origin/media-type.ts'
import type { MediaType } from '../origin/media-type.ts'

/** What the library keeps about a file's bytes besides their hash. */
export interface Inspected extends MediaType {
  /** Upright size in pixels; null for what is not an image, or whose header cannot be read. */
  readonly width: number | null
  readonly height: number | null
}

/** EXIF orientations from here on lie on their side (EXIF 2.32, tag 0x0112). */
const FIRST_SIDEWAYS_ORIENTATION = 5

export async function inspectFile(path: string, name: string): Promise<Inspected> {
  return inspect(await detectMediaType(await readHead(path), name), path)
}

export async function inspectBytes(bytes: Uint8Array, name: string): Promise<Inspected> {
  return inspect(await detectMediaType(bytes.subarray(0, SNIFF_BYTES), name), bytes)
}

async function inspect(type: MediaType, source: string | Uint8Array): Promise<Inspected> {
  if (type.kind !== 'image') return { ...type, width: null, height: null }
  return { ...type, ...(await uprightSize(source)) }
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    const head = new Uint8Array(SNIFF_BYTES)
    const { bytesRead } = await handle.read(head, 0, SNIFF_BYTES, 0)
    return head.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function uprightSize(
  source: string | Uint8Array,
): Promise<{ readonly width: number | null; readonly height: number | null }> {
  try {
    // Its cache goes by path: a file that was replaced would keep the size of the old one.
    sharp.cache(false)
    const { width, height, pageHeight, orientation } = await sharp(source).metadata()
    const upright = { width, height: pageHeight ?? height }
    const sideways = (orientation ?? 1) >= FIRST_SIDEWAYS_ORIENTATION
    return sideways ? { width: upright.height, height: upright.width } : upright
  } catch {
    // A picture that the library cannot read is still kept: delivering it says what is wrong with it.
    return { width: null, height: null }
  }
}
