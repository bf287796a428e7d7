import type { Color } from './color.ts'
import { NAMED_COLORS } from './named-colors.ts'
import type { Grammar } from './value-grammar.ts'
import { parseInteger, parseReal, realText } from './value-grammar.ts'

/** Values of Cloudimage's operations that are more than a number or a word. */

/** Hex digits, with or without `#`, or a name (its pages "Fit" and "Rounded corners"). Alpha is read and dropped. */
export const cloudimageColor: Grammar<Color> = {
  parse(text) {
    const lower = text.toLowerCase()
    const named = NAMED_COLORS.get(lower)
    if (named !== undefined) return named
    const [, long] = /^#?([0-9a-f]{6})(?:[0-9a-f]{2})?$/.exec(lower) ?? []
    if (long !== undefined) return long
    const [, short] = /^#?([0-9a-f]{3})$/.exec(lower) ?? []
    return short === undefined ? null : short.replaceAll(/./g, '$&$&')
  },
  text: String,
  expected: 'a color such as 10100e or black',
}

/** The color that most of the picture has ("Fit"). */
export const AUTO_COLOR = 'auto'

export const backgroundColor: Grammar<Color> = {
  parse: (text) => (text.toLowerCase() === AUTO_COLOR ? AUTO_COLOR : cloudimageColor.parse(text)),
  text: String,
  expected: `${cloudimageColor.expected}, or auto`,
}

export interface Overlay {
  readonly color: Color
  readonly opacity: number
}

/** What an overlay has without a second value, as Scaleflex's own clients write it. */
const OVERLAY_OPACITY = 0.5
const SHARE = { min: 0, max: 1 }

export const overlay: Grammar<Overlay> = {
  parse(text) {
    const [colorText = '', opacityText = String(OVERLAY_OPACITY), ...more] = text.split(',')
    const color = cloudimageColor.parse(colorText)
    const opacity = parseReal(opacityText, SHARE)
    return color === null || opacity === null || more.length > 0 ? null : { color, opacity }
  },
  text: ({ color, opacity }) => `${color},${realText(opacity)}`,
  expected: 'a color, then its opacity from 0 to 1',
}

export interface Point {
  readonly x: number
  readonly y: number
}

const PIXEL_MAX = 100_000

/** A corner of a cut, in pixels of the upright original ("Positionable crop"). */
export const corner: Grammar<Point> = {
  parse(text) {
    const [x, y, ...more] = text.split(',').map((part) => wholePixels(part))
    if (x === undefined || y === undefined || more.length > 0) return null
    return x === null || y === null ? null : { x, y }
  },
  text: ({ x, y }) => `${x},${y}`,
  expected: 'x,y in pixels of the original',
}

/** Clients compute them, so that there may be a fraction. */
function wholePixels(text: string): number | null {
  const pixels = parseReal(text, { min: 0, max: PIXEL_MAX })
  return pixels === null ? null : Math.round(pixels)
}

export interface AspectRange {
  readonly min: number
  readonly max: number
}

const ASPECT = { min: 0.01, max: 100 }

/** One, or the least and the greatest, each as a decimal or as `16:9` ("Aspect ratio crop"). */
export const aspectRatio: Grammar<AspectRange> = {
  parse(text) {
    const parts = text.split(',')
    const ratios = parts.map(parseAspect)
    if (parts.length > 2 || !ratios.every((ratio) => ratio !== null)) return null
    return { min: Math.min(...ratios), max: Math.max(...ratios) }
  },
  text: ({ min, max }) => (min === max ? realText(min) : `${realText(min)},${realText(max)}`),
  expected: 'a ratio such as 1.5 or 16:9, or two',
}

function parseAspect(text: string): number | null {
  const [width = '', height = '1', ...more] = text.split(':')
  const across = parseReal(width, { min: ASPECT.min, max: PIXEL_MAX })
  const down = parseReal(height, { min: ASPECT.min, max: PIXEL_MAX })
  if (across === null || down === null || more.length > 0) return null
  return parseReal(realText(across / down), ASPECT)
}

export interface Sides {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

/** One for all sides, two for vertical and horizontal, or four from the top clockwise ("Fit"). */
export function margins(max: number): Grammar<Sides> {
  return {
    parse(text) {
      const sides = text.split(',').map((part) => parseInteger(part, { min: 0, max }))
      if (!sides.every((side) => side !== null)) return null
      const [top = 0, right = top, bottom = top, left = right] = sides
      return [1, 2, 4].includes(sides.length) ? { top, right, bottom, left } : null
    },
    text({ top, right, bottom, left }) {
      if (top !== bottom || right !== left) return [top, right, bottom, left].join(',')
      return top === right ? String(top) : `${top},${right}`
    },
    expected: 'one, two or four numbers of pixels',
  }
}

/** A radius in pixels, or as large as the corner's sides allow. */
export type Radius = number | 'max'

export interface Corners {
  readonly topLeft: Radius
  readonly bottomLeft: Radius
  readonly bottomRight: Radius
  readonly topRight: Radius
}

/** One for all corners or four, from the top left counter-clockwise ("Rounded corners"). */
export function corners(max: number): Grammar<Corners> {
  const parse = (part: string) =>
    part.toLowerCase() === 'max' ? 'max' : parseInteger(part, { min: 0, max })
  return {
    parse(text) {
      const radii = text.split(',').map(parse)
      if (!radii.every((radius) => radius !== null)) return null
      const [all = 0] = radii
      const [topLeft, bottomLeft = all, bottomRight = all, topRight = all] = radii
      if (topLeft === undefined || (radii.length !== 1 && radii.length !== 4)) return null
      return { topLeft, bottomLeft, bottomRight, topRight }
    },
    text({ topLeft, bottomLeft, bottomRight, topRight }) {
      const radii = [topLeft, bottomLeft, bottomRight, topRight]
      return radii.every((radius) => radius === topLeft) ? String(topLeft) : radii.join(',')
    },
    expected: 'one or four radii in pixels or max',
  }
}

const FULL_TURN = 360

/** Counter-clockwise ("Rotate"). */
export const turn: Grammar<number> = {
  parse(text) {
    const degrees = parseReal(text, { min: -36_000, max: 36_000 })
    if (degrees === null) return null
    return Number((((degrees % FULL_TURN) + FULL_TURN) % FULL_TURN).toFixed(6)) % FULL_TURN
  },
  text: realText,
  expected: 'degrees, counter-clockwise',
}

export type Mirrored = 'none' | 'h' | 'v' | 'hv'

/** `h`, `v` or both; clients that mirror nothing write nothing behind it ("Flip"). */
export const mirrored: Grammar<Mirrored> = {
  parse(text) {
    const letters = text.toLowerCase().split('').sort().join('')
    if (letters === 'hv' || letters === 'h' || letters === 'v') return letters
    return letters === '' || text === 'none' ? 'none' : null
  },
  text: String,
  expected: 'h, v or hv',
}

const PRESET_LENGTH_MAX = 100

/** Names of presets are told apart without regard to case. */
export const presetName: Grammar<string> = {
  parse(text) {
    const lower = text.toLowerCase()
    return lower !== '' && lower.length <= PRESET_LENGTH_MAX ? lower : null
  },
  text: String,
  expected: `the name of a preset, at most ${PRESET_LENGTH_MAX} characters`,
}
