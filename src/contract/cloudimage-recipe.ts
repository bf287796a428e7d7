import type { Gravity } from './cloudimage-commands.ts'
import { CLOUDIMAGE_GRAMMARS, CLOUDIMAGE_SIDE_MAX } from './cloudimage-commands.ts'
import type { AspectRange } from './cloudimage-values.ts'
import { AUTO_COLOR } from './cloudimage-values.ts'
import { anchorOf } from './cloudimage-watermark.ts'
import { WHITE } from './color.ts'
import { QUALITY_DEFAULT, REPLY_SIDE_MAX } from './dynamic-media-commands.ts'
import type { Commands } from './dynamic-media-recipe.ts'
import type {
  Backdrop,
  BoxCanvas,
  BoxScale,
  Filter,
  Focus,
  Output,
  Recipe,
  View,
  Watermark,
} from './recipe.ts'
import { MIDDLE } from './recipe.ts'
import type { ValueOf } from './value-grammar.ts'

type Grammars = typeof CLOUDIMAGE_GRAMMARS

/** `format`: the one of `force_format` that was negotiated. */
export function cloudimageRecipe(commands: Commands, format: string | null): Recipe {
  if (value(commands, 'func') === 'proxy') return { ...PLAIN, untouched: true }
  const view = viewOf(commands)
  const aspect = aspectOf(commands)
  const uncut = view.kind === 'box' && view.canvas === 'image' && aspect === null
  return {
    ...PLAIN,
    ...present('trim', value(commands, 'trim')),
    ...present('between', betweenOf(commands)),
    ...present('aspect', aspect),
    ...present('backdrop', backdropOf(commands)),
    ...present('filters', filtersOf(commands)),
    ...present('watermark', watermarkOf(commands)),
    ...present('corners', cornersOf(commands)),
    flip: FLIPPED[value(commands, 'flip') ?? 'none'],
    rotate: clockwise(value(commands, 'r') ?? 0),
    view,
    focus: uncut ? MIDDLE : focusOf(commands),
    background: value(commands, 'bg_color') ?? WHITE,
    output: outputOf(commands, format),
  }
}

const SIDE_MAX = { sideMax: CLOUDIMAGE_SIDE_MAX } as const
const INSIDE = { scale: 'inside', canvas: 'image' } as const

/** The original's size, reduced without a word to what is rendered at most. */
const OWN_SIZE: View = {
  kind: 'box',
  width: REPLY_SIDE_MAX,
  height: REPLY_SIDE_MAX,
  ...INSIDE,
  enlarge: false,
  sideMax: REPLY_SIDE_MAX,
}

/** Of a URL without operations. */
const PLAIN: Recipe = {
  crops: [],
  flip: 'none',
  rotate: 0,
  region: null,
  view: OWN_SIZE,
  focus: MIDDLE,
  background: WHITE,
  padding: 'background',
  resampling: 'sharp2',
  sharpen: false,
  unsharp: null,
  output: outputOf(new Map(), null),
}

/** A member that is absent where there is nothing to say, so that one picture has one recipe. */
function present<N extends string, V>(name: N, part: V | null): { readonly [K in N]?: V } {
  return part === null ? {} : ({ [name]: part } as { readonly [K in N]?: V })
}

function value<N extends keyof Grammars>(commands: Commands, name: N): ValueOf<Grammars[N]> | null {
  const text = commands.get(name)
  return text === undefined
    ? null
    : (CLOUDIMAGE_GRAMMARS[name].parse(text) as ValueOf<Grammars[N]> | null)
}

/**
 * One side alone keeps the proportions and enlarges unless `org_if_sml=1`; both crop unless `func` says otherwise (page
 * "Image operations").
 */
function viewOf(commands: Commands): View {
  const width = sideOf(commands, 'w')
  const height = sideOf(commands, 'h')
  const onlySmaller = value(commands, 'org_if_sml') ?? false
  if (width === null && height === null) return OWN_SIZE
  if (width === null || height === null) {
    return { kind: 'box', width, height, ...INSIDE, enlarge: !onlySmaller, ...SIDE_MAX }
  }
  const func = value(commands, 'func') ?? 'crop'
  const { scale, canvas, mayEnlarge } = BOXES[func]
  const fits = func === 'fit'
  return {
    kind: 'box',
    width,
    height,
    scale,
    // "Original if smaller" must not add bars around it.
    canvas: canvas === 'box' && onlySmaller && scale === 'outside' ? 'trim' : canvas,
    enlarge: !onlySmaller && (mayEnlarge || (fits && (value(commands, 'fit_enlarge') ?? false))),
    ...SIDE_MAX,
    ...present('margin', fits ? marginOf(commands) : null),
  }
}

/** A preset's sides are not multiplied by a pixel ratio until it is known. */
function sideOf(commands: Commands, name: 'w' | 'h'): number | null {
  const side = value(commands, name)
  const ratio = value(commands, 'dpr') ?? 1
  return side === null ? null : Math.max(1, Math.round(side * ratio))
}

function marginOf(commands: Commands) {
  const margin = value(commands, 'margin')
  return margin && Object.values(margin).some((side) => side > 0) ? margin : null
}

interface Box {
  readonly scale: BoxScale
  readonly canvas: BoxCanvas
  readonly mayEnlarge: boolean
}

/** Ignored beside both sides ("Aspect ratio crop"). */
function aspectOf(commands: Commands): AspectRange | null {
  const both = commands.has('w') && commands.has('h')
  return both ? null : value(commands, 'aspect_ratio')
}

function betweenOf(commands: Commands): NonNullable<Recipe['between']> | null {
  const topLeft = value(commands, 'tl_px')
  const bottomRight = value(commands, 'br_px')
  if (topLeft === null && bottomRight === null) return null
  return { ...present('topLeft', topLeft), ...present('bottomRight', bottomRight) }
}

const FLIPPED = { none: 'none', h: 'lr', v: 'ud', hv: 'lrud' } as const

function clockwise(counterClockwise: number): number {
  return counterClockwise === 0 ? 0 : 360 - counterClockwise
}

/** As blurred as a copy behind its own picture should be, when the URL does not say ("Fit", "Blurred background"). */
const BACKDROP_BLUR = 20

function backdropOf(commands: Commands): Backdrop | null {
  if (!(value(commands, 'bg_img_fit') ?? false)) return null
  return {
    blur: value(commands, 'bg_blur') ?? BACKDROP_BLUR,
    opacity: value(commands, 'bg_opacity') ?? 1,
    tint: value(commands, 'bg_colorize'),
    focus: focusAt(value(commands, 'bg_gravity') ?? { kind: 'share', x: 0.5, y: 0.5 }),
  }
}

function cornersOf(commands: Commands): NonNullable<Recipe['corners']> | null {
  const corners = value(commands, 'radius')
  if (!corners || Object.values(corners).every((radius) => radius === 0)) return null
  const outside = value(commands, 'bg_color')
  return { ...corners, outside: outside === AUTO_COLOR ? null : outside }
}

function watermarkOf(commands: Commands): Watermark | null {
  if (!(value(commands, 'wat') ?? false)) return null
  return {
    source: value(commands, 'wat_url'),
    anchor: anchorOf(value(commands, 'wat_gravity') ?? 'center', value(commands, 'wat_pos')),
    scale: value(commands, 'wat_scale'),
    padding: value(commands, 'wat_pad') ?? NO_PADDING,
    opacity: value(commands, 'wat_opacity') ?? 1,
  }
}

const NO_PADDING = { x: { unit: 'pixel', value: 0 }, y: { unit: 'pixel', value: 0 } } as const

/** Cloudimage does not say in which order filters are applied; so it is this one, however a URL lists them. */
function filtersOf(commands: Commands): readonly Filter[] | null {
  const strength = (name: 'bright' | 'contrast' | 'saturate') => value(commands, name) ?? 0
  const adjusted = (['bright', 'contrast', 'saturate'] as const)
    .filter((kind) => strength(kind) !== 0)
    .map((kind): Filter => ({ kind, by: strength(kind) }))
  const switched = (['gray', 'sepia', 'invert'] as const)
    .filter((kind) => value(commands, kind) ?? false)
    .map((kind): Filter => ({ kind }))
  const overlay = value(commands, 'colorize')
  const radius = value(commands, 'blur') ?? 0
  const block = value(commands, 'pixelate') ?? 0
  const percent = value(commands, 'sharp') ?? 0
  const filters: readonly Filter[] = [
    ...adjusted,
    ...switched,
    ...(overlay && overlay.opacity > 0 ? [{ kind: 'overlay', ...overlay } as const] : []),
    ...(percent > 0 ? [{ kind: 'sharpen', percent } as const] : []),
    ...(radius > 0 ? [{ kind: 'blur', radius } as const] : []),
    ...(block > 1 ? [{ kind: 'pixelate', block } as const] : []),
  ]
  return filters.length === 0 ? null : filters
}

const COVERING: Box = { scale: 'outside', canvas: 'box', mayEnlarge: true }

/** `cover` distorts, unlike that of CSS; `fit` does not enlarge by itself (page "fit"). */
const BOXES: Readonly<Record<ValueOf<Grammars['func']>, Box>> = {
  crop: COVERING,
  face: COVERING,
  fit: { scale: 'inside', canvas: 'box', mayEnlarge: false },
  bound: { ...INSIDE, mayEnlarge: true },
  boundmin: { scale: 'outside', canvas: 'image', mayEnlarge: true },
  cover: { scale: 'stretch', canvas: 'image', mayEnlarge: true },
  cropfit: { scale: 'by-size', canvas: 'box', mayEnlarge: false },
  proxy: { ...INSIDE, mayEnlarge: false },
}

function focusOf(commands: Commands): Focus {
  return value(commands, 'func') === 'face'
    ? { kind: 'auto' }
    : focusAt(value(commands, 'gravity') ?? { kind: 'share', x: 0.5, y: 0.5 })
}

function focusAt(gravity: Gravity): Focus {
  if (gravity.kind === 'auto') return { kind: 'auto' }
  const { kind: unit, x, y } = gravity
  return unit === 'share' && x === 0.5 && y === 0.5 ? MIDDLE : { kind: 'point', unit, x, y }
}

function outputOf(commands: Commands, negotiated: string | null): Output {
  const formats = value(commands, 'force_format') ?? []
  const chosen = formats.find((format) => format === negotiated) ?? formats[0] ?? 'original'
  const format = chosen === 'tif' ? 'tiff' : chosen
  const lossy = format !== 'png' && format !== 'gif' && format !== 'tiff'
  return {
    format,
    alpha: format !== 'jpeg',
    gray: false,
    progressive: false,
    palette: false,
    lossless: false,
    tiffCompression: 'none',
    quality: lossy ? (value(commands, 'q') ?? QUALITY_DEFAULT) : 100,
    fullChroma: false,
  }
}
