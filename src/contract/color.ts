import type { Grammar } from './value-grammar.ts'
import { parseInteger, parseReal } from './value-grammar.ts'

/** An opaque color as six lower-case hex digits. */
export type Color = string

export const WHITE: Color = 'ffffff'

const BYTE = { min: 0, max: 255 }
const PERCENT = { min: 0, max: 100 }

/**
 * Colors of Dynamic Media (its documentation's page "color" among the data types): `rrggbb[aa]`, `0xrrggbb[aa]`,
 * `r,g,b[,a]`, a gray as a percentage or as `0xgg[aa]`; the suffixes `r`, `g` and `s` only say which. Alpha is read and
 * dropped, because a background is opaque.
 */
export const color: Grammar<Color> = {
  parse(text) {
    const lower = text.toLowerCase()
    return fromHex(lower) ?? fromDecimals(lower.replace(/[rgs]$/, ''))
  },
  text: String,
  expected: 'a color such as ffffff or 255,255,255',
}

function fromHex(text: string): Color | null {
  const rgb = /^(?:0x)?([0-9a-f]{6})(?:[0-9a-f]{2})?[rs]?$/.exec(text)
  if (rgb) return rgb[1]!
  const gray = /^0x([0-9a-f]{2})(?:[0-9a-f]{2})?[gs]?$/.exec(text)
  return gray ? gray[1]!.repeat(3) : null
}

function fromDecimals(text: string): Color | null {
  const parts = text.split(',')
  if (parts.length === 1) {
    const percent = parseReal(text, PERCENT)
    return percent === null ? null : hexByte(Math.round(percent * 2.55)).repeat(3)
  }
  if (parts.length !== 3 && parts.length !== 4) return null
  const bytes = parts.map((part) => parseInteger(part, BYTE))
  return bytes.every((byte) => byte !== null) ? bytes.slice(0, 3).map(hexByte).join('') : null
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0')
}
