import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Preview } from '../../src/contract/api/invalidations.ts'
import type { Problem } from '../../src/contract/api/shapes.ts'
import { apiClient, prepareData } from '../support/api-client.ts'
import type { ApiClient } from '../support/api-client.ts'
import { until } from '../support/http.ts'
import { plainPicture } from '../support/resizer-bench.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'
import { createVisitors } from '../support/visitors.ts'

/**
 * Goal: whoever holds Adobe's pages open can do each step here, and visitors see what the page says. Each test carries the page's words:
 * "Invalidating your CDN cached content" (Dynamic Media Classic), "Invalidating the CDN cache by way of Dynamic Media" (6.5 and Cloud
 * Service). Rules that need no edges are in src/invalidation/dynamic-media-words.test.ts.
 */

const ENV = {
  SLUICE_TRUSTED_PROXIES: '127.0.0.1',
  SLUICE_NODE_SECRET: 'a-node-secret-of-at-least-32-characters',
}
const SERVER = 'http://my.publishserver.com:8080'
const BASE = `${SERVER}/is/image/dms7snapshot`
const PICTURES = ['spinset', 'Backpack_B', 'Backpack_C', 'shop/a', 'shop/b', 'shop/c', 'shop/d']
const WORKED = [
  '<ID>',
  '<ID>?$pdp-main$',
  '<ID>?scl=1&qlt=100',
  'https://my.publishserver.com:8080/is/image/dms7snapshot/<ID>',
  'http://my.publishserver.com:8080/is/content/dms7snapshot/gspdf',
].join('\n')

let data: string
let sluice: Started
let api: ApiClient

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'sluice-pages-'))
  const picture = await plainPicture('#f00')
  await prepareData(data, Object.fromEntries(PICTURES.map((id) => [id, picture])), ENV)
  sluice = await startServe({ data, env: ENV })
  api = apiClient(sluice.consoleUrl, await sluice.adminKey())
  await ok('PATCH', '', {
    publishServer: SERVER,
    company: 'dms7snapshot',
    aliases: ['Company'],
    hosts: ['server.com'],
  })
  await api.putAsset('gspdf', Buffer.from('%PDF-1.7 manual'))
  for (const [name, modifiers] of [
    ['product', 'wid=20&fmt=png'],
    ['pdp-main', 'wid=21&fmt=png'],
    ['search', 'wid=22&fmt=png'],
  ]) {
    await ok('PUT', `/presets/${name}`, { modifiers })
  }
})

after(async () => {
  await sluice?.stop()
  await rm(data, { recursive: true, force: true })
})

async function ok<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await api.call(method, path, body)
  assert.ok(answer.status < 300, JSON.stringify(answer.body))
  return answer.body as Body
}

const template = (text: string): Promise<unknown> => ok('PUT', '/template', { text })
const preview = (selection: object): Promise<Preview> =>
  ok('POST', '/invalidations/preview', selection)

async function listOf(selection: object): Promise<readonly string[]> {
  return (await preview(selection)).urls.map(({ url }) => url)
}

const urlOf = (id: string, preset: string): string => `/is/image/Company/${id}?$${preset}$`

const visitors = createVisitors(() => sluice.edges)
const { visit } = visitors
const shown = (...targets: readonly string[]): Promise<void> => visitors.fill(targets)

/** Which of these both edges hold; one of two is a mistake. */
async function kept(...targets: readonly string[]): Promise<readonly string[]> {
  const [one, other] = await Promise.all(sluice.edges.map((edge) => visitors.held(edge, targets)))
  assert.deepEqual(one, other)
  return one!
}

const to = (id: string, query = ''): string => `/is/image/dms7snapshot/${id}${query}`

function gone(target: string): Promise<void> {
  return until(`${target} is gone from both edges`, async () => {
    const answers = await Promise.all(sluice.edges.map((edge) => visit(edge, target)))
    return answers.every(({ status }) => status === 404)
  })
}

async function refused(selection: object): Promise<Problem> {
  const logged = async (): Promise<unknown> => (await api.call('GET', '/invalidations')).body
  const earlier = await logged()
  const { status, body } = await api.call('POST', '/invalidations', selection)
  assert.ok(status >= 400 && status < 500, JSON.stringify(body))
  assert.deepEqual(await logged(), earlier, 'the log has no new entry')
  return body as Problem
}

describe('Invalidating your CDN cached content (Dynamic Media Classic)', () => {
  const LINE = 'https://server.com/is/image/Company/<ID>?$product$'

  test('"When you make updates to an asset, you may want those changes to take effect immediately", not after 10 hours', async () => {
    const target = '/is/image/Company/Backpack_B?wid=9&fmt=png'
    await shown(target)
    const old = await visit(sluice.edges[0]!, target)
    assert.match(old.headers['cdn-cache-control'] ?? '', /max-age=36000\b/, 'the default')
    await api.putAsset('Backpack_B', await plainPicture('#00f'))
    const still = await visit(sluice.edges[0]!, target)
    assert.deepEqual(still.bytes, old.bytes)
    const done = await api.invalidate({ assets: ['Backpack_B'], renditions: true })
    assert.ok(Date.parse(done.finishedAt!) - Date.parse(done.createdAt) < 10_000)
    for (const edge of sluice.edges)
      assert.notDeepEqual((await visit(edge, target)).bytes, old.bytes)
  })

  test('"Suppose you selected a single image asset image named Backpack_B … it results in the following generated URL"; "click Continue to clear the cache for each specific URL"', async () => {
    const wanted = '/is/image/Company/Backpack_B?$product$'
    const others = ['/is/image/Company/Backpack_C?$product$', '/is/image/Company/Backpack_B?wid=8']
    await template(LINE)
    await shown(wanted, ...others)
    const selection = { assets: ['Backpack_B'], template: true }
    assert.deepEqual(await listOf(selection), [`https://server.com${wanted}`])
    await api.invalidate(selection)
    assert.deepEqual(await kept(wanted, ...others), others)
  })

  test('"An indicator is displayed that gives you an estimate of how long it will take to clear the cache"', async () => {
    const selection = { assets: ['Backpack_B'], template: true }
    const { estimatedSeconds, targets } = await preview(selection)
    assert.ok(estimatedSeconds > 0)
    assert.deepEqual(targets.map(({ id }) => id).sort(), ['edge-1', 'edge-2', 'resizer'])
    const { id, estimatedSeconds: told } = await api.submit(selection)
    assert.ok(told > 0)
    await api.done(id)
  })

  test('"You can edit a URL or you can add a URL by typing or pasting it into the URL list box"', async () => {
    await template(LINE)
    const [formed] = await listOf({ assets: ['Backpack_B'], template: true })
    const edited = 'https://server.com/is/image/Company/Backpack_B?$search$'
    const pasted = 'https://server.com/is/image/Company/spinset?wid=7'
    const targets = [formed!, edited, pasted].map((url) => url.replace('https://server.com', ''))
    await shown(...targets)
    const selection = {
      assets: ['Backpack_B'],
      template: true,
      exclude: [formed],
      urls: [edited, pasted],
    }
    assert.deepEqual(await listOf(selection), [edited, pasted])
    await api.invalidate(selection)
    assert.deepEqual(await kept(...targets), targets.slice(0, 1))
  })

  test('"If you selected multiple assets, … each asset is referenced in the saved Template URL … when you select one or images for invalidation from cache, the URLs automatically populate"', async () => {
    const all = ['Backpack_B', 'Backpack_C'].flatMap((id) =>
      ['product', 'search'].map((preset) => urlOf(id, preset)),
    )
    await template(`${LINE}\nhttps://server.com/is/image/Company/<ID>?$search$`)
    await shown(...all, urlOf('spinset', 'search'))
    const selection = { assets: ['Backpack_C', 'Backpack_B'], template: true }
    assert.deepEqual(
      await listOf(selection),
      all.map((target) => `https://server.com${target}`),
    )
    await api.invalidate(selection)
    assert.deepEqual(await kept(...all, urlOf('spinset', 'search')), [urlOf('spinset', 'search')])
  })

  test('"If there is nothing in the CDN Invalidate Template text box, then you get a blank URL list"; "add complete URLs … it is unnecessary to select assets"', async () => {
    await template('')
    assert.deepEqual(await listOf({ assets: ['Backpack_B'], template: true }), [])
    const target = '/is/image/Company/Backpack_B?wid=6'
    await shown(target)
    await api.invalidate({ template: true, urls: [`https://server.com${target}`] })
    assert.deepEqual(await kept(target), [])
  })
})

describe('Invalidating the CDN cache by way of Dynamic Media', () => {
  test('"I have already created a CDN invalidation template in the past using Dynamic Media Classic. The Create Template text field is pre-populated"; "tap Save, then tap OK"', async () => {
    await template('<ID>?$product$')
    const { text, version } = await ok<{ text: string; version: number }>('GET', '/template')
    assert.equal(text, '<ID>?$product$', 'one template for both ways')
    const saved = await ok<{ version: number }>('PUT', '/template', { text: WORKED, version })
    assert.equal(saved.version, version + 1)
  })

  test('"Suppose you added a single asset named spinset … it results in the following five generated URLs"; "tap Submit to begin the CDN invalidation process"', async () => {
    const company = '/is/image/dms7snapshot'
    const going = [
      `${company}/spinset`,
      `${company}/spinset?$pdp-main$`,
      `${company}/spinset?scl=1&qlt=100`,
      '/is/content/dms7snapshot/gspdf',
    ]
    const staying = [`${company}/Backpack_B?$pdp-main$`, `${company}/shop/a`]
    await template(WORKED)
    await shown(...going, ...staying)
    const selection = { assets: ['spinset'], template: true }
    const { digest, urls } = await preview(selection)
    assert.deepEqual(
      urls.map(({ url, from }) => [url, from]),
      [
        ['http://my.publishserver.com:8080/is/content/dms7snapshot/gspdf', 'template line 5'],
        [`${BASE}/spinset`, 'template line 1, asset spinset'],
        [`${BASE}/spinset?$pdp-main$`, 'template line 2, asset spinset'],
        [`${BASE}/spinset?scl=1&qlt=100`, 'template line 3, asset spinset'],
        [
          'https://my.publishserver.com:8080/is/image/dms7snapshot/spinset',
          'template line 4, asset spinset',
        ],
      ],
    )
    await until('each row was told to have been served', async () =>
      (await preview(selection)).urls.every(({ served }) => served === true),
    )
    const done = await api.invalidate({ ...selection, digest })
    assert.equal(done.urlCount, 5)
    assert.equal(done.evidence?.verdict, 'fresh')
    assert.deepEqual(await kept(...going, ...staying), staying)
  })

  test('"If you decide to leave the options … unchecked, then the base URL of the selected assets is formed", which covers "URL up to ?"', async () => {
    const targets = ['shop/a', 'shop/a?wid=5', 'shop/b?wid=5'].map(
      (id) => `/is/image/dms7snapshot/${id}`,
    )
    await shown(...targets)
    assert.deepEqual(await listOf({ assets: ['shop/a'] }), [`${BASE}/shop/a`])
    await api.invalidate({ assets: ['shop/a'] })
    assert.deepEqual(await kept(...targets), targets.slice(2))
  })

  test('"While you can select one or more folders containing assets": everything below them goes, at any depth', async () => {
    const targets = ['shop/a', 'shop/b?wid=5', 'spinset?wid=5'].map(
      (id) => `/is/image/dms7snapshot/${id}`,
    )
    await shown(...targets)
    await api.invalidate({ folders: ['shop'] })
    assert.deepEqual(await kept(...targets), targets.slice(2))
  })

  test('"Note that you must specify URLs for image smart crops": the URL of a picture does not cover its crops, theirs does', async () => {
    const [picture, crop] = ['shop/a', 'shop/a:Large?wid=30'].map((id) => `/is/image/Company/${id}`)
    await shown(picture!, crop!)
    await api.invalidate({ assets: ['shop/a'] })
    assert.deepEqual(await kept(picture!, crop!), [crop])
    await template('<ID>:Large')
    await api.invalidate({ assets: ['shop/a'], template: true })
    assert.deepEqual(await kept(crop!), [])
  })

  test('"If necessary, tap X to the right of a URL to delete it from invalidation process"', async () => {
    const targets = ['shop/b', 'shop/c'].map((id) => `/is/image/dms7snapshot/${id}`)
    await shown(...targets)
    const selection = { assets: ['shop/b', 'shop/c'], exclude: [`${BASE}/shop/b`] }
    await api.invalidate(selection)
    assert.deepEqual(await kept(...targets), targets.slice(0, 1))
  })

  test('"You can invalidate up to 1000 URLs at a given time", and not one more', async () => {
    const many = Array.from({ length: 1001 }, (_, at) => `${BASE}/shop/a?wid=${at + 1}`)
    assert.equal((await refused({ urls: many })).code, 'too-many-urls')
    const done = await api.invalidate({ urls: [...many.slice(0, 1000), many[3]] })
    assert.equal(done.urlCount, 1000)
  })
})

describe('Troubleshooting CDN Invalidation errors: "either the entire batch is processed for invalidation, or the entire batch is failed"', () => {
  const target = '/is/image/dms7snapshot/shop/a?wid=4'
  const url = `${SERVER}${target}`

  before(() => shown(target))
  after(async () => {
    assert.deepEqual(await kept(target), [target], 'still a HIT at both edges after each refusal')
    await api.invalidate({ urls: [url] })
    assert.deepEqual(await kept(target), [])
  })

  test('Failed to retrieve URL(s) for selected asset(s): "The publish server or the company root used to form the URLs is missing"', async () => {
    for (const missing of [{ publishServer: null }, { company: null }]) {
      await ok('PATCH', '', missing)
      const { status, title, detail } = await refused({ assets: ['shop/a'], urls: [url] })
      assert.deepEqual([status, title], [409, 'Failed to retrieve URL(s) for selected asset(s).'])
      assert.match(detail, /set it in General Settings/)
      await ok('PATCH', '', { publishServer: SERVER, company: 'dms7snapshot' })
      await shown(target)
    }
  })

  test('Some URLs are not defined correctly. Please correct and re-submit: "the URL is referring to a different company or if the URL is not valid"', async () => {
    const bad = [`${SERVER}/is/image/Other/a`, `${SERVER}/is/imgae/dms7snapshot/a`, 'shop/a']
    const { status, title, errors } = await refused({ urls: [url, ...bad] })
    assert.equal(status, 422)
    assert.equal(title, 'Some URLs are not defined correctly. Please correct and re-submit.')
    assert.deepEqual(
      errors.map((each) => each.url),
      bad,
    )
    assert.ok(errors.every(({ reason }) => reason.length > 20))
  })

  test('No URL(s) entered to be invalidated: "if there are no URLs present in the Confirm page, and you tap Submit"', async () => {
    const { status, title } = await refused({ assets: ['shop/a'], exclude: [`${BASE}/shop/a`] })
    assert.deepEqual([status, title], [422, 'No URL(s) entered to be invalidated.'])
  })
})

describe('The assets behind it', () => {
  test('company, alias, hosts and Cloudimage token of a project are covered by one selection', async () => {
    await ok('PATCH', '', { tokens: ['doc'] })
    const spellings = [
      to('shop/a', '?wid=12'),
      '/is/image/Company/shop/a?WID=12&ts=7',
      '/_t/doc/shop/a?w=12',
    ]
    await shown(...spellings)
    await api.invalidate({ assets: ['shop/a'], renditions: true })
    assert.deepEqual(await kept(...spellings), [])
  })

  test('unpublished is not delivered, although nobody invalidates and automatic ones are off', async () => {
    await shown(to('shop/b'), to('shop/c'))
    await ok('PATCH', '/assets/shop%2Fb', { published: false })
    await gone(to('shop/b'))
    assert.deepEqual(await kept(to('shop/c')), [to('shop/c')])
    await ok('PATCH', '/assets/shop%2Fb', { published: true })
    await shown(to('shop/b'))
  })

  test('moved is delivered at its new place alone, deleted nowhere', async () => {
    await shown(to('shop/c', '?wid=9'))
    await ok('PATCH', '/assets/shop%2Fc', { id: 'moved/c' })
    await gone(to('shop/c', '?wid=9'))
    await shown(to('moved/c', '?wid=9'))
    await ok('DELETE', '/assets/moved%2Fc')
    await gone(to('moved/c', '?wid=9'))
  })

  test('so it is with many at once', async () => {
    const ids = ['shop/b', 'shop/d']
    await shown(...ids.map((id) => to(id)))
    await ok('POST', '/assets/actions', { action: 'unpublish', ids })
    for (const id of ids) await gone(to(id))
    await ok('POST', '/assets/actions', { action: 'publish', ids })
    await shown(...ids.map((id) => to(id)))
    await ok('POST', '/assets/actions', { action: 'move', ids, to: 'far/away' })
    for (const id of ids) await gone(to(id))
    await shown(to('far/away/b'), to('far/away/d'))
    await ok('POST', '/assets/actions', { action: 'delete', ids: ['far/away/b', 'far/away/d'] })
    for (const id of ['b', 'd']) await gone(to(`far/away/${id}`))
  })

  test('"file types that are not supported" are told by their bytes first: a false name helps neither way', async () => {
    const word = Buffer.concat([
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      Buffer.alloc(600),
      Buffer.from('WordDocument', 'utf16le'),
    ])
    const disguised: readonly (readonly [id: string, bytes: Buffer, what: RegExp])[] = [
      ['poster.jpg', Buffer.from('%!PS-Adobe-3.0\n%%Title: poster\n'), /PostScript file/],
      ['manual.pdf', word, /Word file/],
      ['notes.txt', Buffer.from('{\\rtf1\\ansi hello}'), /Rich Text file/],
    ]
    for (const [id, bytes, what] of disguised) {
      await api.putAsset(id, bytes)
      const { notDelivered } = await ok<{ notDelivered: string }>('GET', `/assets/${id}`)
      assert.match(notDelivered, what)
      for (const kind of ['image', 'content']) {
        const answer = await visit(sluice.edges[0]!, `/is/${kind}/dms7snapshot/${id}`)
        assert.deepEqual([answer.status, what.test(answer.text)], [403, true], `${kind} ${id}`)
      }
      const { problems, urls } = await preview({ assets: [id], content: true })
      assert.deepEqual(urls, [])
      assert.ok(problems.some(({ item, reason }) => item === id && what.test(reason)))
    }
    await api.putAsset('picture.eps', await plainPicture('#0f0'))
    await shown(to('picture.eps', '?wid=9'))
    assert.deepEqual(await listOf({ assets: ['picture.eps'] }), [`${BASE}/picture.eps`])
  })
})
