import { COMPASS } from './compass.ts'
import type { DeliverySubject } from './delivery-url.ts'
import { parseOriginal } from './original.ts'
import { encodeValue, percentDecode } from './percent.ts'
import type { ProjectNames } from './records.ts'
import type { Grammar } from './value-grammar.ts'
import { parseReal, realText } from './value-grammar.ts'

/** Watermarks: another original over the picture (Cloudimage's pages "Static watermark" and "Dynamic watermark"). */

/** Where it lies. `free`: a share of the room that it leaves; `picture`: a share of the picture, for its top left corner. */
export interface Anchor {
  readonly of: 'free' | 'picture'
  readonly x: number
  readonly y: number
}

/** `own`: of the watermark's size; `picture`: the largest that lies within this share of both sides. */
export interface MarkScale {
  readonly of: 'own' | 'picture'
  readonly share: number
}

export interface Length {
  readonly unit: 'pixel' | 'share'
  readonly value: number
}

export interface Padding {
  readonly x: Length
  readonly y: Length
}

const NO_NAMES: ProjectNames = {
  project: '',
  companies: [],
  tokens: [],
  hosts: [],
  originAliases: {},
}
const SOURCE_LENGTH_MAX = 2048

/** Canonical: `host/path`, or the path of an asset. */
export const markSource: Grammar<string> = {
  parse(text) {
    if (text.length > SOURCE_LENGTH_MAX) return null
    const parsed = parseOriginal(text, NO_NAMES)
    return parsed.ok ? sourceText(parsed.subject) : null
  },
  text: String,
  expected: 'the path of an original, like sample.li/mark.png',
}

function sourceText(subject: DeliverySubject): string {
  return subject.kind === 'original' ? subject.original : subject.asset
}

/** What a canonical source names. */
export function markSubject(source: string): DeliverySubject | null {
  const parsed = parseOriginal(source, NO_NAMES)
  return parsed.ok ? parsed.subject : null
}

const SOURCE = /^wat_url=/i

/** Aliases and the origin URL prefix are the project's: they are told apart while its names are at hand. */
export function withMarkNamed(query: string, names: ProjectNames): string {
  if (!query.includes('wat_url')) return query
  return query
    .split('&')
    .map((part) => {
      if (!SOURCE.test(part)) return part
      const parsed = parseOriginal(percentDecode(part.slice('wat_url='.length)) ?? '', names)
      return parsed.ok ? `wat_url=${encodeValue(sourceText(parsed.subject))}` : part
    })
    .join('&')
}

export const markGravity: Grammar<string> = {
  parse(text) {
    const lower = text.toLowerCase()
    if (lower === 'centre') return 'center'
    return lower === 'absolute' || lower === 'relative' || Object.hasOwn(COMPASS, lower)
      ? lower
      : null
  },
  text: String,
  expected: 'a compass direction, center, absolute or relative',
}

const PERCENT = { min: 0, max: 100 }

/** `12,30` or `12p,30p`; one for both. */
export const markPosition: Grammar<{ readonly x: number; readonly y: number }> = {
  parse(text) {
    const parts = text.split(',').map((part) => parseReal(part.replace(/p$/, ''), PERCENT))
    const [x, y = x] = parts
    if (x === undefined || y === undefined || x === null || y === null) return null
    return parts.length > 2 ? null : { x, y }
  },
  text: ({ x, y }) => `${realText(x)},${realText(y)}`,
  expected: 'one or two percentages',
}

/** `60` is of the watermark, `60p` of the picture. Clients write two and mean the first. */
export const markScale: Grammar<MarkScale> = {
  parse(text) {
    const [first = '', ...more] = text.split(',')
    const [, digits = '', unit] = /^([\d.]+)(p?)$/.exec(first) ?? []
    const percent = parseReal(digits, { min: 0.1, max: 100 })
    if (percent === null || more.length > 1) return null
    return { of: unit === 'p' ? 'picture' : 'own', share: percent / 100 }
  },
  text: ({ of, share }) => `${realText(share * 100)}${of === 'picture' ? 'p' : ''}`,
  expected: 'a percentage of the watermark, or with p of the picture',
}

const PAD_PIXELS_MAX = 5000

/** Each in pixels, or with `p` in percent of the picture; one for both. */
export const markPadding: Grammar<Padding> = {
  parse(text) {
    const lengths = text.split(',').map(parseLength)
    const [x, y = x] = lengths
    return x && y && lengths.length <= 2 ? { x, y } : null
  },
  text: ({ x, y }) =>
    lengthText(x) === lengthText(y) ? lengthText(x) : `${lengthText(x)},${lengthText(y)}`,
  expected: 'one or two numbers of pixels, or percentages with p',
}

function parseLength(text: string): Length | null {
  const [, digits = '', unit] = /^([\d.]+)(p?)$/.exec(text) ?? []
  const value = parseReal(digits, unit === 'p' ? PERCENT : { min: 0, max: PAD_PIXELS_MAX })
  if (value === null) return null
  return unit === 'p' ? { unit: 'share', value: value / 100 } : { unit: 'pixel', value }
}

function lengthText({ unit, value }: Length): string {
  return unit === 'share' ? `${realText(value * 100)}p` : realText(value)
}

export function anchorOf(gravity: string, position: { x: number; y: number } | null): Anchor {
  if (gravity !== 'absolute' && gravity !== 'relative') return { of: 'free', ...COMPASS[gravity]! }
  const { x, y } = position ?? { x: 50, y: 50 }
  return { of: gravity === 'absolute' ? 'picture' : 'free', x: x / 100, y: y / 100 }
}

/** Nobody draws texts here: a picture without the mark that was asked for is none. */
export const markText: Grammar<false> = {
  parse: (text) => (text === '' ? false : null),
  text: () => '',
  expected: 'empty: texts are not drawn here, so write wat_url',
}
