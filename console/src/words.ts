import type { Invalidation } from '../../src/contract/invalidation.ts'

/** Sentences and numbers as people read them. */

const dateTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** Local time, with the zone told by the browser. */
export function localTime(iso: string | number | null | undefined): string {
  if (iso === null || iso === undefined) return '–'
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? '–' : dateTime.format(at)
}

/** Of the browser: the one in which times are shown. */
export function timeZone(): string {
  return dateTime.resolvedOptions().timeZone
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`
}

/** `0.1 s`, `12 s`, `3 min 20 s`. Never `0.0 s`: what happened took time. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0.1, seconds).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole <= 120) return `${whole} s`
  return longDuration(whole)
}

function longDuration(whole: number): string {
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const
  const shown = parts.filter(([amount]) => amount > 0).slice(0, 2)
  return shown.map(([amount, unit]) => `${amount} ${unit}`).join(' ')
}

/** The same with milliseconds, for what is over before a second is. */
export function exactDuration(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : duration(ms / 1000)
}

/** `60 s`, `1 h`: a lifetime that somebody typed in seconds. */
export function lifetime(seconds: number): string {
  return seconds <= 120 ? `${seconds} s` : longDuration(seconds)
}

export function estimate(seconds: number): string {
  return seconds < 1 ? 'less than a second' : `about ${lifetime(Math.ceil(seconds))}`
}

/** What is left of the estimate since the last run began; an estimate that is over is told to be. */
export function remainingWords(invalidation: Invalidation, nowMs: number): string {
  const { estimatedSeconds, createdAt, timeline } = invalidation
  const received = timeline.findLast((entry) => entry.status === 'Received')
  const startedMs = Date.parse(received?.at ?? createdAt)
  // This machine's time of day may be behind the server's.
  const elapsed = Math.max(0, (nowMs - startedMs) / 1000)
  const left = estimatedSeconds - elapsed
  if (left > 0) return `Estimate: ${estimate(left)} left.`
  return `It takes longer than the estimate of ${estimate(estimatedSeconds)}.`
}

/** Names beyond these would hide the sentence. */
const LISTED_MAX = 5

export function shortList(names: readonly string[]): string {
  const more = names.length - LISTED_MAX
  const shown = names.slice(0, LISTED_MAX).join(', ')
  return more > 0 ? `${shown} and ${more} more` : shown
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

export function bytes(amount: number): string {
  let value = amount
  let unit = 0
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/** How long the last run took: a retry starts anew, its waiting time before does not count. */
export function runSeconds(invalidation: Invalidation): number | null {
  const { finishedAt, timeline, createdAt } = invalidation
  if (finishedAt === null) return null
  const received = timeline.findLast((entry) => entry.status === 'Received')
  return (Date.parse(finishedAt) - Date.parse(received?.at ?? createdAt)) / 1000
}

/** What Done means to the person who asked: `Live everywhere, 5 URLs, 0.1 s; visitors' browsers …`. */
export function doneSentence(invalidation: Invalidation, browserTtlSeconds: number): string {
  const unverified = invalidation.evidence?.verdict === 'unverifiable'
  const seconds = runSeconds(invalidation)
  const parts = [
    unverified ? 'Purged everywhere, but a cache could not be checked' : 'Live everywhere',
    extent(invalidation),
    ...(seconds === null ? [] : [duration(seconds)]),
  ]
  const browsers =
    browserTtlSeconds > 0
      ? `; visitors' browsers may keep theirs up to ${lifetime(browserTtlSeconds)}`
      : ''
  return parts.join(', ') + browsers
}

/** What an invalidation reached, in a few words. */
export function extent(invalidation: Invalidation): string {
  if (invalidation.scope === 'all') return 'the whole project'
  if (invalidation.urlCount === 0) return 'all renditions'
  return count(invalidation.urlCount, 'URL')
}

const SOURCE_WORDS = {
  manual: 'Manual',
  api: 'API',
  automatic: 'Automatic',
  scheduled: 'Scheduled',
} satisfies Record<Invalidation['source'], string>

export function sourceWord(source: Invalidation['source']): string {
  return SOURCE_WORDS[source]
}

export function scopeWord(scope: Invalidation['scope']): string {
  return scope === 'all' ? 'All' : 'Original'
}
