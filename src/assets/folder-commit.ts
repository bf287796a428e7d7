import { keyHash, keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import type { AssetRow, AssetVersionRow } from '../store/store.ts'
import { assetKeys, assetRecord } from './asset-rows.ts'
import { commit } from './commit.ts'
import type { TakenContent } from './folder-take.ts'
import type { Intent, NotedChange } from './intents.ts'
import type { LibraryParts } from './library-parts.ts'
import { nextVersion } from './uploads.ts'

/** What became of one asset of a watched folder; null content: its file is gone, or clashes with another. */
export interface FolderChange {
  readonly id: string
  readonly content: TakenContent | null
}

/** Holds the store's one write lock for some hundredths of a second, in which nothing else is answered. */
export const CHANGES_PER_COMMIT = 250

/** A cause is read by people: three names are enough. */
const NAMES_IN_CAUSE = 3

const BY = 'watched folder'

interface Planned {
  readonly id: string
  readonly before: AssetRow | undefined
  /** Null: removed. */
  readonly row: AssetRow | null
  readonly version: AssetVersionRow | null
}

/**
 * A change of the folder that takes several commits, such as a folder that is renamed: one automatic invalidation for all of it, made
 * with the last commit. A note on disk makes the next start invalidate the whole project if this is cut short.
 */
export interface Bulk {
  /** `import`: the first assets of a project. Nobody invalidated anything, so the invalidation log stays empty. */
  readonly kind: 'import' | 'change'
  readonly note: Intent
  readonly changed: Planned[]
}

export async function beginBulk(
  parts: LibraryParts,
  project: string,
  kind: Bulk['kind'],
): Promise<Bulk> {
  const keys = [keyHash(keyText.project(project))]
  const cause = 'A large change of the folder was cut short'
  return { kind, note: await parts.intents.begin(project, [], { cause, keys }), changed: [] }
}

export async function endBulk(parts: LibraryParts, project: string, bulk: Bulk): Promise<void> {
  const change = changeOf(project, bulk.changed)
  if (change) {
    await parts.store.transaction('durable', async (tx) => {
      if (bulk.kind === 'change') await parts.onChange(tx, { project, ...change })
      // Somebody may have asked before there was anything: what they were told goes.
      else await tx.log.append(project, [keyHash(keyText.project(project))])
    })
  }
  await parts.intents.end(bulk.note)
}

/** Commits changes in batches; returns the rows as they are now, null for removed ones. */
export async function commitChanges(
  parts: LibraryParts,
  project: string,
  changes: readonly FolderChange[],
  bulk: Bulk | null,
): Promise<ReadonlyMap<string, AssetRow | null>> {
  const now = new Map<string, AssetRow | null>()
  await parts.locks.run(project, async () => {
    const moves = await findMoves(parts, project, changes)
    // By content, so that both ends of a move are in one batch.
    const order = changes.toSorted((a, b) => compare(moves.sortKey(a), moves.sortKey(b)))
    for (let at = 0; at < order.length; at += CHANGES_PER_COMMIT) {
      const batch = order.slice(at, at + CHANGES_PER_COMMIT)
      for (const done of await commitBatch(parts, project, batch, { moves, bulk })) {
        now.set(done.id, done.row)
      }
    }
  })
  return now
}

interface Moves {
  /** The asset that an added one was before, by its bytes. */
  from(hash: string): AssetRow | undefined
  isMoved(hash: string): boolean
  sortKey(change: FolderChange): string
}

/** Bytes that left one id and came under another in the same round are a move: who unpublished a picture did not republish it. */
async function findMoves(
  parts: LibraryParts,
  project: string,
  changes: readonly FolderChange[],
): Promise<Moves> {
  const removed = changes.filter((change) => change.content === null).map((change) => change.id)
  const rows = await parts.store.tables.assets.getMany(project, removed)
  const byHash = new Map(rows.map((row) => [row.hash, row]))
  const byId = new Map(rows.map((row) => [row.id, row]))
  const added = new Set(changes.flatMap((change) => change.content?.hash ?? []))
  return {
    from: (hash) => byHash.get(hash),
    isMoved: (hash) => byHash.has(hash) && added.has(hash),
    sortKey: (change) => change.content?.hash ?? byId.get(change.id)?.hash ?? '',
  }
}

async function commitBatch(
  parts: LibraryParts,
  project: string,
  batch: readonly FolderChange[],
  { moves, bulk }: { readonly moves: Moves; readonly bulk: Bulk | null },
): Promise<readonly Planned[]> {
  const ids = batch.map((change) => change.id)
  const rows = await parts.store.tables.assets.getMany(project, ids)
  const known = new Map(rows.map((row) => [row.id, row]))
  const planned: Planned[] = []
  for (const change of batch) {
    const plan = await planChange(parts, project, { change, before: known.get(change.id), moves })
    if (plan) planned.push(plan)
  }
  if (planned.length === 0) return planned
  const changed = planned.filter((plan) => plan.row === null || plan.version !== null)
  // What is gone goes at once, whatever the project says of automatic invalidations; so do both ends of a move.
  const gone = changed.filter(
    ({ row, before }) => row === null || moves.isMoved((row ?? before)?.hash ?? ''),
  )
  const change = changeOf(project, changed)
  await commit(parts, {
    project,
    records: planned.map((plan) => ({
      name: recordName.asset(project, plan.id),
      document: plan.row && assetRecord(plan.row),
    })),
    purge: gone.flatMap((plan) => assetKeys(project, plan.id)),
    ...(change && !bulk ? { change } : {}),
    async rows(tx) {
      for (const { id, row, version } of planned) {
        if (row) await tx.assets.put(row)
        else await tx.assets.remove(project, id)
        if (version) await tx.assets.addVersion(project, id, version)
      }
    },
  })
  bulk?.changed.push(...changed)
  return planned
}

function changeOf(project: string, changed: readonly Planned[]): NotedChange | null {
  if (changed.length === 0) return null
  return { cause: causeOf(changed), keys: changed.flatMap((plan) => assetKeys(project, plan.id)) }
}

interface Planning {
  readonly change: FolderChange
  readonly before: AssetRow | undefined
  readonly moves: Moves
}

async function planChange(
  parts: LibraryParts,
  project: string,
  { change, before, moves }: Planning,
): Promise<Planned | null> {
  const { id, content } = change
  if (content === null) return before ? { id, before, row: null, version: null } : null
  // Touched, copied over with the same bytes, or settled: no new version, and nothing to invalidate.
  if (before?.hash === content.hash) {
    return { id, before, row: { ...before, ...content }, version: null }
  }
  const now = parts.clock.wall()
  const version = await nextVersion(parts, project, id)
  const like = before ?? moves.from(content.hash)
  const row: AssetRow = {
    ...content,
    project,
    id,
    version,
    published: like?.published ?? true,
    crops: like?.crops ?? {},
    modifiedAt: now,
  }
  const { hash, bytes, mediaType } = content
  return {
    id,
    before,
    row,
    version: { version, hash, bytes, mediaType, createdAt: now, createdBy: BY },
  }
}

function causeOf(changed: readonly Planned[]): string {
  const [first] = changed
  if (first && changed.length === 1) return `${verbOf(first)} “${first.id}” in the folder`
  const names = changed.slice(0, NAMES_IN_CAUSE).map((plan) => `“${plan.id}”`)
  const more = changed.length > NAMES_IN_CAUSE ? ' …' : ''
  return `${changed.length} assets changed in the folder: ${names.join(', ')}${more}`
}

function verbOf(plan: Planned): string {
  if (plan.row === null) return 'Deleted'
  return plan.before ? 'New version of' : 'New asset'
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
