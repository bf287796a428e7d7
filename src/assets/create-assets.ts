import { dirname } from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { Timers } from '../kernel/timers.ts'
import { openAssetsOrigin } from '../origin/assets-origin.ts'
import { sweepUnfinished } from '../origin/durable-files.ts'
import { openRecords } from '../origin/records.ts'
import type { Store } from '../store/store.ts'
import { patchAsset, removeAsset } from './asset-changes.ts'
import { putCrop, removeCrop, smartCrops } from './crops.ts'
import { assetContent } from './asset-content.ts'
import { createBlobCollector } from './blob-collector.ts'
import type { BlobCollector } from './blob-collector.ts'
import { createBlobHolds } from './blob-holds.ts'
import { bulkAction } from './bulk-actions.ts'
import type { Assets, FindArea, OnChange } from './assets.ts'
import { createFolders } from './folders.ts'
import type { Folders } from './folders.ts'
import { openIntents } from './intents.ts'
import type { Intents } from './intents.ts'
import { assetOf, projectOf } from './library-parts.ts'
import type { LibraryParts } from './library-parts.ts'
import { createLocks } from './locks.ts'
import { presetUsage, putPreset, removePreset } from './presets.ts'
import { createProject, updateProject } from './projects.ts'
import { putTemplate, restoreTemplate, templateVersion } from './templates.ts'
import { putAsset, restoreVersion } from './uploads.ts'

export interface AssetsParts {
  readonly store: Store
  /** `<data>/origin`: records, blobs and notes live in it. Resizers get the same path. */
  readonly originFolder: string
  /** The invalidation room's `recordChange`. */
  readonly onChange: OnChange
  /** Where smart crops lie that nobody drew; without it they are not shown. */
  readonly findArea?: FindArea
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
}

export function createAssets(parts: AssetsParts): Assets {
  const { store, clock, log, originFolder } = parts
  const records = openRecords(originFolder)
  const intents = openIntents(originFolder, { ...parts, records })
  const library: LibraryParts = {
    store,
    records,
    intents,
    onChange: parts.onChange,
    origin: openAssetsOrigin(originFolder),
    clock,
    log,
    locks: createLocks(),
    holds: createBlobHolds(),
    ...(parts.findArea ? { findArea: parts.findArea } : {}),
  }
  const dataFolder = dirname(originFolder)
  const folders = createFolders({ ...library, timers: parts.timers, dataFolder })
  return {
    ...reading(library),
    ...changing(library),
    ...living({
      ...parts,
      intents,
      folders,
      collector: createBlobCollector({ ...library, timers: parts.timers }),
    }),
    useFolder: (project, path) => folders.use(project, path),
    problems: (project) => folders.problems(project),
    settle: (project, ids) => folders.settle(project, ids),
  }
}

type Reading = Pick<
  Assets,
  | 'get'
  | 'list'
  | 'folders'
  | 'versions'
  | 'content'
  | 'crops'
  | 'presets'
  | 'presetUsage'
  | 'templateVersions'
  | 'templateVersion'
>

function reading(parts: LibraryParts): Reading {
  const { assets } = parts.store.tables
  return {
    get: async (project, id) => (await assets.get(project, id)) ?? null,
    list: (project, filter, page) => assets.list(project, filter, page),
    folders: (project, parent) => assets.folders(project, parent),
    async versions(project, id) {
      await assetOf(parts, project, id)
      return assets.versions(project, id)
    },
    content: (project, id, options) => assetContent(parts, project, id, options ?? {}),
    crops: (project, id) => smartCrops(parts, { project, id }),
    presets: async (project) => (await projectOf(parts, project)).presets,
    presetUsage: (project, name) => presetUsage(parts, project, name),
    templateVersions: (project) => parts.store.tables.projects.templateVersions(project),
    templateVersion: (project, version) => templateVersion(parts, project, version),
  }
}

type Changing = Pick<
  Assets,
  | 'put'
  | 'patch'
  | 'remove'
  | 'bulk'
  | 'restore'
  | 'putCrop'
  | 'removeCrop'
  | 'putPreset'
  | 'removePreset'
  | 'createProject'
  | 'updateProject'
  | 'putTemplate'
  | 'restoreTemplate'
>

function changing(parts: LibraryParts): Changing {
  return {
    put: (upload, body) => putAsset(parts, upload, body),
    patch: (project, id, change, by) => patchAsset(parts, { project, id }, change, by),
    remove: (project, id) => removeAsset(parts, { project, id }),
    bulk: (project, action, by) => bulkAction(parts, project, action, by),
    restore: (project, id, version, by) => restoreVersion(parts, { project, id, version, by }),
    putCrop: (project, id, name, edit, options) =>
      putCrop(parts, { project, id }, { name, edit, ...options }),
    removeCrop: (project, id, name, options) =>
      removeCrop(parts, { project, id }, { name, ...options }),
    putPreset: (project, name, modifiers, options) =>
      putPreset(parts, project, name, modifiers, options),
    removePreset: (project, name, options) => removePreset(parts, project, name, options),
    createProject: (id, settings) => createProject(parts, id, settings),
    updateProject: (id, settings) => updateProject(parts, id, settings),
    putTemplate: (project, text, by, expectedVersion) =>
      putTemplate(parts, { project, text, by, expectedVersion }),
    restoreTemplate: (project, version, by, expectedVersion) =>
      restoreTemplate(parts, { project, version, by, expectedVersion }),
  }
}

interface LivingParts extends AssetsParts {
  readonly intents: Intents
  readonly folders: Folders
  readonly collector: BlobCollector
}

/** Healing comes before anything is read, and unfinished files of a crash go. */
function living(parts: LivingParts): Pick<Assets, 'start' | 'stop'> {
  let started: Promise<void> | null = null
  return {
    start() {
      started ??= (async () => {
        await sweepUnfinished(parts.originFolder)
        await parts.intents.healAll()
        await parts.folders.start()
        parts.collector.start()
      })()
      return started
    },
    async stop() {
      await parts.collector.stop()
      await parts.folders.stop()
    },
  }
}
