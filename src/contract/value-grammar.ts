/**
 * How the value of one parameter is read and written. `text` is canonical: `parse(text(value))` is the same value, and two
 * spellings of one value have one text.
 */
export interface Grammar<T> {
  parse(text: string): T | null
  text(value: T): string
  /** What is accepted, for people: ends the sentence "wid must be …". */
  readonly expected: string
}

/** The type of a grammar's values. */
export type ValueOf<G> = G extends Grammar<infer T> ? T : never

const INTEGER = /^-?\d{1,9}$/
/** No exponents: `1e9` is a typing error or an attack, never a size. */
const REAL = /^-?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})$/
const DECIMALS = 6

export interface Range {
  readonly min: number
  readonly max: number
}

function within(value: number, { min, max }: Range): number | null {
  return value >= min && value <= max ? value : null
}

export function parseInteger(text: string, range: Range): number | null {
  return INTEGER.test(text) ? within(Number(text) + 0, range) : null
}

/** Rounded to six decimals, so that its text has no exponent; `-0` is `0`. */
export function parseReal(text: string, range: Range): number | null {
  if (!REAL.test(text)) return null
  return within(Number(Number(text).toFixed(DECIMALS)) + 0, range)
}

/** Six decimals, without an exponent and without final zeros. */
export function realText(value: number): string {
  return value
    .toFixed(DECIMALS)
    .replace(/\.?0+$/, '')
    .replace(/^-0$/, '0')
}

export function integer(range: Range): Grammar<number> {
  return {
    parse: (text) => parseInteger(text, range),
    text: String,
    expected: `a whole number from ${range.min} to ${range.max}`,
  }
}

export function real(range: Range): Grammar<number> {
  return {
    parse: (text) => parseReal(text, range),
    text: realText,
    expected: `a number from ${range.min} to ${range.max}`,
  }
}

/** One of a few words, in any case; `synonyms` maps other spellings to one of them. */
export function word<const W extends string>(
  words: readonly W[],
  synonyms: Readonly<Record<string, W>> = {},
): Grammar<W> {
  return {
    parse(text) {
      const lower = text.toLowerCase()
      return words.find((known) => known === lower) ?? ownValue(synonyms, lower)
    },
    text: String,
    expected: `one of ${words.join(', ')}`,
  }
}

export const flag: Grammar<boolean> = {
  parse: (text) => (text === '1' ? true : text === '0' ? false : null),
  text: (value) => (value ? '1' : '0'),
  expected: '0 or 1',
}

/** A member of a record, never something inherited such as `constructor`. */
export function ownValue<V>(record: Readonly<Record<string, V>>, name: string): V | null {
  return Object.hasOwn(record, name) ? record[name]! : null
}

/** `count` numbers separated by commas. */
export function parseList(
  text: string,
  count: number,
  parse: (part: string) => number | null,
): readonly number[] | null {
  const parts = text.split(',')
  if (parts.length !== count) return null
  const numbers = parts.map(parse)
  return numbers.every((number) => number !== null) ? numbers : null
}

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const AREA_EXPECTED = 'x,y,width,height'

/** `x,y,w,h`; the offsets may be negative, the size not. */
function area(parse: (text: string) => number | null, expected: string): Grammar<Rect> {
  return {
    parse(text) {
      const numbers = parseList(text, 4, parse)
      if (!numbers || numbers[2]! <= 0 || numbers[3]! <= 0) return null
      return { x: numbers[0]!, y: numbers[1]!, width: numbers[2]!, height: numbers[3]! }
    },
    text: ({ x, y, width, height }) => [x, y, width, height].map(realText).join(','),
    expected,
  }
}

/** The largest side of any image format here (WebP: 16383) with room for offsets outside. */
const PIXEL_OFFSET_MAX = 100_000
/** How far outside the image a rectangle in shares may reach: ten times its size. */
const SHARE_MAX = 10

export const pixelArea = area(
  (text) => parseInteger(text, { min: -PIXEL_OFFSET_MAX, max: PIXEL_OFFSET_MAX }),
  `${AREA_EXPECTED} in whole pixels, with a size above 0`,
)
export const shareArea = area(
  (text) => parseReal(text, { min: -SHARE_MAX, max: SHARE_MAX }),
  `${AREA_EXPECTED} in shares of the image, with a size above 0`,
)
