import { WHITE } from './color.ts'
import type { Fit, Format, Quality } from './dynamic-media-commands.ts'
import {
  DEFAULT_VIEW_SIDE,
  DYNAMIC_MEDIA_GRAMMARS,
  QUALITY_DEFAULT,
  REPLY_SIDE_MAX,
} from './dynamic-media-commands.ts'
import type { BoxCanvas, BoxScale, CropArea, Focus, Output, Recipe, View } from './recipe.ts'
import { MIDDLE } from './recipe.ts'
import type { CropRecord } from './records.ts'
import type { ValueOf } from './value-grammar.ts'

type Grammars = typeof DYNAMIC_MEDIA_GRAMMARS
type Name = keyof Grammars

/** Commands by name with their canonical values, presets expanded. */
export type Commands = ReadonlyMap<string, string>

export function dynamicMediaRecipe(commands: Commands, crop: CropRecord | null): Recipe {
  const view = viewOf(commands, crop)
  return {
    crops: cropsOf(commands, crop),
    flip: value(commands, 'flip') ?? 'none',
    rotate: value(commands, 'rotate') ?? 0,
    region: value(commands, 'rgn'),
    view,
    focus: focusOf(commands, view),
    background: value(commands, 'bgc') ?? WHITE,
    padding: 'transparent',
    resampling: value(commands, 'resmode') ?? 'sharp2',
    sharpen: value(commands, 'op_sharpen') ?? false,
    unsharp: unsharpOf(commands),
    output: outputOf(
      value(commands, 'fmt') ?? { name: 'jpeg', gray: false, compression: null },
      value(commands, 'qlt') ?? { quality: QUALITY_DEFAULT, fullChroma: false },
    ),
  }
}

/** Null when the command is not there. */
function value<N extends Name>(commands: Commands, name: N): ValueOf<Grammars[N]> | null {
  const text = commands.get(name)
  return text === undefined
    ? null
    : (DYNAMIC_MEDIA_GRAMMARS[name].parse(text) as ValueOf<Grammars[N]> | null)
}

/** A smart crop is what the URL's own crop is cut from. */
function cropsOf(commands: Commands, crop: CropRecord | null): readonly CropArea[] {
  const crops: CropArea[] = crop ? [{ unit: 'share', rect: crop.rect }] : []
  const pixels = value(commands, 'crop')
  const shares = value(commands, 'cropn')
  if (pixels) crops.push({ unit: 'pixel', rect: pixels })
  if (shares) crops.push({ unit: 'share', rect: shares })
  return crops.filter(({ unit, rect }) => unit === 'pixel' || !isWhole(rect))
}

function isWhole({ x, y, width, height }: CropArea['rect']): boolean {
  return x === 0 && y === 0 && width === 1 && height === 1
}

/** Pages "wid", "hei", "scl", "fit" and, without any size, "Image size limits" (the default view). */
function viewOf(commands: Commands, crop: CropRecord | null): View {
  const width = value(commands, 'wid')
  const height = value(commands, 'hei')
  const scl = value(commands, 'scl')
  const sideMax = REPLY_SIDE_MAX
  // `scl` is inverse: 2 halves.
  if (scl !== null) return { kind: 'scale', factor: 1 / scl, width, height, sideMax }
  if (width === null && height === null) return defaultView(crop)
  const fit = value(commands, 'fit') ?? { mode: 'fit', enlarge: true }
  return { kind: 'box', width, height, ...boxOf(fit, width !== null && height !== null), sideMax }
}

function defaultView(crop: CropRecord | null): View {
  const sideMax = REPLY_SIDE_MAX
  if (crop) {
    const { width, height } = crop
    return { kind: 'box', width, height, ...COVERING, enlarge: true, sideMax }
  }
  const side = DEFAULT_VIEW_SIDE
  return { kind: 'box', width: side, height: side, ...INSIDE, enlarge: false, sideMax }
}

const INSIDE = { scale: 'inside', canvas: 'image' } as const
const COVERING = { scale: 'outside', canvas: 'box' } as const

const BOXES: Readonly<Record<Fit['mode'], { scale: BoxScale; canvas: BoxCanvas }>> = {
  fit: { scale: 'inside', canvas: 'box' },
  constrain: INSIDE,
  crop: COVERING,
  wrap: { scale: 'outside', canvas: 'image' },
  stretch: { scale: 'stretch', canvas: 'box' },
  hfit: { scale: 'width', canvas: 'box' },
  vfit: { scale: 'height', canvas: 'box' },
}

/** With one side alone there is nothing to fill, cut or stretch: the other follows from the picture ("wid"). */
function boxOf({ mode, enlarge }: Fit, both: boolean): Pick<View & { kind: 'box' }, BoxMember> {
  return { ...(both ? BOXES[mode] : INSIDE), enlarge }
}
type BoxMember = 'scale' | 'canvas' | 'enlarge'

/** -1 is left or top, 1 right or bottom; without cutting or filling it means nothing. */
function focusOf(commands: Commands, view: View): Focus {
  const align = value(commands, 'align')
  if (!align || (view.kind === 'box' && view.canvas === 'image')) return MIDDLE
  return { kind: 'position', x: (align.x + 1) / 2, y: (align.y + 1) / 2 }
}

function unsharpOf(commands: Commands): Recipe['unsharp'] {
  const unsharp = value(commands, 'op_usm')
  return unsharp && unsharp.amount > 0 ? unsharp : null
}

const TIFF_COMPRESSION = { zip: 'deflate', lzw: 'lzw', jpeg: 'jpeg' } as const

/** What means nothing to a format has one value, so that one picture has one recipe. */
function outputOf({ name, gray, compression }: Format, { quality, fullChroma }: Quality): Output {
  const [base = ''] = name.split('-')
  const lossless = compression === 'lossless'
  const tiffCompression = tiffCompressionOf(compression)
  const format = formatOf(base)
  const lossy =
    !lossless &&
    (format === 'jpeg' || format === 'webp' || format === 'avif' || tiffCompression === 'jpeg')
  return {
    format,
    alpha: name.endsWith('-alpha'),
    gray,
    progressive: base === 'pjpeg',
    palette: base === 'png8',
    lossless,
    tiffCompression,
    quality: lossy ? quality : 100,
    fullChroma: lossy && fullChroma,
  }
}

function tiffCompressionOf(compression: Format['compression']): Output['tiffCompression'] {
  return compression === 'zip' || compression === 'lzw' || compression === 'jpeg'
    ? TIFF_COMPRESSION[compression]
    : 'none'
}

function formatOf(base: string): Exclude<Output['format'], 'original'> {
  switch (base) {
    case 'png':
    case 'png8':
      return 'png'
    case 'webp':
    case 'avif':
    case 'gif':
      return base
    case 'tif':
      return 'tiff'
    default:
      return 'jpeg'
  }
}
