import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { afterEach, describe, test } from 'node:test'
import { plainBench } from '../../test/support/edge-bench.ts'
import { ask, serveHttp, until } from '../../test/support/http.ts'
import type { TestServer } from '../../test/support/http.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

type Options = Parameters<typeof plainBench>[1]

/** A website whose pages the test changes, and a plain cache before it. */
async function setUp(options: Options = {}) {
  const pages = new Map<string, (response: ServerResponse) => void>()
  const site = await serveHttp((request, response) => {
    const page = pages.get(request.url ?? '')
    if (page) page(response)
    else response.writeHead(404).end('nothing')
  })
  const edge = await plainBench(site.url, options)
  closing.push(
    () => site.stop(),
    () => edge.stop(),
  )
  const put = (
    target: string,
    body: string,
    headers: Record<string, string> = { 'cache-control': 'max-age=600' },
  ): void => void pages.set(target, (response) => response.writeHead(200, headers).end(body))
  return { site, edge, pages, put, heard: (): number => site.heard.length }
}

const cacheStatus = (answer: { headers: Readonly<Record<string, string>> }): string =>
  answer.headers['cache-status'] ?? ''

describe('a plain edge', () => {
  test('miss, hit, replace, still old, purge, fresh', async () => {
    const { edge, put, heard } = await setUp()
    put('/a', 'version 1')
    const miss = await edge.get('/a')
    assert.equal(miss.text, 'version 1')
    assert.equal(cacheStatus(miss), 'sluice-edge; fwd=uri-miss; fwd-status=200; stored')
    const hit = await edge.get('/a')
    assert.match(cacheStatus(hit), /^sluice-edge; hit; ttl=(600|599)$/)
    put('/a', 'version 2')
    assert.equal((await edge.get('/a')).text, 'version 1')
    assert.equal(heard(), 1)
    const purged = await edge.purge('/a')
    assert.deepEqual([purged.status, purged.headers['sluice-mark']], [200, '1'])
    const fresh = await edge.get('/a')
    assert.equal(fresh.text, 'version 2')
    assert.equal(fresh.headers['sluice-mark'], '1')
    assert.equal((await edge.get('/a')).text, 'version 2')
    assert.equal(heard(), 2)
  })

  test('a purge without a query covers all queries of the path; with one, that URL', async () => {
    const { edge, put } = await setUp()
    const targets = ['/a', '/a?x=1', '/a?x=2', '/ab']
    for (const target of targets) put(target, 'old')
    const readAll = async () =>
      Promise.all(targets.map(async (target) => (await edge.get(target)).text))
    await readAll()
    for (const target of targets) put(target, 'new')
    await edge.purge('/a?x=1')
    assert.deepEqual(await readAll(), ['old', 'new', 'old', 'old'])
    await edge.purge('/a')
    assert.deepEqual(await readAll(), ['new', 'new', 'new', 'old'])
  })

  test('is purged only from allowed addresses', async () => {
    const { edge, put } = await setUp({ purgeFrom: ['10.0.0.0/8'] })
    put('/a', 'old')
    await edge.get('/a')
    put('/a', 'new')
    const refused = await edge.purge('/a')
    assert.equal(refused.status, 403)
    assert.match(refused.text, /--purge-from/)
    assert.equal((await edge.get('/a')).text, 'old')
  })

  test('believes a forwarded address only from a trusted proxy', async () => {
    const forged = { 'x-forwarded-for': '10.1.2.3' }
    const strict = await setUp({ purgeFrom: ['10.0.0.0/8'] })
    const options = { method: 'PURGE', headers: forged }
    assert.equal((await strict.edge.get('/a', options)).status, 403)
    const behind = await setUp({ purgeFrom: ['10.0.0.0/8'], trusted: ['127.0.0.1'] })
    assert.equal((await behind.edge.get('/a', options)).status, 200)
  })

  test('hosts are told apart, in any case', async () => {
    const { edge, put, heard } = await setUp()
    put('/a', 'page')
    await edge.get('/a', { headers: { host: 'one.example' } })
    await edge.get('/a', { headers: { host: 'ONE.example' } })
    await edge.get('/a', { headers: { host: 'two.example' } })
    assert.equal(heard(), 2)
  })

  test('takes the absolute form of a proxy’s client', async () => {
    const { edge, put, site } = await setUp()
    put('/a', 'page')
    const answer = await ask(edge.url, { target: 'http://other.example/a' })
    assert.equal(answer.text, 'page')
    assert.equal(site.heard[0]?.headers['host'], 'other.example')
    assert.equal((await ask(edge.url, { target: 'ftp://other.example/a' })).status, 400)
  })

  test('removes what a stranger says in our private fields, and says nothing of it inward', async () => {
    const { edge, put, site } = await setUp()
    put('/a', 'page')
    const headers = { 'sluice-min-mark': '99', 'sluice-node-secret': 'x', 'sluice-lease': 'held' }
    assert.equal((await edge.get('/a', { headers })).status, 200)
    const inward = Object.keys(site.heard[0]!.headers).filter((name) => name.startsWith('sluice-'))
    assert.deepEqual(inward, [])
    assert.equal(site.heard[0]?.headers['via'], '1.1 sluice')
  })
})

describe('a fill that is under way while its URL is purged', () => {
  for (const where of ['waits for headers', 'is in the middle of its body'] as const) {
    test(`and ${where} is not kept, and the next answer is new`, async () => {
      const { edge, pages, put, heard } = await setUp()
      const gate = Promise.withResolvers<void>()
      const headers = { 'cache-control': 'max-age=600', 'content-length': '8' }
      pages.set('/a', (response) => {
        if (where !== 'waits for headers') response.writeHead(200, headers).write('old ')
        void gate.promise.then(() => {
          if (where === 'waits for headers') response.writeHead(200, headers).write('old ')
          return response.end('page')
        })
      })
      const slow = edge.get('/a')
      await until('the site was asked', () => heard() === 1)
      await edge.purge('/a')
      gate.resolve()
      assert.equal((await slow).text, 'old page', 'who asked before the purge may have it')
      assert.doesNotMatch(cacheStatus(await slow), /stored/)
      put('/a', 'new page')
      assert.equal((await edge.get('/a')).text, 'new page')
    })
  }

  test('is not given to who asked after the purge', async () => {
    const { edge, pages, put, heard } = await setUp()
    const gate = Promise.withResolvers<void>()
    pages.set('/a', (response) => {
      const send = (): ServerResponse =>
        response.writeHead(200, { 'cache-control': 'max-age=600' }).end('old page')
      void gate.promise.then(send)
    })
    const before = edge.get('/a')
    await until('the site was asked', () => heard() === 1)
    await edge.purge('/a')
    put('/a', 'new page')
    const after = edge.get('/a')
    await edge.purge('/that-the-edge-reads-behind-it')
    gate.resolve()
    assert.equal((await before).text, 'old page')
    assert.equal((await after).text, 'new page')
    assert.match(cacheStatus(await edge.get('/a')), /hit/)
  })

  test('serves everybody who waits with one question, and says so', async () => {
    const { edge, pages, heard } = await setUp()
    const gate = Promise.withResolvers<void>()
    pages.set('/a', (response) => {
      void gate.promise.then(() =>
        response.writeHead(200, { 'cache-control': 'max-age=9' }).end('p'),
      )
    })
    const asked = Array.from({ length: 20 }, () => edge.get('/a'))
    await until('the site was asked', () => heard() === 1)
    await edge.purge('/that-the-edge-reads-behind-them')
    gate.resolve()
    const answers = await Promise.all(asked)
    assert.equal(heard(), 1)
    assert.equal(
      answers.filter((answer) => /collapsed/.test(cacheStatus(answer))).length >= 1,
      true,
    )
  })
})

async function setUpEditable() {
  const got: { method: string; body: string; headers: TestServer['heard'][number]['headers'] }[] =
    []
  let page = 'old'
  const site = await serveHttp((request, response) => {
    void textOf(request).then((body) => {
      const headers = request.headers as Record<string, string>
      got.push({ method: request.method ?? '', body, headers })
      if (request.method === 'POST' && request.url === '/refused')
        return response.writeHead(409).end('no')
      if (request.method !== 'GET') page = body
      return response.writeHead(200, { 'cache-control': 'max-age=600' }).end(page)
    })
  })
  const edge = await plainBench(site.url)
  closing.push(
    () => site.stop(),
    () => edge.stop(),
  )
  return { edge, got }
}

describe('requests that change things', () => {
  test('go inward whole, and what is kept of the URL goes (RFC 9111 §4.4)', async () => {
    const { edge, got } = await setUpEditable()
    assert.equal((await edge.get('/a')).text, 'old')
    const headers = { 'content-type': 'text/plain', 'if-match': '"v1"' }
    const posted = await edge.get('/a', { method: 'POST', body: 'new', headers })
    assert.deepEqual([posted.status, posted.text], [200, 'new'])
    assert.match(cacheStatus(posted), /^sluice-edge; fwd=method; fwd-status=200$/)
    assert.equal(got[1]?.body, 'new')
    assert.equal(got[1]?.headers['content-type'], 'text/plain')
    assert.equal(got[1]?.headers['if-match'], '"v1"', 'a precondition is not lost on the way')
    assert.equal((await edge.get('/a')).text, 'new')
  })

  test('that are refused leave the cache as it is', async () => {
    const { edge, got } = await setUpEditable()
    await edge.get('/refused')
    assert.equal((await edge.get('/refused', { method: 'POST', body: 'x' })).status, 409)
    assert.match(cacheStatus(await edge.get('/refused')), /hit/)
    assert.equal(got.length, 2)
  })

  test('of a client that waits for 100 Continue are passed on', async () => {
    const { edge, got } = await setUpEditable()
    const headers = { expect: '100-continue', 'content-type': 'text/plain' }
    const put = await edge.get('/a', { method: 'PUT', body: 'new', headers })
    assert.deepEqual([put.status, got[0]?.body], [200, 'new'])
  })

  test('OPTIONS changes nothing', async () => {
    const { edge } = await setUpEditable()
    await edge.get('/a')
    await edge.get('/a', { method: 'OPTIONS' })
    assert.match(cacheStatus(await edge.get('/a')), /hit/)
  })
})
