import type { Gravity } from './cloudimage-commands.ts'
import { CLOUDIMAGE_GRAMMARS, CLOUDIMAGE_SIDE_MAX } from './cloudimage-commands.ts'
import { WHITE } from './color.ts'
import { QUALITY_DEFAULT, REPLY_SIDE_MAX } from './dynamic-media-commands.ts'
import type { Commands } from './dynamic-media-recipe.ts'
import type { BoxCanvas, BoxScale, Focus, Output, Recipe, View } from './recipe.ts'
import { MIDDLE } from './recipe.ts'
import type { ValueOf } from './value-grammar.ts'

type Grammars = typeof CLOUDIMAGE_GRAMMARS

/** `format`: the one of `force_format` that was negotiated. */
export function cloudimageRecipe(commands: Commands, format: string | null): Recipe {
  const view = viewOf(commands)
  return {
    crops: [],
    flip: 'none',
    rotate: 0,
    region: null,
    view,
    focus: view.kind === 'box' && view.canvas === 'image' ? MIDDLE : focusOf(commands),
    background: WHITE,
    padding: 'background',
    resampling: 'sharp2',
    sharpen: false,
    unsharp: null,
    output: outputOf(commands, format),
  }
}

function value<N extends keyof Grammars>(commands: Commands, name: N): ValueOf<Grammars[N]> | null {
  const text = commands.get(name)
  return text === undefined
    ? null
    : (CLOUDIMAGE_GRAMMARS[name].parse(text) as ValueOf<Grammars[N]> | null)
}

/**
 * One side alone keeps the proportions and enlarges unless `org_if_sml=1`; both crop unless `func` says otherwise (page
 * "Image operations"). No side: the original's size, reduced without a word to what is rendered at most.
 */
function viewOf(commands: Commands): View {
  const width = value(commands, 'w')
  const height = value(commands, 'h')
  const enlarge = !(value(commands, 'org_if_sml') ?? false)
  if (width === null && height === null) {
    const side = REPLY_SIDE_MAX
    return { kind: 'box', width: side, height: side, ...INSIDE, enlarge: false, sideMax: side }
  }
  const sideMax = CLOUDIMAGE_SIDE_MAX
  if (width === null || height === null) {
    return { kind: 'box', width, height, ...INSIDE, enlarge, sideMax }
  }
  const { scale, canvas, mayEnlarge } = BOXES[value(commands, 'func') ?? 'crop']
  return {
    kind: 'box',
    width,
    height,
    scale,
    // "Original if smaller" must not add bars around it.
    canvas: canvas === 'box' && !enlarge && scale === 'outside' ? 'trim' : canvas,
    enlarge: enlarge && mayEnlarge,
    sideMax,
  }
}

const INSIDE = { scale: 'inside', canvas: 'image' } as const

interface Box {
  readonly scale: BoxScale
  readonly canvas: BoxCanvas
  readonly mayEnlarge: boolean
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
}

function focusOf(commands: Commands): Focus {
  if (value(commands, 'func') === 'face') return { kind: 'auto' }
  const gravity: Gravity = value(commands, 'gravity') ?? { kind: 'share', x: 0.5, y: 0.5 }
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
