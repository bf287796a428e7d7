import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** A UUIDv7 (RFC 9562 §5.7): 48 bits of wall-clock milliseconds, then chance, so that ids sort by birth. */
export function uuidv7(clock: Clock, random: Random): string {
  const bytes = new Uint8Array(16)
  bytes.set(random.bytes(10), 6)
  let ms = Math.floor(clock.wall())
  for (let at = 5; at >= 0; at--) {
    bytes[at] = ms % 256
    ms = Math.floor(ms / 256)
  }
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = Buffer.from(bytes).toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}

/** `count` random bytes as unpadded base64url: 32 bytes make 43 characters. */
export function randomToken(random: Random, count: number): string {
  return Buffer.from(random.bytes(count)).toString('base64url')
}
