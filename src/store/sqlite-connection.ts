import { DatabaseSync } from 'node:sqlite'
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Dialect, SqliteDatabase, SqliteStatement } from 'kysely'
import { assert } from '../kernel/assert.ts'
import { comparable } from './search-words.ts'

/** Another process may hold the file for a moment: `sluice admin` beside a running server. */
const BUSY_TIMEOUT_MS = 5000
/** Kysely makes the same few hundred texts again and again; bulk inserts of odd sizes must not grow this without end. */
const STATEMENTS_KEPT_MAX = 500

export interface Connection {
  readonly database: DatabaseSync
  readonly dialect: Dialect
}

/** One SQLite handle. The reader's never writes: what is read outside a transaction is the last commit. */
export function connect(path: string, access: 'write' | 'read'): Connection {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  if (access === 'write') {
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    database.exec('pragma foreign_keys = on')
  } else {
    database.exec('pragma query_only = on')
  }
  database.function('holds', { deterministic: true }, holds)
  return { database, dialect: sqliteDialect(adapt(database)) }
}

/** SQLite's own comparison without regard to case knows ASCII alone. `part` is comparable already. */
function holds(text: SQLOutputValue, part: SQLOutputValue): 1 | 0 {
  const found =
    typeof text === 'string' && typeof part === 'string' && comparable(text).includes(part)
  return found ? 1 : 0
}

/** Kysely's parts over our handle; `begin immediate`, because a read that upgrades to a write fails at once when busy. */
function sqliteDialect(database: SqliteDatabase): Dialect {
  return {
    createDriver() {
      const driver = new SqliteDriver({ database })
      driver.beginTransaction = async (connection) => {
        await connection.executeQuery(CompiledQuery.raw('begin immediate'))
      }
      return driver
    },
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

function adapt(database: DatabaseSync): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>()
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = kept.get(sql)
      if (known) return known
      const statement = adaptStatement(database.prepare(sql))
      if (kept.size >= STATEMENTS_KEPT_MAX) kept.delete(kept.keys().next().value!)
      kept.set(sql, statement)
      return statement
    },
  }
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  const reader = statement.columns().length > 0
  return {
    reader,
    all: (parameters) => statement.all(...checked(parameters)),
    run: (parameters) => statement.run(...checked(parameters)),
    iterate: (parameters) => statement.iterate(...checked(parameters)),
  }
}

/** node:sqlite takes an object as first parameter for a bag of named ones and silently shifts the rest: refuse it here. */
function checked(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    const plain =
      value === null ||
      typeof value === 'string' ||
      typeof value === 'bigint' ||
      (typeof value === 'number' && Number.isFinite(value)) ||
      value instanceof Uint8Array
    assert(plain, `not a value that SQLite stores: ${typeof value}`)
    return value
  })
}
