import type { Preview } from '../../../../src/contract/api/invalidations.ts'
import { localTime } from '../../words.ts'

/** The rows of Confirm by what they come from. */

export type Entry = Preview['urls'][number]

export const GROUPS = ['dynamicMedia', 'ours', 'added'] as const
export type Group = (typeof GROUPS)[number]

export const GROUP_TITLES = {
  dynamicMedia: 'As Dynamic Media forms them',
  ours: 'More that Sluice covers',
  added: 'Added',
} satisfies Record<Group, string>

/** What the words of `from` end with where Dynamic Media has nothing of the kind. */
const OURS = /^folder |^original$|^everything|, (crop .*|content|served)$/

export function groupOf({ from }: Entry): Group {
  if (from === 'added') return 'added'
  return OURS.test(from) ? 'ours' : 'dynamicMedia'
}

export function grouped(entries: readonly Entry[]): ReadonlyMap<Group, readonly Entry[]> {
  const groups = new Map<Group, Entry[]>(GROUPS.map((group) => [group, []]))
  for (const entry of entries) groups.get(groupOf(entry))!.push(entry)
  return groups
}

const ORIGINS: Readonly<Record<string, string>> = { added: 'Added by hand.', original: 'Original.' }

export function originOf({ from }: Entry): string {
  return ORIGINS[from] ?? `From ${from}.`
}

export function coverOf({ covers }: Entry): string {
  return covers === null ? 'Goes with all renditions.' : `Covers ${covers}.`
}

/** Whether visitors ever asked for it; null: nobody has looked, because too much is known of it. */
export function seenOf({ served, lastSeenAt }: Entry): string {
  if (served === null) return ''
  if (!served) return 'Never served, as far as is known.'
  return lastSeenAt === null ? 'Served.' : `Served, last on ${localTime(lastSeenAt)}.`
}

/** How many count for the limit: what goes by asset anyway is listed for information. */
export function countedOf({ urls, refusal }: Preview): number {
  const counted = urls.filter(({ covers }) => covers !== null).length
  // A list that is far too long is not read at all, and says of no row what it covers.
  return counted === 0 && refusal?.code === 'too-many-urls' ? urls.length : counted
}

/** How many must go before the list is accepted; 0 when it is short enough. */
export function excessOf(preview: Preview, max: number): number {
  return Math.max(0, countedOf(preview) - max)
}
