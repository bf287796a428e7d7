import { parseOriginal } from '../contract/original.ts'
import { hostOfOriginal, originRuleFor } from '../contract/origin-rules.ts'
import { percentDecode } from '../contract/percent.ts'
import type { OriginRule } from '../contract/records.ts'
import { isDeliveryHost } from './url-check.ts'
import type { DeliveryNames } from './url-check.ts'

/** Cloudimage's rules for naming originals (its page "Invalidation API", "Path rules"). */

export type CheckedOriginal =
  | { readonly ok: true; readonly kind: 'remote'; readonly original: string }
  | { readonly ok: true; readonly kind: 'asset'; readonly asset: string }
  | {
      readonly ok: false
      readonly reason: string
      /** The right form, where one can be told from what was written. */
      readonly suggestion?: string
    }

export interface OriginalEntry {
  /** Position in the selection's list, for the pointer. */
  readonly index: number
  readonly text: string
}

/** Beyond what any project may accept at once (1000), a list is refused without reading each one. */
export const ORIGINALS_READ_MAX = 5000

/** Commas or line breaks separate; what is empty between two others is nothing. A comma inside is `%2C`. */
export function splitOriginals(originals: readonly string[]): readonly OriginalEntry[] {
  return originals.flatMap((entry, index) => {
    const pieces = entry.split(/[,\r\n]/).map((piece) => piece.trim())
    const written = pieces.filter((piece) => piece !== '')
    return (written.length === 0 ? [''] : written).map((text) => ({ index, text }))
  })
}

/** As in a URL with `ci_url_encoded=1`, where a query of its own belongs to the original ("URL implementation"). */
const ENCODED_WHOLE = /^(?:https?%3a|[^/?]*%2f[^/?]*$)/i

export function checkOriginal(
  text: string,
  known: DeliveryNames,
  origins: readonly OriginRule[],
): CheckedOriginal {
  if (text === '')
    return refused('It is empty: write the path of an original, like sample.li/a.jpg.')
  if (text.includes('*')) {
    return refused('It has a *: name each original, or invalidate a folder or everything.')
  }
  const bare = text.replace(/^\/+/, '').replace(/^v7\/+/, '')
  if (bare === '') return refused('It names no original: write its path, like sample.li/a.jpg.')
  if (ENCODED_WHOLE.test(bare)) {
    const decoded = percentDecode(bare)
    return decoded === null
      ? refused('It is not percent-encoded UTF-8.')
      : checkHost(decoded.replace(/^\/+/, ''), known, origins)
  }
  const inside = behindDeliveryHost(bare, known)
  const withoutQuery = (inside ?? bare).split('?', 1)[0] ?? ''
  const isRight = (): boolean => withoutQuery !== '' && checkHost(withoutQuery, known, origins).ok
  const suggested = (reason: string): CheckedOriginal =>
    isRight() ? { ok: false, reason, suggestion: rightForm(withoutQuery) } : refused(reason)
  if (inside !== null) {
    return suggested(
      `It begins with a host by which this project is delivered: write the original alone, ${rightForm(withoutQuery)}.`,
    )
  }
  if (bare.includes('?')) {
    return suggested(
      `It has a query: every rendition of an original goes at once, so write ${rightForm(withoutQuery)}.`,
    )
  }
  return checkHost(bare, known, origins)
}

function checkHost(
  bare: string,
  known: DeliveryNames,
  origins: readonly OriginRule[],
): CheckedOriginal {
  const parsed = parseOriginal(bare, known.names.projects[0]!)
  if (!parsed.ok) return refused(`${parsed.reason}: write its path, like sample.li/a.jpg.`)
  const { subject } = parsed
  if (subject.kind !== 'original') return { ok: true, kind: 'asset', asset: subject.asset }
  const { original } = subject
  const host = hostOfOriginal(original)
  if (originRuleFor(host, origins) === null) {
    const allowed = origins.map((rule) => rule.host).join(', ') || 'none yet'
    return refused(
      `${host} is not an allowed origin (${allowed}): add it in General Settings, or correct the host.`,
    )
  }
  return { ok: true, kind: 'remote', original }
}

/** What stands behind our own host in a delivery URL: the original that the person means; null when it is none. */
function behindDeliveryHost(bare: string, known: DeliveryNames): string | null {
  const withoutScheme = bare.replace(/^https?:\/{1,2}/i, '')
  const [authority = '', ...rest] = withoutScheme.split('/')
  const hostname = authority.replace(/:\d+$/, '')
  if (!isDeliveryHost(hostname, known)) return null
  return rest
    .join('/')
    .replace(TOKEN_IN_PATH, '')
    .replace(/^v7\/+/, '')
}

/** `/_t/<token>/`, where no host names the token. */
const TOKEN_IN_PATH = /^_t\/[^/]+\/+/

function rightForm(path: string): string {
  return path === '' ? 'like /sample.li/a.jpg' : `/${path.replace(/^\/+/, '')}`
}

/** A comma can stand in a URL as it is or escaped; both are purged, because covering more is safe. */
export function commaForms(original: string): readonly string[] {
  return /%2C/i.test(original) ? [original, original.replaceAll(/%2C/gi, ',')] : [original]
}

function refused(reason: string): CheckedOriginal {
  return { ok: false, reason }
}
