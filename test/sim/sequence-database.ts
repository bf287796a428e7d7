import type { PurgeEntry } from '../../src/contract/purge-log.ts'
import type { LogTable } from '../../src/store/store.ts'
import { Database } from './database.ts'
import type { Program } from './host.ts'
import { PROJECT } from './scene.ts'

/** A transaction takes this long at most between taking its number and its commit. */
const COMMIT_MS = 60

/**
 * A store that numbers purges by a database sequence: a transaction has its number before it commits, so that a later number may be
 * seen before an earlier one. Rolled back transactions leave holes, hence readers take a hole for nothing.
 */
export class SequenceDatabase extends Database {
  #next = 0
  readonly #entries = new Map<number, PurgeEntry>()

  protected override async begin(
    program: Program,
    durability: 'durable' | 'volatile',
  ): Promise<number> {
    if (durability === 'volatile') return 0
    const seq = (this.#next += 1)
    await program.pause(program.random.between(0, COMMIT_MS))
    return seq
  }

  protected override async append(
    _log: LogTable,
    entry: Pick<PurgeEntry, 'project' | 'keys'>,
    ticket: number,
    notes: (() => void)[],
  ): Promise<number> {
    notes.push(() => this.#entries.set(ticket, { ...entry, seq: ticket, kind: 'purge' }))
    return ticket
  }

  protected override seen(log: LogTable): LogTable {
    const head = (): number => Math.max(0, ...this.#entries.keys())
    return {
      ...log,
      head: async () => head(),
      oldest: async () => 1,
      after: async (seq, limit) =>
        Array.from({ length: Math.min(limit, head() - seq) }, (_, at) => seq + 1 + at).map(
          (each) => this.#entries.get(each) ?? hole(each),
        ),
    }
  }
}

function hole(seq: number): PurgeEntry {
  return { seq, project: PROJECT, kind: 'purge', keys: [] }
}
