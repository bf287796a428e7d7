import type { Selection } from '../contract/invalidation.ts'
import type { ProjectRow } from '../store/store.ts'
import { InvalidationError } from './errors.ts'
import { HISTORY_COUNT, estimate } from './estimates.ts'
import { assetsToSettle, gather, projectRow } from './gather.ts'
import { targetsOf } from './parts.ts'
import type { InvalidationParts } from './parts.ts'
import { makePlan } from './plan.ts'
import type { Plan } from './plan.ts'
import type { Preview } from './requests.ts'
import { sightingsOf } from './sightings.ts'

/** What would go, from where, to whom: the same planning as submit, and nothing written. */
export async function preview(
  parts: InvalidationParts,
  previews: PreviewMemory,
  projectId: string,
  selection: Selection,
): Promise<Preview> {
  const { tables } = parts.store
  const project = await projectRow(tables, projectId)
  await settle(parts, project, selection)
  const plan = makePlan(await gather(parts, project, selection))
  previews.remember(plan)
  const history = await tables.invalidations.recentDurations(project.id, HISTORY_COUNT)
  const purge = { keysCount: plan.keys.length, urlsCount: plan.entries.length }
  const targets = await targetsOf(parts, project.id)
  const { members, estimatedSeconds } = await estimate(targets, purge, history)
  const [refusal] = plan.refusals
  return {
    digest: plan.digest,
    confirm: selection.everything ? project.id : null,
    urls: await withSightings(parts, project.id, plan),
    problems: [...plan.refusals.flatMap(problemsOf), ...plan.warnings],
    warnings: plan.warnings,
    refusal: refusal ? { code: refusal.code, title: refusal.title, detail: refusal.detail } : null,
    targets: members.map(({ id, requests, estimatedSeconds: seconds }) => ({
      id,
      requests,
      estimatedSeconds: seconds,
    })),
    estimatedSeconds,
  }
}

async function withSightings(
  { store }: Pick<InvalidationParts, 'store'>,
  project: string,
  { entries }: Plan,
): Promise<Preview['urls']> {
  const sighted = entries.map((entry) => entry.sighted)
  const seen = await sightingsOf(store.tables.served, project, sighted)
  return entries.map(({ url, from, covers }, at) => ({ url, from, covers, ...seen[at]! }))
}

/** Only a watched folder has changes that nobody has told us of. */
export async function settle(
  parts: Pick<InvalidationParts, 'settle'>,
  project: ProjectRow,
  selection: Selection,
): Promise<void> {
  if (project.assetSource.kind !== 'folder') return
  await parts.settle?.(project.id, assetsToSettle(project, selection))
}

function problemsOf({ errors, detail }: Plan['refusals'][number]) {
  return errors.length > 0 ? errors : [{ reason: detail }]
}

/** Lists that were shown lately, so that a changed one can be told apart: for people, not needed for the refusal itself. */
export interface PreviewMemory {
  remember(plan: Plan): void
  urlsOf(digest: string): readonly string[] | undefined
}

/** Characters of URLs remembered in all: some thousand usual previews. */
const REMEMBERED_MAX = 4_000_000

export function createPreviewMemory(): PreviewMemory {
  const known = new Map<string, { urls: readonly string[]; size: number }>()
  let total = 0
  return {
    remember({ digest, entries }) {
      if (known.has(digest)) return
      const urls = entries.map((entry) => entry.url)
      const size = urls.reduce((sum, url) => sum + url.length, digest.length)
      known.set(digest, { urls, size })
      total += size
      for (const [oldest, { size: freed }] of known) {
        if (total <= REMEMBERED_MAX) break
        known.delete(oldest)
        total -= freed
      }
    },
    urlsOf: (digest) => known.get(digest)?.urls,
  }
}

/** 409 with the difference, when the list is not the one that the person saw. */
export function refuseChangedPreview(
  previews: PreviewMemory,
  plan: Plan,
  digest: string | undefined,
): void {
  if (digest === undefined || digest === plan.digest) return
  const now = plan.entries.map((entry) => entry.url)
  const before = previews.urlsOf(digest)
  const difference = before && { added: without(now, before), removed: without(before, now) }
  throw new InvalidationError('preview-changed', {
    title: 'The list has changed since the preview.',
    publicMessage: `The selection would now form another list${inWords(difference)}. Nothing was purged: look at it again.`,
    errors: [
      ...(difference?.added ?? []).map((url) => ({ url, reason: 'It is new in the list.' })),
      ...(difference?.removed ?? []).map((url) => ({
        url,
        reason: 'It is no longer in the list.',
      })),
      ...plan.refusals.flatMap(({ errors }) => errors),
    ],
    ...(difference ? { difference } : {}),
  })
}

function without(urls: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Set(urls)
  for (const url of others) left.delete(url)
  return [...left]
}

function inWords(difference: { added: readonly string[]; removed: readonly string[] } | undefined) {
  if (!difference) return ''
  return ` (${difference.added.length} more, ${difference.removed.length} fewer)`
}
