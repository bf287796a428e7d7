import type { Canonical } from './canonical-query.ts'

/** Which sizes the URLs of a project may ask for, so that a picture cannot be asked for in thousands of them. */
export interface SizeRule {
  /** Rounds up to a multiple of this many pixels. */
  readonly step: number | null
  /** The only sizes there are; empty: any. */
  readonly allowed: readonly number[]
}

/** The commands whose values are pixels of the answer. */
const SIZE_COMMANDS: ReadonlySet<string> = new Set(['w', 'h', 'wid', 'hei'])
/** More than anybody reads in a message. */
const SIZES_SHOWN_MAX = 20

/**
 * Sizes as the project delivers them. Width and height are each rounded for themselves: rounding one and following with the
 * other would leave as many renditions as there are values of the other. `max`: what the dialect takes at most.
 */
export function withinSizeRule(
  canonical: Canonical,
  rule: SizeRule | undefined,
  max: number,
): Canonical {
  if (!canonical.ok || !rule) return canonical
  const { step, allowed } = rule
  for (const { kind, name, ...rest } of canonical.modifiers) {
    if (kind !== 'command' || !SIZE_COMMANDS.has(name) || allowed.length === 0) continue
    if ('value' in rest && allowed.includes(Number(rest.value))) continue
    const shown = allowed.slice(0, SIZES_SHOWN_MAX).join(', ')
    const reason = `${name} must be a size that this project delivers: ${shown}${allowed.length > SIZES_SHOWN_MAX ? ' …' : ''}`
    return { ok: false, problem: { status: 400, parameter: name, reason } }
  }
  if (step === null) return canonical
  const modifiers = canonical.modifiers.map((modifier) =>
    modifier.kind === 'command' && SIZE_COMMANDS.has(modifier.name)
      ? { ...modifier, value: String(roundedUp(Number(modifier.value), step, max)) }
      : modifier,
  )
  return { ok: true, modifiers }
}

function roundedUp(pixels: number, step: number, max: number): number {
  return Math.min(max, Math.ceil(pixels / step) * step)
}
