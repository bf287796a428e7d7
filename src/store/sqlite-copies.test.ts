import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { keyHash } from '../contract/keys.ts'
import { systemRandom } from '../kernel/random.ts'
import { beginLog, copyDataFile, isCopy, markAsCopy } from './sqlite-copies.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { Store } from './store.ts'
import { nodeRow } from './store-suite-rows.ts'

async function opened(t: TestContext): Promise<{ folder: string; path: string; store: Store }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-copies-'))
  const path = join(folder, 'a.sqlite')
  const store = await openSqliteStore(path, { random: systemRandom })
  t.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, path, store }
}

function purge(store: Store, count: number): Promise<void> {
  return store.transaction('durable', async (tx) => {
    for (let at = 0; at < count; at++) await tx.log.append('demo', [keyHash(`k${at}`)])
  })
}

/** How far it is ahead of what was lost. */
const AHEAD = 1_000_000_000

describe('a copy of a data file', () => {
  test('is what was committed when it was taken, while the original is written to', async (t) => {
    const { folder, path, store } = await opened(t)
    await purge(store, 3)
    const copy = join(folder, 'copy.sqlite')
    let committed = false
    const writing = store.transaction('durable', async (tx) => {
      await tx.log.append('demo', [keyHash('open')])
      copyDataFile(path, copy, systemRandom)
      committed = true
    })
    await writing
    assert.ok(committed)
    const other = await openSqliteStore(copy, { random: systemRandom })
    assert.equal(await other.tables.log.head(), AHEAD + 3, 'an open transaction is not in it')
    assert.equal(await store.tables.log.head(), 4)
    assert.ok(isCopy(await other.tables.log.id()))
    assert.ok(!isCopy(await store.tables.log.id()))
    await other.close()
  })

  test('begins under an id of its own each time, with numbers that no purge before it can have had, and no nodes', async (t) => {
    const { path, store } = await opened(t)
    await purge(store, 2)
    const node = nodeRow({ id: 'e1', incarnation: 'e1-1', urls: [] })
    await store.transaction('durable', (tx) => tx.nodes.register(node, undefined))
    const ids = [await store.tables.log.id()]
    for (let time = 0; time < 2; time++) {
      markAsCopy(path, systemRandom)
      ids.push(await store.tables.log.id())
      beginLog(path, systemRandom)
      ids.push(await store.tables.log.id())
    }
    assert.equal(new Set(ids).size, 5)
    assert.deepEqual(ids.map(isCopy), [false, true, false, true, false])
    assert.deepEqual(await store.tables.nodes.list(), [])
    assert.equal(await store.tables.log.head(), 2 * AHEAD + 2)
    assert.equal(await store.tables.log.oldest(), 2 * AHEAD + 3, 'nobody is told of the log before')
    await purge(store, 1)
    assert.equal(await store.tables.log.head(), 2 * AHEAD + 3)
    const [entry] = await store.tables.log.after(2 * AHEAD + 2, 10)
    assert.equal(entry?.seq, 2 * AHEAD + 3)
  })

  test('of what is no data file, or a damaged one, is refused by name', async (t) => {
    const { folder, path, store } = await opened(t)
    const text = join(folder, 'text.sqlite')
    writeFileSync(
      text,
      'this is not a database, only some text that is long enough to be read as one',
    )
    assert.throws(() => markAsCopy(text, systemRandom), /data file .*text\.sqlite cannot be used/)
    assert.throws(() => copyDataFile(path, text, systemRandom), { code: 'cannot-open' })
    assert.ok(!isCopy(await store.tables.log.id()))
  })
})
