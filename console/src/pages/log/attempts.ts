import { isFinal } from '../../../../src/contract/invalidation.ts'
import type {
  Invalidation,
  PastAttempt,
  TimelineEntry,
} from '../../../../src/contract/invalidation.ts'

/** One run of an invalidation. Retry keeps the id and the history, and begins a further one. */
export interface Attempt {
  readonly number: number
  readonly entries: readonly TimelineEntry[]
  /** Milliseconds from being received to its end; null while it runs. */
  readonly tookMs: number | null
  /** How it ended, of one that a Retry followed. */
  readonly past: PastAttempt | null
}

/** A run ends with a final status; what comes after it is the next. */
export function attemptsOf({
  timeline,
  pastAttempts = [],
}: Pick<Invalidation, 'timeline' | 'pastAttempts'>): readonly Attempt[] {
  const runs: TimelineEntry[][] = []
  for (const entry of timeline) {
    const last = runs.at(-1)
    const ended = last === undefined || isFinal(last.at(-1)!.status)
    if (ended) runs.push([entry])
    else last.push(entry)
  }
  return runs.map((entries, at) => ({
    number: at + 1,
    entries,
    tookMs: tookOf(entries),
    past: pastAttempts.find(({ attempt }) => attempt === at + 1) ?? null,
  }))
}

function tookOf(entries: readonly TimelineEntry[]): number | null {
  const last = entries.at(-1)!
  if (!isFinal(last.status)) return null
  const received = entries.find(({ status }) => status === 'Received') ?? entries[0]!
  return Date.parse(last.at) - Date.parse(received.at)
}
