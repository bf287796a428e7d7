import { canonicalModifiers, splitQuery } from './canonical-query.ts'
import { CLOUDIMAGE_GRAMMARS, CLOUDIMAGE_SYNONYMS } from './cloudimage-commands.ts'
import { withFiltersApart } from './cloudimage-filters.ts'
import { CLOUDIMAGE_QUERY } from './cloudimage.ts'
import { problemText } from './delivery-url.ts'
import type { Modifier } from './delivery-url.ts'
import { DYNAMIC_MEDIA_GRAMMARS } from './dynamic-media-commands.ts'
import { fallbackOf } from './negotiate-format.ts'
import type { ExpandedPresets } from './presets.ts'
import type { PresetsRecord } from './records.ts'
import { ownValue } from './value-grammar.ts'

/**
 * Presets in Cloudimage's words: `p=name`. What a preset says cannot be overridden in the URL ("Custom transformation presets"), and
 * presets do not hold others.
 */

/** What is the URL's to say: an edge reads it without knowing presets. */
const OF_THE_URL: ReadonlySet<string> = new Set(['p', 'vh', 'ci_cache'])

/** A default in a preset counts, because it overrides the URL. */
const PRESET_QUERY = { ...CLOUDIMAGE_QUERY, defaults: {} }

/** Both dialects share the presets of a project: each is written in the words of one of them. */
export function isCloudimagePreset(text: string): boolean {
  const names = splitQuery(withFiltersApart(bare(text))).map(({ name }) => name.toLowerCase())
  const known = names.filter((name) => isOperation(name) && !isCommand(name))
  return known.length > 0 && !names.some((name) => isCommand(name) && !isOperation(name))
}

function isOperation(name: string): boolean {
  return Object.hasOwn(CLOUDIMAGE_GRAMMARS, ownValue(CLOUDIMAGE_SYNONYMS, name) ?? name)
}

function isCommand(name: string): boolean {
  return Object.hasOwn(DYNAMIC_MEDIA_GRAMMARS, name)
}

/** What is wrong with it, in a sentence that names the operation; null when it can be saved. */
export function cloudimagePresetProblem(text: string): string | null {
  const parsed = modifiersOf(text)
  return parsed.ok ? null : `${problemText(parsed.problem)}.`
}

/** Its operations; none of one that is wrong. */
export function cloudimagePresetCommands(text: string): ReadonlyMap<string, string> {
  const parsed = modifiersOf(text)
  return commandsOf(parsed.ok ? parsed.modifiers : [])
}

function modifiersOf(text: string) {
  return canonicalModifiers(withFiltersApart(bare(text)), PRESET_QUERY)
}

function bare(text: string): string {
  return text.replace(/^\?/, '')
}

/** What a URL asks for, the operations of its preset before its own. */
export function cloudimageCommands(
  modifiers: readonly Modifier[],
  presets: PresetsRecord['presets'],
): ExpandedPresets {
  const commands = commandsOf(modifiers)
  const name = commands.get('p')
  commands.delete('p')
  if (name === undefined) return { ok: true, commands, presets: [] }
  const text = ownValue(presets, name)
  if (text === null) return refused(name, 404, `The preset ${name} does not exist`)
  if (!isCloudimagePreset(text)) {
    return refused(name, 400, `The preset ${name} holds no operations of Cloudimage`)
  }
  const parsed = modifiersOf(text)
  if (!parsed.ok) return refused(name, 400, `The preset ${name} is wrong: ${parsed.problem.reason}`)
  for (const [operation, value] of commandsOf(parsed.modifiers)) {
    if (OF_THE_URL.has(operation)) continue
    commands.set(operation, operation === 'force_format' ? fixedFormat(value) : value)
  }
  return { ok: true, commands, presets: [name] }
}

function commandsOf(modifiers: readonly Modifier[]): Map<string, string> {
  return new Map(
    modifiers.flatMap((modifier) =>
      modifier.kind === 'command' ? [[modifier.name, modifier.value] as const] : [],
    ),
  )
}

/** Only a URL's own list is negotiated; of a preset's the format that everybody can show. */
function fixedFormat(formats: string): string {
  return fallbackOf(formats.split(',')) ?? formats
}

function refused(preset: string, status: 400 | 404, reason: string): ExpandedPresets {
  return { ok: false, problem: { status, parameter: 'p', reason }, presets: [preset] }
}
