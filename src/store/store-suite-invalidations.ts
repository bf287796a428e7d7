import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { toInvalidation } from './invalidation-rows.ts'
import type { ChangeRow, InvalidationFilter, InvalidationRow, Store } from './store.ts'
import { invalidationRow } from './store-suite-rows.ts'

type Using = (run: (store: Store) => Promise<void>) => () => Promise<void>

export function invalidationsSuite(name: string, using: Using): void {
  describe(`${name}: invalidations`, () => {
    test('a row comes back as it was stored, to its own project only', using(comesBack))
    test('the log is newest first, in pages without gap or repetition', using(pages))
    test('each filter keeps what it names, alone and together', using(filters))
    test('a search finds ids, notes, people and URLs, whatever their case', using(searches))
    test(
      'one or two characters are found however old, in any alphabet, at any end',
      using(searchesShort),
    )
    test('any text can be searched for, and is found where it stands', using(searchesAnything))
    test('a page of a search goes on where it ended', using(searchPages))
    test('one runner at a time: a claim, silence, another claim', using(claims))
    test('a scheduled one is claimable when it is due, not before', using(due))
    test('a change by a runner that lost it is refused', using(conditional))
    test('a person changes it only from the statuses named', using(transitions))
    test('counts follow every change of status', using(counts))
    test('durations are those of targets that are done, newest first', using(takesDurations))
    test('an idempotency key is remembered until it is old', using(idempotency))
    test('waiting changes are taken once, when the first is old enough', using(changes))
  })
}

async function insert(store: Store, row: InvalidationRow, urls: readonly string[] = []) {
  await store.transaction('durable', (tx) => tx.invalidations.insert(row, urls))
  return row
}

async function ids(store: Store, filter: InvalidationFilter): Promise<string[]> {
  const { items } = await store.tables.invalidations.list('demo', filter, { limit: 100 })
  return items.map((item) => item.id)
}

async function comesBack(store: Store): Promise<void> {
  const observed = { nodes: [{ node: 'e1', role: 'edge' as const, outcome: null }], peeks: [] }
  const row = await insert(store, invalidationRow({ observed, note: 'näher' }), ['u1', 'u2', 'u3'])
  assert.deepEqual(await store.tables.invalidations.get('demo', row.id), row)
  assert.equal(await store.tables.invalidations.get('other', row.id), undefined)
  const listed = await store.tables.invalidations.list('demo', {}, { limit: 5 })
  assert.deepEqual(listed, { items: [toInvalidation(row)], nextCursor: null })
  const first = await store.tables.invalidations.urls('demo', row.id, { limit: 2 })
  assert.deepEqual(first.items, ['u1', 'u2'])
  const rest = { limit: 2, cursor: first.nextCursor! }
  assert.deepEqual(await store.tables.invalidations.urls('demo', row.id, rest), {
    items: ['u3'],
    nextCursor: null,
  })
  assert.deepEqual((await store.tables.invalidations.urls('other', row.id, { limit: 2 })).items, [])
}

async function pages(store: Store): Promise<void> {
  const rows = []
  for (let at = 0; at < 7; at++) rows.push(await insert(store, invalidationRow()))
  await insert(store, invalidationRow({ project: 'other' }))
  assert.deepEqual(await walk(store, {}), rows.map((row) => row.id).toReversed())
}

async function walk(store: Store, filter: InvalidationFilter): Promise<string[]> {
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const request: { limit: number; cursor?: string } = cursor ? { limit: 3, cursor } : { limit: 3 }
    const page = await store.tables.invalidations.list('demo', filter, request)
    seen.push(...page.items.map((item) => item.id))
    cursor = page.nextCursor
  } while (cursor !== null)
  return seen
}

async function filters(store: Store): Promise<void> {
  const old = await insert(store, invalidationRow({ createdAt: '2020-05-01T00:00:00.000Z' }))
  const failed = await insert(store, invalidationRow({ status: 'ERROR', source: 'manual' }))
  const all = await insert(store, invalidationRow({ scope: 'all', source: 'manual' }))
  assert.deepEqual(await ids(store, { status: ['ERROR', 'Done'] }), [failed.id])
  assert.deepEqual(await ids(store, { scope: 'all' }), [all.id])
  assert.deepEqual(await ids(store, { source: 'manual' }), [all.id, failed.id])
  assert.deepEqual(await ids(store, { source: 'manual', scope: 'original' }), [failed.id])
  assert.deepEqual(await ids(store, { to: '2020-05-02T00:00:00Z' }), [old.id])
  assert.deepEqual(await ids(store, { from: '2020-05-01T00:00:00.001Z' }), [all.id, failed.id])
  assert.deepEqual(await ids(store, { from: old.createdAt, to: failed.createdAt }), [old.id])
  assert.deepEqual(await ids(store, { status: [] }), [])
}

async function searches(store: Store): Promise<void> {
  const url = 'https://img.example/is/image/demo/Backpack_B?$product$'
  const row = await insert(store, invalidationRow({ note: 'Spring "Sale" 100%' }), [url])
  await insert(store, invalidationRow({ createdBy: 'ada@example.org' }), ['https://x.example/y'])
  await insert(store, invalidationRow({ project: 'other' }), [url])
  for (const q of ['backpack_b', 'SPRING', '"sale"', '100%', 'IS/IMAGE/', '$product$', 'b?$']) {
    assert.deepEqual(await ids(store, { q }), [row.id], q)
  }
  assert.deepEqual(await ids(store, { q: row.id.slice(3, 30).toUpperCase() }), [row.id])
  assert.deepEqual((await ids(store, { q: 'ADA@' })).length, 1)
  assert.deepEqual((await ids(store, { q: 'ke' })).length, 1)
  assert.deepEqual(await ids(store, { q: 'B?' }), [row.id])
  for (const q of [url, url.toUpperCase(), url.slice(0, -1)])
    assert.deepEqual(await ids(store, { q }), [row.id], q)
  // All parts of it are there, in another order.
  for (const q of [`${url}x`, 'is/image/demo/is/image/demo/', 'demo/Backpack_Bdemo/Backpack_B'])
    assert.deepEqual(await ids(store, { q }), [], q)
  assert.deepEqual(await ids(store, { q: 'nothing like it' }), [])
  assert.deepEqual(await ids(store, { q: 'https', status: ['Done'] }), [])
  assert.deepEqual(await ids(store, { q: 'BACKPACK', status: ['Received'] }), [row.id])
  assert.equal((await ids(store, { q: '' })).length, 2)
}

async function searchesShort(store: Store): Promise<void> {
  const oldest = await insert(store, invalidationRow({ note: 'ÄRA' }), ['https://x.example/zq'])
  const failed = await insert(store, invalidationRow({ status: 'ERROR', note: '買物 ÖL' }))
  await insert(store, invalidationRow({ project: 'other', note: 'zq ÄRA' }))
  for (let at = 0; at < 5; at++) await insert(store, invalidationRow())
  for (const q of ['zq', 'ZQ', 'q', 'ä', 'Ä', 'är', 'ära', 'ÄRA'])
    assert.deepEqual(await ids(store, { q }), [oldest.id], q)
  for (const q of ['買', '買物', 'öl', 'ÖL', 'ö']) {
    assert.deepEqual(await ids(store, { q }), [failed.id], q)
    assert.deepEqual(await ids(store, { q, status: ['ERROR'] }), [failed.id], q)
    assert.deepEqual(await ids(store, { q, status: ['Done'] }), [], q)
  }
  assert.deepEqual(await ids(store, { q: 'zx' }), [])
}

async function searchesAnything(store: Store): Promise<void> {
  const notes = [
    '',
    'a"b',
    'OR AND NOT',
    'x* (y) ^z',
    'words : "q"',
    "it's 100%_\\\\",
    '😀 äöü',
    '|demo|',
  ]
  const rows: InvalidationRow[] = []
  for (const note of notes) rows.push(await insert(store, invalidationRow({ note })))
  const part = fc.nat().chain((seed) => {
    const note = notes[seed % notes.length]!
    return fc.tuple(fc.nat(note.length), fc.nat(note.length)).map(([a, b]) => note.slice(a, b))
  })
  const q = fc.oneof(part, fc.string({ maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 4 }))
  await fc.assert(
    fc.asyncProperty(q, async (text) => {
      const found = await ids(store, { q: text })
      if (!text.isWellFormed()) return
      const holding = rows.filter(({ note }) => note?.includes(text))
      for (const { id } of holding) assert.ok(found.includes(id), JSON.stringify(text))
    }),
    { numRuns: 150 },
  )
}

async function searchPages(store: Store): Promise<void> {
  const rows = []
  const createdAt = '2026-02-03T04:05:06.000Z'
  for (let at = 0; at < 8; at++) rows.push(await insert(store, invalidationRow({ createdAt })))
  const found = await walk(store, { q: 'deploy' })
  assert.deepEqual(found.toSorted(), rows.map((row) => row.id).sort())
}

async function claims(store: Store): Promise<void> {
  const row = await insert(store, invalidationRow())
  const claim = (runner: string, now: number, silentBefore: number) =>
    store.transaction('volatile', (tx) => tx.invalidations.claim(row.id, runner, now, silentBefore))
  assert.deepEqual(await store.tables.invalidations.claimable(100, 0, 5), [
    { project: 'demo', id: row.id },
  ])
  const first = await claim('one', 100, 0)
  assert.deepEqual(first, { ...row, runner: 'one', runnerEpoch: 1, renewedAt: 100 })
  assert.equal(await claim('two', 150, 50), undefined)
  assert.deepEqual(await store.tables.invalidations.claimable(150, 50, 5), [])
  const renew = (runner: string, epoch: number, now: number) =>
    store.transaction('volatile', (tx) => tx.invalidations.renew(row.id, runner, epoch, now))
  assert.equal(await renew('one', 1, 200), true)
  assert.equal(await claim('two', 250, 150), undefined)
  const second = await claim('two', 400, 300)
  assert.equal(second?.runnerEpoch, 2)
  assert.equal(await renew('one', 1, 410), false)
  assert.equal(await claim('three', 401, 301), undefined)
}

async function due(store: Store): Promise<void> {
  const scheduledAt = '2030-01-01T00:00:00.000Z'
  const at = Date.parse(scheduledAt)
  const row = await insert(store, invalidationRow({ status: 'Scheduled', scheduledAt }))
  assert.deepEqual(await store.tables.invalidations.claimable(at - 1, 0, 5), [])
  assert.equal(
    await store.transaction('volatile', (tx) => tx.invalidations.claim(row.id, 'one', at - 1, 0)),
    undefined,
  )
  assert.equal((await store.tables.invalidations.claimable(at, 0, 5)).length, 1)
  const claimed = await store.transaction('volatile', (tx) =>
    tx.invalidations.claim(row.id, 'one', at, 0),
  )
  assert.equal(claimed?.runner, 'one')
}

async function conditional(store: Store): Promise<void> {
  const row = await insert(store, invalidationRow({ runner: 'one', runnerEpoch: 1 }))
  const update = (runner: string, epoch: number, fields: Partial<InvalidationRow>) =>
    store.transaction('durable', (tx) => tx.invalidations.update(row.id, runner, epoch, fields))
  assert.equal(await update('two', 1, { status: 'Preparing' }), false)
  assert.equal(await update('one', 2, { status: 'Preparing' }), false)
  assert.equal(await update('one', 1, { status: 'Preparing', seq: 9 }), true)
  const running = await store.tables.invalidations.get('demo', row.id)
  assert.deepEqual(running, { ...row, status: 'Preparing', seq: 9 })
  const observed = { nodes: [], peeks: [] }
  const finishedAt = '2026-01-01T00:00:00.000Z'
  assert.equal(await update('one', 1, { status: 'Done', finishedAt, observed }), true)
  const done = await store.tables.invalidations.get('demo', row.id)
  assert.deepEqual([done?.runner, done?.status, done?.observed], [null, 'Done', observed])
  assert.equal(await update('one', 1, { status: 'ERROR' }), false)
  assert.deepEqual(await store.tables.invalidations.claimable(9e15, 9e15, 5), [])
}

async function transitions(store: Store): Promise<void> {
  const row = await insert(store, invalidationRow({ status: 'ERROR', runnerEpoch: 4 }))
  const transition = (from: 'Scheduled' | 'ERROR', fields: Partial<InvalidationRow>) =>
    store.transaction('durable', (tx) => tx.invalidations.transition(row.id, [from], fields))
  assert.equal(await transition('Scheduled', { status: 'Cancelled' }), false)
  assert.equal(await transition('ERROR', { status: 'Received', attempt: 2 }), true)
  assert.equal(await transition('ERROR', { status: 'Received', attempt: 3 }), false)
  const again = await store.tables.invalidations.get('demo', row.id)
  assert.deepEqual([again?.attempt, again?.runner, again?.runnerEpoch], [2, null, 5])
  assert.equal((await store.tables.invalidations.claimable(1, 0, 5)).length, 1)
}

async function counts(store: Store): Promise<void> {
  const row = await insert(store, invalidationRow({ runner: 'one', runnerEpoch: 1 }))
  await insert(store, invalidationRow({ project: 'other' }))
  const { invalidations } = store.tables
  assert.deepEqual(await invalidations.countByStatus(), { Received: 2 })
  await store.transaction('volatile', (tx) =>
    tx.invalidations.update(row.id, 'one', 1, { status: 'Preparing' }),
  )
  assert.deepEqual(await invalidations.countByStatus(), { Received: 1, Preparing: 1 })
  assert.deepEqual(await invalidations.countByStatus('demo'), { Preparing: 1 })
  assert.deepEqual(await invalidations.countByStatus('nobody'), {})
}

async function takesDurations(store: Store): Promise<void> {
  const target = {
    tier: 'cdn',
    attempts: 1,
    detail: null,
    startedAt: '2026-01-01T00:00:00.000Z',
  } as const
  const done = (id: string, ms: number) => ({
    ...target,
    id,
    state: 'done' as const,
    finishedAt: new Date(Date.parse(target.startedAt) + ms).toISOString(),
  })
  const failed = { ...target, id: 'e2', state: 'failed' as const, finishedAt: null }
  const older = { status: 'Done', finishedAt: '2026-01-01T00:00:01.000Z' } as const
  const newer = { status: 'Done', finishedAt: '2026-01-01T00:00:02.000Z' } as const
  await insert(store, invalidationRow({ ...newer, targets: [done('e1', 40), failed] }))
  await insert(store, invalidationRow({ ...older, targets: [done('e1', 90)] }))
  await insert(store, invalidationRow({ status: 'ERROR', targets: [done('e1', 1)] }))
  const { invalidations } = store.tables
  assert.deepEqual(await invalidations.recentDurations('demo', 5), [
    { target: 'e1', ms: 40 },
    { target: 'e1', ms: 90 },
  ])
  assert.deepEqual(await invalidations.recentDurations('demo', 1), [{ target: 'e1', ms: 40 }])
}

async function idempotency(store: Store): Promise<void> {
  const { invalidations } = store.tables
  const remember = (key: string, at: number) =>
    store.transaction('durable', (tx) =>
      tx.invalidations.rememberIdempotent('demo', key, 'hash', 'id', at),
    )
  await remember('old', 10)
  await remember('new', 20)
  assert.deepEqual(await invalidations.idempotent('demo', 'old'), { bodyHash: 'hash', id: 'id' })
  assert.equal(await invalidations.idempotent('other', 'old'), undefined)
  await store.transaction('volatile', (tx) => tx.invalidations.forgetIdempotent(20))
  assert.equal(await invalidations.idempotent('demo', 'old'), undefined)
  assert.ok(await invalidations.idempotent('demo', 'new'))
}

function change(project: string, at: number): ChangeRow {
  return { project, cause: `at ${at}`, keys: [], at }
}

async function changes(store: Store): Promise<void> {
  await store.transaction('durable', async (tx) => {
    await tx.changes.add(change('demo', 10))
    await tx.changes.add(change('demo', 30))
    await tx.changes.add(change('other', 20))
  })
  assert.deepEqual(await store.tables.changes.due(10), [])
  assert.deepEqual(await store.tables.changes.due(11), ['demo'])
  assert.deepEqual(await store.tables.changes.due(99), ['demo', 'other'])
  const taken = await store.transaction('durable', (tx) => tx.changes.take('demo'))
  assert.deepEqual(taken, [change('demo', 10), change('demo', 30)])
  assert.deepEqual(await store.transaction('durable', (tx) => tx.changes.take('demo')), [])
  assert.deepEqual(await store.tables.changes.due(99), ['other'])
}
