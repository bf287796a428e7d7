import { canonicalModifiers, splitQuery } from './canonical-query.ts'
import type { QueryDialect } from './canonical-query.ts'
import { cloudimagePresetProblem, isCloudimagePreset } from './cloudimage-presets.ts'
import { problemText } from './delivery-url.ts'
import type { DeliveryProblem, Modifier } from './delivery-url.ts'
import { IMAGE_QUERY, REQUEST_COMMANDS } from './dynamic-media.ts'
import { HARMLESS_LAYERS, UNSUPPORTED_COMMANDS } from './dynamic-media-commands.ts'
import type { PresetsRecord } from './records.ts'
import { ownValue } from './value-grammar.ts'

/** Presets are macros: text that stands where it is used (Dynamic Media's page "Command macros"). */

export type ExpandedPresets =
  | {
      readonly ok: true
      /** The winning command values by name. */
      readonly commands: ReadonlyMap<string, string>
      /** All presets that took part, those inside others included. */
      readonly presets: readonly string[]
    }
  /** The same here: what is wrong may be wrong in the last of them. */
  | {
      readonly ok: false
      readonly problem: DeliveryProblem
      readonly presets: readonly string[]
    }

/** A preset may use others; deeper than this it is taken for a circle. */
const PRESET_DEPTH_MAX = 4
/** Over all uses: doubling at each depth must not pay. */
const PRESET_USES_MAX = 64

/** A default in a preset counts: it overrides the commands before the preset. */
const PRESET_QUERY: QueryDialect = { ...IMAGE_QUERY, defaults: {} }

/** The modifiers of a preset's text, or what is wrong with them; for whoever stores presets too. */
export function presetModifiers(text: string) {
  return canonicalModifiers(text.replace(/^\?/, ''), PRESET_QUERY)
}

/** What is wrong with a preset's text, in a sentence that names the modifier; null when it can be saved. */
export function presetProblem(text: string): string | null {
  if (isCloudimagePreset(text)) return cloudimagePresetProblem(text)
  const refused = splitQuery(text.replace(/^\?/, '')).find(
    ({ name, value }) =>
      UNSUPPORTED_COMMANDS.has(name.toLowerCase()) &&
      !(name.toLowerCase() === 'layer' && HARMLESS_LAYERS.has(value ?? '')),
  )
  if (refused) return `${refused.name} is not supported.`
  const parsed = presetModifiers(text)
  return parsed.ok ? null : `${problemText(parsed.problem)}.`
}

export function expandPresets(
  modifiers: readonly Modifier[],
  presets: PresetsRecord['presets'],
): ExpandedPresets {
  const commands = new Map<string, string>()
  const used: string[] = []

  function apply(list: readonly Modifier[], depth: number): DeliveryProblem | null {
    for (const modifier of list) {
      if (modifier.kind === 'command') {
        setCommand(commands, modifier.name, modifier.value)
        continue
      }
      used.push(modifier.name)
      if (depth >= PRESET_DEPTH_MAX || used.length > PRESET_USES_MAX) {
        return useProblem(modifier.name, 400, 'uses too many other presets')
      }
      const found = modifiersOf(modifier.name, presets)
      const problem = 'status' in found ? found : apply(found, depth + 1)
      if (problem) return problem
    }
    return null
  }

  const problem = apply(modifiers, 0)
  const named = [...new Set(used)]
  return problem ? { ok: false, problem, presets: named } : { ok: true, commands, presets: named }
}

function modifiersOf(
  name: string,
  presets: PresetsRecord['presets'],
): readonly Modifier[] | DeliveryProblem {
  const text = ownValue(presets, name)
  if (text === null) return useProblem(name, 404, 'does not exist')
  const parsed = presetModifiers(text)
  if (!parsed.ok) return useProblem(name, 400, `is wrong: ${parsed.problem.reason}`)
  // What is asked for is the URL's to say: an edge decides by it without knowing presets.
  return parsed.modifiers.filter(
    (modifier) => modifier.kind === 'preset' || !REQUEST_COMMANDS.has(modifier.name),
  )
}

function setCommand(commands: Map<string, string>, name: string, value: string): void {
  const slot = ownValue(IMAGE_QUERY.slots, name)
  for (const other of Object.keys(slot === null ? {} : IMAGE_QUERY.slots)) {
    if (ownValue(IMAGE_QUERY.slots, other) === slot) commands.delete(other)
  }
  commands.set(name, value)
}

function useProblem(name: string, status: 400 | 404, what: string): DeliveryProblem {
  return { status, parameter: `$${name}$`, reason: `The preset $${name}$ ${what}` }
}
