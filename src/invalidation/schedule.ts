import { InvalidationError } from './errors.ts'

/** Who plans further ahead than this has mistyped the year. */
const AHEAD_MAX_MS = 366 * 24 * 3600 * 1000

/** ISO 8601 with date, time and offset: without one, "tomorrow at nine" would be somebody else's nine. */
const WITH_OFFSET = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/i

/** In UTC; null when it is for now. */
export function scheduledAt(text: string | undefined, now: number): string | null {
  if (text === undefined) return null
  const at = WITH_OFFSET.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) {
    refuse('It must be a time with its offset from UTC, like 2026-11-20T09:00:00+01:00.')
  }
  if (at <= now) refuse('It is in the past: give a time in the future, or leave it out for now.')
  if (at > now + AHEAD_MAX_MS) refuse('It is more than a year ahead: give an earlier time.')
  return new Date(at).toISOString()
}

function refuse(reason: string): never {
  throw new InvalidationError('bad-schedule', {
    title: 'The time is not accepted.',
    publicMessage: reason,
    errors: [{ pointer: '/scheduleAt', reason }],
  })
}
