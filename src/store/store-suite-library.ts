import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SERVED_URLS_PER_SUBJECT_MAX, TEMPLATE_VERSIONS_MAX } from './limits.ts'
import type { AssetFilter, ProjectRow, Store } from './store.ts'
import { assetRow } from './store-suite-rows.ts'

type Using = (run: (store: Store) => Promise<void>) => () => Promise<void>

export function librarySuite(name: string, using: Using): void {
  describe(`${name}: projects and assets`, () => {
    test('a project comes back as it was stored, and changes in parts', using(projects))
    test('an asset is put, replaced and removed', using(assets))
    test('assets are listed by id, in pages, with each filter', using(lists))
    test('a folder counts what is below it, as assets come and go', using(folders))
    test('versions are newest first', using(versions))
    test('of versions the newest are kept, and what they need is known', using(keptVersions))
    test('saved templates are newest first, a hundred of them', using(templates))
    test('renditions with a preset are counted, with their assets', using(usage))
    test('served URLs are newest first, in pages', using(served))
    test('what was seen of many subjects is one question', using(sightings))
    test('served URLs are bounded for each subject, the oldest sightings go', using(bounded))
  })
}

const PROJECT: ProjectRow = {
  id: 'demo',
  company: 'Demo',
  aliases: [],
  publishServer: 'http://127.0.0.1:8081',
  tokens: ['doc'],
  hosts: [],
  origins: [{ host: 'sample.li', scheme: 'https' }],
  originAliases: {},
  cdnTtlSeconds: 36000,
  browserTtlSeconds: 60,
  automaticInvalidation: false,
  maxUrlsPerInvalidation: 1000,
  maxOriginalsPerInvalidation: 10,
  supportUrl: null,
  template: '<ID>',
  templateVersion: 1,
  presets: { Large: 'wid=1000' },
  assetSource: { kind: 'library' },
  createdAt: 5,
}

async function projects(store: Store): Promise<void> {
  await store.transaction('durable', (tx) => tx.projects.insert(PROJECT))
  assert.deepEqual(await store.tables.projects.get('demo'), PROJECT)
  assert.equal(await store.tables.projects.get('Demo'), undefined)
  await assert.rejects(store.transaction('durable', (tx) => tx.projects.insert(PROJECT)))
  await store.transaction('durable', (tx) => tx.projects.update('demo', { template: 'x' }))
  assert.deepEqual(await store.tables.projects.list(), [{ ...PROJECT, template: 'x' }])
  await assert.rejects(
    store.transaction('durable', (tx) => tx.projects.update('nobody', { template: 'x' })),
  )
}

async function put(store: Store, ...ids: readonly string[]): Promise<void> {
  await store.transaction('volatile', async (tx) => {
    for (const id of ids) await tx.assets.put(assetRow({ id }))
  })
}

async function assets(store: Store): Promise<void> {
  const crops = { wide: { rect: { x: 0, y: 0, width: 1, height: 0.5 }, width: 800, height: 200 } }
  const row = assetRow({ crops })
  await store.transaction('durable', (tx) => tx.assets.put(row))
  assert.deepEqual(await store.tables.assets.get('demo', 'shoe'), row)
  assert.equal(await store.tables.assets.get('other', 'shoe'), undefined)
  const next = { ...row, version: 2, published: false, width: null, height: null }
  await store.transaction('durable', (tx) => tx.assets.put(next))
  assert.deepEqual(await store.tables.assets.all('demo'), [next])
  await put(store, 'a', 'b')
  const found = await store.tables.assets.getMany('demo', ['b', 'nobody', 'shoe', 'b'])
  assert.deepEqual(
    found.map((asset) => asset.id),
    ['b', 'shoe'],
  )
  await store.transaction('durable', (tx) => tx.assets.remove('demo', 'shoe'))
  await store.transaction('durable', (tx) => tx.assets.remove('demo', 'shoe'))
  assert.equal(await store.tables.assets.get('demo', 'shoe'), undefined)
}

async function lists(store: Store): Promise<void> {
  await put(store, 'shoes/red', 'shoes/blue', 'shoes/kids/Red', 'shoes-old/red', 'hat', 'shoes')
  await store.transaction('volatile', async (tx) => {
    await tx.assets.put(assetRow({ id: 'manual', kind: 'document', published: false }))
    await tx.assets.put(assetRow({ id: 'zz', project: 'other' }))
  })
  const ids = async (filter: AssetFilter) => {
    const page = await store.tables.assets.list('demo', filter, { limit: 50 })
    return page.items.map((row) => row.id)
  }
  assert.deepEqual(await ids({ folder: 'shoes' }), ['shoes/blue', 'shoes/kids/Red', 'shoes/red'])
  assert.deepEqual(await ids({ q: 'RED' }), ['shoes-old/red', 'shoes/kids/Red', 'shoes/red'])
  assert.deepEqual(await ids({ q: 'red', folder: 'shoes/kids' }), ['shoes/kids/Red'])
  assert.deepEqual(await ids({ q: '%' }), [])
  assert.deepEqual(await ids({ kind: 'document' }), ['manual'])
  assert.deepEqual(await ids({ published: false }), ['manual'])
  const first = await store.tables.assets.list('demo', {}, { limit: 4 })
  assert.deepEqual(
    first.items.map((row) => row.id),
    ['hat', 'manual', 'shoes', 'shoes-old/red'],
  )
  const rest = { limit: 4, cursor: first.nextCursor! }
  const second = await store.tables.assets.list('demo', {}, rest)
  assert.deepEqual(
    second.items.map((row) => row.id),
    ['shoes/blue', 'shoes/kids/Red', 'shoes/red'],
  )
  assert.equal(second.nextCursor, null)
}

async function folders(store: Store): Promise<void> {
  await put(store, 'hat', 'shoes/red', 'shoes/kids/red', 'shoes/kids/blue', 'a/b/c/d')
  await put(store, 'shoes/red')
  const { assets: table } = store.tables
  assert.deepEqual(await table.folders('demo', ''), [
    { path: 'a', assets: 1 },
    { path: 'shoes', assets: 3 },
  ])
  assert.deepEqual(await table.folders('demo', 'shoes'), [{ path: 'shoes/kids', assets: 2 }])
  assert.deepEqual(await table.folders('demo', 'a/b'), [{ path: 'a/b/c', assets: 1 }])
  await store.transaction('volatile', async (tx) => {
    await tx.assets.remove('demo', 'shoes/kids/red')
    await tx.assets.remove('demo', 'shoes/kids/blue')
    await tx.assets.remove('demo', 'nobody/there')
  })
  assert.deepEqual(await table.folders('demo', 'shoes'), [])
  assert.deepEqual(await table.folders('demo', ''), [
    { path: 'a', assets: 1 },
    { path: 'shoes', assets: 1 },
  ])
  assert.deepEqual(await table.folders('other', ''), [])
}

function version(number: number) {
  return {
    version: number,
    hash: String(number),
    bytes: 1,
    mediaType: 'image/png',
    createdAt: number,
    createdBy: 'ada@example.org',
  }
}

async function versions(store: Store): Promise<void> {
  await store.transaction('durable', async (tx) => {
    await tx.assets.addVersion('demo', 'shoe', version(1))
    await tx.assets.addVersion('demo', 'shoe', version(2))
  })
  assert.deepEqual(await store.tables.assets.versions('demo', 'shoe'), [version(2), version(1)])
  assert.deepEqual(await store.tables.assets.versions('demo', 'hat'), [])
}

function seen(url: string) {
  return { project: 'demo', subject: 'asset:demo/shoe', url, target: `/~/${url}` }
}

async function served(store: Store): Promise<void> {
  const record = (urls: readonly string[], at: number) =>
    store.transaction('volatile', (tx) => tx.served.record(urls.map(seen), at))
  await record(['a', 'b'], 1)
  await record(['c', 'a'], 2)
  const list = (cursor?: string) =>
    store.tables.served.list('demo', 'asset:demo/shoe', {
      limit: 2,
      ...(cursor === undefined ? {} : { cursor }),
    })
  const first = await list()
  assert.deepEqual(first.items, [
    { url: 'c', target: '/~/c', lastSeenAt: 2 },
    { url: 'a', target: '/~/a', lastSeenAt: 2 },
  ])
  const second = await list(first.nextCursor!)
  assert.deepEqual(second.items, [{ url: 'b', target: '/~/b', lastSeenAt: 1 }])
  assert.equal(second.nextCursor, null)
  const other = await store.tables.served.list('demo', 'asset:demo/hat', { limit: 2 })
  assert.deepEqual(other.items, [])
}

async function sightings(store: Store): Promise<void> {
  const record = (at: number, ...urls: readonly ReturnType<typeof sighted>[]) =>
    store.transaction('volatile', (tx) => tx.served.record(urls, at))
  await record(1, sighted('a', 'one', 'wid=1'), sighted('b', 'one', 'wid=1'))
  await record(5, sighted('a', 'two', 'wid=1'), sighted('a', 'one', 'hei=1'))
  await record(6, sighted('c', 'one', 'wid=1'), { ...sighted('a', 'x', 'z=1'), project: 'other' })
  const { served: table } = store.tables
  const subjects = ['asset:demo/b', 'asset:demo/a', 'asset:demo/nobody', 'asset:demo/a']
  const found = await table.sightings('demo', subjects, 10)
  assert.deepEqual(found, [
    { subject: 'asset:demo/a', target: '/~/image/demo/a?hei=1', lastSeenAt: 5 },
    { subject: 'asset:demo/a', target: '/~/image/demo/a?wid=1', lastSeenAt: 5 },
    { subject: 'asset:demo/b', target: '/~/image/demo/b?wid=1', lastSeenAt: 1 },
  ])
  assert.deepEqual(await table.sightings('demo', subjects, 2), found.slice(0, 2))
  assert.deepEqual(await table.sightings('demo', [], 2), [])
  const urls = await table.urls('demo', subjects, 10)
  assert.deepEqual(
    urls.map(({ subject, url }) => `${subject} ${url}`),
    [
      'asset:demo/a https://one/a?hei=1',
      'asset:demo/a https://one/a?wid=1',
      'asset:demo/a https://two/a?wid=1',
      'asset:demo/b https://one/b?wid=1',
    ],
  )
  assert.deepEqual(await table.urls('demo', subjects, 3), urls.slice(0, 3))
  await record(7, sighted('shoes/red', 'one', 'wid=1'))
  assert.equal(await table.anyBelow('demo', 'asset:demo/shoes/'), true)
  assert.equal(await table.anyBelow('demo', 'asset:demo/shoe/'), false)
  assert.equal(await table.anyBelow('demo', ''), true)
  assert.equal(await table.anyBelow('nobody', ''), false)
}

async function bounded(store: Store): Promise<void> {
  const urls = Array.from({ length: SERVED_URLS_PER_SUBJECT_MAX }, (_, at) => seen(`u${at}`))
  await store.transaction('volatile', (tx) => tx.served.record(urls, 1))
  await store.transaction('volatile', (tx) => tx.served.record([seen('new')], 2))
  const page = await store.tables.served.list('demo', 'asset:demo/shoe', { limit: 5000 })
  assert.equal(page.items.length, SERVED_URLS_PER_SUBJECT_MAX)
  assert.equal(page.items[0]?.url, 'new')
}

async function keptVersions(store: Store): Promise<void> {
  const same = { bytes: 1, mediaType: 'image/png', createdAt: 1, createdBy: 'a' }
  await store.transaction('volatile', async (tx) => {
    await tx.assets.put(assetRow({ id: 'here', hash: 'h4' }))
    for (const number of [1, 2, 3, 4]) {
      await tx.assets.addVersion('demo', 'here', {
        ...same,
        version: number,
        hash: `h${number}`,
      })
    }
    await tx.assets.addVersion('demo', 'gone', { ...same, version: 1, hash: 'g1' })
    await tx.assets.forgetVersions('demo', 'here', 3)
    await tx.assets.forgetVersions('demo', 'nobody', 3)
  })
  const kept = await store.tables.assets.versions('demo', 'here')
  assert.deepEqual(
    kept.map((each) => each.version),
    [4, 3, 2],
  )
  const needed = await store.tables.assets.neededBlobs(['h1', 'h2', 'h3', 'h4', 'g1', 'x'])
  assert.deepEqual([...needed].sort(), ['h2', 'h3', 'h4'])
  assert.deepEqual(await store.tables.assets.neededBlobs([]), [])
}

async function templates(store: Store): Promise<void> {
  await store.transaction('volatile', async (tx) => {
    for (let number = 1; number <= TEMPLATE_VERSIONS_MAX + 2; number++) {
      await tx.projects.addTemplateVersion('demo', templateRow(number))
    }
  })
  const kept = await store.tables.projects.templateVersions('demo')
  assert.equal(kept.length, TEMPLATE_VERSIONS_MAX)
  assert.deepEqual({ ...kept[0] }, templateRow(TEMPLATE_VERSIONS_MAX + 2))
  assert.equal(kept.at(-1)?.version, 3)
  assert.deepEqual(await store.tables.projects.templateVersions('other'), [])
}

function templateRow(number: number) {
  return { version: number, text: `<ID>?v=${number}`, savedAt: number, savedBy: 'ann' }
}

function sighted(id: string, host: string, query: string) {
  return {
    project: 'demo',
    subject: `asset:demo/${id}`,
    url: `https://${host}/${id}?${query}`,
    target: `/~/image/demo/${id}?${query}`,
  }
}

async function usage(store: Store): Promise<void> {
  await store.transaction('volatile', (tx) =>
    tx.served.record(
      [
        sighted('a', 'one', '$large$'),
        sighted('a', 'two', '$large$'),
        sighted('a', 'one', '$large$&wid=9'),
        sighted('b', 'one', '$a b$'.replace(' ', '%20')),
        sighted('c', 'one', '$larger$&$large$'),
        sighted('d', 'one', 'wid=9'),
        { ...sighted('e', 'one', '$large$'), project: 'other' },
        // In Cloudimage's dialect, with an original's own query and names that begin and end alike.
        sighted('f', 'one', 'h=4&p=thumb&w=3'),
        sighted('g', 'one', 'p=thumb'),
        sighted('h', 'one', 'p=thumbs'),
        sighted('i', 'one', 'map=thumb'),
      ],
      1,
    ),
  )
  const { served: table } = store.tables
  assert.deepEqual(await table.usage('demo', 'large'), { renditions: 3, assets: 2 })
  assert.deepEqual(await table.usage('demo', 'larger'), { renditions: 1, assets: 1 })
  assert.deepEqual(await table.usage('demo', 'a b'), { renditions: 1, assets: 1 })
  assert.deepEqual(await table.usage('demo', 'thumb'), { renditions: 2, assets: 2 })
  assert.deepEqual(await table.usage('demo', 'arge'), { renditions: 0, assets: 0 })
}
