import type { Invalidation } from '../contract/invalidation.ts'

/** What people paste into a ticket: what happened, without URLs, which may be signed, and without anybody's secrets. */
export interface Report {
  readonly text: string
  /** Where the project's people ask for help; null when no address is set. */
  readonly supportUrl: string | null
}

export function reportOf(
  invalidation: Invalidation,
  about: { readonly version: string; readonly supportUrl: string | null },
): Report {
  const { id, project, status, urlCount, seq, mode, scope, source, cause } = invalidation
  const lines = [
    `Sluice ${about.version}`,
    `Invalidation ${id} of project ${project}: ${status}`,
    `${count(urlCount, 'URL')}, scope ${scope}, mode ${mode}, source ${source}${cause === null ? '' : ` (${cause})`}, seq ${seq ?? 'none'}`,
    ...durationLines(invalidation),
    ...(invalidation.failure === null ? [] : [`Reason: ${invalidation.failure}`]),
    '',
    'Timeline',
    ...invalidation.timeline.map(({ at, status: reached }) => `  ${at} ${reached}`),
    '',
    ...attemptLines('Targets', invalidation),
    ...(invalidation.pastAttempts ?? []).flatMap((past) => [
      '',
      ...attemptLines(`Attempt ${past.attempt}: ${past.status}, seq ${past.seq ?? 'none'}`, past),
      ...(past.failure === null ? [] : [`  Reason: ${past.failure}`]),
    ]),
    '',
    `Evidence: ${invalidation.evidence?.verdict ?? 'none'}`,
    ...(about.supportUrl === null ? [] : [`Support: ${about.supportUrl}`]),
  ]
  return { text: `${lines.join('\n')}\n`, supportUrl: about.supportUrl }
}

/** From asking, or from when it was due, to the end; null while it has none. */
export function durationSeconds(
  invalidation: Pick<Invalidation, 'createdAt' | 'scheduledAt' | 'finishedAt'>,
): number | null {
  const { createdAt, scheduledAt, finishedAt } = invalidation
  if (finishedAt === null) return null
  const began = Date.parse(scheduledAt ?? createdAt)
  return Math.max(0, Date.parse(finishedAt) - began) / 1000
}

function durationLines(invalidation: Invalidation): readonly string[] {
  const seconds = durationSeconds(invalidation)
  return seconds === null ? [] : [`Took ${seconds} s`]
}

function attemptLines(
  title: string,
  { targets }: Pick<Invalidation, 'targets'>,
): readonly string[] {
  if (targets.length === 0) return [`${title}: none`]
  return [
    title,
    ...targets.map(
      ({ id, tier, state, attempts, detail }) =>
        `  ${id} (${tier}): ${state}, ${count(attempts, 'attempt')}${detail === null ? '' : `: ${detail}`}`,
    ),
  ]
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
