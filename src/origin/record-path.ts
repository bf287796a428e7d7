import { sha256 } from '../kernel/hash.ts'

/** A file name may have 255 bytes on common file systems; longer encoded parts are named by their hash. */
const ENCODED_PART_BYTES_MAX = 200

/** Of an asset record's name: `<project>/assets/<id>`; the id may hold `/` and stays one part. */
const FIXED_PARTS = 3

const encoder = new TextEncoder()

/**
 * The file of a record, relative to the records folder. Each part of the name is percent-encoded, so that no id can leave the
 * folder, clash with a folder (`a` beside `a/b`) or be too long.
 */
export function recordPath(name: string): string {
  const parts = name.split('/')
  const heads = parts.slice(0, FIXED_PARTS - 1)
  const rest = parts.slice(FIXED_PARTS - 1)
  const all = rest.length === 0 ? heads : [...heads, rest.join('/')]
  return `${all.map(encodePart).join('/')}.json`
}

/** Keeps ASCII letters, digits, `-` and `_`; `~` therefore marks a hashed part without ambiguity. */
function encodePart(part: string): string {
  let out = ''
  for (const byte of encoder.encode(part)) {
    const char = String.fromCharCode(byte)
    const hex = byte.toString(16).toUpperCase().padStart(2, '0')
    out += /[A-Za-z0-9_-]/.test(char) ? char : `%${hex}`
  }
  return out.length > ENCODED_PART_BYTES_MAX ? `~${sha256(part)}` : out
}
