import { cloudimageCommands } from './cloudimage-presets.ts'
import { cloudimageRecipe } from './cloudimage-recipe.ts'
import type { DeliveryProblem, DeliveryUrl } from './delivery-url.ts'
import { dynamicMediaRecipe } from './dynamic-media-recipe.ts'
import { fallbackFormat } from './negotiate-format.ts'
import { expandPresets } from './presets.ts'
import type { ExpandedPresets } from './presets.ts'
import type { Recipe } from './recipe.ts'
import type { CropRecord, PresetsRecord } from './records.ts'

/** What a recipe depends on besides the URL. */
export interface RecipeInputs {
  /** By name in lower case. */
  readonly presets: PresetsRecord['presets']
  /** The asset's crop of the name in the URL; null when the URL names none or the asset has none of it. */
  readonly crop: CropRecord | null
  /** What `negotiateFormat` chose; null for a URL that fixes its format. */
  readonly format: string | null
}

/** With every preset that took part, also those used by presets: each is a key of the answer, a refusal too (freshness rule P11). */
export type ResolvedRecipe = { readonly presets: readonly string[] } & (
  | { readonly ok: true; readonly recipe: Recipe }
  | { readonly ok: false; readonly problem: DeliveryProblem }
)

/** From a URL and the records that it names to a recipe. */
export function resolveRecipe(url: DeliveryUrl, inputs: RecipeInputs): ResolvedRecipe {
  const { subject } = url
  if (subject.kind === 'image' && subject.crop !== null && inputs.crop === null) {
    return { ok: false, problem: unknownCrop(subject.asset, subject.crop), presets: [] }
  }
  const expanded = expandCommands(url, inputs.presets)
  if (!expanded.ok) return expanded
  const recipe =
    url.dialect === 'dynamic-media'
      ? dynamicMediaRecipe(expanded.commands, inputs.crop)
      : cloudimageRecipe(expanded.commands, inputs.format ?? fallbackFormat(url))
  return { ok: true, recipe, presets: expanded.presets }
}

/** A URL's commands with those of its presets. */
export function expandCommands(
  { dialect, modifiers }: DeliveryUrl,
  presets: PresetsRecord['presets'],
): ExpandedPresets {
  return dialect === 'dynamic-media'
    ? expandPresets(modifiers, presets)
    : cloudimageCommands(modifiers, presets)
}

function unknownCrop(asset: string, crop: string): DeliveryProblem {
  return { status: 404, parameter: `:${crop}`, reason: `The asset ${asset} has no crop ${crop}` }
}
