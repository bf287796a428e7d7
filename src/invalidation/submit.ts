import type { Invalidation } from '../contract/invalidation.ts'
import { assert } from '../kernel/assert.ts'
import { sha256 } from '../kernel/hash.ts'
import { uuidv7 } from '../kernel/ids.ts'
import { toInvalidation } from '../store/invalidation-rows.ts'
import type { InvalidationRow, ProjectRow, Tables } from '../store/store.ts'
import { InvalidationError } from './errors.ts'
import { HISTORY_COUNT, estimate } from './estimates.ts'
import type { Events } from './events.ts'
import { gather, projectRow } from './gather.ts'
import { targetsOf } from './parts.ts'
import type { InvalidationParts } from './parts.ts'
import { makePlan } from './plan.ts'
import type { Plan } from './plan.ts'
import { refuseChangedPreview, settle } from './preview.ts'
import type { PreviewMemory } from './preview.ts'
import type { SubmitRequest, Submitted } from './requests.ts'
import type { Runner } from './runner.ts'
import { softMsOf } from './soft.ts'
import { scheduledAt } from './schedule.ts'

export interface SubmitParts extends InvalidationParts {
  readonly events: Events
  readonly runner: Runner
  readonly previews: PreviewMemory
}

/** Validated whole, then stored and put into the purge log in one durable transaction; carried out from there. */
export async function submit(
  parts: SubmitParts,
  projectId: string,
  request: SubmitRequest,
): Promise<Submitted> {
  const { store, clock } = parts
  const bodyHash = hashOf(request)
  const known = await knownByKey(store.tables, projectId, request, bodyHash)
  if (known) return { invalidation: known, repeated: true }

  const project = await projectRow(store.tables, projectId)
  const dueAt = scheduledAt(request.scheduleAt, clock.wall())
  await settle(parts, project, request.selection)
  const plan = makePlan(await gather(parts, project, request.selection))
  // First: what a person saw may be refused now because it is no longer there.
  refuseChangedPreview(parts.previews, plan, request.digest)
  refuse(plan, project, request)

  const row = await newRow(parts, project, { request, plan, dueAt })
  const urls = plan.entries.map((entry) => entry.url)
  const outcome = await store.transaction('durable', async (tx) => {
    const meanwhile = await knownByKey(tx, projectId, request, bodyHash)
    if (meanwhile) return { repeated: meanwhile }
    const accepted = await accept(tx, row, urls)
    if (request.idempotencyKey !== undefined) {
      const key = request.idempotencyKey
      await tx.invalidations.rememberIdempotent(projectId, key, bodyHash, row.id, clock.wall())
    }
    return { accepted }
  })
  if ('repeated' in outcome) return { invalidation: outcome.repeated, repeated: true }
  await parts.atStep?.('submitted')
  return { invalidation: told(parts, outcome.accepted), repeated: false }
}

/** Stores a row, and puts its keys into the purge log unless it is for later. Only in a durable transaction. */
export async function accept(
  tx: Tables,
  row: InvalidationRow,
  urls: readonly string[],
): Promise<InvalidationRow> {
  const seq =
    row.status === 'Scheduled'
      ? null
      : await tx.log.append(row.project, row.keys, await softMsOf(tx, row))
  const stored = { ...row, seq }
  await tx.invalidations.insert(stored, urls)
  return stored
}

/** After the commit: tells who listens, and goes on at once. */
export function told(
  parts: { readonly events: Events; readonly runner: Runner },
  row: InvalidationRow,
): Invalidation {
  const shown = toInvalidation(row)
  parts.events.emit(shown)
  if (row.status !== 'Scheduled') parts.runner.begin(row)
  return shown
}

async function newRow(
  parts: SubmitParts,
  project: ProjectRow,
  what: { readonly request: SubmitRequest; readonly plan: Plan; readonly dueAt: string | null },
): Promise<InvalidationRow> {
  const { request, plan, dueAt } = what
  const purge = { keysCount: plan.keys.length, urlsCount: plan.entries.length }
  const { invalidations } = parts.store.tables
  const history = await invalidations.recentDurations(project.id, HISTORY_COUNT)
  const targets = await targetsOf(parts, project.id)
  const { estimatedSeconds } = await estimate(targets, purge, history)
  const blank = blankRow(parts, project.id, dueAt === null ? 'Received' : 'Scheduled')
  return {
    ...blank,
    ...(dueAt === null ? parts.runner.hold() : {}),
    scope: request.selection.everything ? 'all' : 'original',
    source: dueAt === null ? request.source : 'scheduled',
    mode: request.mode ?? 'delete',
    createdBy: request.createdBy,
    note: request.note ?? null,
    urlCount: plan.entries.length,
    scheduledAt: dueAt,
    estimatedSeconds,
    selection: request.selection,
    keys: plan.keys,
  }
}

/** What all new rows share. */
export function blankRow(
  parts: Pick<InvalidationParts, 'clock' | 'random'>,
  project: string,
  status: 'Received' | 'Scheduled',
) {
  const createdAt = new Date(parts.clock.wall()).toISOString()
  return {
    id: uuidv7(parts.clock, parts.random),
    project,
    status,
    cause: null,
    mode: 'delete',
    createdAt,
    note: null,
    seq: null,
    scheduledAt: null,
    timeline: [{ status, at: createdAt }],
    targets: [],
    evidence: null,
    failure: null,
    finishedAt: null,
    runner: null,
    runnerEpoch: 0,
    renewedAt: 0,
    attempt: 1,
  } as const
}

function refuse(plan: Plan, project: ProjectRow, request: SubmitRequest): void {
  const [first] = plan.refusals
  if (first) {
    const { code, title, detail } = first
    // All at once, so that one correction is enough.
    const errors = plan.refusals.flatMap((refusal) => refusal.errors)
    throw new InvalidationError(code, { title, publicMessage: detail, errors })
  }
  if (!request.selection.everything || request.confirm === project.id) return
  const reason = `Everything of ${project.id} would be fetched anew: confirm with the project's name.`
  throw new InvalidationError('confirmation-missing', {
    title: 'Please confirm.',
    publicMessage: reason,
    errors: [{ pointer: '/confirm', reason: `It must be ${project.id}.` }],
  })
}

export async function knownByKey(
  tables: Tables,
  project: string,
  request: Pick<SubmitRequest, 'idempotencyKey'>,
  bodyHash: string,
): Promise<Invalidation | undefined> {
  if (request.idempotencyKey === undefined) return undefined
  const known = await tables.invalidations.idempotent(project, request.idempotencyKey)
  if (!known) return undefined
  if (known.bodyHash !== bodyHash) {
    throw new InvalidationError('idempotency-conflict', {
      title: 'The idempotency key was used for another request.',
      publicMessage: 'This Idempotency-Key came with another body before: use a new key.',
    })
  }
  const row = await tables.invalidations.get(project, known.id)
  assert(row, 'an idempotency key without its invalidation')
  return toInvalidation(row)
}

/** Same key and same body: who asks and through which door is not part of the body. */
function hashOf(request: SubmitRequest): string {
  const { selection, mode, note, scheduleAt, digest, confirm } = request
  const lists = Object.entries(selection).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(JSON.stringify([lists, mode ?? 'delete', note, scheduleAt, digest, confirm]))
}
