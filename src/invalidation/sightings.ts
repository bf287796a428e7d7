import type { DeliveryUrl } from '../contract/delivery-url.ts'
import { keyText } from '../contract/keys.ts'
import { coverage, formatFreeTarget } from '../contract/url-keys.ts'
import type { ServedTable, SightingRow } from '../store/store.ts'

/** Whether what an entry of a list stands for was ever asked for, as far as edges have told. */

/** Which sightings count for an entry. */
export type Sighted =
  /** One rendition, or a path with all its queries. */
  | { readonly kind: 'target'; readonly subject: string; readonly target: string }
  | { readonly kind: 'path'; readonly subject: string; readonly target: string }
  /** Every rendition of an asset or original. */
  | { readonly kind: 'subject'; readonly subject: string }
  /** Everything whose key text begins so. */
  | { readonly kind: 'below'; readonly prefix: string }

export interface Seen {
  /** Null: so much is known of these assets that it was not looked through. */
  readonly served: boolean | null
  /** When the last of what it covers was; null where it never was, or is not told. */
  readonly lastSeenAt: string | null
}

export function sightedUrl(url: DeliveryUrl): Sighted {
  const { project, subject } = url
  const text =
    subject.kind === 'original'
      ? keyText.original(project, subject.original)
      : keyText.asset(project, subject.asset)
  if (coverage(url).covers === 'path') return { kind: 'path', subject: text, target: url.path }
  return { kind: 'target', subject: text, target: formatFreeTarget(url.target) }
}

/** Rows looked through for one list: some 50 ms. Assets that come after in order are not told about. */
export const SIGHTINGS_MAX = 50_000

/** One question to the store for all entries, and one for each folder. */
export async function sightingsOf(
  table: ServedTable,
  project: string,
  sighted: readonly (Sighted | undefined)[],
  rowsMax: number = SIGHTINGS_MAX,
): Promise<readonly Seen[]> {
  const subjects = sighted.flatMap((each) => (each && each.kind !== 'below' ? [each.subject] : []))
  const rows =
    subjects.length === 0 ? [] : await table.sightings(project, [...new Set(subjects)], rowsMax + 1)
  const known = lastSightings(rows.slice(0, rowsMax))
  // Rows come subject by subject: the one that was cut, and those behind it, are not known whole.
  const cutAt = rows.length > rowsMax ? rows.at(-1)!.subject : null
  const seen: Seen[] = []
  for (const each of sighted) {
    if (each === undefined) seen.push({ served: null, lastSeenAt: null })
    else if (each.kind === 'below') {
      seen.push({ served: await table.anyBelow(project, each.prefix), lastSeenAt: null })
    } else seen.push(seenOf(each, known, cutAt))
  }
  return seen
}

type Known = ReadonlyMap<string, number>

function lastSightings(rows: readonly SightingRow[]): Known {
  const known = new Map<string, number>()
  for (const { subject, target, lastSeenAt } of rows) {
    const path = target.split('?', 1)[0]!
    for (const name of [
      nameOf('subject', subject, ''),
      nameOf('path', subject, path),
      nameOf('target', subject, formatFreeTarget(target)),
    ]) {
      known.set(name, Math.max(lastSeenAt, known.get(name) ?? 0))
    }
  }
  return known
}

function seenOf(
  sighted: Exclude<Sighted, { kind: 'below' }>,
  known: Known,
  cutAt: string | null,
): Seen {
  const target = sighted.kind === 'subject' ? '' : sighted.target
  const at = known.get(nameOf(sighted.kind, sighted.subject, target))
  if (at !== undefined) return { served: true, lastSeenAt: new Date(at).toISOString() }
  const isWhole = cutAt === null || sighted.subject < cutAt
  return { served: isWhole ? false : null, lastSeenAt: null }
}

function nameOf(kind: 'target' | 'path' | 'subject', subject: string, target: string): string {
  return `${kind} ${subject} ${target}`
}
