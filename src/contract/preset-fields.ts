import { splitQuery } from './canonical-query.ts'
import { DYNAMIC_MEDIA_GRAMMARS } from './dynamic-media-commands.ts'
import type { Resampling, Unsharp } from './dynamic-media-commands.ts'

/**
 * An image preset as fields and as text (Adobe, "Managing image presets"): both say the same, and what has no field is kept as
 * it was typed. Null is: not said by the preset.
 */
export interface PresetFields {
  readonly width: number | null
  readonly height: number | null
  /** As in `fmt`: `jpeg`, `png-alpha`, `tif,,lzw`. */
  readonly format: string | null
  readonly quality: number | null
  /** Of JPEG: color is kept in full. Only with a quality. */
  readonly fullChroma: boolean
  readonly resampling: Resampling | null
  /** The simple sharpening after scaling. */
  readonly sharpen: boolean | null
  readonly unsharp: Unsharp | null
  /** All other modifiers, and those whose value is none: `fit=constrain,1&bgc=ffffff`. */
  readonly others: string
}

export const NO_FIELDS: PresetFields = {
  width: null,
  height: null,
  format: null,
  quality: null,
  fullChroma: false,
  resampling: null,
  sharpen: null,
  unsharp: null,
  others: '',
}

const {
  wid,
  hei,
  fmt,
  qlt,
  resmode,
  op_sharpen: sharpening,
  op_usm: masking,
} = DYNAMIC_MEDIA_GRAMMARS

/** What one modifier says; null when it has no field, or says nothing that a field could show. */
function fieldOf(name: string, value: string): Partial<PresetFields> | null {
  switch (name) {
    case 'wid':
      return said('width', wid.parse(value))
    case 'hei':
      return said('height', hei.parse(value))
    case 'fmt': {
      const format = fmt.parse(value)
      return format && { format: fmt.text(format) }
    }
    case 'qlt':
      return qlt.parse(value)
    case 'resmode':
      return said('resampling', resmode.parse(value))
    case 'op_sharpen':
      return said('sharpen', sharpening.parse(value))
    case 'op_usm': {
      const unsharp = masking.parse(value)
      return unsharp && { unsharp }
    }
    default:
      return null
  }
}

function said<Name extends keyof PresetFields>(
  name: Name,
  value: PresetFields[Name],
): Partial<PresetFields> | null {
  return value === null ? null : { [name]: value }
}

/** The same command twice: the last one counts, as at delivery. */
export function presetFields(text: string): PresetFields {
  const parts = text
    .replace(/^\?/, '')
    .split('&')
    .filter((part) => part.trim() !== '')
  let fields = NO_FIELDS
  const others: string[] = []
  for (const part of parts) {
    const [{ name, value } = { name: '', value: null }] = splitQuery(part)
    const found = value === null ? null : fieldOf(name.toLowerCase(), value)
    if (found) fields = { ...fields, ...found }
    else others.push(part)
  }
  return { ...fields, others: others.join('&') }
}

export function presetText(fields: PresetFields): string {
  const { width, height, format, quality, fullChroma, resampling, sharpen, unsharp } = fields
  const parts = [
    ...(width === null ? [] : [`wid=${width}`]),
    ...(height === null ? [] : [`hei=${height}`]),
    ...(format === null ? [] : [`fmt=${format}`]),
    ...(quality === null ? [] : [`qlt=${qlt.text({ quality, fullChroma })}`]),
    ...(resampling === null ? [] : [`resMode=${resampling}`]),
    ...(sharpen === null ? [] : [`op_sharpen=${sharpen ? 1 : 0}`]),
    ...(unsharp === null ? [] : [`op_usm=${masking.text(unsharp)}`]),
    fields.others,
  ]
  return parts.filter((part) => part !== '').join('&')
}
