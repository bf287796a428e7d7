import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createApi } from '../api/api.ts'
import { hashPassword } from '../api/passwords.ts'
import type { DemoPictures } from '../api/parts.ts'
import { createAssets } from '../assets/create-assets.ts'
import type { Assets, OnChange } from '../assets/assets.ts'
import { OriginRefresh } from '../assets/origin-refresh.ts'
import { rememberedAreas, salientArea } from '../imaging/salient-area.ts'
import { createInvalidations } from '../invalidation/invalidations.ts'
import type { Invalidations } from '../invalidation/invalidations.ts'
import type { StepPoint } from '../invalidation/parts.ts'
import type { KnownOriginals } from '../contract/known-originals.ts'
import { sha256 } from '../kernel/hash.ts'
import { uuidv7 } from '../kernel/ids.ts'
import { createRemote } from '../origin/remote.ts'
import { Authority } from '../purgelog/authority.ts'
import { openSqliteStore } from '../store/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import { controlTargets } from './control-targets.ts'
import type { ControlTargets } from './control-targets.ts'
import { controlMemory } from './control-memory.ts'
import type { DataFolder } from './data-folder.ts'
import { noteLogPlace, refuseOlderCopy } from './log-place.ts'
import { resizerOriginals, resizersOf } from './resizer-originals.ts'
import { beginIfCopy } from './restored-start.ts'
import type { CopyPlace } from './restored-start.ts'
import type { Machine, Running } from './role.ts'

export interface ControlSettings {
  readonly data: DataFolder
  readonly leaseMs: number
  readonly logDays?: number
  readonly nodeSecret: string
  readonly adminKey: string
  readonly adminEmail: string
  readonly adminPassword: string | null
  readonly defaultProject: string
  readonly trustedProxies: readonly string[]
  readonly consoleFolder: string | null
  /** For crash tests. */
  readonly atStep: ((point: StepPoint) => void) | null
  readonly say: (line: string) => void
}

/** The control plane, working; its door is opened by `openDoor` once everything that it shows is there. */
export interface Control {
  readonly store: Store
  readonly authority: Authority
  readonly assets: Assets
  readonly invalidations: Invalidations
  openDoor(place: { host: string; port: number }, demo: DemoPictures | null): Promise<Running>
  stop(): Promise<void>
}

/** The data file under the data folder; `sluice admin` opens it too. */
export const STORE_FILE = 'control.sqlite'
/** Records and blobs, under the data folder. */
export const ORIGIN_FOLDER = 'origin'

export async function startControl(machine: Machine, settings: ControlSettings): Promise<Control> {
  const { clock, timers, random, log } = machine
  const originFolder = join(settings.data.path, ORIGIN_FOLDER)
  await mkdir(originFolder, { recursive: true })
  const storeFile = join(settings.data.path, STORE_FILE)
  const plainStore = await openSqliteStore(storeFile, { random, timers })
  const origin = { kind: 'folder', path: originFolder } as const
  const { leaseMs, nodeSecret } = settings
  const memory = controlMemory(plainStore)
  const authority = new Authority({ clock, timers, random, memory, leaseMs, origin })
  const store = announcing(plainStore, () => authority.announce())
  const late: { assets?: Assets } = {}
  const targets = controlTargets(machine, { store: plainStore, authority, nodeSecret })
  const invalidations = createInvalidations({
    store,
    targets: targets.own,
    clock,
    timers,
    random,
    log,
    outerTargets: (project) => targets.of(project),
    alone: true,
    ...(settings.logDays === undefined ? {} : { logDays: settings.logDays }),
    settle: async (project, ids) => late.assets?.settle(project, ids),
    ...(settings.atStep ? { atStep: settings.atStep } : {}),
  })
  const onChange: OnChange = (tx, change) => invalidations.recordChange(tx, change)
  const findArea = rememberedAreas(async ({ load, size }) => salientArea(await load(), size))
  const parts = { store, originFolder, onChange, findArea, clock, timers, random, log }
  const assets = createAssets(parts)
  late.assets = assets
  const originals = resizerOriginals(resizersOf(plainStore, nodeSecret, log))
  const refresh = refreshOf(machine, store, originals, onChange)
  let endNotes: (() => Promise<void>) | null = null
  const stop = async (): Promise<void> => {
    await refresh.stop()
    await invalidations.stop()
    await targets.stop()
    await assets.stop()
    await endNotes?.()
    await store.close()
  }
  try {
    endNotes = await beginLog(machine, settings, storeFile, parts)
    await ensureAccount(machine, store, settings)
    await assets.start()
    await invalidations.start()
  } catch (error) {
    // What was begun would keep the process alive that is to say why and end.
    await stop()
    throw error
  }
  refresh.start()
  return {
    store,
    authority,
    assets,
    invalidations,
    openDoor: (place, demo) =>
      openDoor(
        machine,
        settings,
        { store, authority, assets, invalidations, originals, targets },
        place,
        demo,
      ),
    stop,
  }
}

/** Before anybody is answered: is this the log that nodes know? Resolves to what ends the notes of how far it is. */
async function beginLog(
  machine: Machine,
  { data, leaseMs, say }: ControlSettings,
  storeFile: string,
  { store, originFolder, onChange }: Pick<CopyPlace, 'store' | 'originFolder' | 'onChange'>,
): Promise<() => Promise<void>> {
  await refuseOlderCopy(data, store)
  await beginIfCopy(machine, { store, storeFile, originFolder, leaseMs, onChange, say })
  return noteLogPlace(machine, data, store)
}

/** The look at originals whose project wants it. */
function refreshOf(
  { clock, timers, log }: Machine,
  store: Store,
  known: KnownOriginals,
  onChange: OnChange,
): OriginRefresh {
  const remote = createRemote({ clock, timers })
  return new OriginRefresh({ store, known, remote, onChange, clock, timers, log })
}

async function openDoor(
  machine: Machine,
  settings: ControlSettings,
  rooms: Pick<Control, 'store' | 'authority' | 'assets' | 'invalidations'> & {
    readonly originals: KnownOriginals
    readonly targets: ControlTargets
  },
  place: { host: string; port: number },
  demo: DemoPictures | null,
): Promise<Running> {
  const { nodeSecret, leaseMs, defaultProject, trustedProxies, consoleFolder } = settings
  const api = await createApi({
    ...machine,
    ...rooms,
    targets: rooms.targets.library(rooms),
    demo,
    notReady: () => [],
    config: {
      version: machine.version,
      adminKeyHash: sha256(settings.adminKey),
      nodeSecret,
      leaseMs,
      defaultProject,
      trustedProxies,
      consoleFolder,
    },
  })
  const { url } = await api.listen(place)
  machine.metrics.beforeExposition(async () => {
    const counts = await rooms.store.tables.invalidations.countByStatus()
    for (const [status, count] of Object.entries(counts))
      machine.metrics.gauge('sluice_invalidations', { status }, count)
    machine.metrics.gauge('sluice_purge_log_head', {}, await rooms.store.tables.log.head())
  })
  return { url, notReady: () => [], stop: () => api.close() }
}

/** The first account, owner of everything. */
async function ensureAccount(
  machine: Machine,
  store: Store,
  settings: ControlSettings,
): Promise<void> {
  const { accounts } = store.tables
  const known = await accounts.accounts()
  if (known.some((account) => account.owner)) return
  const { adminEmail, adminPassword } = settings
  const passwordHash =
    adminPassword === null ? null : await hashPassword(adminPassword, machine.random)
  const account = {
    id: uuidv7(machine.clock, machine.random),
    email: adminEmail,
    passwordHash,
    owner: true,
    createdAt: machine.clock.wall(),
  }
  await store.transaction('durable', (tx) => tx.accounts.putAccount(account))
}

/** Rings the nodes' authority after each commit that appended to the purge log. */
function announcing(store: Store, announce: () => void): Store {
  return {
    tables: store.tables,
    close: () => store.close(),
    async transaction(durability, work) {
      let appended = false
      const result = await store.transaction(durability, (tx) => {
        const log = {
          id: () => tx.log.id(),
          head: () => tx.log.head(),
          oldest: () => tx.log.oldest(),
          after: (seq: number, limit: number) => tx.log.after(seq, limit),
          packedBeyond: (kept: number) => tx.log.packedBeyond(kept),
          trim: (seq: number) => tx.log.trim(seq),
          append(...args: Parameters<typeof tx.log.append>) {
            appended = true
            return tx.log.append(...args)
          },
          appendPacked(...args: Parameters<typeof tx.log.appendPacked>) {
            appended = true
            return tx.log.appendPacked(...args)
          },
        }
        return work({ ...tx, log })
      })
      if (appended) announce()
      return result
    },
  }
}

export const CONTROL_METRICS = {
  sluice_invalidations: { kind: 'gauge', help: 'Invalidations by status.', labels: ['status'] },
  sluice_purge_log_head: { kind: 'gauge', help: 'The last purge in the log.', labels: [] },
} as const
