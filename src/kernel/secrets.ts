import { timingSafeEqual } from 'node:crypto'

/** Compares in a time that tells nothing about how much was right. */
export function sameSecret(secret: string, shown: string): boolean {
  const [right, given] = [Buffer.from(secret), Buffer.from(shown)]
  return right.byteLength === given.byteLength && timingSafeEqual(right, given)
}
