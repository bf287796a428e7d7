import type { Clock } from '../kernel/clock.ts'

/** Of two clocks that nobody compares; an `Age` is counted by one clock alone. */
const CLOCKS_APART_MAX_SECONDS = 60

/**
 * How old an answer was when it came, by what caches before the origin say (RFC 9111 §4.2.3): the larger of its `Age` and the
 * time since its `Date`, where that is more than clocks differ by. Null when it carries neither.
 */
export function answerAgeSeconds(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  clock: Clock,
): number | null {
  const age = /^\d{1,10}$/.test(text(headers['age'])) ? Number(text(headers['age'])) : null
  const date = Date.parse(text(headers['date']))
  if (Number.isNaN(date)) return age
  const apparent = Math.floor((clock.wall() - date) / 1000)
  return Math.max(apparent > CLOCKS_APART_MAX_SECONDS ? apparent : 0, age ?? 0)
}

function text(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
