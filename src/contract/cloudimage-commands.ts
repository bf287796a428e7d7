import {
  aspectRatio,
  backgroundColor,
  cloudimageColor,
  corner,
  corners,
  margins,
  mirrored,
  overlay,
  presetName,
  turn,
} from './cloudimage-values.ts'
import {
  markGravity,
  markPadding,
  markPosition,
  markScale,
  markSource,
  markText,
} from './cloudimage-watermark.ts'
import { COMPASS } from './compass.ts'
import { QUALITY_DEFAULT, versionToken } from './dynamic-media-commands.ts'
import type { Grammar } from './value-grammar.ts'
import { flag, integer, parseReal, real, realText, word } from './value-grammar.ts'

/**
 * The operations and filters of Cloudimage v7 that are understood, each with the grammar of its value; from its documentation's
 * pages below "Image operations", "Image filters" and "Image formats". All others are ignored.
 */

/** Larger than Dynamic Media's limit, because plain `w` and `h` are meant to enlarge; what is rendered is bounded by area. */
export const CLOUDIMAGE_SIDE_MAX = 5000

export const FUNCTIONS = [
  'crop',
  'face',
  'fit',
  'bound',
  'boundmin',
  'cover',
  'cropfit',
  'proxy',
] as const

/** Where the picture's subject is. Shares count from the top left: 0.5,0.5 is the centre. */
export type Gravity =
  | { readonly kind: 'share'; readonly x: number; readonly y: number }
  /** Pixels of the upright original. */
  | { readonly kind: 'pixel'; readonly x: number; readonly y: number }
  | { readonly kind: 'auto' }

/**
 * `face` falls back to `auto` where no face is sought, as documented for pictures without one; `trim` says something only of borders
 * that were trimmed.
 */
const GRAVITY_WORDS: Readonly<Record<string, string>> = {
  centre: 'center',
  smart: 'auto',
  face: 'auto',
  trim: 'center',
}

/** What behind the number says about its unit: pixels, percent (of the original or the resized picture: one place) or 0..1. */
const POINT = /^([\d.]+)([psc]?),([\d.]+)([psc]?)$/
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
  const whole = unit === 'c' ? 1 : 100
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
const percent = integer({ min: 0, max: 100 })
/** Of an adjustment, on the scale of Scaleflex's image editor. What is further out is as far as it goes. */
const ADJUSTMENT_MAX = 100
const ADJUSTMENT_TYPED_MAX = 255
/** Larger blocks leave one color of the largest picture's short side. */
const BLOCK_MAX = 500

const adjustment: Grammar<number> = {
  parse(text) {
    const typed = parseReal(text, { min: -ADJUSTMENT_TYPED_MAX, max: ADJUSTMENT_TYPED_MAX })
    return typed === null ? null : Math.min(ADJUSTMENT_MAX, Math.max(-ADJUSTMENT_MAX, typed))
  },
  text: realText,
  expected: `a number from -${ADJUSTMENT_MAX} to ${ADJUSTMENT_MAX}`,
}

/**
 * What hides faces is refused by name instead of ignored: a picture in which they can be seen would be delivered without a word.
 */
const hiddenFaces: Grammar<false> = {
  parse: (text) => (text === '' || text === '0' ? false : null),
  text: () => '0',
  expected: '0: faces are not looked for here, and so none can be hidden',
}

/** Filters, which may also be chained: `f=bright:15,contrast:30,grey`. */
export const CLOUDIMAGE_FILTERS = {
  bright: adjustment,
  contrast: adjustment,
  saturate: adjustment,
  gray: flag,
  sepia: flag,
  invert: flag,
  colorize: overlay,
  blur: real({ min: 0, max: 100 }),
  pixelate: integer({ min: 0, max: BLOCK_MAX }),
  sharp: percent,
  blur_faces: hiddenFaces,
} as const

export const CLOUDIMAGE_GRAMMARS = {
  w: side,
  h: side,
  dpr: real({ min: 0.25, max: 5 }),
  func: word(FUNCTIONS),
  gravity,
  aspect_ratio: aspectRatio,
  tl_px: corner,
  br_px: corner,
  org_if_sml: flag,
  fit_enlarge: flag,
  margin: margins(CLOUDIMAGE_SIDE_MAX),
  bg_color: backgroundColor,
  bg_img_fit: flag,
  bg_blur: real({ min: 0, max: 100 }),
  bg_opacity: real({ min: 0, max: 1 }),
  bg_colorize: cloudimageColor,
  bg_gravity: gravity,
  r: turn,
  flip: mirrored,
  trim: percent,
  radius: corners(CLOUDIMAGE_SIDE_MAX),
  ...CLOUDIMAGE_FILTERS,
  wat: flag,
  wat_url: markSource,
  wat_gravity: markGravity,
  wat_pos: markPosition,
  wat_scale: markScale,
  wat_pad: markPadding,
  wat_opacity: real({ min: 0, max: 1 }),
  wat_text: markText,
  q: integer({ min: 1, max: 100 }),
  force_format: forceFormat,
  p: presetName,
  vh: versionToken,
  ci_cache: integer({ min: 0, max: CACHE_SECONDS_MAX }),
} as const

export const CLOUDIMAGE_SYNONYMS: Readonly<Record<string, string>> = {
  width: 'w',
  height: 'h',
  bg_colour: 'bg_color',
  bg_colourise: 'bg_colorize',
  grey: 'gray',
  pixellate: 'pixelate',
  saturation: 'saturate',
}

export const CLOUDIMAGE_DEFAULTS: Readonly<Record<string, string>> = {
  func: 'crop',
  gravity: 'center',
  q: String(QUALITY_DEFAULT),
  dpr: '1',
  org_if_sml: '0',
  fit_enlarge: '0',
  margin: '0',
  bg_img_fit: '0',
  bg_opacity: '1',
  bg_gravity: 'center',
  r: '0',
  flip: 'none',
  radius: '0',
  bright: '0',
  contrast: '0',
  saturate: '0',
  gray: '0',
  sepia: '0',
  invert: '0',
  blur: '0',
  pixelate: '0',
  sharp: '0',
  wat: '0',
  wat_gravity: 'center',
  wat_opacity: '1',
  wat_pad: '0',
  wat_text: '',
  blur_faces: '0',
}
