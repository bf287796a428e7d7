import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { ask } from '../support/http.ts'
import { colorOf, isHit, startOriginalDelivery } from '../support/original-delivery.ts'
import type { OriginalDelivery } from '../support/original-delivery.ts'
import type { SampleOrigin } from '../support/sample-origin.ts'

/**
 * Goal: one original is one read of the origin and one cache entry, however its URL is written, and each way to write it purges all
 * (Cloudimage's pages "URL implementation", "Aliases", "Origin URL prefix", "Image operations").
 */

let whole: OriginalDelivery
let origin: SampleOrigin

before(async () => {
  whole = await startOriginalDelivery({
    hosts: ['img.example.com'],
    originAliases: { _x_: 'sample.li', _x_y_: 'sample.li/deep' },
    delivery: { originPrefix: 'sample.li' },
  })
  origin = whole.origin
})
after(() => whole.stop())

const get = (target: string, host?: string) => whole.get(target, host)
const newClient = () => whole.newClient()
const invalidate = (selection: unknown) => whole.invalidate(selection)

type Spelling = readonly [what: string, target: string, host?: string]

const SPELLINGS: readonly Spelling[] = [
  ['host and path', '/sample.li/a.png?w=50'],
  ['two slashes', '//sample.li/a.png?w=50'],
  ['http://', '/http://sample.li/a.png?w=50'],
  ['https://', '/https://sample.li/a.png?w=50'],
  ['https:/, as proxies make of it', '/https:/sample.li/a.png?w=50'],
  ['/v7/', '/v7/sample.li/a.png?w=50'],
  ['/v7/ and a scheme', '/v7/https://sample.li/a.png?w=50'],
  ['ci_url_encoded=1 with %2F', '/sample.li%2Fa.png?ci_url_encoded=1&w=50'],
  ['the same with a scheme', '/https%3A%2F%2Fsample.li%2Fa.png?w=50&ci_url_encoded=1'],
  ['an encoded scheme alone', '/v7/https%3A%2F%2Fsample.li%2Fa.png?w=50'],
  ['upper case', '/SAMPLE.LI/a.png?w=50'],
  ['a port that the scheme implies', '/sample.li:443/a.png?w=50'],
  ['the other one', '/http://sample.li:80/a.png?w=50'],
  ['a final dot', '/sample.li./a.png?w=50'],
  ['an alias', '/_x_/a.png?w=50'],
  ['below the origin URL prefix', '/a.png?w=50'],
  ['a CNAME', '/sample.li/a.png?w=50', 'img.example.com'],
  ['a CNAME in upper case, with a port', '/v7/sample.li/a.png?w=50', 'IMG.example.com:443'],
  ['the token’s host elsewhere', '/sample.li/a.png?w=50', 'doc.sluice.example'],
  ['/_t/<token>/', '/_t/doc/sample.li/a.png?w=50', 'localhost'],
  ['/_t/<token>/v7/', '/_t/doc/v7/_x_/a.png?w=50', '10.0.0.1:8081'],
  ['a leading &', '/sample.li/a.png?&w=50'],
  ['escapes of letters', '/sample.li/%61.png?%77=50'],
  ['long names and defaults', '/sample.li/a.png?width=50&func=crop&q=80&org_if_sml=0&dpr=1&r=0'],
  ['a pixel ratio', '/sample.li/a.png?w=25&dpr=2'],
  ['what says nothing', '/sample.li/a.png?utm_source=x&w=50&ci_info=1&ts=4711&f=unknown'],
]

/** What edges hold, by their own count. */
async function entriesAtEdges(): Promise<number> {
  const { text } = await ask(`${whole.sluice.consoleUrl}/metrics`)
  return [...text.matchAll(/^sluice_node_entries\{[^}]*role="edge"[^}]*\} (\d+)$/gm)]
    .map(([, count]) => Number(count))
    .reduce((sum, count) => sum + count, 0)
}

describe('one original, many spellings', () => {
  it('are 1 read of the origin and 1 cache entry', async () => {
    newClient()
    await origin.put('/a.png', 'red')
    const [entries, reads] = [await entriesAtEdges(), origin.heard.length]
    const first = await get('/sample.li/a.png?w=50')
    assert.equal(await colorOf(first), 'red')
    const afterOne = await entriesAtEdges()
    assert.ok(afterOne > entries)
    for (const [what, target, host] of SPELLINGS) {
      const answer = await get(target, host)
      assert.ok(isHit(answer), `${what}: ${target} at ${host}: ${answer.headers['cache-status']}`)
      assert.equal(answer.headers['etag'], first.headers['etag'])
    }
    assert.equal(await entriesAtEdges(), afterOne)
    assert.equal(origin.heard.length, reads + 1)
  })

  const FORMS = [
    '/sample.li/a.png',
    'sample.li/a.png',
    'http://sample.li/a.png',
    'https://sample.li/a.png',
    '/v7/sample.li/a.png',
    '/v7/https://sample.li/a.png',
    'sample.li%2Fa.png',
    'https%3A%2F%2Fsample.li%2Fa.png',
    'SAMPLE.LI:443/a.png',
    '_x_/a.png',
    'a.png',
  ]
  for (const [at, form] of FORMS.entries()) {
    it(`are all purged by the original ${form}`, async () => {
      newClient()
      const color = at % 2 === 0 ? 'blue' : 'red'
      await origin.put('/a.png', color)
      const { bodies } = origin
      await invalidate({ originals: [form] })
      for (const [what, target, host] of SPELLINGS)
        assert.equal(await colorOf(await get(target, host)), color, what)
      assert.equal(origin.bodies, bodies + 1)
      const read = origin.heard.at(-1)!
      assert.equal(read.headers['if-none-match'], undefined, 'fetched anew, not asked after')
      assert.equal(read.headers['cache-control'], 'no-cache')
    })
  }

  it('are each a URL that purges all', async () => {
    newClient()
    const deliveredAt = new Set([undefined, 'img.example.com', 'localhost'])
    const urls = SPELLINGS.filter(([, , host]) => deliveredAt.has(host))
    for (const [at, [what, target, host = 'doc.cloudimg.io']] of urls.entries()) {
      const color = at % 2 === 0 ? 'green' : 'red'
      await origin.put('/a.png', color)
      const server = host === 'localhost' ? whole.sluice.edges[0]! : `https://${host}`
      await invalidate({ urls: [server + target] })
      const [, other, otherHost] = SPELLINGS[(at + 7) % SPELLINGS.length]!
      assert.equal(await colorOf(await get(other, otherHost)), color, `by ${what}`)
    }
  })
})

describe('another original', () => {
  it('is one with a query of its own, which is read and purged with it', async () => {
    newClient()
    await origin.put('/q.png', 'red')
    const { bodies } = origin
    assert.equal(await colorOf(await get('/sample.li/q.png?w=50')), 'red')
    const own = '/sample.li%2Fq.png%3Fv%3D13?ci_url_encoded=1&w=50'
    assert.equal(await colorOf(await get(own)), 'red')
    assert.equal(origin.bodies, bodies + 2)
    assert.equal(origin.heard.at(-1)?.url, '/q.png?v=13')
    await origin.put('/q.png', 'blue')
    await invalidate({ originals: ['sample.li%2Fq.png%3Fv%3D13'] })
    assert.equal(await colorOf(await get(own)), 'blue')
    assert.equal(await colorOf(await get('/sample.li/q.png?w=50')), 'red')
  })

  it('is another case of the path, another port and another host', async () => {
    newClient()
    await origin.put('/b.png', 'red')
    await get('/sample.li/b.png?w=50')
    for (const other of [
      '/sample.li/B.png?w=50',
      '/sample.li:8080/b.png?w=50',
      '/b.sample.li/b.png?w=50',
    ])
      assert.ok(!isHit(await get(other)), other)
  })
})

describe('the origin of a project', () => {
  it('of overlapping aliases is the longest', async () => {
    newClient()
    await origin.put('/deep/b.png', 'green')
    assert.equal(await colorOf(await get('/_x_y_/b.png?w=50')), 'green')
  })

  it('is read with its extra headers', async () => {
    newClient()
    await origin.put('/keyed.png', 'red')
    const rule = { host: 'sample.li', scheme: 'http', connectTo: origin.place, allowPrivate: true }
    await whole.settings({ origins: [{ ...rule, headers: { 'x-origin-key': 'open sesame' } }] })
    await get('/sample.li/keyed.png?w=50')
    assert.equal(origin.heard.at(-1)?.headers['x-origin-key'], 'open sesame')
  })

  it('is on a list that is closed by default: hosts below it, look-alikes and others are refused unread', async () => {
    newClient()
    const reads = origin.heard.length
    for (const host of [
      'www.sample.li',
      'sample.li.evil.example',
      'evilsample.li',
      '127.0.0.1',
      '169.254.169.254',
    ]) {
      const answer = await get(`/${host}/a.png?w=50`)
      assert.equal(answer.status, 403, host)
      assert.match(answer.text, /not an allowed origin/)
      assert.equal(answer.headers['cache-control'], 'no-store')
    }
    assert.equal(origin.heard.length, reads)
  })

  it('is every host below one only where that was asked for', async () => {
    newClient()
    await origin.put('/wide.png', 'red')
    const rule = { scheme: 'http', connectTo: origin.place, allowPrivate: true }
    await whole.settings({ origins: [{ ...rule, host: '*.sample.li' }] })
    assert.equal(await colorOf(await get('/www.sample.li/wide.png?w=50')), 'red')
    assert.equal((await get('/sample.li/wide.png?w=50')).status, 403)
  })
})
