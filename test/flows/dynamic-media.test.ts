import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import sharp from 'sharp'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { apiClient, prepareData } from '../support/api-client.ts'
import type { ApiClient } from '../support/api-client.ts'
import { until } from '../support/http.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'
import { createVisitors } from '../support/visitors.ts'

/** Goal: presets, smart crops and refused lists reach exactly what they say at real edges, and nothing beside it. */

const NODE_SECRET = 'a-node-secret-of-at-least-32-characters'
const ASSETS = Array.from({ length: 10 }, (_, at) => `shop/p${at}`)
const BASE = 'https://images.example/is/image/demo'
const WITH_PRESET = ASSETS.flatMap((id) =>
  ['$product$', '$Product$&qlt=50', '$product$&qlt=51', 'qlt=52&$product$', '$product$&hei=9'].map(
    (query) => `/is/image/demo/${id}?${query}`,
  ),
)
const OTHERS = ASSETS.flatMap((id) =>
  ['', '?$other$', ...Array.from({ length: 13 }, (_, at) => `?wid=${at + 5}&fmt=png`)].map(
    (query) => `/is/image/demo/${id}${query}`,
  ),
)

let data: string
let sluice: Started
let api: ApiClient

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'sluice-flow-'))
  // Left half red, right half blue.
  const right = { create: { width: 60, height: 80, channels: 3, background: '#00f' } } as const
  const picture = await sharp({
    create: { width: 120, height: 80, channels: 3, background: '#f00' },
  })
    .composite([{ input: await sharp(right).png().toBuffer(), left: 60, top: 0 }])
    .png()
    .toBuffer()
  const env = { SLUICE_TRUSTED_PROXIES: '127.0.0.1', SLUICE_NODE_SECRET: NODE_SECRET }
  await prepareData(data, Object.fromEntries(ASSETS.map((id) => [id, picture])), env)
  sluice = await startServe({ data, env })
  api = apiClient(sluice.consoleUrl, await sluice.adminKey())
  await put('/presets/product', { modifiers: 'wid=20&fmt=png' })
  await put('/presets/other', { modifiers: 'wid=21&fmt=png' })
})

after(async () => {
  await sluice?.stop()
  await rm(data, { recursive: true, force: true })
})

async function put(path: string, body: object): Promise<unknown> {
  const answer = await api.call('PUT', path, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

const visitors = createVisitors(() => sluice.edges)
const { visit, fill } = visitors

/** How many of them each edge still has. */
async function hits(targets: readonly string[]): Promise<number[]> {
  const held = await Promise.all(sluice.edges.map((edge) => visitors.held(edge, targets)))
  return held.map(({ length }) => length)
}

async function invalidationFor(cause: string): Promise<void> {
  const find = async (): Promise<Invalidation | undefined> => {
    const { items } = (await api.call('GET', '/invalidations')).body as { items: Invalidation[] }
    return items.find((each) => each.cause === cause)
  }
  await until(cause, async () => (await find())?.status === 'Done', 15_000, 50)
}

async function usageOf(preset: string): Promise<unknown> {
  return (await api.call('GET', `/presets/${preset}/usage`)).body
}

async function logLength(): Promise<number> {
  const { body } = await api.call('GET', '/invalidations')
  return (body as { items: unknown[] }).items.length
}

function crop(id: string, name: string): string {
  return `/is/image/demo/${id}:${name}?wid=30&fmt=png`
}

describe('saving an edit of a preset', () => {
  test('says "N known renditions of M assets" and invalidates exactly these: of 200 cached objects, 50 with the preset, the other 150 are still HIT', async () => {
    assert.deepEqual([WITH_PRESET.length, OTHERS.length], [50, 150])
    await fill([...WITH_PRESET, ...OTHERS])
    assert.deepEqual(await hits([...WITH_PRESET, ...OTHERS]), [200, 200])
    const usage = { name: 'product', renditions: 50, assets: 10 }
    await until(
      'edges report what they served',
      async () => JSON.stringify(await usageOf('product')) === JSON.stringify(usage),
      15_000,
      50,
    )
    const saved = await put('/presets/product', { modifiers: 'wid=24&fmt=png', invalidate: true })
    assert.deepEqual(saved, { ...usage, modifiers: 'wid=24&fmt=png', changed: true })
    await invalidationFor('Preset “product” changed')
    assert.deepEqual(await hits(OTHERS), [150, 150])
    assert.deepEqual(await hits(WITH_PRESET), [0, 0])
    const fresh = await visit(sluice.edges[0]!, WITH_PRESET[0]!)
    assert.equal((await sharp(fresh.bytes).metadata()).width, 24)
  })

  test('the same text again invalidates nothing', async () => {
    await fill(WITH_PRESET.slice(0, 5))
    const again = await put('/presets/product', { modifiers: 'wid=24&fmt=png', invalidate: true })
    assert.equal((again as { changed: boolean }).changed, false)
    await api.invalidate({ urls: [`${BASE}/none?wid=1`] })
    assert.deepEqual(await hits(WITH_PRESET.slice(0, 5)), [5, 5])
  })
})

describe('smart crops at the edges', () => {
  test('nobody drew them, and yet they are delivered in the size that the project has for them', async () => {
    for (const [name, height] of [
      ['Large', 17],
      ['Medium', 23],
      ['Small', 30],
    ] as const) {
      const answer = await visit(sluice.edges[0]!, crop('shop/p0', name))
      assert.equal(answer.status, 200, answer.text)
      const { width, height: found } = await sharp(answer.bytes).metadata()
      assert.deepEqual([width, Math.abs(found - height) <= 1], [30, true], `${name} ${found}`)
    }
    const whole = await visit(sluice.edges[0]!, '/is/image/demo/shop/p0:Small')
    assert.equal((await sharp(whole.bytes).metadata()).width, 400)
    assert.equal((await visit(sluice.edges[0]!, crop('shop/p0', 'Nobody'))).status, 404)
  })

  test('an edit invalidates that crop of that asset only', async () => {
    const edited = [crop('shop/p0', 'Small'), '/is/image/demo/shop/p0:Small']
    const others = [
      crop('shop/p0', 'Large'),
      crop('shop/p1', 'Small'),
      crop('shop/p1', 'Large'),
      '/is/image/demo/shop/p0',
      '/is/image/demo/shop/p0?wid=9&fmt=png',
    ]
    await fill([...edited, ...others])
    assert.deepEqual(await hits([...edited, ...others]), [7, 7])
    const rect = { x: 0.5, y: 0, width: 0.5, height: 1 }
    const id = encodeURIComponent('shop/p0')
    await put(`/assets/${id}/crops/Small`, { rect, width: 40, height: 40, invalidate: true })
    await invalidationFor('Crop “Small” of “shop/p0” changed')
    assert.deepEqual(await hits(others), [5, 5])
    assert.deepEqual(await hits(edited), [0, 0])
    const fresh = await visit(sluice.edges[1]!, crop('shop/p0', 'Small'))
    const { data: pixels } = await sharp(fresh.bytes).raw().toBuffer({ resolveWithObject: true })
    assert.deepEqual([...pixels.subarray(0, 3)], [0, 0, 255], 'the right half is blue')
  })
})

describe('ids', () => {
  test('with a blank, an umlaut, #, % or ? are delivered by the URL that is formed for them, and purged by it', async () => {
    const bytes = await sharp({ create: { width: 4, height: 3, channels: 3, background: '#f00' } })
      .png()
      .toBuffer()
    const ids = ['a b', 'ü', '#', '%', '?', '100%25', 'shoes/50% off']
    for (const id of ids) await api.putAsset(id, bytes)
    await put('/template', { text: '<ID>?wid=3&fmt=png' })
    const selection = { assets: ids, template: true }
    const { body } = await api.call('POST', '/invalidations/preview', selection)
    const { urls, problems } = body as { urls: { url: string }[]; problems: unknown[] }
    assert.deepEqual([urls.length, problems], [ids.length, []])
    const targets = urls.map(({ url }) => url.replace('https://images.example', ''))
    await fill(targets)
    assert.deepEqual(await hits(targets), [ids.length, ids.length])
    await api.invalidate(selection)
    assert.deepEqual(await hits(targets), [0, 0])
  })
})

describe('a refused batch', () => {
  test('all or nothing: the log has no new entry and each planted cached object is still a HIT', async () => {
    const planted = OTHERS.slice(0, 20)
    await fill(planted)
    const logged = await logLength()
    const good = planted.map((target) => `https://images.example${target}`)
    for (const body of [
      { urls: [...good, 'htp://images.example/is/image/demo/shop/p0'] },
      { urls: [...good, 'https://images.example/is/image/other/p0'] },
      { urls: good, assets: ['nobody'], renditions: true },
      { urls: good, originals: ['https://nobody.example/a.jpg'] },
      { urls: [...good, ...Array.from({ length: 1000 }, (_, at) => `${BASE}/x?wid=${at + 1}`)] },
      { assets: ASSETS, renditions: true, urls: ['flat'] },
      { everything: true },
      { urls: good, digest: 'another' },
    ]) {
      const { status, body: problem } = await api.call('POST', '/invalidations', body)
      assert.ok(status === 422 || status === 409, JSON.stringify(problem))
    }
    assert.equal(await logLength(), logged)
    assert.deepEqual(await hits(planted), [20, 20])
  })
})

describe('unsupported types', () => {
  test('.ps .eps .ai .indd .ppt(x) .xls(x) .doc(x) .rtf are stored, and never delivered at edges', async () => {
    for (const extension of 'ps eps ai indd ppt pptx xls xlsx doc docx rtf'.split(' ')) {
      const id = `Letter.${extension}`
      await api.putAsset(id, Buffer.from('content'))
      const stored = await fetch(`${sluice.consoleUrl}/api/v1/projects/demo/assets/${id}/content`, {
        headers: { authorization: `Bearer ${await sluice.adminKey()}` },
      })
      assert.equal(await stored.text(), 'content')
      for (const kind of ['content', 'image']) {
        const answer = await visit(sluice.edges[0]!, `/is/${kind}/demo/${id}`)
        assert.equal(answer.status, 403, `${kind} ${id}`)
        assert.match(answer.text, /Letter\.\w+ is an? .* file: it is stored, but/)
        assert.match(answer.headers['cache-control'] ?? '', /no-store/)
      }
    }
    await api.putAsset('notes.txt', Buffer.from('content'))
    assert.equal((await visit(sluice.edges[0]!, '/is/content/demo/notes.txt')).text, 'content')
  })
})
