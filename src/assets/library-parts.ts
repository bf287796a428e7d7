import type { Clock } from '../kernel/clock.ts'
import type { AssetsOrigin } from '../origin/assets-origin.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import type { FindArea } from './assets.ts'
import type { BlobHolds } from './blob-holds.ts'
import type { CommitParts } from './commit.ts'
import { AssetsError } from './errors.ts'
import { idProblem } from './asset-id.ts'
import type { Locks } from './locks.ts'

/** What every file of the library works with. */
export interface LibraryParts extends CommitParts {
  readonly origin: AssetsOrigin
  readonly clock: Clock
  readonly locks: Locks
  readonly holds: BlobHolds
  readonly findArea?: FindArea
}

export async function projectOf(parts: LibraryParts, project: string): Promise<ProjectRow> {
  const row = await parts.store.tables.projects.get(project)
  if (!row) throw new AssetsError('unknown-project', `There is no project “${project}”.`)
  return row
}

export async function assetOf(parts: LibraryParts, project: string, id: string): Promise<AssetRow> {
  const row = await parts.store.tables.assets.get(project, id)
  if (!row) throw new AssetsError('unknown-asset', `There is no asset “${id}” in “${project}”.`)
  return row
}

/** Uploads, deletes, restores and moves are for a library; a watched folder is changed by changing its files. */
export function assertWritable(project: ProjectRow): void {
  if (project.assetSource.kind === 'library') return
  throw new AssetsError(
    'read-only-source',
    `The assets of “${project.id}” are the files of ${project.assetSource.path}, which Sluice only reads: ` +
      'change the files there, and Sluice follows.',
  )
}

export function assertId(id: string): void {
  const problem = idProblem(id)
  if (!problem) return
  throw new AssetsError('bad-asset-id', `“${shown(id)}” is no asset id. ${problem.reason}`)
}

/** An id as it may stand in a message: short, and without control characters. */
function shown(id: string): string {
  return JSON.stringify(id.toWellFormed().slice(0, 100)).slice(1, -1)
}
