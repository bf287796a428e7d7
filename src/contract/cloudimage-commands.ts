import { QUALITY_DEFAULT, versionToken } from './dynamic-media-commands.ts'
import type { Grammar } from './value-grammar.ts'
import { flag, integer, parseReal, realText, word } from './value-grammar.ts'

/**
 * The operations of Cloudimage v7 that are understood, each with the grammar of its value; from its documentation's pages
 * "Image operations", "Prevent enlargement" and "Image formats". All others are ignored.
 */

/** Larger than Dynamic Media's limit, because plain `w` and `h` are meant to enlarge; what is rendered is bounded by area. */
export const CLOUDIMAGE_SIDE_MAX = 5000

export const FUNCTIONS = ['crop', 'face', 'fit', 'bound', 'boundmin', 'cover', 'cropfit'] as const

/** Where the picture's subject is. Shares count from the top left: 0.5,0.5 is the centre. */
export type Gravity =
  | { readonly kind: 'share'; readonly x: number; readonly y: number }
  /** Pixels of the upright original. */
  | { readonly kind: 'pixel'; readonly x: number; readonly y: number }
  | { readonly kind: 'auto' }

const COMPASS: Readonly<Record<string, { readonly x: number; readonly y: number }>> = {
  center: { x: 0.5, y: 0.5 },
  north: { x: 0.5, y: 0 },
  northeast: { x: 1, y: 0 },
  east: { x: 1, y: 0.5 },
  southeast: { x: 1, y: 1 },
  south: { x: 0.5, y: 1 },
  southwest: { x: 0, y: 1 },
  west: { x: 0, y: 0.5 },
  northwest: { x: 0, y: 0 },
}

/** `face` falls back to `auto` where no face is sought, as documented for pictures without one. */
const GRAVITY_WORDS: Readonly<Record<string, string>> = {
  centre: 'center',
  smart: 'auto',
  face: 'auto',
}

/** What behind the number says about its unit: pixels, percent or 0..1 of the original. */
const POINT = /^([\d.]+)([pc]?),([\d.]+)([pc]?)$/
const PIXEL_MAX = 100_000

const gravity: Grammar<Gravity> = {
  parse(text) {
    const lower = text.toLowerCase()
    const name = Object.hasOwn(GRAVITY_WORDS, lower) ? GRAVITY_WORDS[lower]! : lower
    if (name === 'auto') return { kind: 'auto' }
    if (Object.hasOwn(COMPASS, name)) return { kind: 'share', ...COMPASS[name]! }
    return parsePoint(lower)
  },
  text(value) {
    if (value.kind === 'auto') return 'auto'
    if (value.kind === 'pixel') return `${realText(value.x)},${realText(value.y)}`
    const compass = Object.entries(COMPASS).find(([, at]) => at.x === value.x && at.y === value.y)
    return compass ? compass[0] : `${realText(value.x)}c,${realText(value.y)}c`
  },
  expected: 'a compass direction, center, auto or a point x,y',
}

function parsePoint(text: string): Gravity | null {
  const [, xText, unit, yText, otherUnit] = POINT.exec(text) ?? []
  if (xText === undefined || yText === undefined || unit !== otherUnit) return null
  if (unit === '') {
    const pixels = pointWithin(xText, yText, PIXEL_MAX)
    return pixels && { kind: 'pixel', ...pixels }
  }
  const whole = unit === 'p' ? 100 : 1
  const point = pointWithin(xText, yText, whole)
  return point && { kind: 'share', x: share(point.x, whole), y: share(point.y, whole) }
}

function pointWithin(xText: string, yText: string, max: number): { x: number; y: number } | null {
  const x = parseReal(xText, { min: 0, max })
  const y = parseReal(yText, { min: 0, max })
  return x === null || y === null ? null : { x, y }
}

/** Rounded as texts are, so that `25p` and `0.25c` are one value. */
function share(value: number, whole: number): number {
  return Number((value / whole).toFixed(6))
}

export const OUTPUT_FORMATS = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tif'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

const outputFormat = word(OUTPUT_FORMATS, { jpg: 'jpeg', tiff: 'tif' })

/**
 * `webp,jpg,png`: the first that the client supports. A single one is what is asked for and what is given, and so is one
 * behind a `_` (`_webp`, "strict"): unlike Cloudimage, a WebP that is larger than a JPEG would be is not swapped for it,
 * because an answer's format should not depend on its pixels.
 */
const forceFormat: Grammar<readonly OutputFormat[]> = {
  parse(text) {
    const words = text.split(',')
    const strict = words.find((each) => each.startsWith('_'))
    const wanted = strict === undefined ? words : [strict.slice(1)]
    const formats = wanted.map((each) => outputFormat.parse(each))
    return formats.every((each) => each !== null) ? [...new Set(formats)] : null
  },
  text: (formats) => formats.join(','),
  expected: `one or more of ${OUTPUT_FORMATS.join(', ')}`,
}

/** A year, as for all lifetimes. */
const CACHE_SECONDS_MAX = 31_536_000

const side = integer({ min: 1, max: CLOUDIMAGE_SIDE_MAX })

export const CLOUDIMAGE_GRAMMARS = {
  w: side,
  h: side,
  func: word(FUNCTIONS),
  gravity,
  q: integer({ min: 1, max: 100 }),
  force_format: forceFormat,
  org_if_sml: flag,
  vh: versionToken,
  ci_cache: integer({ min: 0, max: CACHE_SECONDS_MAX }),
} as const

export const CLOUDIMAGE_SYNONYMS: Readonly<Record<string, string>> = { width: 'w', height: 'h' }

export const CLOUDIMAGE_DEFAULTS: Readonly<Record<string, string>> = {
  func: 'crop',
  gravity: 'center',
  q: String(QUALITY_DEFAULT),
  org_if_sml: '0',
}
