import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Kysely, sql } from 'kysely'
import { systemRandom } from '../kernel/random.ts'
import { StoreError } from './errors.ts'
import { connect } from './sqlite-connection.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { storeSuite } from './store-suite.ts'
import { assetRow, hashes, invalidationRow } from './store-suite-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-store-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newFile = () => join(folder, `${(files += 1)}.sqlite`)
const open = (path: string) => openSqliteStore(path, { random: systemRandom })

storeSuite('SQLite store', () => open(newFile()))

describe('SQLite store: its file', () => {
  test('everything is there again after closing and opening', async () => {
    const path = newFile()
    const first = await open(path)
    const row = invalidationRow()
    await first.transaction('durable', (tx) => tx.invalidations.insert(row, ['u']))
    await first.transaction('volatile', (tx) => tx.log.append('demo', hashes(1)))
    const logId = await first.tables.log.id()
    await first.close()
    const second = await open(path)
    assert.deepEqual(await second.tables.invalidations.get('demo', row.id), row)
    assert.equal(await second.tables.log.head(), 1)
    assert.equal(await second.tables.log.id(), logId)
    await second.close()
  })

  test('what another process sees after a commit is what was committed', async () => {
    const path = newFile()
    const store = await open(path)
    await store.transaction('durable', (tx) => tx.log.append('demo', hashes(1)))
    const other = new DatabaseSync(path, { readOnly: true })
    assert.equal(other.prepare('select head from purge_head').get()?.['head'], 1)
    other.close()
    await store.close()
  })

  test('a file of a newer version is refused by name, and is left as it was', async () => {
    const path = newFile()
    await (await open(path)).close()
    const newer = new DatabaseSync(path)
    newer.exec("insert into kysely_migration (name, timestamp) values ('999-later', 'x')")
    newer.close()
    await assert.rejects(
      open(path),
      (error) =>
        error instanceof StoreError &&
        error.code === 'newer-version' &&
        /999-later/.test(error.publicMessage),
    )
  })

  test('a file that cannot be opened is named', async () => {
    await assert.rejects(
      open(join(folder, 'missing', 'x.sqlite')),
      (error) => error instanceof StoreError && error.code === 'cannot-open',
    )
  })

  test('a closed store refuses, and closing twice is harmless', async () => {
    const store = await open(newFile())
    await store.close()
    await store.close()
    await assert.rejects(store.transaction('durable', async () => undefined))
  })

  test('only values that SQLite stores as they are become parameters', async () => {
    const { dialect, database } = connect(newFile(), 'write')
    const db = new Kysely<unknown>({ dialect })
    // node:sqlite takes a leading object for named parameters and stores the next value in its place.
    for (const value of [new Date(0), { a: 1 }, [1], true, undefined, Number.NaN]) {
      await assert.rejects(sql`select ${value} as a, ${1} as b`.execute(db), /not a value/)
    }
    const { rows } = await sql<{ a: unknown }>`select ${null} as a, ${'x'} as b`.execute(db)
    assert.equal(rows[0]?.a, null)
    database.close()
  })
})

describe('SQLite store: at size', () => {
  test('pages stay quick in a log of 2,000 and a library of 10,000', async () => {
    const store = await open(newFile())
    await store.transaction('volatile', async (tx) => {
      for (let at = 0; at < 10_000; at++) {
        await tx.assets.put(assetRow({ id: `folder-${at % 50}/picture-${at}` }))
      }
    })
    await store.transaction('volatile', async (tx) => {
      for (let at = 0; at < 2000; at++) {
        await tx.invalidations.insert(invalidationRow({ note: `number ${at}` }), [
          `https://x/${at}`,
        ])
      }
    })
    const started = performance.now()
    const { assets, invalidations } = store.tables
    assert.equal((await assets.list('demo', { q: 'picture-9999' }, { limit: 50 })).items.length, 1)
    assert.equal((await assets.folders('demo', '')).length, 50)
    const found = await invalidations.list('demo', { q: 'number 1999' }, { limit: 50 })
    assert.equal(found.items.length, 1)
    await invalidations.list('demo', { q: 'https', status: ['Done'] }, { limit: 50 })
    // Generous: a shared machine; a scan with OFFSET or a sort of everything would be far beyond it.
    assert.ok(performance.now() - started < 1000)
    await store.close()
  })
})
