import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Kysely } from 'kysely'
import { systemClock } from '../kernel/clock.ts'
import { StoreError } from './errors.ts'
import type { StoreErrorCode } from './errors.ts'
import { LONG_READS } from './long-reads.ts'
import type { LongRead } from './long-reads.ts'
import type { Patience } from './patience.ts'
import { connect } from './sqlite-connection.ts'
import { sqlTables } from './sql-tables.ts'
import type { SqlSchema } from './sql-schema.ts'
import type { Tables } from './store.ts'

/** What a thread begins with. */
export interface ReadThreadData {
  readonly path: string
  /** One number: of the read that somebody waits for. Shared, because a thread that reads takes no messages. */
  readonly wanted: Int32Array
}

export interface ReadQuestion {
  readonly number: number
  readonly name: LongRead
  readonly args: readonly unknown[]
}

/** One for each question. */
export type ReadReply =
  | { readonly number: number; readonly answer: unknown }
  | { readonly number: number; readonly refused: { code: StoreErrorCode; message: string } }
  | { readonly number: number; readonly failed: string }

/** A search that found less than a page by then gives what it has; a page of a million entries takes a third of it at the worst. */
const SEARCH_MS = 1000
/** The beginning of a thread: reads beside the event loop that answers everybody else. Each read sees the last commit. */
if (!isMainThread && parentPort !== null) {
  const port = parentPort
  const { path, wanted } = workerData as ReadThreadData
  const { dialect } = connect(path, 'read')
  const now = { number: 0, endAt: 0 }
  const patience: Patience = {
    isOver() {
      if (Atomics.load(wanted, 0) !== now.number)
        throw new StoreError('abandoned', 'Nobody waits for this answer.')
      return systemClock.now() >= now.endAt
    },
  }
  const tables = sqlTables(new Kysely<SqlSchema>({ dialect }), patience)
  port.on('message', (question: ReadQuestion) => {
    now.number = question.number
    now.endAt = systemClock.now() + SEARCH_MS
    void reply(tables, question).then((replied) => port.postMessage(replied))
  })
}

async function reply(tables: Tables, { number, name, args }: ReadQuestion): Promise<ReadReply> {
  try {
    const read: (tables: Tables, ...args: never) => Promise<unknown> = LONG_READS[name]
    return { number, answer: await read(tables, ...(args as never)) }
  } catch (error) {
    // Of an error only its texts travel.
    if (!(error instanceof StoreError)) return { number, failed: String(error) }
    return { number, refused: { code: error.code, message: error.publicMessage } }
  }
}
