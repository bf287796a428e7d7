import type { Canonical, QueryDialect } from './canonical-query.ts'
import { canonicalModifiers, splitQuery } from './canonical-query.ts'
import { deliveryUrl } from './canonical-target.ts'
import {
  CLOUDIMAGE_DEFAULTS,
  CLOUDIMAGE_GRAMMARS,
  CLOUDIMAGE_SIDE_MAX,
  CLOUDIMAGE_SYNONYMS,
} from './cloudimage-commands.ts'
import { withFiltersApart } from './cloudimage-filters.ts'
import { withMarkNamed } from './cloudimage-watermark.ts'
import type { DeliverySubject, Modifier, ParsedDelivery } from './delivery-url.ts'
import { parseOriginal } from './original.ts'
import { percentDecode } from './percent.ts'
import type { ProjectNames } from './records.ts'
import { withinSizeRule } from './sizes.ts'
import type { SizeRule } from './sizes.ts'

/** Delivery URLs as Cloudimage writes them: `/[v7/]<original>?<operations>` (its page "URL implementation"). */

export const CLOUDIMAGE_QUERY: QueryDialect = {
  grammars: CLOUDIMAGE_GRAMMARS,
  synonyms: CLOUDIMAGE_SYNONYMS,
  defaults: CLOUDIMAGE_DEFAULTS,
  slots: {},
  presets: false,
}

/** `path` as received, without what named the project. */
export function parseCloudimage(path: string, query: string, names: ProjectNames): ParsedDelivery {
  const text = originalText(path, query)
  if (text === null) return refusedPath('The path is not percent-encoded UTF-8')
  const original = parseOriginal(text, names)
  if (!original.ok) return refusedPath(original.reason)
  return cloudimageUrl(names.project, original.subject, withMarkNamed(query, names), names.sizes)
}

export function cloudimageUrl(
  project: string,
  subject: DeliverySubject,
  query: string,
  sizes?: SizeRule,
): ParsedDelivery {
  const typed = canonicalModifiers(withFiltersApart(query), CLOUDIMAGE_QUERY)
  const canonical = withinSizeRule(withoutIdle(typed), sizes, CLOUDIMAGE_SIDE_MAX)
  if (!canonical.ok) return canonical
  const { modifiers } = canonical
  const formats = valueOf(modifiers, 'force_format')?.split(',') ?? []
  const preset = valueOf(modifiers, 'p')
  return {
    ok: true,
    url: deliveryUrl({
      dialect: 'cloudimage',
      project,
      subject,
      modifiers: modifiers.filter(({ name }) => !LIFETIMES.has(name)),
      asks: { kind: 'bytes' },
      versionToken: valueOf(modifiers, 'vh') || null,
      cacheSeconds: numberOf(valueOf(modifiers, 'ci_cache')),
      negotiates: formats.length > 1 ? formats : [],
      presets: preset === null ? [] : [preset],
    }),
  }
}

/** What says how long an answer lives, and nothing about the picture. */
const LIFETIMES: ReadonlySet<string> = new Set(['vh', 'ci_cache'])

/**
 * Operations that others leave nothing to do for are none: all of them beside `func=proxy`, a pixel ratio once the sides are
 * multiplied by it (so that a rule for sizes sees the pixels), an aspect ratio beside both sides, how a watermark lies where there is
 * none. A preset may change what is idle.
 */
function withoutIdle(canonical: Canonical): Canonical {
  if (!canonical.ok) return canonical
  const { modifiers } = canonical
  if (valueOf(modifiers, 'func') === 'proxy') {
    return { ok: true, modifiers: modifiers.filter(isProxyOr(LIFETIMES)) }
  }
  if (valueOf(modifiers, 'p') !== null) {
    return { ok: true, modifiers: modifiers.map(inRatioSteps).filter(saysSomething) }
  }
  const ratio = Number(valueOf(modifiers, 'dpr') ?? 1)
  const marked = valueOf(modifiers, 'wat') !== null
  const both = valueOf(modifiers, 'w') !== null && valueOf(modifiers, 'h') !== null
  const kept: Modifier[] = []
  for (const modifier of modifiers) {
    const { name } = modifier
    if (name === 'dpr' || (both && name === 'aspect_ratio')) continue
    if (!marked && name.startsWith('wat_')) continue
    if (modifier.kind === 'preset' || (name !== 'w' && name !== 'h')) {
      kept.push(modifier)
      continue
    }
    const side = Math.max(1, Math.round(Number(modifier.value) * ratio))
    if (side > CLOUDIMAGE_SIDE_MAX) return tooLarge(name, side)
    kept.push({ ...modifier, value: String(side) })
  }
  return { ok: true, modifiers: kept }
}

/** A preset's sides meet no rule for sizes: at least they are not made in hundreds of pixel ratios. */
const RATIO_STEPS = 4

function inRatioSteps(modifier: Modifier): Modifier {
  if (modifier.kind === 'preset' || modifier.name !== 'dpr') return modifier
  return {
    ...modifier,
    value: String(Math.ceil(Number(modifier.value) * RATIO_STEPS) / RATIO_STEPS),
  }
}

function saysSomething(modifier: Modifier): boolean {
  return modifier.kind === 'preset' || modifier.name !== 'dpr' || modifier.value !== '1'
}

function isProxyOr(names: ReadonlySet<string>): (modifier: Modifier) => boolean {
  return ({ name }) => name === 'func' || names.has(name)
}

function tooLarge(name: string, side: number): Canonical {
  const reason = `dpr makes ${name} ${side} pixels, and at most ${CLOUDIMAGE_SIDE_MAX} are made`
  return { ok: false, problem: { status: 400, parameter: 'dpr', reason } }
}

/**
 * With `ci_url_encoded=1` the original is percent-encoded as a whole, so that its own query is part of it; an encoded
 * scheme can mean nothing else.
 */
function originalText(path: string, query: string): string | null {
  const text = path.replace(/^\/+/, '').replace(/^v7(?:\/+|$)/, '')
  const encoded = splitQuery(query).findLast(({ name }) => name.toLowerCase() === 'ci_url_encoded')
  return encoded?.value === '1' || /^https?%3a/i.test(text) ? percentDecode(text) : text
}

function valueOf(modifiers: readonly Modifier[], wanted: string): string | null {
  const found = modifiers.find(({ name }) => name === wanted)
  return found?.kind === 'command' ? found.value : null
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text)
}

function refusedPath(reason: string): ParsedDelivery {
  return { ok: false, problem: { status: 400, parameter: null, reason } }
}
