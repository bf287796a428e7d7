import type { Invalidation, PastAttempt } from '../contract/invalidation.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { toInvalidation } from '../store/invalidation-rows.ts'
import type { InvalidationRow, Tables } from '../store/store.ts'
import { InvalidationError } from './errors.ts'
import type { EvidenceExport } from './requests.ts'
import { softMsOf } from './soft.ts'
import type { SubmitParts } from './submit.ts'
import { begunAnew, waitingAgain, waitingWhereNotDone } from './timeline.ts'

/** What a person can still do with an invalidation, and what its log tells. */

export async function knownRow(
  tables: Tables,
  project: string,
  id: string,
): Promise<InvalidationRow> {
  const row = await tables.invalidations.get(project, id)
  if (row) return row
  throw new InvalidationError('unknown-invalidation', {
    title: 'Unknown invalidation.',
    publicMessage: `There is no invalidation ${id} in this project.`,
  })
}

/** Nothing cached bears it: a retry that asks nothing of our own nodes still gets a seq of its own. */
const RETRY_KEY = keyHash(keyText.record('~retry'))

/**
 * A new seq under the same id; of two who press Retry at once, one is refused. When only caches outside Sluice failed, only they are
 * asked again: our own nodes still reflect the purge, and would make everything anew for nothing.
 */
export async function retry(
  parts: SubmitParts,
  project: string,
  id: string,
): Promise<Invalidation> {
  const at = new Date(parts.clock.wall()).toISOString()
  const outer = new Set((await parts.outerTargets?.(project))?.map((target) => target.id))
  const row = await parts.store.transaction('durable', async (tx) => {
    const before = await knownRow(tx, project, id)
    const failed = before.targets.filter((target) => target.state === 'failed')
    const rest = failed.length > 0 && failed.every((target) => outer.has(target.id))
    // A long list enters the log in pieces, when it is run.
    const inPieces = before.bulk !== undefined && !rest
    const softMs = await softMsOf(tx, before)
    const seq = inPieces
      ? null
      : await tx.log.append(project, rest ? [RETRY_KEY] : before.keys, softMs)
    const keysSeq = rest ? (before.keysSeq ?? before.seq ?? seq) : seq
    const changed = await tx.invalidations.transition(id, ['ERROR', 'ERROR_CDN_NODE'], {
      ...begunAnew(before, at),
      seq,
      ...(keysSeq === null ? {} : { keysSeq }),
      ...(inPieces && before.bulk ? { bulk: { ...before.bulk, entered: 0 } } : {}),
      attempt: before.attempt + 1,
      targets: rest ? waitingWhereNotDone(before.targets) : waitingAgain(before.targets),
      pastAttempts: withPast(before),
      evidence: null,
      failure: null,
      finishedAt: null,
    })
    if (!changed) throw notRetryable(before)
    return knownRow(tx, project, id)
  })
  parts.events.emit(toInvalidation(row))
  await parts.runner.take(id, 0)
  return toInvalidation(row)
}

/** Retries of one invalidation that are told in full; somebody's script may press Retry for weeks. */
const PAST_ATTEMPTS_MAX = 20

function withPast(before: InvalidationRow): readonly PastAttempt[] {
  const { attempt, status, seq, failure, finishedAt, targets } = before
  const verdict = before.evidence?.verdict ?? null
  const past = { attempt, status, seq, failure, finishedAt, targets, verdict }
  return [...(before.pastAttempts ?? []), past].slice(-PAST_ATTEMPTS_MAX)
}

function notRetryable({ status }: Invalidation): InvalidationError {
  return new InvalidationError('not-retryable', {
    title: 'This invalidation cannot be retried.',
    publicMessage: `It is ${status}; only one that ended in ERROR or ERROR_CDN_NODE can be retried. Submit a new one.`,
  })
}

export async function cancel(
  parts: SubmitParts,
  project: string,
  id: string,
): Promise<Invalidation> {
  const at = new Date(parts.clock.wall()).toISOString()
  const row = await parts.store.transaction('durable', async (tx) => {
    const before = await knownRow(tx, project, id)
    const changed = await tx.invalidations.transition(id, ['Scheduled'], {
      status: 'Cancelled',
      timeline: [...before.timeline, { status: 'Cancelled', at }],
      finishedAt: at,
    })
    if (!changed) throw notCancellable(before)
    return knownRow(tx, project, id)
  })
  parts.events.emit(toInvalidation(row))
  return toInvalidation(row)
}

function notCancellable({ status }: Invalidation): InvalidationError {
  return new InvalidationError('not-cancellable', {
    title: 'This invalidation cannot be cancelled.',
    publicMessage: `It is ${status}; only one that is still Scheduled can be cancelled.`,
  })
}

export async function evidence(
  tables: Tables,
  project: string,
  id: string,
): Promise<EvidenceExport> {
  const row = await knownRow(tables, project, id)
  const targets = row.targets.map((target) => ({
    node: target.id,
    role: target.tier === 'resizing' ? ('resizer' as const) : ('edge' as const),
    outcome: target.detail,
  }))
  return {
    invalidation: toInvalidation(row),
    nodes: row.observed?.nodes ?? targets,
    peeks: row.observed?.peeks ?? [],
  }
}
