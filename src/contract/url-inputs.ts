import { queryText } from './canonical-query.ts'
import { cloudimageUrl } from './cloudimage.ts'
import { cloudimagePresetCommands, isCloudimagePreset } from './cloudimage-presets.ts'
import { markSubject } from './cloudimage-watermark.ts'
import type { DeliverySettings } from './delivery-settings.ts'
import type { DeliveryUrl } from './delivery-url.ts'
import { keyText } from './keys.ts'
import { parseOriginal } from './original.ts'
import type { PresetsRecord } from './records.ts'
import { expandCommands } from './resolve-recipe.ts'
import { sourceKeyText, urlKeyTexts } from './url-keys.ts'

/** What a project adds to pictures whose URLs do not say so (freshness rule P11). */
export interface ProjectInputs {
  readonly presets: PresetsRecord['presets']
  readonly delivery: Pick<DeliverySettings, 'watermarkImage' | 'missingOriginal' | 'missingImage'>
}

/** Where a watermark is had; null where it names nothing. `source`: as the URL, a preset or the project has it. */
export function watermarkUrl(url: DeliveryUrl, source: string | null): DeliveryUrl | null {
  const subject = source === null ? null : markSubject(source)
  const parsed = subject ? cloudimageUrl(url.project, subject, '') : null
  return parsed?.ok ? { ...parsed.url, cacheSeconds: url.cacheSeconds } : null
}

/** The box of a default image when the URL names no size (Scaleflex, "Default behaviors"). */
const DEFAULT_BOX = 'w=400&h=400&func=bound'

/** What is shown where the original of this URL is missing: only the size of the URL is applied to it. */
export function standInUrl(
  url: DeliveryUrl,
  { missingImage }: Pick<DeliverySettings, 'missingImage'>,
): DeliveryUrl | null {
  const names = {
    project: url.project,
    companies: [],
    tokens: [],
    hosts: [],
    originAliases: {},
  }
  const original = missingImage === null ? null : parseOriginal(missingImage, names)
  if (!original?.ok) return null
  const size = url.modifiers.filter(({ name }) => name === 'w' || name === 'h')
  const query = size.length === 0 ? DEFAULT_BOX : queryText(size)
  const parsed = cloudimageUrl(url.project, original.subject, query)
  return parsed.ok ? parsed.url : null
}

/**
 * Texts of all keys that an answer to this URL may bear, made with what the project has now: also those that only its inputs know.
 * Whether its original is missing nobody knows who has the URL alone.
 */
export function answerKeyTexts(url: DeliveryUrl, inputs: ProjectInputs): readonly string[] {
  const { presets } = expandCommands(url, inputs.presets)
  return [
    ...urlKeyTexts(url),
    ...presets.map((name) => keyText.preset(url.project, name)),
    ...otherUrls(url, inputs).flatMap((other) => urlKeyTexts(other)),
  ]
}

/** Keys of the cached originals that it may be made of: what a purge by URL adds (freshness rule P12). */
export function sourceKeyTexts(url: DeliveryUrl, inputs: ProjectInputs): readonly string[] {
  return [url, ...otherUrls(url, inputs)].map(sourceKeyText)
}

/** Keys of all cached originals that the project may add to any of its pictures: for lists too long to be told apart. */
export function projectSourceKeyTexts(
  project: string,
  { presets, delivery }: ProjectInputs,
): readonly string[] {
  const ofPresets = Object.values(presets).map((text) =>
    isCloudimagePreset(text) ? cloudimagePresetCommands(text).get('wat_url') : undefined,
  )
  const names = [delivery.watermarkImage, shownImage(delivery), ...ofPresets]
  const subjects = names.map((name) => (name ? markSubject(name) : null))
  const sources = subjects.flatMap((subject) => subject && sourceKeyText({ project, subject }))
  return [...new Set(sources)].filter((source) => source !== null)
}

function shownImage({ missingOriginal, missingImage }: ProjectInputs['delivery']): string | null {
  return missingOriginal.startsWith('default-image') ? missingImage : null
}

function otherUrls(url: DeliveryUrl, { presets, delivery }: ProjectInputs): readonly DeliveryUrl[] {
  if (url.dialect !== 'cloudimage') return []
  const expanded = expandCommands(url, presets)
  const commands = expanded.ok ? expanded.commands : null
  const source = commands?.get('wat_url') ?? delivery.watermarkImage
  const mark = commands?.has('wat') === true ? watermarkUrl(url, source) : null
  const standIn = standInUrl(url, { missingImage: shownImage(delivery) })
  return [mark, standIn].filter((other) => other !== null)
}
