import type { Readable } from 'node:stream'

import { JSON_BODY_BYTES_MAX } from '../contract/api/shapes.ts'
import { ApiError } from './errors.ts'

/**
 * JSON as strangers send it. What is refused here never reaches a schema: bytes that are no UTF-8, U+0000 (SQL and file
 * names cannot hold it), lone surrogates (no UTF-8 can), `__proto__`, and nesting without end.
 */

/** Our deepest body has 4 levels; the walk below recurses. */
const DEPTH_MAX = 32

export async function readJson(
  body: Readable,
  declaredBytes: number | undefined,
  bytesMax: number = JSON_BODY_BYTES_MAX,
): Promise<unknown> {
  if (declaredBytes !== undefined && declaredBytes > bytesMax) throw tooLarge(bytesMax)
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    bytes += piece.byteLength
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    pieces.push(piece)
  }
  return bytes === 0 ? undefined : parseJson(Buffer.concat(pieces))
}

export function parseJson(bytes: Uint8Array): unknown {
  const value = parsed(decoded(bytes))
  refuseHostile(value, '', 0)
  return value
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ApiError('malformed-body', 'The body is not valid UTF-8.', { cause })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ApiError('malformed-body', 'The body is not valid JSON.', { cause })
  }
}

function refuseHostile(value: unknown, pointer: string, depth: number): void {
  if (typeof value === 'string') refuseText(value, pointer)
  if (typeof value !== 'object' || value === null) return
  if (depth >= DEPTH_MAX) throw bad(pointer, `is nested deeper than ${DEPTH_MAX} levels`)
  for (const [key, child] of Object.entries(value)) {
    refuseText(key, pointer)
    if (key === '__proto__') throw bad(pointer, 'has a field that is never allowed')
    refuseHostile(child, `${pointer}/${key}`, depth + 1)
  }
}

function refuseText(text: string, pointer: string): void {
  if (text.includes('\u0000')) throw bad(pointer, 'holds a NUL character')
  if (!text.isWellFormed()) throw bad(pointer, 'holds half a character (a lone surrogate)')
}

function bad(pointer: string, reason: string): ApiError {
  return new ApiError('malformed-body', `${pointer === '' ? 'The body' : pointer} ${reason}.`, {
    errors: [{ pointer, reason }],
  })
}

function tooLarge(bytesMax: number): ApiError {
  return new ApiError(
    'too-large',
    `This body ends at ${bytesMax / 1024} KiB. Split the list, or invalidate by asset or folder.`,
  )
}
