import type { QueryDialect } from './canonical-query.ts'
import { canonicalModifiers, splitQuery } from './canonical-query.ts'
import { deliveryUrl } from './canonical-target.ts'
import {
  CLOUDIMAGE_DEFAULTS,
  CLOUDIMAGE_GRAMMARS,
  CLOUDIMAGE_SIDE_MAX,
  CLOUDIMAGE_SYNONYMS,
} from './cloudimage-commands.ts'
import type { DeliverySubject, Modifier, ParsedDelivery } from './delivery-url.ts'
import { parseOriginal } from './original.ts'
import { percentDecode } from './percent.ts'
import type { ProjectNames } from './records.ts'
import { withinSizeRule } from './sizes.ts'
import type { SizeRule } from './sizes.ts'

/** Delivery URLs as Cloudimage writes them: `/[v7/]<original>?<operations>` (its page "URL implementation"). */

const QUERY: QueryDialect = {
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
  return cloudimageUrl(names.project, original.subject, query, names.sizes)
}

export function cloudimageUrl(
  project: string,
  subject: DeliverySubject,
  query: string,
  sizes?: SizeRule,
): ParsedDelivery {
  const canonical = withinSizeRule(canonicalModifiers(query, QUERY), sizes, CLOUDIMAGE_SIDE_MAX)
  if (!canonical.ok) return canonical
  const { modifiers } = canonical
  const formats = valueOf(modifiers, 'force_format')?.split(',') ?? []
  return {
    ok: true,
    url: deliveryUrl({
      dialect: 'cloudimage',
      project,
      subject,
      modifiers: modifiers.filter(({ name }) => name !== 'vh' && name !== 'ci_cache'),
      asks: { kind: 'bytes' },
      versionToken: valueOf(modifiers, 'vh') || null,
      cacheSeconds: numberOf(valueOf(modifiers, 'ci_cache')),
      negotiates: formats.length > 1 ? formats : [],
    }),
  }
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
