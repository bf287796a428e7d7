import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import { uuidv7 } from '../kernel/ids.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import { writeDurably } from '../origin/durable-files.ts'
import type { RecordChange, RecordStore } from '../origin/records.ts'
import type { Store } from '../store/store.ts'
import type { OnChange } from './assets.ts'
import {
  assetKeys,
  assetRecord,
  namesRecord,
  presetsRecord,
  projectRecord,
  recordKey,
} from './asset-rows.ts'

/** Notes of changes that have begun: on disk before the first record is touched, gone after the commit. */
export interface Intents {
  begin(project: string, records: readonly string[], change?: NotedChange): Promise<Intent>
  end(intent: Intent): Promise<void>
  /** Makes the records agree with the store again, and purges what may have been made of them meanwhile. */
  heal(intent: Intent): Promise<void>
  /** Heals what a crash left; how many there were. */
  healAll(): Promise<number>
}

export interface Intent {
  readonly path: string
  readonly project: string
  readonly records: readonly string[]
  readonly change: NotedChange | null
}

/** What an automatic invalidation must take along if the change is cut short. */
export interface NotedChange {
  readonly cause: string
  readonly keys: readonly KeyHash[]
}

export interface IntentParts {
  readonly store: Store
  readonly records: RecordStore
  readonly onChange: OnChange
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** `folder` is the origin folder of the data folder: notes are under `intents` in it. */
export function openIntents(folder: string, parts: IntentParts): Intents {
  const root = join(folder, 'intents')
  const intents: Intents = {
    async begin(project, records, change) {
      const path = join(root, `${uuidv7(parts.clock, parts.random)}.json`)
      const note = { project, records, change: change ?? null }
      await writeDurably([{ path, text: JSON.stringify(note) }])
      return { path, ...note }
    },
    // Not synced: a note that comes back after a power cut only makes healing do what is already so.
    end: (intent) => rm(intent.path, { force: true }),
    async heal(intent) {
      await heal(parts, intent)
      await intents.end(intent)
    },
    async healAll() {
      await mkdir(root, { recursive: true })
      const files = (await readdir(root)).filter((file) => file.endsWith('.json'))
      for (const file of files.sort()) {
        const intent = await readIntent(join(root, file))
        parts.log.warn({ project: intent.project, records: intent.records.length }, 'healing')
        await intents.heal(intent)
      }
      return files.length
    },
  }
  return intents
}

export async function heal(parts: IntentParts, intent: Intent): Promise<void> {
  const { project, records, change } = intent
  const known = await parts.store.tables.projects.get(project)
  await parts.records.apply(await documents(parts.store, project, records))
  if (!known) return
  const keys = records.flatMap((name) => healingKeys(project, name))
  await parts.store.transaction('durable', async (tx) => {
    await tx.log.append(project, [...keys, ...(change?.keys ?? [])])
    if (change) await parts.onChange(tx, { project, ...change })
  })
}

async function readIntent(path: string): Promise<Intent> {
  const note = JSON.parse(await readFile(path, 'utf8')) as Omit<Intent, 'path'>
  return { path, project: note.project, records: note.records, change: note.change ?? null }
}

/** The documents of these records as the store has them; null for what it does not have. */
async function documents(
  store: Store,
  project: string,
  names: readonly string[],
): Promise<readonly RecordChange[]> {
  const { projects, assets } = store.tables
  const row = await projects.get(project)
  const prefix = recordName.asset(project, '')
  const ids = names.filter((name) => name.startsWith(prefix)).map((name) => assetId(project, name))
  const found = new Map((await assets.getMany(project, ids)).map((asset) => [asset.id, asset]))
  const others: Record<string, unknown> = {
    [recordName.names()]: namesRecord(await projects.list()),
    [recordName.project(project)]: row ? projectRecord(row) : null,
    [recordName.presets(project)]: row ? presetsRecord(row) : null,
  }
  return names.map((name) => {
    const asset = found.get(assetId(project, name))
    const document = name.startsWith(prefix) ? (asset ? assetRecord(asset) : null) : others[name]
    return { name, document: document ?? null }
  })
}

function assetId(project: string, name: string): string {
  return name.slice(recordName.asset(project, '').length)
}

/** A node may have rendered from a record that was never committed: its renditions go as well. */
function healingKeys(project: string, name: string): readonly KeyHash[] {
  const prefix = recordName.asset(project, '')
  return name.startsWith(prefix)
    ? [recordKey(name), ...assetKeys(project, assetId(project, name))]
    : [recordKey(name), keyHash(keyText.project(project))]
}
