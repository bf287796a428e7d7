import { Kysely } from 'kysely'
import type { DatabaseSync } from 'node:sqlite'
import { assert } from '../kernel/assert.ts'
import type { Random } from '../kernel/random.ts'
import { StoreError } from './errors.ts'
import type { Timers } from '../kernel/timers.ts'
import { LongReader } from './long-reader.ts'
import { withLongReads } from './long-reads.ts'
import { createQueue } from './queue.ts'
import { connect } from './sqlite-connection.ts'
import type { Connection } from './sqlite-connection.ts'
import { migrate } from './sqlite-migrations.ts'
import { sqlTables } from './sql-tables.ts'
import type { SqlSchema } from './sql-schema.ts'
import type { Store } from './store.ts'

/**
 * The store in one SQLite file (WAL). Two handles: a writer, used by one transaction at a time, and a reader, which sees the
 * last commit. In WAL a commit is on disk once it was synced (`synchronous = full`); a `normal` one is written but not synced, so
 * that it outlives the process but perhaps not the machine; the next durable commit takes it along
 * (https://www.sqlite.org/pragma.html#pragma_synchronous).
 * With `timers`, reads that may be long have a third handle, in a thread of their own; without, they are done here: a program that ends
 * soon needs no threads.
 */
export async function openSqliteStore(
  path: string,
  parts: { readonly random: Random; readonly timers?: Timers },
): Promise<Store> {
  const writer = open(path, 'write')
  const db = new Kysely<SqlSchema>({ dialect: writer.dialect })
  try {
    await migrate(db, parts.random)
  } catch (cause) {
    writer.database.close()
    throw cause
  }
  const reader = open(path, 'read')
  const longReader = parts.timers === undefined ? null : new LongReader(path, parts.timers)
  return createStore(writer.database, db, reader, longReader)
}

function open(path: string, access: 'write' | 'read'): Connection {
  try {
    return connect(path, access)
  } catch (cause) {
    throw new StoreError(
      'cannot-open',
      `The data file ${path} cannot be opened: check its folder.`,
      {
        cause,
      },
    )
  }
}

function createStore(
  writer: DatabaseSync,
  db: Kysely<SqlSchema>,
  reader: Connection,
  longReader: LongReader | null,
): Store {
  const queue = createQueue()
  const inside = sqlTables(db)
  const tables = sqlTables(new Kysely<SqlSchema>({ dialect: reader.dialect }))
  let synchronous: 'full' | 'normal' | null = null
  let closed = false

  function begin(wanted: 'full' | 'normal'): void {
    // The pragma does nothing inside a transaction, and lasts until it is set again.
    if (wanted !== synchronous) writer.exec(`pragma synchronous = ${wanted}`)
    synchronous = wanted
    writer.exec('begin immediate')
  }

  return {
    tables: longReader === null ? tables : withLongReads(tables, longReader.ask),
    transaction(durability, work) {
      return queue.run(async () => {
        assert(!closed, 'the store is closed')
        attempt('begin', () => begin(durability === 'durable' ? 'full' : 'normal'))
        try {
          const result = await work(inside)
          attempt('commit', () => writer.exec('commit'))
          return result
        } catch (error) {
          if (writer.isTransaction) writer.exec('rollback')
          throw error
        }
      })
    },
    close() {
      return queue.run(async () => {
        if (closed) return
        closed = true
        await longReader?.close()
        writer.close()
        reader.database.close()
      })
    },
  }
}

function attempt(step: string, run: () => void): void {
  try {
    run()
  } catch (cause) {
    throw new StoreError('write-failed', `The store could not ${step} a change: try again.`, {
      cause,
    })
  }
}
