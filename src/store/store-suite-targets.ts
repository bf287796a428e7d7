import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TARGET_DEFAULTS } from '../contract/targets.ts'
import type { Store, TargetRow } from './store.ts'

type Using = (run: (store: Store) => Promise<void>) => () => Promise<void>

export function targetsSuite(name: string, using: Using): void {
  describe(`${name}: targets outside Sluice`, () => {
    test('a target is put, replaced and removed, in its project alone', using(targets))
  })
  describe(`${name}: what is known to have been served`, () => {
    test('which of some URLs are known, and how many there are', using(known))
    test('about how often each was served', using(times))
    test('its subjects are listed in order, in pages', using(subjects))
    test(
      'so are those that are known with a watermark, or a preset that may bring one',
      using(marked),
    )
  })
}

function targetRow(part: Partial<TargetRow>): TargetRow {
  const purge = { method: 'PURGE', url: 'http://v.example{target}', headers: {}, body: null }
  const settings = { ...TARGET_DEFAULTS, kind: 'generic-http', purge } as const
  return { project: 'demo', id: 'varnish', settings, createdAt: 5, ...part }
}

async function targets(store: Store): Promise<void> {
  const first = targetRow({})
  const other = targetRow({ project: 'other' })
  await store.transaction('durable', async (tx) => {
    await tx.targets.put(targetRow({ id: 'z' }))
    await tx.targets.put(first)
    await tx.targets.put(other)
  })
  const ids = async () => (await store.tables.targets.list('demo')).map((row) => row.id)
  assert.deepEqual(await ids(), ['varnish', 'z'])
  const secretHeaders = { authorization: 'Bearer x' }
  const next = targetRow({ settings: { ...first.settings, paused: true, secretHeaders } })
  await store.transaction('durable', (tx) => tx.targets.put(next))
  assert.deepEqual((await store.tables.targets.list('demo'))[0], next)
  assert.deepEqual(await store.tables.targets.list('other'), [other])
  const remove = () => store.transaction('durable', (tx) => tx.targets.remove('demo', 'varnish'))
  assert.equal(await remove(), true)
  assert.equal(await remove(), false)
  assert.deepEqual(await ids(), ['z'])
}

function record(store: Store, subject: string, url: string, project = 'demo'): Promise<void> {
  return store.transaction('volatile', (tx) =>
    tx.served.record([{ project, subject, url, target: '/~/x' }], 1),
  )
}

async function known(store: Store): Promise<void> {
  await record(store, 'asset:demo/a', 'http://x/1')
  await record(store, 'asset:demo/a', 'http://x/2')
  const { served } = store.tables
  const found = await served.known('demo', 'asset:demo/a', ['http://x/2', 'http://x/3'])
  assert.deepEqual(found, { count: 2, urls: ['http://x/2'] })
  assert.deepEqual(await served.known('demo', 'asset:demo/b', ['http://x/2']), {
    count: 0,
    urls: [],
  })
}

async function times(store: Store): Promise<void> {
  const subject = 'asset:demo/a'
  const tell = (url: string, count?: number) =>
    store.transaction('volatile', (tx) => {
      const served = { project: 'demo', subject, url, target: '/~/x' }
      return tx.served.record([{ ...served, ...(count === undefined ? {} : { times: count }) }], 1)
    })
  await tell('http://x/once')
  await tell('http://x/often')
  await tell('http://x/often', 4)
  await tell('http://x/often')
  const found = await store.tables.served.times('demo', subject)
  assert.deepEqual([...found], [['http://x/often', 6]])
}

async function subjects(store: Store): Promise<void> {
  for (const subject of ['asset:demo/b', 'asset:demo/a', 'asset:demo/c', 'asset:demo/a']) {
    await record(store, subject, `http://x/${subject}`)
  }
  await record(store, 'asset:other/a', 'http://y/', 'other')
  const first = await store.tables.served.subjects('demo', { limit: 2 })
  assert.deepEqual(first.items, ['asset:demo/a', 'asset:demo/b'])
  const rest = await store.tables.served.subjects('demo', { limit: 2, cursor: first.nextCursor! })
  assert.deepEqual(rest, { items: ['asset:demo/c'], nextCursor: null })
}

async function marked(store: Store): Promise<void> {
  const tell = (subject: string, target: string, project = 'demo') =>
    store.transaction('volatile', (tx) =>
      tx.served.record([{ project, subject, url: `http://x${target}`, target }], 1),
    )
  const queries = { c: 'w=2&p=small', a: 'wat=1', b: 'p=small' }
  for (const [name, query] of Object.entries(queries))
    await tell(`asset:demo/${name}`, `/~/${name}?${query}`)
  await tell('asset:demo/a', '/~/a?w=5')
  await tell('asset:demo/d', '/~/d?crop=5')
  await tell('asset:other/a', '/~/a?wat=1', 'other')
  const first = await store.tables.served.marked('demo', { limit: 2 })
  assert.deepEqual(first.items, ['asset:demo/a', 'asset:demo/b'])
  const rest = await store.tables.served.marked('demo', { limit: 2, cursor: first.nextCursor! })
  assert.deepEqual(rest, { items: ['asset:demo/c'], nextCursor: null })
}
