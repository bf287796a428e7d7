import type { Asked } from './delivery-url.ts'
import type { Output, Recipe } from './recipe.ts'

/**
 * Answers to `req=props`, `req=imageprops` and `req=exists` (Dynamic Media's pages "req" and "Properties"): names and values,
 * as Java properties or as JSON in a function call.
 */
export type Properties = Readonly<Record<string, string>>

export interface PropertiesAnswer {
  readonly mediaType: string
  readonly body: string
}

export interface PropertiesInputs {
  readonly asks: Asked & { readonly kind: 'properties' }
  readonly properties: Properties
  /** When what they tell of was last modified: not now, so that equal answers have equal bytes. Milliseconds. */
  readonly modifiedAtMs: number
}

export function propertiesAnswer(inputs: PropertiesInputs): PropertiesAnswer {
  const { asks, properties, modifiedAtMs } = inputs
  const entries = Object.entries(properties).sort(([one], [other]) => (one < other ? -1 : 1))
  if (asks.as === 'json') {
    const args = `${scriptJson(Object.fromEntries(entries))},${scriptJson(asks.id)}`
    return {
      mediaType: 'text/javascript; charset=utf-8',
      body: `/*jsonp*/${asks.handler}(${args});`,
    }
  }
  const lines = entries.map(([name, value]) => `${name}=${javaEscaped(value)}`)
  return {
    mediaType: 'text/plain; charset=utf-8',
    body: ['#S7Z OK', `#${javaDate(modifiedAtMs)}`, ...lines, ''].join('\n'),
  }
}

/** Without what would end a script element or, before ES2019, a string literal. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<\u2028\u2029]/g, unicodeEscape)
}

/** As `java.util.Properties` reads it: one line, ASCII. */
function javaEscaped(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll(/[^\u0020-\u007e]/g, unicodeEscape)
    .replace(/^ /, String.raw`\ `)
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** `Fri Nov 20 04:13:01 UTC 2026`, as Java writes dates. */
function javaDate(ms: number): string {
  const [weekday, day, month, year, time] = new Date(ms).toUTCString().replace(',', '').split(' ')
  return `${weekday} ${month} ${day} ${time} UTC ${year}`
}

export function existsProperties(exists: boolean): Properties {
  return { 'catalogRecord.exists': exists ? '1' : '0' }
}

export interface OriginalFacts {
  readonly width: number
  readonly height: number
  readonly alpha: boolean
  /** libvips' name of the color space. */
  readonly space: string
  readonly icc: boolean
  /** What `id=` may carry to name these bytes. */
  readonly version: string
  readonly modifiedAtMs: number
}

/** Of the original, whatever else the request says. */
export function imageProperties(facts: OriginalFacts): Properties {
  return {
    'image.width': String(facts.width),
    'image.height': String(facts.height),
    'image.pixTyp': pixelType(facts.space),
    'image.mask': facts.alpha ? '1' : '0',
    'image.iccProfile': facts.icc ? 'embedded' : '',
    'image.timeStamp': String(facts.modifiedAtMs),
    'image.version': facts.version,
  }
}

function pixelType(space: string): string {
  if (space === 'cmyk') return 'CMYK'
  return space === 'b-w' || space === 'grey16' ? 'GRAY' : 'RGB'
}

export interface ReplyFacts {
  readonly recipe: Recipe
  readonly width: number
  readonly height: number
  /** Of the encoded reply. */
  readonly bytes: number
  readonly mediaType: string
  readonly version: string
}

/** Of the reply that the request without `req=` gets. */
export function replyProperties(facts: ReplyFacts): Properties {
  const { recipe, width, height, bytes, mediaType, version } = facts
  return {
    'image.width': String(width),
    'image.height': String(height),
    'image.length': String(bytes),
    'image.type': mediaType,
    'image.pixTyp': recipe.output.gray ? 'GRAY' : 'RGB',
    'image.mask': recipe.output.alpha ? '1' : '0',
    'image.quality': qualityText(recipe.output),
    'image.bgc': recipe.background,
    'image.iccEmbed': '0',
    'image.version': version,
  }
}

function qualityText({ quality, fullChroma }: Output): string {
  return `${quality},${fullChroma ? '1' : '0'}`
}

export interface ContentFacts {
  readonly path: string
  readonly bytes: number
  readonly expirationSeconds: number
  readonly modifiedAtMs: number
  readonly mediaType: string
}

/** Of a file that is delivered as it is. */
export function contentProperties(facts: ContentFacts): Properties {
  return {
    path: facts.path,
    length: String(facts.bytes),
    expiration: String(facts.expirationSeconds),
    lastModified: String(facts.modifiedAtMs),
    userType: facts.mediaType,
  }
}
