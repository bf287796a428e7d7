import { assetOf, entryId, urlOf } from './log-entries.ts'

/** What people ask of a log of `entries`: each search a different one, of every kind, with and without filters. */

export interface Log {
  readonly entries: number
  /** When the newest was made. */
  readonly now: number
}

const DAY_MS = 24 * 3_600_000

export function* pageQueries({ now }: Log, count: number): Generator<string> {
  const kinds = [
    '',
    'cursor={cursor}',
    'status=ERROR_CDN_NODE',
    'status=Done,ERROR',
    'status=ERROR,ERROR_CDN_NODE&source=api',
    'source=automatic',
    'source=manual&scope=original',
    'scope=all',
    'status=Cancelled',
  ]
  for (let at = 0; at < count; at++) {
    const kind = kinds[at % kinds.length]!
    const to = new Date(now - at * 5 * DAY_MS).toISOString()
    yield at % 4 === 3 ? `to=${to}&${kind.replace(/^cursor.*/, '')}` : kind
  }
}

const FILTERS: readonly ((day: string, nextDay: string) => string)[] = [
  () => '',
  () => '',
  () => '&status=ERROR_CDN_NODE',
  () => '&source=manual',
  (day) => `&from=${day}`,
  () => '&status=Done&scope=original',
  (day, nextDay) => `&from=${day}&to=${nextDay}`,
  () => '&status=ERROR',
]

export function* searchQueries(log: Log, count: number): Generator<string> {
  for (let at = 0; at < count; at++) {
    const n = Math.floor((log.entries / count) * (at + 0.5))
    const text = TEXTS[at % TEXTS.length]!(n, at, log)
    const day = new Date(log.now - (at + 1) * 3 * DAY_MS).toISOString()
    const nextDay = new Date(log.now - at * 3 * DAY_MS).toISOString()
    // Another filter with each round of texts, so that all pairs are met.
    const filter = FILTERS[(at + Math.floor(at / TEXTS.length)) % FILTERS.length]!
    yield `q=${encodeURIComponent(text)}${filter(day, nextDay)}`
  }
}

const TEXTS: readonly ((n: number, at: number, log: Log) => string)[] = [
  // One entry has it.
  (n) => urlOf(n, 0),
  (n) => assetOf(n),
  (n) => assetOf(n).toUpperCase(),
  (n) => `-${n}?`,
  (n, _at, { entries, now }) => entryId(n, entries, now),
  // Some have it.
  (n) => assetOf(n).slice(0, -3),
  (_n, at) => `campaign ${at}`,
  (n) => `-${String(n).slice(0, 3)}`,
  (n) => urlOf(n, 0).slice(0, -2),
  // Many have it.
  (n) => assetOf(n).split('/').slice(0, 2).join('/'),
  (_n, at) => ['$product$', '$thumb$', 'fmt=webp', 'wid=400'][at % 4]!,
  (_n, at) => ['img.shop.example', 'is/image/demo', 'ada@', 'key deploy', 'Sluice'][at % 5]!,
  // Nobody has it, though parts of it are everywhere.
  (n) => assetOf(n).replace(/-\d+$/, `-${n + 9_000_000}`),
  (_n, at) => `is/image/demo/shoes/nobody-${at}`,
  (_n, at) => `image/demo/image/${at}`,
  // Parts of words, of two characters too.
  (_n, at) => String(10 + (at % 90)),
  (_n, at) => `${'qwxyz'[at % 5]}${'aeiou'[(at * 3) % 5]}`,
]
