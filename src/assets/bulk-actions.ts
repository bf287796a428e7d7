import { recordName } from '../contract/records.ts'
import type { RecordChange } from '../origin/records.ts'
import type { AssetRow, Tables } from '../store/store.ts'
import { movedAsset, putMoved, takenAway } from './asset-changes.ts'
import type { MovedAsset } from './asset-changes.ts'
import { assetKeys, assetRecord } from './asset-rows.ts'
import type { BulkAction, BulkOutcome } from './assets.ts'
import { idProblem } from './asset-id.ts'
import { commit } from './commit.ts'
import { AssetsError } from './errors.ts'
import type { AssetsErrorDetail } from './errors.ts'
import { assertWritable, projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'
import { assertUnchanged } from './uploads.ts'

/**
 * One action on many assets, all or nothing: what stands in the way of any of them is told of each, and nothing is changed. One
 * commit, so that nobody ever sees half of it, and one automatic invalidation.
 */

/** More would hold the write lock for longer than a second; who has more means a folder, and repeats. */
export const BULK_ASSETS_MAX = 1000

/** What becomes of one asset. */
interface Step {
  readonly before: AssetRow
  /** Null when it is deleted. */
  readonly row: AssetRow | null
  readonly moved: MovedAsset | null
}

export async function bulkAction(
  parts: LibraryParts,
  project: string,
  action: BulkAction,
  by: string,
): Promise<readonly BulkOutcome[]> {
  const owner = await projectOf(parts, project)
  if (action.kind === 'delete' || action.kind === 'move') assertWritable(owner)
  const ids = [...new Set(action.ids)]
  if (ids.length > BULK_ASSETS_MAX) {
    const reason = `At most ${BULK_ASSETS_MAX} assets at once; these are ${ids.length}.`
    throw refused([{ pointer: '/ids', reason }])
  }
  return parts.locks.run(project, async () => {
    const rows = await parts.store.tables.assets.getMany(project, ids)
    const known = new Map(rows.map((row) => [row.id, row]))
    await refuseImpossible(parts, project, action, known)
    const steps: Step[] = []
    for (const id of ids) steps.push(await stepOf(parts, known.get(id)!, action, by))
    const needed = steps.filter(({ before, row }) => row !== before)
    if (needed.length > 0) await commitSteps(parts, project, action, needed)
    return steps.map(({ before, row }) => ({
      id: before.id,
      now: row?.id ?? null,
      changed: row !== before,
    }))
  })
}

async function stepOf(
  parts: LibraryParts,
  before: AssetRow,
  action: BulkAction,
  by: string,
): Promise<Step> {
  switch (action.kind) {
    case 'delete':
      return { before, row: null, moved: null }
    case 'publish':
    case 'unpublish': {
      const published = action.kind === 'publish'
      const modifiedAt = parts.clock.wall()
      const row = before.published === published ? before : { ...before, published, modifiedAt }
      return { before, row, moved: null }
    }
    case 'move': {
      const id = movedId(before.id, action.to)
      if (id === before.id) return { before, row: before, moved: null }
      const moved = await movedAsset(parts, before, { ...before, id }, by)
      return { before, row: moved.row, moved }
    }
  }
}

/** Into a folder, with its own name; an empty folder is the top. */
function movedId(id: string, folder: string): string {
  const name = id.slice(id.lastIndexOf('/') + 1)
  const bare = folder.replace(/^\/+|\/+$/g, '')
  return bare === '' ? name : `${bare}/${name}`
}

async function refuseImpossible(
  parts: LibraryParts,
  project: string,
  action: BulkAction,
  known: ReadonlyMap<string, AssetRow>,
): Promise<void> {
  const places = new Map(action.ids.map((id, at) => [id, at]))
  const wrong = (id: string, reason: string): AssetsErrorDetail => ({
    pointer: `/ids/${places.get(id)}`,
    item: id,
    reason,
  })
  const unknown = [...places.keys()].filter((id) => !known.has(id))
  const errors = unknown.map((id) => wrong(id, 'There is no asset of that id.'))
  if (action.kind === 'move') {
    const goals = [...known.keys()].map((id) => ({ id, goal: movedId(id, action.to) }))
    const taken = await parts.store.tables.assets.getMany(
      project,
      goals.map(({ goal }) => goal),
    )
    const held = new Set(taken.map(({ id }) => id))
    const first = new Map<string, string>()
    for (const { id, goal } of goals) {
      const problem = idProblem(goal)
      const rival = first.get(goal)
      if (rival === undefined) first.set(goal, id)
      if (problem) errors.push(wrong(id, problem.reason))
      else if (rival !== undefined)
        errors.push(wrong(id, `${goal} is also where ${rival} would go.`))
      else if (goal !== id && held.has(goal))
        errors.push(wrong(id, `There is already an asset ${goal}.`))
    }
  }
  if (errors.length > 0) throw refused(errors)
}

function refused(errors: readonly AssetsErrorDetail[]): AssetsError {
  const [first] = errors
  const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : ''
  const item = first?.item === undefined ? '' : `${first.item}: `
  const detail = `Nothing was changed. ${item}${first?.reason ?? ''}${more}`
  return new AssetsError('bulk-refused', detail, { errors })
}

async function commitSteps(
  parts: LibraryParts,
  project: string,
  action: BulkAction,
  steps: readonly Step[],
): Promise<void> {
  const ids = steps.flatMap(({ before, row }) => [before.id, row?.id ?? before.id])
  const keys = [...new Set(ids)].flatMap((id) => assetKeys(project, id))
  await commit(parts, {
    project,
    records: steps.flatMap((step) => recordsOf(project, step)),
    ...(action.kind === 'publish'
      ? { change: { cause: causeOf(action, steps), keys } }
      : takenAway(causeOf(action, steps), keys)),
    async rows(tx) {
      for (const step of steps) await putStep(tx, project, step)
    },
  })
}

function recordsOf(project: string, { before, row }: Step): readonly RecordChange[] {
  const old = { name: recordName.asset(project, before.id), document: null }
  if (row === null) return [old]
  const now = { name: recordName.asset(project, row.id), document: assetRecord(row) }
  return row.id === before.id ? [now] : [now, old]
}

async function putStep(tx: Tables, project: string, { before, row, moved }: Step): Promise<void> {
  await assertUnchanged(await tx.assets.get(project, before.id), before)
  if (moved) return putMoved(tx, before, moved)
  if (row === null) return tx.assets.remove(project, before.id)
  return tx.assets.put(row)
}

const DONE = {
  publish: 'Published',
  unpublish: 'Unpublished',
  delete: 'Deleted',
  move: 'Moved',
} as const
/** More than this a person does not read in a log. */
const NAMED_MAX = 3

function causeOf(action: BulkAction, steps: readonly Step[]): string {
  const named = steps.slice(0, NAMED_MAX).map(({ before }) => `“${before.id}”`)
  const more = steps.length - named.length
  const rest = more > 0 ? ` and ${more} more` : ''
  const goal = action.kind === 'move' ? ` to “${action.to}”` : ''
  return `${DONE[action.kind]} ${named.join(', ')}${rest}${goal}`
}
