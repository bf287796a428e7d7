import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Kysely, sql } from 'kysely'
import type { CompiledQuery } from 'kysely'
import { systemRandom } from '../kernel/random.ts'
import { StoreError } from './errors.ts'
import type { Patience } from './patience.ts'
import type { SqlSchema } from './sql-schema.ts'
import { sqlTables } from './sql-tables.ts'
import { connect } from './sqlite-connection.ts'
import { rebuildSearchIndex } from './sqlite-search-index.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { InvalidationFilter, Store, Tables } from './store.ts'
import { invalidationRow } from './store-suite-rows.ts'

/** Searching the log at some size: that it ends in time, misses nothing, and reads no more than it must. */

/** Enough for the ways that a search takes in a large log. */
const ROWS = 6500
const folder = mkdtempSync(join(tmpdir(), 'sluice-search-'))
const file = join(folder, 'a.sqlite')
let store: Store
before(async () => {
  store = await openSqliteStore(file, { random: systemRandom })
  await store.transaction('volatile', async (tx) => {
    for (let at = 0; at < ROWS; at++) {
      const row = invalidationRow({
        project: at % 8 === 0 ? 'other' : 'demo',
        status: at % 50 === 0 ? 'ERROR' : 'Done',
        source: at % 4 === 0 ? 'automatic' : 'api',
        scope: at % 100 === 1 ? 'all' : 'original',
        note: at % 50 === 0 ? 'lost' : at % 500 === 7 ? 'spring' : null,
      })
      await tx.invalidations.insert(row, [
        `https://x.example/is/image/demo/shoe-${at}?wid=${at % 7}`,
      ])
    }
  })
})
after(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What any filter and any search may ask. */
const QUESTIONS: readonly InvalidationFilter[] = [
  {},
  { status: ['ERROR'] },
  { status: ['Done', 'ERROR'], source: 'automatic' },
  { scope: 'all' },
  { source: 'api', from: '2026-01-01T00:10:00Z', to: '2026-01-01T00:30:00Z' },
  { q: 'shoe-12' },
  { q: 'SHOE-6499?' },
  { q: 'spring' },
  { q: 'sp' },
  { q: 'wid=3', source: 'automatic' },
  { q: 'wid=3', status: ['Done'] },
  { q: 'wid=3', status: ['ERROR'], source: 'api' },
  { q: 'wid=3', from: '2026-01-01T00:10:00Z', to: '2026-01-01T00:30:00Z' },
  { q: 'image/image' },
  { q: 'lost', status: ['Done'] },
  { q: 'x.example/is/image/demo/SHOE-33' },
  { q: 'is/image/x.example/is/image' },
  { q: 'shoe-17', status: ['Done'], source: 'automatic' },
]

function reading(patience?: Patience): {
  tables: Tables
  asked: CompiledQuery[]
  db: Kysely<SqlSchema>
} {
  const asked: CompiledQuery[] = []
  const { dialect } = connect(file, 'read')
  const db = new Kysely<SqlSchema>({ dialect, log: ({ query }) => void asked.push(query) })
  return { tables: sqlTables(db, patience), asked, db }
}

/** How SQLite goes about each of the statements. */
async function plans(db: Kysely<SqlSchema>, asked: readonly CompiledQuery[]) {
  const details: string[] = []
  for (const query of asked) {
    const plan = { ...query, sql: `explain query plan ${query.sql}` }
    const { rows } = await db.executeQuery<{ detail: string }>(plan)
    details.push(...rows.map(({ detail }) => detail))
  }
  return details
}

async function walk(tables: Tables, filter: InvalidationFilter, limit: number) {
  const seen: string[] = []
  let partial = 0
  let cursor: string | null = null
  do {
    const page: { readonly cursor?: string; readonly limit: number } =
      cursor === null ? { limit } : { limit, cursor }
    const found = await tables.invalidations.list('demo', filter, page)
    assert.ok(found.items.length <= limit)
    seen.push(...found.items.map(({ id }) => id))
    if (found.partial === true) partial += 1
    cursor = found.nextCursor
  } while (cursor !== null)
  return { seen, partial }
}

describe('searching the log', () => {
  test('no page and no search looks at a whole table', async () => {
    const { tables, asked, db } = reading()
    for (const filter of QUESTIONS) {
      asked.length = 0
      await tables.invalidations.list('demo', filter, { limit: 10 })
      for (const detail of await plans(db, asked.splice(0))) {
        const whole = /^SCAN (i|u|invalidations|invalidation_urls)\b/.test(detail)
        assert.ok(!whole, `${JSON.stringify(filter)}: ${detail}`)
      }
    }
    await db.destroy()
  })

  test('what ends early goes on with the next page, and misses nothing', async () => {
    const whole = reading()
    const hasty = reading({ isOver: () => true })
    let partial = 0
    for (const filter of QUESTIONS) {
      const all = await walk(whole.tables, filter, 500)
      const some = await walk(hasty.tables, filter, 20)
      assert.deepEqual(some.seen, all.seen, JSON.stringify(filter))
      assert.equal(all.partial, 0)
      partial += some.partial
    }
    assert.ok(partial > 5, `${partial}`)
    await Promise.all([whole.db.destroy(), hasty.db.destroy()])
  })

  test('what nobody waits for ends with an error, and the next search works', async () => {
    let wanted = false
    const isOver = () => {
      if (!wanted) throw new StoreError('abandoned', 'Nobody waits for this answer.')
      return false
    }
    const { tables, db } = reading({ isOver })
    const filter = { q: 'is/image/x.example/is/image' }
    const search = () => tables.invalidations.list('demo', filter, { limit: 60 })
    await assert.rejects(search(), { code: 'abandoned' })
    wanted = true
    assert.deepEqual(await search(), { items: [], nextCursor: null })
    await db.destroy()
  })

  test('texts with more different characters than the index is asked for are looked through', async () => {
    const path = join(folder, 'alphabet.sqlite')
    const other = await openSqliteStore(path, { random: systemRandom })
    const note = Array.from(
      { length: 2500 },
      (_, at) => `q${String.fromCodePoint(0x4e00 + at)}`,
    ).join('')
    const row = invalidationRow({ note })
    await other.transaction('volatile', (tx) => tx.invalidations.insert(row, []))
    const found = await other.tables.invalidations.list('demo', { q: 'q' }, { limit: 5 })
    assert.deepEqual(
      found.items.map(({ id }) => id),
      [row.id],
    )
    await other.close()
  })

  test('an index that is made anew finds the same', async () => {
    const { tables, db } = reading()
    const { dialect } = connect(file, 'write')
    const writing = new Kysely<SqlSchema>({ dialect })
    const first = await Promise.all(QUESTIONS.map((filter) => walk(tables, filter, 500)))
    await sql`drop table invalidation_threes`.execute(writing)
    await rebuildSearchIndex(writing)
    const afterwards = await Promise.all(QUESTIONS.map((filter) => walk(tables, filter, 500)))
    assert.deepEqual(afterwards, first)
    await Promise.all([writing.destroy(), db.destroy()])
  })

  test('old entries are forgotten a few at a time, by the index, and are found no more', async () => {
    const { db: log, asked } = reading()
    const { dialect } = connect(file, 'write')
    const writing = new Kysely<SqlSchema>({ dialect, log: ({ query }) => void asked.push(query) })
    const tables = sqlTables(writing)
    const old = { q: 'shoe-1?' }
    assert.equal((await tables.invalidations.list('demo', old, { limit: 5 })).items.length, 1)
    asked.length = 0
    assert.equal(await tables.invalidations.forget(Date.parse('2027-01-01'), 20), 20)
    for (const detail of await plans(writing, asked.splice(0)))
      assert.doesNotMatch(detail, /^SCAN (?!invalidation_search|CONSTANT|i$|i )|TEMP B-TREE/)
    assert.equal((await tables.invalidations.list('demo', old, { limit: 5 })).items.length, 0)
    await Promise.all([writing.destroy(), log.destroy()])
  })
})
