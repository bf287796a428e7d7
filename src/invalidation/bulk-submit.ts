import { projectSourceKeyTexts } from '../contract/url-inputs.ts'
import { sha256 } from '../kernel/hash.ts'
import { uuidv7 } from '../kernel/ids.ts'
import type { InvalidationRow, ProjectRow } from '../store/store.ts'
import { NO_SELECTION } from './automatic.ts'
import { BULK_URLS_MAX } from './bulk-lines.ts'
import type { BulkSummary } from './bulk-lines.ts'
import { readBulk } from './bulk-reader.ts'
import { InvalidationError, SENTENCES } from './errors.ts'
import { HISTORY_COUNT, estimate } from './estimates.ts'
import { edgeUrls, projectRow } from './gather.ts'
import { targetsOf } from './parts.ts'
import type { BulkRequest, Submitted } from './requests.ts'
import { scheduledAt } from './schedule.ts'
import { blankRow, knownByKey, told } from './submit.ts'
import type { SubmitParts } from './submit.ts'
import { deliveryNames, projectInputs } from './url-check.ts'

/** Each takes a thread and some 60 MB while it is read. One of a project, so that a slow sender stands in nobody else's way. */
const BULKS_AT_ONCE_MAX = 3
/** Pieces thrown away in one transaction: some milliseconds. */
const DISCARDED_AT_ONCE = 16
/** Estimated rate of a long list through log and nodes, on a small machine. */
const URLS_PER_SECOND = 100_000

export type SubmitBulk = (project: string, request: BulkRequest) => Promise<Submitted>

/**
 * Takes a list of up to BULK_URLS_MAX URLs as a stream: each line is checked as in `submit`, pieces are put aside in the store
 * while it comes, and are accepted together in one durable transaction, or thrown away.
 */
export function createBulkSubmit(parts: SubmitParts): SubmitBulk {
  const running = new Set<string>()
  return async (projectId, request) => {
    if (running.has(projectId)) throw busy('A long list of this project is being received already.')
    if (running.size >= BULKS_AT_ONCE_MAX)
      throw busy(`${BULKS_AT_ONCE_MAX} long lists are being received already.`)
    running.add(projectId)
    try {
      return await submitBulk(parts, projectId, request)
    } finally {
      running.delete(projectId)
    }
  }
}

async function submitBulk(
  parts: SubmitParts,
  projectId: string,
  request: BulkRequest,
): Promise<Submitted> {
  const { store, clock } = parts
  const project = await projectRow(store.tables, projectId)
  const dueAt = scheduledAt(request.scheduleAt, clock.wall())
  const id = uuidv7(clock, parts.random)
  try {
    const summary = await stage(parts, project, id, request.body)
    refuse(summary)
    const bodyHash = hashOf(request, summary)
    if (project.assetSource.kind === 'folder') await parts.settle?.(project.id, 'all')
    const row = await newRow(parts, id, { project, request, summary, dueAt })
    const repeated = await store.transaction('durable', async (tx) => {
      const known = await knownByKey(tx, projectId, request, bodyHash)
      if (known) return known
      await tx.invalidations.insert(row, summary.first)
      await tx.bulk.accept(id)
      const key = request.idempotencyKey
      if (key !== undefined)
        await tx.invalidations.rememberIdempotent(projectId, key, bodyHash, id, clock.wall())
      return null
    })
    if (repeated) {
      await discard(parts, id)
      return { invalidation: repeated, repeated: true }
    }
    await parts.atStep?.('submitted')
    return { invalidation: told(parts, row), repeated: false }
  } catch (error) {
    await discard(parts, id)
    throw error
  }
}

/** Puts pieces aside as they come. What a crash leaves is found by its age. */
async function stage(
  { store, clock }: SubmitParts,
  project: ProjectRow,
  id: string,
  body: AsyncIterable<Uint8Array>,
): Promise<BulkSummary> {
  const names = deliveryNames(project, await edgeUrls(store.tables))
  const sources = projectSourceKeyTexts(project.id, projectInputs(project))
  const pieces = readBulk(body, { names, sources })
  for (;;) {
    const next = await pieces.next()
    if (next.done) return next.value
    const piece = next.value
    await store.transaction('volatile', (tx) => tx.bulk.stage(id, piece, clock.wall()))
  }
}

async function discard({ store, log }: SubmitParts, id: string): Promise<void> {
  try {
    const slice = () =>
      store.transaction('volatile', (tx) => tx.bulk.discard(id, DISCARDED_AT_ONCE))
    for (let more = true; more;) more = await slice()
  } catch (error) {
    log.warn({ err: error, invalidation: id }, 'a refused list is thrown away later')
  }
}

async function newRow(
  parts: SubmitParts,
  id: string,
  what: {
    readonly project: ProjectRow
    readonly request: BulkRequest
    readonly summary: BulkSummary
    readonly dueAt: string | null
  },
): Promise<InvalidationRow> {
  const { project, request, summary, dueAt } = what
  const history = await parts.store.tables.invalidations.recentDurations(project.id, HISTORY_COUNT)
  const targets = await targetsOf(parts, project.id)
  const purge = { keysCount: summary.urls, urlsCount: summary.urls }
  const { estimatedSeconds } = await estimate(targets, purge, history)
  return {
    ...blankRow(parts, project.id, dueAt === null ? 'Received' : 'Scheduled'),
    id,
    ...(dueAt === null ? parts.runner.hold() : {}),
    scope: 'original',
    source: dueAt === null ? request.source : 'scheduled',
    mode: request.mode ?? 'delete',
    createdBy: request.createdBy,
    note: request.note ?? null,
    urlCount: summary.urls,
    scheduledAt: dueAt,
    // History tells of short lists.
    estimatedSeconds: Math.max(estimatedSeconds, Math.ceil(summary.urls / URLS_PER_SECOND)),
    selection: NO_SELECTION,
    keys: [],
    bulk: { pieces: summary.pieces, entered: 0 },
  }
}

function refuse({ urls, wrong, errors }: BulkSummary): void {
  if (wrong > 0) {
    const named = wrong > errors.length ? ` The first ${errors.length} are named.` : ''
    throw new InvalidationError('bad-urls', {
      title: SENTENCES.defined,
      publicMessage: `Lines that cannot be invalidated: ${wrong}.${named} Nothing was purged.`,
      errors,
    })
  }
  if (urls === 0) {
    const publicMessage = 'The body has no line with a URL: write one URL a line.'
    throw new InvalidationError('no-urls', { title: SENTENCES.none, publicMessage })
  }
  if (urls <= BULK_URLS_MAX) return
  throw new InvalidationError('too-many-urls', {
    title: 'Too many URLs.',
    publicMessage:
      `The list has ${urls} URLs; at most ${BULK_URLS_MAX} are accepted at once. ` +
      'Submit in parts, or invalidate by asset, folder or everything, which have no such limit.',
  })
}

function hashOf({ mode, note, scheduleAt }: BulkRequest, summary: BulkSummary): string {
  return sha256(JSON.stringify(['ndjson', summary.sha256, mode ?? 'delete', note, scheduleAt]))
}

function busy(why: string): InvalidationError {
  return new InvalidationError('too-many-lists', {
    title: 'Too many long lists at once.',
    publicMessage: `${why} Send it again in a minute.`,
  })
}
