import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from './store.ts'
import { accountsSuite } from './store-suite-accounts.ts'
import { bulkSuite } from './store-suite-bulk.ts'
import { invalidationsSuite } from './store-suite-invalidations.ts'
import { librarySuite } from './store-suite-library.ts'
import { hashes, nodeRow, packedKeys } from './store-suite-rows.ts'
import { targetsSuite } from './store-suite-targets.ts'
import { StoreError } from './errors.ts'

/**
 * What every store must do. An implementation's test calls this with a function that opens an empty store; the suite closes
 * it. Public, so that a store written elsewhere can be held to it.
 */
export function storeSuite(name: string, open: () => Promise<Store>): void {
  const using = (run: (store: Store) => Promise<void>) => async () => {
    const store = await open()
    try {
      await run(store)
    } finally {
      await store.close()
    }
  }

  describe(`${name}: transactions`, () => {
    test('a soft purge keeps its window', using(keepsSoft))
    test('what work throws is passed on, and nothing has changed', using(rollsBack))
    test(
      'a reader outside sees the last commit, not a transaction that is under way',
      using(isolates),
    )
    test('transactions run one after the other, in the order of asking', using(serial))
    test('a write outside a transaction is refused', using(refusesOutsideWrites))
    test('a cursor that this list did not make is refused by name', using(refusesCursors))
  })
  describe(`${name}: the purge log`, () => {
    test('numbers are gapless and in commit order, also after a rollback', using(gapless))
    test('a purge of more keys than one entry holds takes consecutive entries', using(splits))
    test('trimming forgets the oldest entries and never reuses a number', using(trims))
  })
  describe(`${name}: nodes`, () => {
    test('a new incarnation replaces its dead predecessor and what is out', using(registers))
    test('an acknowledgement only rises, and an out node cannot acknowledge', using(acknowledges))
  })
  invalidationsSuite(name, using)
  bulkSuite(name, using)
  librarySuite(name, using)
  accountsSuite(name, using)
  targetsSuite(name, using)
}

async function keepsSoft(store: Store): Promise<void> {
  await store.transaction('durable', async (tx) => {
    await tx.log.append('demo', hashes(1), 20_000)
    await tx.log.append('demo', hashes(1))
    await tx.log.appendPacked('demo', [packedKeys(2), packedKeys(3)], 30_000)
    await tx.log.appendPacked('demo', [packedKeys(2)])
  })
  const entries = await store.tables.log.after(0, 10)
  assert.deepEqual(
    entries.map(({ kind, softMs }) => [kind, softMs]),
    [
      ['soft', 20_000],
      ['purge', undefined],
      ['packed', 30_000],
      ['packed', 30_000],
      ['packed', undefined],
    ],
  )
}

async function rollsBack(store: Store): Promise<void> {
  const failing = store.transaction('durable', async (tx) => {
    await tx.log.append('demo', hashes(1))
    await tx.nodes.register(nodeRow({ id: 'e1' }), undefined)
    throw new RangeError('no')
  })
  await assert.rejects(failing, RangeError)
  assert.equal(await store.tables.log.head(), 0)
  assert.deepEqual(await store.tables.nodes.list(), [])
}

async function isolates(store: Store): Promise<void> {
  await store.transaction('volatile', async (tx) => {
    await tx.log.append('demo', hashes(1))
    assert.equal(await tx.log.head(), 1)
    assert.equal(await store.tables.log.head(), 0)
  })
  assert.equal(await store.tables.log.head(), 1)
}

async function serial(store: Store): Promise<void> {
  const numbers = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      store.transaction(at % 2 === 0 ? 'durable' : 'volatile', async (tx) => {
        const before = await tx.log.head()
        return { before, after: await tx.log.append('demo', hashes(1)) }
      }),
    ),
  )
  assert.deepEqual(
    numbers,
    numbers.map((_, at) => ({ before: at, after: at + 1 })),
  )
}

async function refusesOutsideWrites(store: Store): Promise<void> {
  await assert.rejects(store.tables.log.append('demo', hashes(1)))
  assert.equal(await store.tables.log.head(), 0)
}

function isBadCursor(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'bad-cursor'
}

async function refusesCursors(store: Store): Promise<void> {
  for (const cursor of ['x', 'e30', Buffer.from('[1,2]').toString('base64url')]) {
    await assert.rejects(store.tables.assets.list('demo', {}, { limit: 1, cursor }), isBadCursor)
    await assert.rejects(
      store.tables.invalidations.list('demo', {}, { limit: 1, cursor }),
      isBadCursor,
    )
    await assert.rejects(
      store.tables.served.list('demo', 's', { limit: 1, cursor: 'x' }),
      isBadCursor,
    )
  }
}

async function gapless(store: Store): Promise<void> {
  assert.equal(await store.tables.log.oldest(), 1)
  const append = () => store.transaction('durable', (tx) => tx.log.append('demo', hashes(2)))
  assert.equal(await append(), 1)
  await assert.rejects(
    store.transaction('durable', async (tx) => {
      await tx.log.append('demo', hashes(1))
      throw new RangeError('no')
    }),
  )
  assert.equal(await append(), 2)
  const entries = await store.tables.log.after(0, 10)
  assert.deepEqual(entries, [
    { seq: 1, project: 'demo', kind: 'purge', keys: hashes(2) },
    { seq: 2, project: 'demo', kind: 'purge', keys: hashes(2) },
  ])
  assert.deepEqual(
    (await store.tables.log.after(0, 1)).map((entry) => entry.seq),
    [1],
  )
  assert.match(await store.tables.log.id(), /^[\w-]{16}$/)
  assert.equal(await store.tables.log.id(), await store.tables.log.id())
}

async function splits(store: Store): Promise<void> {
  const keys = hashes(4096 * 2 + 1)
  const last = await store.transaction('durable', (tx) => tx.log.append('demo', keys))
  assert.equal(last, 3)
  const entries = await store.tables.log.after(0, 10)
  assert.deepEqual(
    entries.map((entry) => [entry.seq, entry.keys.length]),
    [
      [1, 4096],
      [2, 4096],
      [3, 1],
    ],
  )
  assert.deepEqual(
    entries.flatMap((entry) => entry.keys),
    keys,
  )
  await assert.rejects(store.transaction('durable', (tx) => tx.log.append('demo', [])))
}

async function trims(store: Store): Promise<void> {
  for (let at = 0; at < 5; at++) {
    await store.transaction('volatile', (tx) => tx.log.append('demo', hashes(1)))
  }
  await store.transaction('volatile', (tx) => tx.log.trim(3))
  assert.equal(await store.tables.log.oldest(), 4)
  assert.equal(await store.tables.log.head(), 5)
  assert.deepEqual(
    (await store.tables.log.after(0, 10)).map((entry) => entry.seq),
    [4, 5],
  )
  await store.transaction('volatile', (tx) => tx.log.trim(5))
  assert.equal(await store.tables.log.oldest(), 6)
  assert.equal(await store.transaction('volatile', (tx) => tx.log.append('demo', hashes(1))), 6)
}

async function registers(store: Store): Promise<void> {
  const first = nodeRow({ id: 'e1', incarnation: 'a' })
  const second = nodeRow({ id: 'e1', incarnation: 'b', urls: ['http://127.0.0.1:8081'] })
  const third = nodeRow({ id: 'e1', incarnation: 'c' })
  await store.transaction('durable', (tx) => tx.nodes.register(first, undefined))
  await store.transaction('durable', (tx) => tx.nodes.register(second, undefined))
  assert.deepEqual(await store.tables.nodes.list(), [first, second])
  await store.transaction('durable', (tx) => tx.nodes.markOut('a'))
  await store.transaction('durable', (tx) => tx.nodes.register(third, 'b'))
  assert.deepEqual(await store.tables.nodes.list(), [third])
  await store.transaction('durable', (tx) => tx.nodes.remove('c'))
  assert.deepEqual(await store.tables.nodes.list(), [])
}

async function acknowledges(store: Store): Promise<void> {
  await store.transaction('durable', (tx) =>
    tx.nodes.register(nodeRow({ id: 'e1', incarnation: 'a', applied: 3 }), undefined),
  )
  const acknowledge = (applied: number) =>
    store.transaction('volatile', (tx) => tx.nodes.acknowledge('a', applied, 77))
  assert.equal(await acknowledge(7), true)
  assert.equal(await acknowledge(5), true)
  const [row] = await store.tables.nodes.list()
  assert.deepEqual([row?.applied, row?.seenAt], [7, 77])
  await store.transaction('volatile', (tx) => tx.nodes.markOut('a'))
  assert.equal(await acknowledge(9), false)
  assert.equal((await store.tables.nodes.list())[0]?.applied, 7)
}
