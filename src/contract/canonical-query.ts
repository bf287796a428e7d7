import type { DeliveryProblem, Modifier } from './delivery-url.ts'
import { encodeValue, hasControl, percentDecode } from './percent.ts'
import type { Grammar } from './value-grammar.ts'
import { ownValue } from './value-grammar.ts'

/**
 * From the query of a delivery URL to the shortest list of modifiers that means the same, and from there to text. Order
 * matters only around presets: one overrides the commands before it and is overridden by those after it (Dynamic Media's
 * page "Command macros"); so the list is cut at presets, and each piece is sorted.
 */

/** What a dialect understands. Names are in lower case. */
export interface QueryDialect {
  readonly grammars: Readonly<Record<string, Grammar<unknown>>>
  readonly synonyms: Readonly<Record<string, string>>
  /** Canonical texts that mean the same as absence. */
  readonly defaults: Readonly<Record<string, string>>
  /** Two names of one thing, of which the later wins: `crop` and `cropN`. */
  readonly slots: Readonly<Record<string, string>>
  readonly presets: boolean
}

/** A parameter that means something, as it was typed. */
export interface QueryItem {
  readonly modifier: Modifier
  readonly typed: string
}

export type Canonical =
  | { readonly ok: true; readonly modifiers: readonly Modifier[] }
  | { readonly ok: false; readonly problem: DeliveryProblem }

const PRESET = /^\$([^$]+)\$$/

/**
 * Split, then decoded (Dynamic Media's page "HTTP encoding"). Null values are undecodable. A name that cannot be decoded
 * is nobody's parameter, and so ignored like any unknown one.
 */
export function splitQuery(query: string): readonly { name: string; value: string | null }[] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=')
      const name = percentDecode(equals < 0 ? part : part.slice(0, equals)) ?? ''
      return { name, value: equals < 0 ? '' : percentDecode(part.slice(equals + 1)) }
    })
}

export function canonicalModifiers(query: string, dialect: QueryDialect): Canonical {
  const winners = withoutOverridden(meaningfulItems(query, dialect), dialect)
  const modifiers: Modifier[] = []
  for (const { modifier, typed } of winners) {
    const checked = checkedModifier(modifier, typed, dialect)
    if ('reason' in checked) return { ok: false, problem: checked }
    modifiers.push(checked)
  }
  return { ok: true, modifiers: sortedBetweenPresets(withoutDefaults(modifiers, dialect)) }
}

function meaningfulItems(query: string, dialect: QueryDialect): readonly QueryItem[] {
  const items: QueryItem[] = []
  for (const { name: typed, value } of splitQuery(query)) {
    const preset = dialect.presets ? PRESET.exec(typed)?.[1] : undefined
    if (preset !== undefined) {
      items.push({ modifier: { kind: 'preset', name: preset.toLowerCase() }, typed })
      continue
    }
    const lower = typed.toLowerCase()
    const name = ownValue(dialect.synonyms, lower) ?? lower
    if (!Object.hasOwn(dialect.grammars, name)) continue
    items.push({ modifier: { kind: 'command', name, value: value ?? UNDECODABLE }, typed })
  }
  return items
}

/** Stands for bytes that are not UTF-8; no value may hold a control character, so it is refused by name. */
const UNDECODABLE = '\u0000'

/** Same command twice: the last wins; same preset twice: the later use overrides all that the earlier did. */
function withoutOverridden(
  items: readonly QueryItem[],
  dialect: QueryDialect,
): readonly QueryItem[] {
  const seen = new Set<string>()
  return items
    .toReversed()
    .filter(({ modifier: { kind, name } }) => {
      const slot = `${kind} ${kind === 'command' ? (ownValue(dialect.slots, name) ?? name) : name}`
      const first = !seen.has(slot)
      seen.add(slot)
      return first
    })
    .toReversed()
}

function checkedModifier(
  modifier: Modifier,
  typed: string,
  dialect: QueryDialect,
): Modifier | DeliveryProblem {
  if (modifier.kind === 'preset') {
    if (!hasControl(modifier.name)) return modifier
    return { status: 400, parameter: 'preset', reason: 'A preset name holds no control characters' }
  }
  const grammar = dialect.grammars[modifier.name]!
  const parsed = hasControl(modifier.value) ? null : grammar.parse(modifier.value)
  if (parsed === null) {
    return { status: 400, parameter: typed, reason: `${typed} must be ${grammar.expected}` }
  }
  return { ...modifier, value: grammar.text(parsed) }
}

/** Only before the first preset does a default mean the same as absence: behind one it may undo what the preset says. */
function withoutDefaults(
  modifiers: readonly Modifier[],
  dialect: QueryDialect,
): readonly Modifier[] {
  const firstPreset = modifiers.findIndex(({ kind }) => kind === 'preset')
  return modifiers.filter(
    (modifier, at) =>
      modifier.kind === 'preset' ||
      (firstPreset >= 0 && at > firstPreset) ||
      ownValue(dialect.defaults, modifier.name) !== modifier.value,
  )
}

function sortedBetweenPresets(modifiers: readonly Modifier[]): readonly Modifier[] {
  const sorted: Modifier[] = []
  let piece: Modifier[] = []
  for (const modifier of modifiers) {
    if (modifier.kind === 'command') {
      piece.push(modifier)
      continue
    }
    sorted.push(...piece.sort(byName), modifier)
    piece = []
  }
  return [...sorted, ...piece.sort(byName)]
}

/** By code unit, so that no locale makes another key. */
function byName(one: Modifier, other: Modifier): number {
  return one.name < other.name ? -1 : 1
}

/** Without a leading `?`; empty for no modifiers. */
export function queryText(modifiers: readonly Modifier[]): string {
  return modifiers
    .map((modifier) =>
      modifier.kind === 'preset'
        ? `$${encodeValue(modifier.name)}$`
        : `${modifier.name}=${encodeValue(modifier.value)}`,
    )
    .join('&')
}

export function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`
}
