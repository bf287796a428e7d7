import { closeSync, fsyncSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { randomToken } from '../kernel/ids.ts'
import type { Random } from '../kernel/random.ts'
import { StoreError } from './errors.ts'

/**
 * Data files as files: copied while they are written to, and put back. A copy that takes the place of its original has lost commits,
 * so the numbers of its purge log may not be met again: it is marked, and begins under a log of its own (freshness rule P1).
 */

/** How the id of a log begins while its store is a copy that has not begun. No random id has such a character. */
const COPY_MARK = 'copy!'

/** As a new store's: 96 bits are never met again. */
const LOG_ID_BYTES = 12

/**
 * More purges than there can have been since the copy was taken: a thousand a second, for eleven days. Caches outside hold answers with
 * marks of the log that was lost, and a mark says nothing of its log: none of them may be as new as a purge to come.
 */
const SEQ_AHEAD = 1_000_000_000

/** A file that another process writes to lets go of it between two transactions. */
const BUSY_TIMEOUT_MS = 10_000

/**
 * Writes what is committed now into a new file, marked as a copy. Whoever writes meanwhile is neither stopped nor seen
 * (https://www.sqlite.org/lang_vacuum.html#vacuuminto).
 */
export function copyDataFile(from: string, to: string, random: Random): void {
  withFile(from, (database) => database.prepare('vacuum into ?').run(to))
  markAsCopy(to, random)
  sync(to)
}

/**
 * The next start begins a log of its own, behind all numbers that were ever used. Nodes that were known are forgotten with their grants,
 * and entries that none of them can ask for.
 */
export function markAsCopy(path: string, random: Random): void {
  withFile(path, (database) => {
    const [{ quick_check: found } = { quick_check: 'nothing' }] = database
      .prepare('pragma quick_check(1)')
      .all() as { quick_check: string }[]
    if (found !== 'ok') {
      throw new StoreError('cannot-open', `The data file ${path} is damaged (${found}).`)
    }
    nameLog(database, `${COPY_MARK}${randomToken(random, LOG_ID_BYTES)}`, () => {
      database.prepare('update purge_head set head = head + ?').run(SEQ_AHEAD)
      database.exec('delete from purge_log')
    })
  })
}

export function isCopy(logId: string): boolean {
  return logId.startsWith(COPY_MARK)
}

/** What was marked begins: from here on its numbers count. */
export function beginLog(path: string, random: Random): void {
  withFile(path, (database) => nameLog(database, randomToken(random, LOG_ID_BYTES)))
}

function nameLog(database: DatabaseSync, logId: string, also: () => void = () => undefined): void {
  database.exec('begin immediate')
  database.prepare('update purge_head set log_id = ?').run(logId)
  also()
  database.exec('delete from nodes')
  database.exec('commit')
}

function withFile(path: string, work: (database: DatabaseSync) => void): void {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    database.exec('pragma synchronous = full')
    work(database)
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StoreError('cannot-open', `The data file ${path} cannot be used: ${why}.`, { cause })
  } finally {
    database?.close()
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}
