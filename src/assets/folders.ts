import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Timers } from '../kernel/timers.ts'
import type { ProjectRow } from '../store/store.ts'
import type { AssetProblem } from './assets.ts'
import { DEMO_IDS } from '../contract/demo-ids.ts'
import { AssetsError } from './errors.ts'
import { isWithin } from './folder-scan.ts'
import { FolderWatch } from './folder-watch.ts'
import { projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'

/** The watched folders of all projects. */
export interface Folders {
  use(project: string, path: string): Promise<void>
  problems(project: string): readonly AssetProblem[]
  settle(project: string, ids: readonly string[] | 'all'): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface FoldersParts extends LibraryParts {
  readonly timers: Timers
  /** Sluice's own files: keys, rows and blobs. Never served, and their changes not followed. */
  readonly dataFolder: string
}

export function createFolders(parts: FoldersParts): Folders {
  const watches = new Map<string, FolderWatch>()
  let started = false

  async function watchProject(project: ProjectRow): Promise<void> {
    if (project.assetSource.kind !== 'folder') return
    await watches.get(project.id)?.stop()
    const root = await realFolder(project.assetSource.path)
    const ownData = await realFolder(parts.dataFolder)
    const watch = new FolderWatch({ ...parts, project: project.id, root, ownData })
    watches.set(project.id, watch)
    await watch.start()
  }

  return {
    async use(project, path) {
      const absolute = resolve(path)
      await assertFolder(absolute)
      await assertOutside(absolute, parts.dataFolder)
      const row = await projectOf(parts, project)
      if (isSource(row, absolute) && watches.has(project)) return
      await assertNothingLost(parts, row)
      const assetSource = { kind: 'folder', path: absolute } as const
      await parts.locks.run(project, () =>
        parts.store.transaction('durable', (tx) => tx.projects.update(project, { assetSource })),
      )
      if (started) await watchProject({ ...row, assetSource })
    },
    problems: (project) => watches.get(project)?.problems() ?? [],
    settle: async (project, ids) => watches.get(project)?.settle(ids),
    async start() {
      started = true
      const projects = await parts.store.tables.projects.list()
      await Promise.all(projects.map(watchProject))
    },
    async stop() {
      started = false
      await Promise.all([...watches.values()].map((watch) => watch.stop()))
      watches.clear()
    },
  }
}

function isSource({ assetSource }: ProjectRow, path: string): boolean {
  return assetSource.kind === 'folder' && assetSource.path === path
}

/** A folder that is not there at a start is watched all the same: it may be mounted later. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return path
  }
}

async function assertFolder(path: string): Promise<void> {
  const stats = await stat(path).catch(() => null)
  if (stats?.isDirectory()) return
  const reason = `${path} is not a folder that can be read: name an existing one.`
  throw new AssetsError('bad-settings', reason, { errors: [{ pointer: '/assets', reason }] })
}

/** A folder that holds the data folder is served without it; one inside it holds nothing else. */
async function assertOutside(path: string, dataFolder: string): Promise<void> {
  if (!isWithin(await realFolder(path), await realFolder(dataFolder))) return
  throw new AssetsError(
    'bad-settings',
    `${path} lies in Sluice’s own data folder: name another folder, or move the data with SLUICE_DATA.`,
  )
}

/** Assets that somebody uploaded would vanish; the demo's pictures may. */
async function assertNothingLost(parts: LibraryParts, project: ProjectRow): Promise<void> {
  if (project.assetSource.kind === 'folder') return
  const rows = await parts.store.tables.assets.all(project.id)
  const uploaded = rows.filter((row) => !(DEMO_IDS as readonly string[]).includes(row.id))
  if (uploaded.length === 0) return
  throw new AssetsError(
    'bad-settings',
    `The project “${project.id}” holds ${uploaded.length} uploaded assets, which a watched folder would ` +
      'replace: use another project (SLUICE_PROJECT) or another data folder (SLUICE_DATA).',
  )
}
