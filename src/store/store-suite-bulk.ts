import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from './store.ts'
import { hashes, invalidationRow, packedKeys } from './store-suite-rows.ts'
import { packUrls } from './url-pieces.ts'

type Using = (run: (store: Store) => Promise<void>) => () => Promise<void>

export function bulkSuite(name: string, using: Using): void {
  describe(`${name}: long lists`, () => {
    test('a list is seen once it is accepted, whole and in order, by page', using(seen))
    test('what nobody accepts is found, and thrown away in slices', using(abandons))
    test('keys are thrown away when the invalidation is Done; its URLs stay', using(spends))
    test('packed keys are entries of the purge log, and an answer ends by keys', using(appends))
    test('old finished ones are forgotten, oldest first, and nothing else is', using(forgets))
  })
}

/** A list of `pieces` pieces of 5 URLs. */
async function stage(store: Store, id: string, pieces: number, at = 1): Promise<readonly string[]> {
  const all: string[] = []
  for (let piece = 0; piece < pieces; piece++) {
    const urls = Array.from({ length: 5 }, (_, at2) => `https://x.example/${piece}/${at2}/ä`)
    const entry = { piece, first: all.length, count: 5, urls: packUrls(urls), keys: packedKeys(3) }
    all.push(...urls)
    await store.transaction('volatile', (tx) => tx.bulk.stage(id, entry, at))
  }
  return all
}

async function accepted(store: Store, pieces: number, part = {}) {
  const row = invalidationRow({ keys: [], bulk: { pieces, entered: 0 }, ...part })
  const urls = await stage(store, row.id, pieces)
  await store.transaction('durable', async (tx) => {
    await tx.invalidations.insert(row, urls.slice(0, 2))
    await tx.bulk.accept(row.id)
  })
  return { row, urls }
}

async function seen(store: Store): Promise<void> {
  const { row, urls } = await accepted(store, 3)
  assert.deepEqual(await store.tables.invalidations.get('demo', row.id), row)
  const read: string[] = []
  let cursor: string | null = null
  do {
    const page: { items: readonly string[]; nextCursor: string | null } =
      await store.tables.invalidations.urls('demo', row.id, {
        limit: 4,
        ...(cursor === null ? {} : { cursor }),
      })
    read.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  assert.deepEqual(read, urls)
  const other = await store.tables.invalidations.urls('other', row.id, { limit: 4 })
  assert.deepEqual(other.items, [])
  assert.equal((await store.tables.bulk.keys(row.id, 1, 5)).length, 2)
  assert.deepEqual(await store.tables.bulk.abandoned(Number.MAX_SAFE_INTEGER, 5), [])
  const found = await store.tables.invalidations.list('demo', { q: '/0/1/' }, { limit: 5 })
  assert.equal(found.items.length, 1)
}

async function abandons(store: Store): Promise<void> {
  await stage(store, 'a', 3, 10)
  await stage(store, 'b', 1, 20)
  assert.deepEqual(await store.tables.bulk.abandoned(10, 5), [])
  assert.deepEqual(await store.tables.bulk.abandoned(11, 5), ['a'])
  const discard = () => store.transaction('volatile', (tx) => tx.bulk.discard('a', 2))
  assert.deepEqual([await discard(), await discard()], [true, false])
  assert.deepEqual(await store.tables.bulk.abandoned(100, 5), ['b'])
  assert.deepEqual(await store.tables.bulk.keys('a', 0, 5), [])
}

async function spends(store: Store): Promise<void> {
  const { row } = await accepted(store, 3)
  const failed = await accepted(store, 1, { status: 'ERROR' })
  assert.deepEqual(await store.tables.bulk.spent(5), [])
  await store.transaction('durable', (tx) =>
    tx.invalidations.transition(row.id, ['Received'], { status: 'Done' }),
  )
  for (const left of [[row.id], [row.id], []]) {
    assert.deepEqual(await store.tables.bulk.spent(5), left)
    await store.transaction('volatile', (tx) => tx.bulk.discardKeys(row.id, 2))
  }
  const page = await store.tables.invalidations.urls('demo', row.id, { limit: 20 })
  assert.equal(page.items.length, 15)
  assert.equal((await store.tables.bulk.keys(failed.row.id, 0, 5)).length, 1)
}

async function appends(store: Store): Promise<void> {
  const pieces = [packedKeys(3), packedKeys(4), packedKeys(5)]
  await store.transaction('durable', (tx) => tx.log.append('demo', hashes(2)))
  const seq = await store.transaction('durable', (tx) => tx.log.appendPacked('demo', pieces))
  assert.deepEqual([seq, await store.tables.log.head()], [4, 4])
  const entries = await store.tables.log.after(0, 10)
  assert.deepEqual(
    entries.map(({ kind, keys }) => [kind, keys.length]),
    [
      ['purge', 2],
      ['packed', 0],
      ['packed', 0],
      ['packed', 0],
    ],
  )
  assert.deepEqual(Buffer.from(entries[3]!.packed!), pieces[2])
  assert.equal((await store.tables.log.after(1, 2)).length, 2)
  assert.deepEqual(
    [await store.tables.log.packedBeyond(0), await store.tables.log.packedBeyond(2)],
    [4, 2],
  )
  assert.equal(await store.tables.log.packedBeyond(3), 0)
}

const day = (n: number) => ({ createdAt: `2020-01-0${n}T00:00:00.000Z` })

async function forgets(store: Store): Promise<void> {
  const insert = async (part: object) => {
    const row = invalidationRow(part)
    await store.transaction('durable', (tx) => tx.invalidations.insert(row, ['https://x/old']))
    return row.id
  }
  const first = await insert({ status: 'Done', ...day(1) })
  const open = await insert({ status: 'Received', ...day(2) })
  const long = await accepted(store, 2, { status: 'ERROR', ...day(3) })
  const young = await insert({ status: 'Done', ...day(5) })
  const forget = (limit: number) =>
    store.transaction('volatile', (tx) =>
      tx.invalidations.forget(Date.parse('2020-01-04T00:00:00Z'), limit),
    )
  assert.equal(await forget(1), 1)
  assert.equal(await store.tables.invalidations.get('demo', first), undefined)
  assert.deepEqual([await forget(10), await forget(10)], [1, 0])
  const left = await store.tables.invalidations.list('demo', {}, { limit: 10 })
  assert.deepEqual(
    left.items.map(({ id }) => id),
    [young, open],
  )
  const found = await store.tables.invalidations.list('demo', { q: 'x/old' }, { limit: 10 })
  assert.equal(found.items.length, 2)
  assert.deepEqual(await store.tables.bulk.abandoned(1, 5), [long.row.id])
  const counts = await store.tables.invalidations.countByStatus('demo')
  assert.deepEqual({ ...counts }, { Done: 1, Received: 1 })
}
