import { INVALIDATION_STATUSES, isFinal } from '../contract/invalidation.ts'
import type { InvalidationStatus, TargetProgress, TimelineEntry } from '../contract/invalidation.ts'
import type { MemberProgress } from '../targets/target.ts'

/** Pure rules of how an invalidation moves. */

type Shown = {
  readonly status: InvalidationStatus
  readonly timeline: readonly TimelineEntry[]
}

/** Forward only: a runner that begins again after a crash never shows an earlier status twice. */
export function moved(row: Shown, status: InvalidationStatus, at: string): Shown {
  if (isFinal(row.status) || rank(row.status) >= rank(status)) {
    return { status: row.status, timeline: row.timeline }
  }
  return { status, timeline: [...row.timeline, { status, at }] }
}

/** A retry begins the way anew, below what happened before. */
export function begunAnew(row: Shown, at: string): Shown {
  return { status: 'Received', timeline: [...row.timeline, { status: 'Received', at }] }
}

/** When the attempt that is under way was asked for, in milliseconds; a scheduled one is asked for when it is due. */
export function receivedAt(timeline: readonly TimelineEntry[]): number {
  const last = timeline.findLast(({ status }) => status === 'Received')
  return Date.parse(last?.at ?? timeline[0]?.at ?? '')
}

function rank(status: InvalidationStatus): number {
  return INVALIDATION_STATUSES.indexOf(status)
}

/** What targets show after their members said how far they are. */
export function progressed(
  targets: readonly TargetProgress[],
  members: readonly MemberProgress[],
  at: string,
): readonly TargetProgress[] {
  const byId = new Map(targets.map((target) => [target.id, target]))
  for (const member of members) byId.set(member.id, merged(byId.get(member.id), member, at))
  return [...byId.values()]
}

function merged(
  before: TargetProgress | undefined,
  member: MemberProgress,
  at: string,
): TargetProgress {
  // What waits has not begun this attempt yet: its first report begins one.
  const begins = before === undefined || before.state === 'waiting'
  const ended = member.state === 'done' || member.state === 'failed'
  return {
    id: member.id,
    tier: member.tier,
    state: member.state,
    attempts: (before?.attempts ?? 0) + (begins ? 1 : 0),
    detail: member.detail,
    startedAt: begins ? at : before.startedAt,
    finishedAt: ended ? ((begins ? null : before.finishedAt) ?? at) : null,
  }
}

/** What ended well stays so; the rest waits again: for a runner that takes it over, and for a retry. */
export function waitingWhereNotDone(targets: readonly TargetProgress[]): readonly TargetProgress[] {
  return targets.flatMap((each) => (each.state === 'done' ? [each] : waitingAgain([each])))
}

/** Before another attempt: everything waits again, and keeps the count of its attempts. */
export function waitingAgain(targets: readonly TargetProgress[]): readonly TargetProgress[] {
  return targets.map((target) => ({
    ...target,
    state: 'waiting',
    detail: null,
    startedAt: null,
    finishedAt: null,
  }))
}
