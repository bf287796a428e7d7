import { createMemoryStore } from '../../src/store/memory-store.ts'
import type { Store, Tables } from '../../src/store/store.ts'
import type { Program } from './host.ts'
import type { Ledger } from './ledger.ts'
import type { World } from './world.ts'

/** The control store: it outlives every control process, takes its time, and tells the ledger of each commit. */
export class Database {
  readonly #store: Store
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
    return {
      tables: this.slowed(program, this.#store.tables),
      close: async () => undefined,
      transaction: async (durability, work) => {
        const notes: (() => void)[] = []
        await this.#way(program)
        const result = await this.#store.transaction(durability, (tx) =>
          work(this.watched(tx, notes)),
        )
        for (const note of notes) note()
        await this.#way(program)
        if (notes.length > 0) announce()
        return result
      },
    }
  }

  /** Reads take a way too: what they bring may be old when it comes. */
  slowed(program: Program, tables: Tables): Tables {
    const slow = <T extends object>(table: T): T =>
      new Proxy(table, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name)
          if (typeof method !== 'function') return method
          return async (...args: unknown[]): Promise<unknown> => {
            await this.#way(program)
            const result: unknown = await Reflect.apply(method, target, args)
            await this.#way(program)
            return result
          }
        },
      })
    const { log, nodes, invalidations } = tables
    return { ...tables, log: slow(log), nodes: slow(nodes), invalidations: slow(invalidations) }
  }

  /** `notes` run at the commit, if there is one. */
  watched(tx: Tables, notes: (() => void)[]): Tables {
    const { log, invalidations } = tx
    const ledger = this.#ledger
    return {
      ...tx,
      log: {
        ...log,
        async append(project, keys) {
          const seq = await log.append(project, keys)
          notes.push(() => ledger.appended(seq))
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
