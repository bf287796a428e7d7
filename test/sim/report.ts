import type { Violation } from './safety.ts'

/** Something that was begun from outside: a read, a write or a fault. */
export interface Step {
  readonly number: number
  readonly at: number
  readonly what: string
}

export interface Report {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly traceHash: string
  /** Who, what, when; one line each. */
  readonly trace: readonly string[]
  readonly events: number
  readonly answers: number
  readonly hits: number
  readonly unavailable: number
  readonly done: number
  readonly met: ReadonlyMap<string, number>
  /** Those that were taken; a script has none. */
  readonly steps: readonly Step[]
}

/** Enough to see how it came about. */
const TRACE_LINES = 150
/** What comes later mostly follows from the first. */
const VIOLATIONS_SHOWN = 5

/** The end of what happened, up to where it went wrong, then what is wrong with it. */
export function inWords({ seed, violations, trace }: Report, linesMax = TRACE_LINES): string {
  const wrong = violations
    .slice(0, VIOLATIONS_SHOWN)
    .map(({ kind, at, text }) => `seed ${seed}, ${at.toFixed(0)} ms: ${kind}: ${text}`)
  const more = violations.length - wrong.length
  if (more > 0) wrong.push(`and ${more} more`)
  const last = trace.findIndex((line) => line.includes(' CHECKER '))
  const shown = last < 0 ? trace : trace.slice(0, last + 1)
  return [...shown.slice(-linesMax), '', ...wrong].join('\n')
}

/** What was begun from outside, for whoever wants to see the same again. */
export function stepsInWords({ seed, steps }: Report, of: number): string {
  const lines = steps.map(
    ({ number, at, what }) => `${at.toFixed(2).padStart(10)}  ${number}. ${what}`,
  )
  const numbers = steps.map(({ number }) => number).join(',')
  return [
    `${steps.length} of ${of} steps are enough (npm run sim -- --seed ${seed} --only ${numbers || 'none'}):`,
    ...lines,
    '',
  ].join('\n')
}
