import { commit } from '../../src/assets/commit.ts'
import type { CommitParts } from '../../src/assets/commit.ts'
import { createLocks } from '../../src/assets/locks.ts'
import { assetKeys, assetRecord, presetsRecord } from '../../src/assets/asset-rows.ts'
import { heal } from '../../src/assets/intents.ts'
import type { Intent, IntentParts, Intents } from '../../src/assets/intents.ts'
import type { Selection } from '../../src/contract/invalidation.ts'
import { KEY_BYTES, keyHash, keyText } from '../../src/contract/keys.ts'
import type { KeyHash } from '../../src/contract/keys.ts'
import { recordName } from '../../src/contract/records.ts'
import { createInvalidations } from '../../src/invalidation/invalidations.ts'
import type { Invalidations } from '../../src/invalidation/invalidations.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { RecordChange, RecordStore } from '../../src/origin/records.ts'
import type { Authority } from '../../src/purgelog/authority.ts'
import type { Store } from '../../src/store/store.ts'
import type { Target } from '../../src/targets/target.ts'
import { createOwnNodes } from '../../src/targets/own-nodes.ts'
import { controlMemory } from '../../src/roles/control-memory.ts'
import { DRIFT_MAX } from './host.ts'
import type { Program } from './host.ts'
import type { Origin } from './origin.ts'
import { subjectOf } from './origin.ts'
import { assetRow } from './rows.ts'
import { lookTo } from './links.ts'
import { WayToOuter } from './outer-cache.ts'
import type { OuterCache } from './outer-cache.ts'
import { PROJECT, REMOTE } from './scene.ts'
import type { Stage } from './stage.ts'

export const NO_SELECTION: Selection = {
  assets: [],
  folders: [],
  renditions: false,
  presets: false,
  template: false,
  crops: false,
  served: false,
  content: false,
  urls: [],
  originals: [],
  everything: false,
  exclude: [],
}

/** One control process: the nodes' authority, the invalidation room, and what the asset library does to records and rows. */
export class Control {
  readonly program: Program
  readonly authority: Authority
  readonly invalidations: Invalidations
  readonly store: Store
  readonly #stage: Stage
  readonly #commit: CommitParts
  readonly #locks = createLocks()
  #open = false

  constructor(stage: Stage, program: Program) {
    this.program = program
    this.#stage = stage
    const { clock, timers, random } = program
    const { database, origin, leaseMs } = stage
    this.store = database.for(program, () => this.authority.announce())
    this.authority = stage.build.authority({
      clock,
      timers,
      random,
      leaseMs,
      memory: stage.build.memory(controlMemory(this.store), this.store),
      origin: { kind: 'folder', path: 'origin' },
    })
    const { nodes, log } = this.store.tables
    const outer = stage.outer && this.#outerTarget(stage.outer)
    this.invalidations = createInvalidations({
      outerTargets: async () => (outer ? [outer] : []),
      store: this.store,
      targets: [
        createOwnNodes({ barrier: this.authority, clock, list: () => nodes.list() }),
        stage.build.origins({ clock, timers, look: lookTo(stage, program, () => log.id()) }),
      ],
      clock,
      timers,
      random,
      log: silentLog,
      alone: stage.controlsCount === 1,
    })
    const records = recordsOf(origin, program)
    const onChange: CommitParts['onChange'] = (tx, change) =>
      this.invalidations.recordChange(tx, change)
    const shared = { store: this.store, records, onChange }
    const intents = intentsOf(stage, { ...shared, clock, random })
    this.#commit = { ...shared, intents, log: silentLog }
  }

  #outerTarget(outer: OuterCache): Target {
    const { clock, timers } = this.program
    const outside = new WayToOuter(this.#stage, this.program, outer)
    // A look without a mark of ours cannot be compared with anything here.
    const reference = unread
    const parts = { clock, timers, outside, reference, drain: this.authority }
    return this.#stage.build.outer(parts, this.#stage.outerSettings)
  }

  /** Heals what a crash left, if it is the one that changes the library, then takes up what is unfinished. */
  async start(heals: boolean): Promise<void> {
    if (heals)
      for (const intent of Array.from(this.#stage.intents)) await this.#commit.intents.heal(intent)
    await this.invalidations.start()
    this.#open = true
  }

  /** Its door is open: it has started, and neither crashed nor been stopped. */
  get isOpen(): boolean {
    return this.#open && this.program.running
  }

  #serving = 0

  /** Nothing that it was asked for is under way. */
  get isIdle(): boolean {
    return this.isOpen && this.#serving === 0
  }

  /** Inside this process; never ends when it dies meanwhile. */
  async serve(work: () => Promise<void>): Promise<void> {
    this.#serving += 1
    try {
      await this.program.pause(0)
      await work()
    } finally {
      this.#serving -= 1
    }
  }

  async invalidate(selection: Partial<Selection>): Promise<void> {
    await this.invalidations.submit(PROJECT, {
      selection: { ...NO_SELECTION, ...selection },
      source: 'api',
      createdBy: 'a writer',
      ...(selection.everything ? { confirm: PROJECT } : {}),
    })
  }

  /**
   * "Stale, may be shown while it is asked after": for `softMs` from when every node has acknowledged or lost its lease. A little
   * longer by the clocks of nodes that drift.
   */
  async purgeSoftly(subject: string, softMs: number): Promise<void> {
    const { database, world } = this.#stage
    const seq = await this.store.transaction('durable', async (tx) => {
      const appended = await tx.log.append(PROJECT, keysOf(subject))
      database.soften(appended, softMs)
      return appended
    })
    world.note(this.program.name, `soft purge ${seq} of ${subject} for ${softMs.toFixed(0)} ms`)
    await this.#waitFor(subject, seq)
    const { ledger } = this.#stage
    const { logId } = ledger
    world.after(softMs * (1 + DRIFT_MAX) + 1, () => ledger.over(subject, seq, logId))
  }

  /** Of something that nobody here asks for. */
  purgeUnrelated(name: string): Promise<number> {
    const key = keyHash(keyText.asset(PROJECT, name))
    return this.store.transaction('durable', (tx) => tx.log.append(PROJECT, [key]))
  }

  /**
   * A long list, of which the log has the keys as bytes in several entries; the last one's number is the purge's. Soft with
   * `softMs`.
   */
  async purgePacked(subject: string, softMs?: number): Promise<void> {
    const { random, world, name } = this.program
    const others = (): Uint8Array => random.bytes(KEY_BYTES * 40)
    const keys = keysOf(subject).map((key) => Buffer.from(key, 'base64url'))
    const pieces = [Buffer.concat([...keys, others()]), others()]
    const seq = await this.store.transaction('durable', (tx) =>
      tx.log.appendPacked(PROJECT, pieces, softMs),
    )
    const how = softMs === undefined ? '' : `soft for ${softMs.toFixed(0)} ms `
    world.note(name, `long purge ${seq} ${how}with ${subject} in it`)
    await this.#waitFor(subject, seq)
    const { ledger } = this.#stage
    const { logId } = ledger
    const over = (): void => ledger.over(subject, seq, logId)
    if (softMs === undefined) over()
    else world.after(softMs * (1 + DRIFT_MAX) + 1, over)
  }

  async #waitFor(subject: string, seq: number): Promise<void> {
    this.#stage.ledger.claimed(subject, seq)
    await this.authority.waitFor(seq, () => undefined, new AbortController().signal)
  }

  /** A new version of an asset, as the asset library puts it. */
  put(id: string, text: string): Promise<void> {
    return this.#locks.run(PROJECT, () => this.#put(id, text))
  }

  async #put(id: string, text: string): Promise<void> {
    const before = await this.store.tables.assets.get(PROJECT, id)
    const row = assetRow(id, (before?.version ?? 0) + 1, this.#stage.origin.putBlob(text))
    await this.#change({
      cause: `New version of ${id}`,
      records: [{ name: recordName.asset(PROJECT, id), document: assetRecord(row) }],
      keys: assetKeys(PROJECT, id),
      rows: (tx) => tx.assets.put(row),
    })
  }

  /** Old and new keys go into the log with the move itself (freshness rule P11). */
  move(from: string, to: string): Promise<void> {
    return this.#locks.run(PROJECT, () => this.#move(from, to))
  }

  async #move(from: string, to: string): Promise<void> {
    const before = await this.store.tables.assets.get(PROJECT, from)
    if (!before || (await this.store.tables.assets.get(PROJECT, to))) return
    const row = { ...before, id: to }
    const keys = [...assetKeys(PROJECT, from), ...assetKeys(PROJECT, to)]
    await this.#change({
      cause: `Moved ${from} to ${to}`,
      records: [
        { name: recordName.asset(PROJECT, to), document: assetRecord(row) },
        { name: recordName.asset(PROJECT, from), document: null },
      ],
      keys,
      purge: keys,
      async rows(tx) {
        await tx.assets.remove(PROJECT, from)
        await tx.assets.put(row)
      },
    })
  }

  setPreset(modifiers: string): Promise<void> {
    return this.#locks.run(PROJECT, () => this.#setPreset(modifiers))
  }

  async #setPreset(modifiers: string): Promise<void> {
    const project = await this.store.tables.projects.get(PROJECT)
    if (!project) return
    const presets = { small: modifiers }
    await this.#change({
      cause: 'Preset small changed',
      records: [
        { name: recordName.presets(PROJECT), document: presetsRecord({ ...project, presets }) },
      ],
      keys: [keyHash(keyText.preset(PROJECT, 'small'))],
      rows: (tx) => tx.projects.update(PROJECT, { presets }),
    })
  }

  async #change(what: LibraryChange): Promise<void> {
    const { truth } = this.#stage.origin
    const subjects = what.records.map((record) => subjectOf(record.name))
    await this.#stage.library.change(this.#commit, {
      project: PROJECT,
      records: what.records,
      ...(what.purge ? { purge: what.purge } : {}),
      change: { cause: what.cause, keys: what.keys },
      rows: what.rows,
      pause: (ms) => this.program.pause(ms),
      committed: () => {
        for (const subject of subjects) if (subject !== null) truth.of(subject).committed()
        this.program.world.note(this.program.name, what.cause)
      },
    })
  }
}

function keysOf(subject: string): readonly KeyHash[] {
  if (subject !== REMOTE) return assetKeys(PROJECT, subject)
  return [keyText.original(PROJECT, subject), keyText.source(PROJECT, subject)].map(keyHash)
}

type Commit = Parameters<typeof commit>[1]

interface LibraryChange extends Pick<Commit, 'records' | 'rows' | 'purge'> {
  readonly cause: string
  readonly keys: readonly KeyHash[]
}

/** How the asset library commits; a part, so that a wrong one can be tried. */
export interface Library {
  change(parts: CommitParts, what: Commit & LibrarySide): Promise<void>
}

interface LibrarySide {
  /** To be called when the rows are committed. */
  readonly committed: () => void
  readonly pause: (ms: number) => Promise<void>
}

export const soundLibrary: Library = {
  change: (parts, { committed, ...what }) =>
    commit({ ...parts, store: tellingStore(parts.store, committed) }, what),
}

/** Tells at the commit itself, before its answer has come back. */
export function tellingStore(store: Store, committed: () => void): Store {
  return {
    ...store,
    transaction: (durability, work) =>
      store.transaction(durability, async (tx) => {
        const result = await work(tx)
        // The in-memory store commits what has been worked in the same step of virtual time.
        committed()
        return result
      }),
  }
}

const unread = (): Promise<null> => Promise.resolve(null)

function recordsOf(origin: Origin, program: Program): RecordStore {
  const read = origin.readRecord(program)
  const apply = (changes: readonly RecordChange[]): Promise<void> => origin.apply(program, changes)
  return {
    read,
    apply,
    names: unread,
    project: unread,
    presets: unread,
    asset: unread,
    write: (name, document) => apply([{ name, document }]),
    remove: (name) => apply([{ name, document: null }]),
  }
}

/** Notes of changes that have begun, kept through crashes; healing is the library's own. */
function intentsOf(stage: Stage, parts: Omit<IntentParts, 'log'>): Intents {
  const intents: Intents = {
    async begin(project, records, change) {
      const path = `intent-${stage.world.moment()}`
      const intent: Intent = { path, project, records, change: change ?? null }
      stage.intents.add(intent)
      return intent
    },
    async end(intent) {
      stage.intents.delete(intent)
    },
    async heal(intent) {
      const subjects = intent.records.map(subjectOf).filter((subject) => subject !== null)
      const told = (): void => {
        for (const subject of subjects) stage.origin.truth.of(subject).committed()
        stage.world.note('library', `healed ${subjects.join(', ')}`)
      }
      await heal({ ...parts, store: tellingStore(parts.store, told), log: silentLog }, intent)
      await intents.end(intent)
    },
    healAll: () => Promise.resolve(0),
  }
  return intents
}
