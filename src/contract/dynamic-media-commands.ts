import { WHITE, color } from './color.ts'
import type { Grammar } from './value-grammar.ts'
import {
  flag,
  integer,
  ownValue,
  parseInteger,
  parseReal,
  pixelArea,
  real,
  realText,
  shareArea,
  word,
} from './value-grammar.ts'

/**
 * The commands of Dynamic Media's Image Serving protocol that are understood, each with the grammar of its value; from
 * Adobe's HTTP protocol reference ("Command reference": one page a command). All others are ignored.
 */

/** MaxPix, the largest reply: more is an error, never clamped ("Image size limits"). */
export const REPLY_SIDE_MAX = 3000
/** DefaultPix: the view when a request gives no `wid`, `hei` or `scl`; never enlarges. */
export const DEFAULT_VIEW_SIDE = 1280
/** JpegQuality of a new company. */
export const QUALITY_DEFAULT = 80
export const QUALITY = { min: 1, max: 100 }

export const FIT_MODES = ['fit', 'constrain', 'crop', 'wrap', 'stretch', 'hfit', 'vfit'] as const
export interface Fit {
  readonly mode: (typeof FIT_MODES)[number]
  readonly enlarge: boolean
}

const fit: Grammar<Fit> = {
  parse(text) {
    const [mode, upscale = '0', ...more] = text.toLowerCase().split(',')
    const known = FIT_MODES.find((each) => each === mode)
    const enlarge = flag.parse(upscale)
    return known && enlarge !== null && more.length === 0 ? { mode: known, enlarge } : null
  },
  text: ({ mode, enlarge }) => (enlarge ? `${mode},1` : mode),
  expected: `one of ${FIT_MODES.join(', ')}, then 0 or 1`,
}

export interface Point {
  readonly x: number
  readonly y: number
}

const align: Grammar<Point> = {
  parse(text) {
    const [x, y, ...more] = text
      .split(',')
      .map((part) => parseReal(part, { min: -1, max: 1 }) ?? Number.NaN)
    if (x === undefined || y === undefined || more.length > 0) return null
    return Number.isNaN(x) || Number.isNaN(y) ? null : { x, y }
  },
  text: ({ x, y }) => `${realText(x)},${realText(y)}`,
  expected: 'two numbers from -1 to 1',
}

export const FORMATS = [
  'jpeg',
  'pjpeg',
  'png',
  'png-alpha',
  'png8',
  'png8-alpha',
  'webp',
  'webp-alpha',
  'avif',
  'avif-alpha',
  'gif',
  'gif-alpha',
  'tif',
  'tif-alpha',
] as const
export type FormatName = (typeof FORMATS)[number]
const FORMAT_SYNONYMS: Readonly<Record<string, FormatName>> = { jpg: 'jpeg', tiff: 'tif' }
const formatName = word(FORMATS, FORMAT_SYNONYMS)

export const COMPRESSIONS = ['none', 'lossy', 'lossless', 'lzw', 'zip', 'jpeg'] as const
export type Compression = (typeof COMPRESSIONS)[number]

/** Which compressions a format has a choice of; the first is its default. A format without any has only its own. */
const COMPRESSIONS_OF: Readonly<Record<string, readonly Compression[]>> = {
  webp: ['lossy', 'lossless'],
  avif: ['lossy', 'lossless'],
  tif: ['none', 'lzw', 'zip', 'jpeg'],
}

export interface Format {
  readonly name: FormatName
  readonly gray: boolean
  /** Null for the format's own. */
  readonly compression: Compression | null
}

const format: Grammar<Format> = {
  parse(text) {
    const [nameText = '', pixelType = '', compressionText = '', ...more] = text
      .toLowerCase()
      .split(',')
    const name = formatName.parse(nameText)
    if (name === null || more.length > 0) return null
    if (!['', 'rgb', 'gray'].includes(pixelType)) return null
    const compression = parseCompression(name, compressionText)
    return compression === undefined ? null : { name, gray: pixelType === 'gray', compression }
  },
  text({ name, gray, compression }) {
    if (compression) return `${name},${gray ? 'gray' : ''},${compression}`
    return gray ? `${name},gray` : name
  },
  expected: `one of ${FORMATS.join(', ')}, then rgb or gray, then a compression of that format`,
}

/** Undefined when the format does not have it; null for the default, written or not. */
function parseCompression(name: FormatName, text: string): Compression | null | undefined {
  const choices = ownValue(COMPRESSIONS_OF, name.replace(/-alpha$/, '')) ?? []
  if (text === '' || text === (choices[0] ?? 'none')) return null
  return choices.find((each) => each === text)
}

export interface Quality {
  readonly quality: number
  /** Keep full color resolution: JPEG's chroma is not subsampled. */
  readonly fullChroma: boolean
}

const quality: Grammar<Quality> = {
  parse(text) {
    const [levelText = '', chroma = '0', ...more] = text.split(',')
    const level = parseInteger(levelText, QUALITY)
    const fullChroma = flag.parse(chroma)
    if (level === null || fullChroma === null || more.length > 0) return null
    return { quality: level, fullChroma }
  },
  text: (value) => (value.fullChroma ? `${value.quality},1` : String(value.quality)),
  expected: 'a whole number from 1 to 100, then 0 or 1',
}

export interface Unsharp {
  readonly amount: number
  /** In pixels of the unscaled image. */
  readonly radius: number
  readonly threshold: number
  /** On brightness alone, instead of on each color channel. */
  readonly mono: boolean
}

const NO_UNSHARP: Unsharp = { amount: 0, radius: 0, threshold: 0, mono: false }

const unsharp: Grammar<Unsharp> = {
  parse(text) {
    const parts = text.split(',')
    if (parts.length > 4) return null
    const amount = parseReal(parts[0]!, { min: 0, max: 5 })
    const radius = parseReal(parts[1] ?? '0', { min: 0, max: 250 })
    const threshold = parseReal(parts[2] ?? '0', { min: 0, max: 255 })
    const mono = flag.parse(parts[3] ?? '0')
    if (amount === null || radius === null || threshold === null || mono === null) return null
    return amount === 0 || radius === 0 ? NO_UNSHARP : { amount, radius, threshold, mono }
  },
  text({ amount, radius, threshold, mono }) {
    if (amount === 0) return '0'
    return [realText(amount), realText(radius), realText(threshold), flag.text(mono)].join(',')
  },
  expected: 'amount 0-5, radius 0-250, threshold 0-255, 0 or 1',
}

export const RESAMPLINGS = ['bilin', 'bicub', 'sharp2', 'bisharp'] as const
export type Resampling = (typeof RESAMPLINGS)[number]

const FULL_TURN = 360
const rotation: Grammar<number> = {
  parse(text) {
    const degrees = parseReal(text, { min: -36_000, max: 36_000 })
    if (degrees === null) return null
    return Number((((degrees % FULL_TURN) + FULL_TURN) % FULL_TURN).toFixed(6)) % FULL_TURN
  },
  text: realText,
  expected: 'degrees, clockwise',
}

export interface PropertiesRequest {
  readonly of: 'img' | 'props' | 'imageprops' | 'exists'
  readonly as: 'text' | 'json'
}

const propertiesOf = word(['img', 'props', 'imageprops', 'exists'])
const propertiesAs = word(['text', 'json'])
const request: Grammar<PropertiesRequest> = {
  parse(text) {
    const [ofText = '', asText = 'text', ...more] = text.split(',')
    const of = propertiesOf.parse(ofText)
    const as = propertiesAs.parse(asText)
    return of && as && more.length === 0 ? { of, as: of === 'img' ? 'text' : as } : null
  },
  text: ({ of, as }) => (as === 'json' ? `${of},json` : of),
  expected: 'one of img, props, imageprops, exists, then text or json',
}

const HANDLER_LENGTH_MAX = 64
const handler: Grammar<string> = {
  parse: (text) => (/^[A-Za-z0-9]+$/.test(text) && text.length <= HANDLER_LENGTH_MAX ? text : null),
  text: String,
  expected: `letters and digits, at most ${HANDLER_LENGTH_MAX}`,
}

const VERSION_TOKEN_LENGTH_MAX = 256
/** `id=` and Cloudimage's `vh=`: any text; bounded, because it is part of cache keys. */
export const versionToken: Grammar<string> = {
  parse: (text) => (text.length <= VERSION_TOKEN_LENGTH_MAX ? text : null),
  text: String,
  expected: `at most ${VERSION_TOKEN_LENGTH_MAX} characters`,
}

const side = integer({ min: 1, max: REPLY_SIDE_MAX })

/** By name in lower case, because command names are case-insensitive ("Basic syntax"). */
export const DYNAMIC_MEDIA_GRAMMARS = {
  wid: side,
  hei: side,
  scl: real({ min: 0.001, max: 1000 }),
  fit,
  align,
  fmt: format,
  qlt: quality,
  bgc: color,
  crop: pixelArea,
  cropn: shareArea,
  rgn: pixelArea,
  rotate: rotation,
  flip: word(['lr', 'ud', 'lrud']),
  resmode: word(RESAMPLINGS, { sharp: 'sharp2', trilin: 'bilin' }),
  op_usm: unsharp,
  op_sharpen: flag,
  req: request,
  handler,
  id: versionToken,
} as const

/**
 * What the absence of a command means, as canonical text. `fit` is special: written without its second value it does not
 * enlarge (page "fit"), but `wid` and `hei` alone fill the rectangle without a limit (pages "wid" and "hei", "View
 * transform"), which is `fit,1`; real requests that care write `fit` out.
 */
export const DYNAMIC_MEDIA_DEFAULTS: Readonly<Record<string, string>> = {
  fit: 'fit,1',
  align: '0,0',
  fmt: 'jpeg',
  qlt: String(QUALITY_DEFAULT),
  bgc: WHITE,
  cropn: '0,0,1,1',
  rotate: '0',
  resmode: 'sharp2',
  op_usm: '0',
  op_sharpen: '0',
  req: 'img',
}

/**
 * Commands that make another picture of several, which is not done here. Ignoring them would deliver a wrong picture
 * without a word, so they are refused by name; `layer=comp` and `layer=0` mean what is done anyway.
 */
export const UNSUPPORTED_COMMANDS: ReadonlySet<string> = new Set([
  'layer',
  'effect',
  'src',
  'mask',
  'template',
  'text',
  'textps',
])
export const HARMLESS_LAYERS: ReadonlySet<string> = new Set(['', 'comp', '0'])
