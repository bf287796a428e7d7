import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { plainBench } from '../../test/support/edge-bench.ts'
import { serveHttp, until } from '../../test/support/http.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function before(handler: Handler, options: Parameters<typeof plainBench>[1] = {}) {
  const site = await serveHttp(handler)
  const edge = await plainBench(site.url, options)
  closing.push(
    () => site.stop(),
    () => edge.stop(),
  )
  return { edge, heard: site.heard }
}

const answering =
  (headers: Record<string, string | string[]>, body = 'page', status = 200): Handler =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body)

const isHit = (answer: { headers: Readonly<Record<string, string>> }): boolean =>
  (answer.headers['cache-status'] ?? '').startsWith('sluice-edge; hit')

describe('how long an answer is used', () => {
  test('for its lifetime, and then it is asked after with its ETag, without a body', async () => {
    let etag = '"v1"'
    const { edge, heard } = await before((request, response) => {
      const headers = { 'cache-control': 'max-age=60', etag, 'x-note': etag }
      if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end()
      else response.writeHead(200, headers).end(`page ${etag}`)
    })
    await edge.get('/a')
    edge.clock.advance(59_000)
    const old = await edge.get('/a')
    assert.equal(isHit(old), true)
    assert.equal(Number(old.headers['age']) >= 59, true)
    edge.clock.advance(2_000)
    const confirmed = await edge.get('/a')
    assert.equal(confirmed.text, 'page "v1"')
    assert.equal(
      confirmed.headers['cache-status'],
      'sluice-edge; fwd=stale; fwd-status=304; stored',
    )
    assert.equal(heard[1]?.headers['if-none-match'], '"v1"')
    assert.equal(Number(confirmed.headers['age']) <= 1, true)
    assert.equal(isHit(await edge.get('/a')), true)
    etag = '"v2"'
    edge.clock.advance(61_000)
    assert.equal((await edge.get('/a')).text, 'page "v2"')
  })

  test('is asked after with its date where it has no ETag', async () => {
    const modified = 'Thu, 01 Jan 2026 00:00:00 GMT'
    const { edge, heard } = await before((request, response) => {
      const headers = { 'cache-control': 'max-age=60', 'last-modified': modified }
      const same = request.headers['if-modified-since'] === modified
      response.writeHead(same ? 304 : 200, headers).end(same ? undefined : 'page')
    })
    await edge.get('/a')
    edge.clock.advance(61_000)
    assert.equal((await edge.get('/a')).text, 'page')
    assert.equal(heard[1]?.headers['if-modified-since'], modified)
  })

  test('as caches are told, where they are told apart from browsers (RFC 9213)', async () => {
    const headers = { 'cache-control': 'max-age=0', 'cdn-cache-control': 'max-age=600' }
    const { edge, heard } = await before(answering(headers))
    const answer = await edge.get('/a')
    await edge.get('/a')
    assert.equal(heard.length, 1)
    assert.equal(answer.headers['cache-control'], 'max-age=0', 'browsers are still told theirs')
    const refused = { 'cache-control': 'max-age=600', 'cdn-cache-control': 'no-store' }
    const other = await before(answering(refused))
    await other.edge.get('/a')
    await other.edge.get('/a')
    assert.equal(other.heard.length, 2)
  })

  test('counting the age that it arrived with', async () => {
    const { edge, heard } = await before(answering({ 'cache-control': 'max-age=60', age: '50' }))
    assert.equal(Number((await edge.get('/a')).headers['age']) >= 50, true)
    edge.clock.advance(11_000)
    await edge.get('/a')
    assert.equal(heard.length, 2)
  })
})

describe('an answer that another cache confirmed', () => {
  test('is as old as that cache says, not new', async () => {
    const { edge, heard } = await before((request, response) => {
      const same = request.headers['if-none-match'] === '"v1"'
      const headers = { 'cache-control': 'max-age=60', etag: '"v1"', age: same ? '50' : '0' }
      response.writeHead(same ? 304 : 200, headers).end(same ? undefined : 'page')
    })
    await edge.get('/a')
    edge.clock.advance(61_000)
    const confirmed = await edge.get('/a')
    assert.equal(Number(confirmed.headers['age']) >= 50, true)
    edge.clock.advance(11_000)
    await edge.get('/a')
    assert.equal(heard.length, 3)
  })

  test('without a date is new, whenever it was first sent', async () => {
    const date = new Date().toUTCString()
    const { edge, heard } = await before((request, response) => {
      const same = request.headers['if-none-match'] === '"v1"'
      const headers = { 'cache-control': 'max-age=60', etag: '"v1"', ...(same ? {} : { date }) }
      response.writeHead(same ? 304 : 200, headers).end(same ? undefined : 'page')
    })
    await edge.get('/a')
    edge.clock.advance(100_000)
    await edge.get('/a')
    assert.equal(isHit(await edge.get('/a')), true)
    assert.equal(heard.length, 2)
  })
})

describe('what is not kept for others', () => {
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ['no-store', { 'cache-control': 'no-store' }],
    ['private', { 'cache-control': 'private, max-age=600' }],
    ['Set-Cookie', { 'cache-control': 'max-age=600', 'set-cookie': 'session=1' }],
    ['Vary: *', { 'cache-control': 'max-age=600', vary: '*' }],
    ['no lifetime and nothing to ask after it by', {}],
  ]
  for (const [what, headers] of cases) {
    test(what, async () => {
      const { edge, heard } = await before(answering(headers))
      await edge.get('/a')
      const second = await edge.get('/a')
      assert.equal(heard.length, 2)
      assert.doesNotMatch(second.headers['cache-status'] ?? '', /stored/)
    })
  }

  test('answers to who shows an Authorization, unless they are said to be for all (RFC 9111 §3.5)', async () => {
    const authorized = { headers: { authorization: 'Bearer mine' } }
    const own = await before((request, response) => {
      const body = request.headers['authorization'] ?? 'nobody'
      response.writeHead(200, { 'cache-control': 'max-age=600' }).end(body)
    })
    assert.equal((await own.edge.get('/a', authorized)).text, 'Bearer mine')
    assert.equal((await own.edge.get('/a')).text, 'nobody')
    const shared = await before(answering({ 'cache-control': 'public, max-age=600' }))
    await shared.edge.get('/a', authorized)
    await shared.edge.get('/a')
    assert.equal(shared.heard.length, 1)
  })

  test('one visitor’s answer is not given to who waited for it', async () => {
    const gate = Promise.withResolvers<void>()
    const { edge, heard } = await before((request, response) => {
      const cookie = request.headers['cookie'] ?? 'none'
      const headers = { 'cache-control': 'max-age=600', 'set-cookie': `for=${cookie}` }
      void gate.promise.then(() => response.writeHead(200, headers).end(cookie))
    })
    const asked = ['one', 'two', 'three'].map((cookie) => edge.get('/a', { headers: { cookie } }))
    await until('the site was asked', () => heard.length === 1)
    await edge.purge('/that-the-edge-reads-behind-them')
    gate.resolve()
    assert.deepEqual(
      (await Promise.all(asked)).map(({ text }) => text),
      ['one', 'two', 'three'],
    )
  })

  test('an authorized visitor’s failure is not given to who waited for it', async () => {
    const gate = Promise.withResolvers<void>()
    const { edge, heard } = await before((request, response) => {
      const body = `failed for ${request.headers['authorization'] ?? 'nobody'}`
      void gate.promise.then(() => response.writeHead(500).end(body))
    })
    const mine = edge.get('/a', { headers: { authorization: 'Bearer mine' } })
    await until('the site was asked', () => heard.length === 1)
    const other = edge.get('/a')
    await edge.purge('/that-the-edge-reads-behind-both')
    gate.resolve()
    assert.equal((await mine).text, 'failed for Bearer mine')
    assert.equal((await other).text, 'failed for nobody')
  })

  test('a failure is given to all who wait for it, and kept for nobody', async () => {
    const gate = Promise.withResolvers<void>()
    const { edge, heard } = await before((_request, response) => {
      void gate.promise.then(() => response.writeHead(503, { 'cache-control': 'max-age=60' }).end())
    })
    const asked = Array.from({ length: 10 }, () => edge.get('/a'))
    await until('the site was asked', () => heard.length === 1)
    await edge.purge('/that-the-edge-reads-behind-them')
    gate.resolve()
    for (const answer of await Promise.all(asked)) assert.equal(answer.status, 503)
    assert.equal(heard.length <= 2, true)
    const asksBefore = heard.length
    await edge.get('/a')
    assert.equal(heard.length, asksBefore + 1)
  })
})

const inLanguage: Handler = (request, response) => {
  const language = request.headers['accept-language'] ?? 'none'
  const headers = { 'cache-control': 'max-age=600', vary: 'Accept-Language' }
  response.writeHead(200, headers).end(language)
}
const speaking = (language: string) => ({ headers: { 'accept-language': language } })

describe('variants', () => {
  test('are told apart by the fields that the answer named, and purged together', async () => {
    const { edge, heard } = await before(inLanguage)
    for (const language of ['de', 'fr', 'de', 'fr'])
      assert.equal((await edge.get('/a', speaking(language))).text, language)
    assert.equal(heard.length, 2)
    await edge.purge('/a')
    for (const language of ['de', 'fr']) {
      assert.equal(isHit(await edge.get('/a', speaking(language))), false)
    }
    assert.equal(heard.length, 4)
  })

  test('are not mixed up while the first of them is on its way', async () => {
    const gate = Promise.withResolvers<void>()
    const { edge, heard } = await before((request, response) => {
      void gate.promise.then(() => inLanguage(request, response))
    })
    const german = edge.get('/a', speaking('de'))
    await until('the site was asked', () => heard.length === 1)
    const french = edge.get('/a', speaking('fr'))
    const again = edge.get('/a', speaking('de'))
    await edge.purge('/that-the-edge-reads-behind-them')
    gate.resolve()
    assert.equal((await german).text, 'de')
    assert.equal((await french).text, 'fr', 'nobody gets the other one’s variant')
    assert.equal((await again).text, 'de')
  })
})

describe('conditions, ranges and methods', () => {
  const body = '0123456789'
  const page = answering({ 'cache-control': 'max-age=600', etag: '"v1"' }, body)

  test('If-None-Match is answered with 304 and no body, from the cache', async () => {
    const { edge, heard } = await before(page)
    await edge.get('/a')
    for (const tag of ['"v1"', 'W/"v1"', '"x", "v1"', '*']) {
      const answer = await edge.get('/a', { headers: { 'if-none-match': tag } })
      assert.deepEqual([answer.status, answer.text], [304, ''], tag)
      assert.equal(answer.headers['etag'], '"v1"')
    }
    const other = await edge.get('/a', { headers: { 'if-none-match': '"v2"' } })
    assert.equal(other.status, 200)
    assert.equal(heard.length, 1)
  })

  test('a condition of the first asker does not leave the cache without a body', async () => {
    const { edge, heard } = await before(page)
    const first = await edge.get('/a', { headers: { 'if-none-match': '"v1"' } })
    assert.equal(first.status, 304)
    assert.equal((await edge.get('/a')).text, body)
    assert.equal(heard.length, 1)
  })

  test('one range is 206, several or a strange unit the whole, one outside 416', async () => {
    const { edge, heard } = await before(page)
    const range = (value: string, more = {}) =>
      edge.get('/a', { headers: { range: value, ...more } })
    const part = await range('bytes=2-4')
    assert.deepEqual([part.status, part.text], [206, '234'])
    assert.equal(part.headers['content-range'], 'bytes 2-4/10')
    assert.equal((await range('bytes=-3')).text, '789')
    assert.equal((await range('bytes=8-99')).text, '89')
    assert.equal((await range('bytes=0-1,4-5')).status, 200)
    assert.equal((await range('lines=1-2')).status, 200)
    assert.equal(
      (await range('lines=99-100')).status,
      200,
      'RFC 9110 §14.2: ignore what is unknown',
    )
    assert.equal((await range('nonsense')).status, 200)
    const outside = await range('bytes=10-')
    assert.equal(outside.status, 416)
    assert.equal(outside.headers['content-range'], 'bytes */10')
    assert.equal((await range('bytes=2-4', { 'if-range': '"v1"' })).status, 206)
    assert.equal((await range('bytes=2-4', { 'if-range': '"v0"' })).status, 200)
    assert.equal((await range('bytes=2-4', { 'if-range': 'W/"v1"' })).status, 200)
    assert.equal(heard.length, 1, 'all from one copy')
  })

  test('HEAD has the fields of GET and no body', async () => {
    const { edge, heard } = await before(page)
    const head = await edge.get('/a', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '10'])
    assert.equal((await edge.get('/a')).text, body)
    assert.equal(heard.length, 1)
  })

  test('only-if-cached is answered from the cache or with 504, and never asks', async () => {
    const { edge, heard } = await before(page)
    const only = { headers: { 'cache-control': 'only-if-cached' } }
    const absent = await edge.get('/a', only)
    assert.equal(absent.status, 504)
    assert.match(absent.text, /only-if-cached/)
    assert.equal(heard.length, 0)
    await edge.get('/a')
    assert.equal((await edge.get('/a', only)).text, body)
    await edge.purge('/a')
    assert.equal((await edge.get('/a', only)).status, 504, 'what was purged does not exist')
    assert.equal(heard.length, 1)
  })

  test('204 has no Content-Length, and redirects are kept as they are', async () => {
    const nothing = await before(answering({ 'cache-control': 'max-age=60' }, '', 204))
    const answer = await nothing.edge.get('/a')
    assert.deepEqual([answer.status, answer.headers['content-length']], [204, undefined])
    const moved = await before(
      answering({ 'cache-control': 'max-age=60', location: '/b' }, '', 301),
    )
    await moved.edge.get('/a')
    const again = await moved.edge.get('/a')
    assert.deepEqual([again.status, again.headers['location'], isHit(again)], [301, '/b', true])
  })
})

describe('what is larger than the cache takes', () => {
  const large = 'x'.repeat(400_000)
  const whole: Handler = (request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers['range'] ?? '')
    const headers = { 'cache-control': 'max-age=600' }
    if (!range) return void response.writeHead(200, headers).end(large)
    const [start, end] = [Number(range[1]), Number(range[2])]
    const contentRange = `bytes ${start}-${end}/${large.length}`
    response.writeHead(206, { ...headers, 'content-range': contentRange })
    return void response.end(large.slice(start, end + 1))
  }

  test('is streamed through, in parts too, and evicts nothing', async () => {
    const { edge } = await before(
      (request, response) => {
        if (request.url === '/small')
          answering({ 'cache-control': 'max-age=600' })(request, response)
        else whole(request, response)
      },
      { memoryBytes: 400_000 },
    )
    await edge.get('/small')
    const answer = await edge.get('/large')
    assert.equal(answer.bytes.byteLength, large.length)
    assert.match(
      answer.headers['cache-status'] ?? '',
      /^sluice-edge; fwd=uri-miss; fwd-status=200$/,
    )
    const part = await edge.get('/large', { headers: { range: 'bytes=5-9' } })
    assert.deepEqual([part.status, part.text], [206, 'xxxxx'])
    assert.equal(part.headers['content-range'], `bytes 5-9/${large.length}`)
    const head = await edge.get('/large', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(isHit(await edge.get('/small')), true)
  })
})

describe('an upstream that fails', () => {
  test('is a 502 in words when nobody listens, and the next request asks again', async () => {
    const site = await serveHttp(answering({ 'cache-control': 'max-age=600' }))
    const edge = await plainBench(site.url)
    closing.push(() => edge.stop())
    await edge.get('/kept')
    await site.stop()
    const answer = await edge.get('/a')
    assert.equal(answer.status, 502)
    assert.match(answer.text, /cannot be reached/)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(isHit(await edge.get('/kept')), true, 'what is kept is still served')
  })

  test('is a 502 when it breaks off in the middle of a body, which is not kept', async () => {
    let whole = false
    const { edge } = await before((_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=600', 'content-length': '10' })
      if (whole) return response.end('0123456789')
      response.write('01234')
      return setImmediate(() => response.destroy())
    })
    assert.equal((await edge.get('/a')).status, 502)
    whole = true
    assert.equal((await edge.get('/a')).text, '0123456789')
  })
})
