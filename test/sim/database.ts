import { keysCountOf } from '../../src/contract/purge-log.ts'
import type { PurgeEntry } from '../../src/contract/purge-log.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import type { LogTable, Store, Tables } from '../../src/store/store.ts'
import type { Program } from './host.ts'
import type { Entry, Ledger } from './ledger.ts'
import { contentOf } from './log-watch.ts'
import { ASSETS, MOVED, PROJECT } from './scene.ts'
import type { World } from './world.ts'

/** The control store: it outlives every control process, takes its time, and tells the ledger of each commit. */
export class Database {
  #store: MemoryStore
  readonly #soft = new Map<number, number>()
  readonly #world: World
  readonly #ledger: Ledger
  /** Ways to the database and back take up to this long each; 0 takes none. */
  slowMs = 0

  constructor(world: World, ledger: Ledger) {
    this.#world = world
    this.#ledger = ledger
    this.#store = createMemoryStore({ random: world.chance })
  }

  /** As one process sees it. A crash between a commit and its answer loses the answer, not the commit. */
  for(program: Program, announce: () => void): Store {
    const { tables } = this.#store
    return {
      tables: this.#slowed(program, { ...tables, log: this.#softened(this.seen(tables.log)) }),
      close: async () => undefined,
      transaction: async (durability, work) => {
        const notes: (() => void)[] = []
        await this.#way(program)
        const ticket = await this.begin(program, durability)
        const result = await this.#store.transaction(durability, (tx) =>
          work(this.#watched(tx, notes, ticket)),
        )
        for (const note of notes) note()
        const heard = program.whenDead(() => this.#world.meet('commit whose answer is lost'))
        await this.#way(program)
        heard()
        if (notes.length > 0) announce()
        return result
      },
    }
  }

  /** Looked at from outside of time. */
  get tables(): Tables {
    return this.#store.tables
  }

  /** From its commit on, this purge is a soft one. */
  soften(seq: number, softMs: number): void {
    this.#soft.set(seq, softMs)
  }

  #softened(log: LogTable): LogTable {
    return {
      ...log,
      after: async (...ask) =>
        (await log.after(...ask)).map((entry) => {
          const softMs = this.#soft.get(entry.seq)
          return softMs === undefined ? entry : { ...entry, kind: 'soft', softMs }
        }),
    }
  }

  /** Forgets all but the last entries, as it happens to an old log: who is further behind must start empty. */
  trimLog(kept: number): Promise<void> {
    return this.#store.transaction('volatile', async (tx) => {
      await tx.log.trim((await tx.log.head()) - kept)
    })
  }

  /** What was committed so far outlives a power cut. */
  sync(): Promise<void> {
    return this.#store.transaction('durable', () => Promise.resolve())
  }

  /** A backup takes its place, with a purge log of its own: the library is as it was, nodes and invalidations are not known any more. */
  async replace(): Promise<string> {
    const before = this.#store.tables
    this.#store = createMemoryStore({ random: this.#world.chance })
    this.#soft.clear()
    const projects = await before.projects.list()
    const found = await Promise.all([...ASSETS, MOVED].map((id) => before.assets.get(PROJECT, id)))
    await this.#store.transaction('durable', async (tx) => {
      for (const row of projects) await tx.projects.insert(row)
      for (const row of found) if (row) await tx.assets.put(row)
    })
    return this.#store.tables.log.id()
  }

  powerCut(): void {
    this.#store.powerCut()
  }

  /** The log as readers see it. */
  protected seen(log: LogTable): LogTable {
    return log
  }

  /** Before a transaction; what it returns goes along to `append`. */
  protected async begin(_program: Program, _durability: 'durable' | 'volatile'): Promise<number> {
    return 0
  }

  /** Puts an entry into the log; `notes` run at the commit. */
  protected append(
    log: LogTable,
    { project, keys }: Pick<PurgeEntry, 'project' | 'keys'>,
    _ticket: number,
    _notes: (() => void)[],
  ): Promise<number> {
    return log.append(project, keys)
  }

  /** Reads take a way too: what they bring may be old when it comes. */
  #slowed(program: Program, tables: Tables): Tables {
    const slow = <T extends object>(table: T): T => {
      const methods = Object.entries(table) as [string, (...args: unknown[]) => Promise<unknown>][]
      const slowed = methods.map(([name, method]) => {
        const viaNetwork = async (...args: unknown[]): Promise<unknown> => {
          await this.#way(program)
          const result = await method(...args)
          await this.#way(program)
          return result
        }
        return [
          name,
          (...args: unknown[]) => (this.slowMs > 0 ? viaNetwork(...args) : method(...args)),
        ]
      })
      return Object.fromEntries(slowed) as T
    }
    const { log, nodes, invalidations } = tables
    return { ...tables, log: slow(log), nodes: slow(nodes), invalidations: slow(invalidations) }
  }

  /** `notes` run at the commit, if there is one. */
  #watched(tx: Tables, notes: (() => void)[], ticket: number): Tables {
    const { log, invalidations } = tx
    const ledger = this.#ledger
    return {
      ...tx,
      log: {
        ...log,
        append: async (project, keys) => {
          const seq = await this.append(log, { project, keys }, ticket, notes)
          notes.push(() => ledger.appended(seq, entryOf({ project, keys })))
          return seq
        },
        async appendPacked(project, pieces, softMs) {
          const seq = await log.appendPacked(project, pieces, softMs)
          const first = seq - pieces.length + 1
          for (const [at, packed] of pieces.entries())
            notes.push(() => ledger.appended(first + at, entryOf({ project, keys: [], packed })))
          return seq
        },
      },
      invalidations: {
        ...invalidations,
        async insert(row, urls) {
          await invalidations.insert(row, urls)
          notes.push(() => ledger.inserted(row))
        },
        async update(id, runner, epoch, change) {
          const done = await invalidations.update(id, runner, epoch, change)
          if (done) notes.push(() => ledger.changed(id, change))
          return done
        },
        async transition(id, from, change) {
          const done = await invalidations.transition(id, from, change)
          if (done) notes.push(() => ledger.changed(id, change))
          return done
        },
      },
    }
  }

  async #way(program: Program): Promise<void> {
    if (this.slowMs > 0) await program.pause(this.#world.chance.between(0, this.slowMs))
  }
}

function entryOf(entry: Omit<PurgeEntry, 'seq' | 'kind'>): Entry {
  return { content: contentOf(entry), keysCount: keysCountOf({ seq: 0, kind: 'purge', ...entry }) }
}
