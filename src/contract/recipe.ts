import type { AspectRange, Corners, Overlay, Point, Sides } from './cloudimage-values.ts'
import type { Anchor, MarkScale, Padding } from './cloudimage-watermark.ts'
import type { Color } from './color.ts'
import type { Resampling, Unsharp } from './dynamic-media-commands.ts'
import type { Rect } from './value-grammar.ts'

/**
 * What to do to an original, whichever dialect asked for it: plain data, complete, with nothing left to default; an optional part
 * that is absent asks for nothing. Applied in the order of its fields (Dynamic Media's pages "Layer transforms" and "View transform
 * for images").
 */
export interface Recipe {
  /** The original's own bytes: nothing else of the recipe counts. */
  readonly untouched?: true
  /** Takes away a border of one color, in which pixels differ by less than this. */
  readonly trim?: number
  /** Cut at these corners; one that is absent is the picture's own. */
  readonly between?: { readonly topLeft?: Point; readonly bottomRight?: Point }
  /** Cut one after the other, each from what the one before left. What lies outside is transparent. */
  readonly crops: readonly CropArea[]
  readonly flip: FlipDirection
  /** Degrees clockwise, 0 or more and below 360; the corners are transparent. */
  readonly rotate: number
  /** Pixels of what is there by then; what lies outside is transparent. */
  readonly region: Rect | null
  /** Cut as little as brings its proportions, width by height, into this range. */
  readonly aspect?: AspectRange
  readonly view: View
  readonly focus: Focus
  /** What transparent parts are laid on when the format has no alpha; `auto`: the color that most of the original has. */
  readonly background: Color
  /** What a view that is larger than the picture is filled with, when the format has alpha. */
  readonly padding: 'background' | 'transparent'
  /** What a view that is larger than the picture is filled with instead: a copy of the picture. */
  readonly backdrop?: Backdrop
  readonly resampling: Resampling
  readonly sharpen: boolean
  readonly unsharp: Unsharp | null
  /** In the order of the array. */
  readonly filters?: readonly Filter[]
  readonly watermark?: Watermark
  readonly corners?: Corners & {
    /** What lies outside the corners; transparent where the format has alpha when it is null. */
    readonly outside: Color | null
  }
  readonly output: Output
}

export interface Watermark {
  /** `host/path` of an original or the path of an asset; null for the project's own. */
  readonly source: string | null
  readonly anchor: Anchor
  /** Null for the watermark's own size. Never larger than the picture. */
  readonly scale: MarkScale | null
  /** From the sides that it is anchored at. */
  readonly padding: Padding
  readonly opacity: number
}

export interface Backdrop {
  /** Radius in pixels. */
  readonly blur: number
  /** Of the copy, over the background color. */
  readonly opacity: number
  readonly tint: Color | null
  readonly focus: Focus
}

/** Strengths are from -100 to 100, and 0 changes nothing. */
export type Filter =
  | { readonly kind: 'bright' | 'contrast' | 'saturate'; readonly by: number }
  | { readonly kind: 'gray' | 'sepia' | 'invert' }
  | ({ readonly kind: 'overlay' } & Overlay)
  | { readonly kind: 'blur'; readonly radius: number }
  | { readonly kind: 'pixelate'; readonly block: number }
  | { readonly kind: 'sharpen'; readonly percent: number }

export interface CropArea {
  readonly unit: 'pixel' | 'share'
  readonly rect: Rect
}

export const FLIPS = ['none', 'lr', 'ud', 'lrud'] as const
export type FlipDirection = (typeof FLIPS)[number]

export type View =
  /** Scaled by a factor, then cut or filled to a size where one is given. */
  | {
      readonly kind: 'scale'
      readonly factor: number
      readonly width: number | null
      readonly height: number | null
      readonly sideMax: number
    }
  | {
      readonly kind: 'box'
      /** At least one is a number; a null one follows from the picture's proportions. */
      readonly width: number | null
      readonly height: number | null
      readonly scale: BoxScale
      readonly canvas: BoxCanvas
      readonly enlarge: boolean
      /** Neither side of the answer may be longer; more is refused, never clamped. */
      readonly sideMax: number
      /** Pixels of the box that stay free of the picture at each side. */
      readonly margin?: Sides
    }

/**
 * `inside`: as large as fits; `outside`: as small as covers; `stretch`: each axis by itself; `width`, `height`: that axis
 * fits; `by-size`: outside where the picture covers the box unenlarged, else inside.
 */
export type BoxScale = 'inside' | 'outside' | 'stretch' | 'width' | 'height' | 'by-size'

/** `box`: exactly the box, cut and filled; `image`: the scaled picture; `trim`: cut to the box, never filled. */
export type BoxCanvas = 'box' | 'image' | 'trim'

/** Which part stays when something is cut, and where the picture lies when something is filled. */
export type Focus =
  /** Of the room to spare: 0,0 is top left, 0.5,0.5 the middle. */
  | { readonly kind: 'position'; readonly x: number; readonly y: number }
  /** A point of the upright original that should come to lie in the middle. */
  | {
      readonly kind: 'point'
      readonly unit: 'pixel' | 'share'
      readonly x: number
      readonly y: number
    }
  /** Where the picture is most interesting. */
  | { readonly kind: 'auto' }

export const MIDDLE: Focus = { kind: 'position', x: 0.5, y: 0.5 }

export interface Output {
  /** `original`: the original's own where browsers show it, else JPEG. */
  readonly format: 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff' | 'original'
  readonly alpha: boolean
  readonly gray: boolean
  readonly progressive: boolean
  /** At most 256 colors (PNG). */
  readonly palette: boolean
  readonly lossless: boolean
  readonly tiffCompression: 'none' | 'lzw' | 'deflate' | 'jpeg'
  /** 1 to 100, on the scale of JPEG; means nothing to lossless formats. */
  readonly quality: number
  readonly fullChroma: boolean
}

/** The same for the same meaning: names the recipe in ETags and cache keys. */
export function recipeText(recipe: Recipe): string {
  return JSON.stringify(ordered(recipe))
}

/** Members in the order of their names, so that how a recipe was built does not show. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([name, member]) => [name, ordered(member)]))
}
