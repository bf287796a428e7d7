import type { Violation } from './safety.ts'

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
}

/** Enough to see how it came about. */
const TRACE_LINES = 150

/** The end of what happened, then what is wrong with it. */
export function inWords({ seed, violations, trace }: Report, linesMax = TRACE_LINES): string {
  const wrong = violations.map(
    ({ kind, at, text }) => `seed ${seed}, ${at.toFixed(0)} ms: ${kind}: ${text}`,
  )
  return [...trace.slice(-linesMax), '', ...wrong].join('\n')
}
