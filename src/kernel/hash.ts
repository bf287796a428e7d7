import { createHash, hash } from 'node:crypto'

/** SHA-256 as 64 hex characters. */
export function sha256(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex')
}

/** SHA-256 as its 32 bytes. */
export function sha256Bytes(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** Writes the first `count` bytes of the SHA-256. As a text of bytes, because that takes a third of the time that a buffer does. */
export function writeSha256(text: string, to: Buffer, at: number, count: number): void {
  to.write(hash('sha256', text, 'binary'), at, count, 'latin1')
}

/** SHA-256 of bytes that arrive in pieces. */
export function sha256Stream(): { update(piece: Uint8Array): void; digest(): string } {
  const running = createHash('sha256')
  return { update: (piece) => void running.update(piece), digest: () => running.digest('hex') }
}
