import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { exactDuration, extent, scopeWord, sourceWord } from '../../words.ts'
import { attemptsOf } from './attempts.ts'

export interface ReportParts {
  readonly invalidation: Invalidation
  /** Of the program. */
  readonly version: string
  readonly supportUrl: string | null
  /** Of the invalidation's own page. */
  readonly address: string
}

/** What somebody who helps needs to know, as text that fits into a mail: no URLs that were purged, no secrets. Times in UTC. */
export function reportOf({ invalidation, version, supportUrl, address }: ReportParts): string {
  const { targets, evidence, failure } = invalidation
  const lines = [
    `Invalidation ${invalidation.id}`,
    `Project:  ${invalidation.project}`,
    `Status:   ${invalidation.status}`,
    ...(failure === null ? [] : [`Reason:   ${failure}`]),
    `Scope:    ${scopeWord(invalidation.scope)}, ${extent(invalidation)}, ${invalidation.mode}`,
    `Source:   ${sourceWord(invalidation.source)}${invalidation.cause === null ? '' : `: ${invalidation.cause}`}`,
    `By:       ${invalidation.createdBy}`,
    `Seq:      ${invalidation.seq ?? 'none yet'}`,
    '',
    ...attemptsOf(invalidation).flatMap(({ number, entries }) => [
      `Attempt ${number}`,
      ...entries.map(({ at, status }) => `  ${at}  ${status}`),
    ]),
    '',
    'Targets',
    ...(targets.length === 0 ? ['  none was asked'] : targets.map(targetLine)),
    '',
    ...(evidence === null
      ? []
      : [
          `Evidence: ${evidence.verdict}, ${evidence.probes.length} looked at`,
          ...(evidence.notes ?? []).map((note) => `  ${note}`),
        ]),
    `Page:     ${address}`,
    ...(supportUrl === null ? [] : [`Support:  ${supportUrl}`]),
    `Sluice ${version}`,
  ]
  return `${lines.join('\n')}\n`
}

function targetLine(target: Invalidation['targets'][number]): string {
  const { id, tier, state, attempts, detail, startedAt, finishedAt } = target
  const took =
    startedAt === null || finishedAt === null
      ? ''
      : `, ${exactDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`
  const why = detail === null ? '' : `: ${detail}`
  return `  ${id} (${tier}): ${state}, attempts ${attempts}${took}${why}`
}
