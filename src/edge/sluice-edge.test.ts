import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { LOG_ID, NODE_SECRET, provenance, sluiceBench } from '../../test/support/edge-bench.ts'
import { fakeResizer } from '../../test/support/fake-resizer.ts'
import { until } from '../../test/support/http.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function setUp(options: Parameters<typeof sluiceBench>[1] = {}) {
  const resizer = await fakeResizer()
  const edge = await sluiceBench(resizer.server.url, options)
  closing.push(
    () => resizer.server.stop(),
    () => edge.stop(),
  )
  /** A purge that the resizer hears of too. */
  const purge = (...keyTexts: string[]): void => void (resizer.applied = edge.purge(...keyTexts))
  return { resizer, edge, purge }
}

const RED = '/is/image/demo/shoes/red?wid=400'
const cacheStatus = (answer: { headers: Readonly<Record<string, string>> }): string =>
  answer.headers['cache-status'] ?? ''

describe('an edge before an image server', () => {
  test('miss, hit, replace, still old, purge, fresh', async () => {
    const { resizer, edge, purge } = await setUp()
    const miss = await edge.get(RED)
    assert.equal(miss.text, 'version 1')
    assert.equal(cacheStatus(miss), 'sluice-edge; fwd=uri-miss; fwd-status=200; stored')
    assert.match(cacheStatus(await edge.get(RED)), /^sluice-edge; hit; ttl=\d+$/)
    resizer.body = 'version 2'
    const old = await edge.get(RED)
    assert.deepEqual([old.text, old.headers['sluice-mark']], ['version 1', '0'])
    purge('asset:demo/shoes/red')
    const fresh = await edge.get(RED)
    assert.deepEqual([fresh.text, fresh.headers['sluice-mark']], ['version 2', '1'])
    assert.equal(cacheStatus(fresh), 'sluice-edge; fwd=miss; fwd-status=200; stored; detail=purged')
    assert.equal(resizer.asked().length, 2)
  })

  test('says to browsers, outer caches and people what they need, and no word of ours besides', async () => {
    const { edge } = await setUp()
    const answer = await edge.get(RED)
    const { headers } = answer
    assert.equal(headers['cache-control'], 'public, max-age=60')
    assert.equal(headers['cdn-cache-control'], 'max-age=36000')
    assert.match(headers['etag'] ?? '', /^"/)
    assert.equal(headers['age'], '0')
    const ours = Object.keys(headers).filter((name) => name.startsWith('sluice-'))
    assert.deepEqual(ours, ['sluice-mark'])
  })

  test('a purge of another picture leaves this one a hit, with a higher mark', async () => {
    const { edge, purge } = await setUp()
    await edge.get(RED)
    purge('asset:demo/blue')
    const hit = await edge.get(RED)
    assert.match(cacheStatus(hit), /hit/)
    assert.equal(hit.headers['sluice-mark'], '1')
  })

  test('asks for what the picture needs, not for all that is applied (P8)', async () => {
    const { resizer, edge } = await setUp()
    edge.purge('asset:demo/shoes/red')
    for (let at = 0; at < 5; at++) edge.purge('asset:demo/blue')
    await edge.get(RED)
    const [asked] = resizer.asked()
    assert.equal(asked?.headers['sluice-min-mark'], '1')
    assert.equal(asked?.headers['sluice-lease'], 'held')
    assert.equal(asked?.headers['sluice-log'], LOG_ID)
    assert.equal(asked?.headers['sluice-node-secret'], NODE_SECRET)
  })

  test('asks once more when the answer’s own keys were purged since (a preset inside a preset)', async () => {
    const { resizer, edge } = await setUp()
    edge.purge('preset:demo/inner')
    resizer.honest = true
    let asks = 0
    resizer.handler = (request, response) => {
      asks += 1
      const mark = Number(request.headers['sluice-min-mark'])
      const headers = provenance(mark, ['project:demo', 'preset:demo/inner'])
      response.writeHead(200, { 'cdn-cache-control': 'max-age=60', ...headers })
      response.end(mark >= 1 ? 'new' : 'old')
    }
    assert.equal((await edge.get(RED)).text, 'new')
    assert.equal(asks, 2)
  })

  test('does not believe an upstream that ignores what it is asked for', async () => {
    const { resizer, edge } = await setUp()
    resizer.honest = false
    edge.purge('asset:demo/shoes/red')
    const answer = await edge.get(RED)
    assert.equal(answer.status, 503)
    assert.match(answer.text, /catching up/)
    resizer.applied = 1
    assert.equal((await edge.get(RED)).status, 200)
  })

  test('claims no more than what the names reflect by which the URL was understood', async () => {
    const { edge, purge } = await setUp()
    await edge.get(RED)
    const asked = edge.edge.handle({
      method: 'GET',
      scheme: 'http',
      host: 'x',
      target: RED,
      headers: {},
      asker: null,
      client: '127.0.0.1',
    })
    // The names have been looked at, the picture not yet.
    purge('record:names')
    assert.equal((await asked).headers['sluice-mark'], '0')
    assert.equal((await edge.get(RED)).headers['sluice-mark'], '1')
  })

  test('does not believe marks of another purge log', async () => {
    const { resizer, edge } = await setUp()
    resizer.handler = (_request, response) => {
      const headers = { ...provenance(9, ['project:demo']), 'sluice-log': 'another' }
      response.writeHead(200, headers).end('picture')
    }
    assert.equal((await edge.get(RED)).status, 503)
  })
})

describe('an image server whose clock is wrong', () => {
  test('is cached from all the same: its answers are as old as it says', async () => {
    const { resizer, edge } = await setUp()
    const date = new Date(Date.now() - 40_000_000).toUTCString()
    resizer.handler = (_request, response) => {
      const headers = { date, 'cdn-cache-control': 'max-age=36000' }
      response.writeHead(200, { ...headers, ...provenance(0, ['project:demo']) }).end('picture')
    }
    assert.equal((await edge.get(RED)).headers['age'], '0')
    assert.match(cacheStatus(await edge.get(RED)), /hit/)
  })
})

describe('without a lease', () => {
  test('what is kept is asked after, without a body, and never discarded (P6)', async () => {
    const { resizer, edge } = await setUp()
    await edge.get(RED)
    edge.clock.advance(3_600_001)
    for (let at = 0; at < 3; at++) {
      const answer = await edge.get(RED)
      assert.equal(answer.text, 'version 1')
      assert.equal(
        cacheStatus(answer),
        'sluice-edge; fwd=stale; fwd-status=304; stored; detail=no-lease',
      )
    }
    const later = resizer.server.heard.slice(2)
    assert.equal(later.length, 6, 'the names and the picture, each time')
    for (const { headers } of later) {
      assert.notEqual(headers['if-none-match'], undefined)
      assert.equal(headers['sluice-lease'], 'none')
    }
    edge.lease()
    assert.match(cacheStatus(await edge.get(RED)), /hit/, 'and caching is back with the lease')
  })

  test('a changed picture is seen at once, although nobody told of a purge', async () => {
    const { resizer, edge } = await setUp()
    await edge.get(RED)
    edge.clock.advance(3_600_001)
    resizer.body = 'version 2'
    assert.equal((await edge.get(RED)).text, 'version 2')
  })

  test('only-if-cached is 504: nothing may be used without asking', async () => {
    const { edge } = await setUp()
    await edge.get(RED)
    edge.clock.advance(3_600_001)
    const only = { headers: { 'cache-control': 'only-if-cached' } }
    assert.equal((await edge.get(RED, only)).status, 504)
    edge.lease()
    assert.equal((await edge.get(RED, only)).status, 200)
  })

  test('a request joins only a fill that began after it came', async () => {
    const { resizer, edge } = await setUp()
    await edge.get('/is/image/demo/warm')
    edge.clock.advance(3_600_001)
    const gates: (() => void)[] = []
    let version = 1
    resizer.handler = (_request, response) => {
      const body = `version ${version}`
      const headers = { 'cdn-cache-control': 'max-age=60', ...provenance(0, ['project:demo']) }
      gates.push(() => void response.writeHead(200, headers).end(body))
    }
    const first = edge.get(RED)
    await until('the first fill began', () => gates.length === 1)
    version = 2
    const second = edge.get(RED)
    await until('the second asked for the names', () => resizer.named().length >= 3)
    gates[0]!()
    await until('the second fill began', () => gates.length === 2)
    gates[1]!()
    assert.deepEqual([(await first).text, (await second).text], ['version 1', 'version 2'])
  })
})

describe('spellings', () => {
  const ONE = [
    '/is/image/demo/shoes/red?wid=400&hei=300',
    '/is/image/demo/shoes/red?hei=300&wid=400',
    '/is/image/DemoCompany/shoes/red?wid=400&hei=300',
    '/is/image/demo/shoes/red?WID=400&hei=300',
    '/is/image/demo/shoes/red?wid=400&hei=300&ts=1234567&utm_source=x',
    '/is/image/demo/shoes/red?wid=400&hei=300&',
    '/is/image/demo/%73hoes/red?wid=400&hei=300',
  ]

  test('of one rendition, on any host, are one copy', async () => {
    const { resizer, edge } = await setUp()
    for (const target of ONE) {
      for (const host of ['one.example', 'two.example:81']) {
        const answer = await edge.get(target, { headers: { host } })
        assert.equal(answer.status, 200, target)
      }
    }
    assert.equal(resizer.asked().length, 1)
    assert.equal(edge.cache.count, 2, 'the names and the picture')
  })

  test('a thousand ignored parameters make one copy', async () => {
    const { resizer, edge } = await setUp()
    for (let at = 0; at < 1_000; at += 25) {
      const some = Array.from({ length: 25 }, (_, more) => edge.get(`${RED}&utm_x=${at + more}`))
      await Promise.all(some)
    }
    assert.equal(resizer.asked().length, 1)
  })

  test('of a token’s host, an own host and a path are one copy', async () => {
    const { resizer, edge } = await setUp()
    const places = [
      ['doc.cdn.example', '/v7/sample.li/flat.jpg?w=500'],
      ['doc.other.example:8081', '/sample.li/flat.jpg?w=500'],
      ['doc.other.example:8081', '/https://sample.li/flat.jpg?w=500'],
      ['images.example', '/SAMPLE.LI/flat.jpg?w=500'],
      ['127.0.0.1', '/_t/doc/sample.li/flat.jpg?w=500'],
    ] as const
    for (const [host, target] of places)
      assert.equal((await edge.get(target, { headers: { host } })).status, 200, `${host}${target}`)
    assert.equal(resizer.asked().length, 1)
  })

  test('that ask for formats by Accept are a copy for each format, purged together', async () => {
    const { resizer, edge, purge } = await setUp()
    const target = '/_t/doc/sample.li/flat.jpg?w=500&force_format=avif,webp,jpeg'
    const formats = ['image/avif,image/webp,*/*', 'image/webp,*/*', '*/*']
    const bodies = async (): Promise<string[]> => {
      const got: string[] = []
      for (const accept of formats) got.push((await edge.get(target, { headers: { accept } })).text)
      return got
    }
    const first = await bodies()
    assert.equal(new Set(first).size, 3, first.join())
    const asked = resizer.asked().length
    assert.deepEqual(await bodies(), first)
    assert.equal(resizer.asked().length, asked)
    resizer.body = 'version 2'
    purge('original:demo/sample.li/flat.jpg')
    for (const text of await bodies()) assert.match(text, /^version 2/)
  })

  test('are noted as served, each as the client wrote it', async () => {
    const { edge } = await setUp()
    const headers = { host: 'img.example' }
    await edge.get(RED, { headers })
    await edge.get('/is/image/demo/shoes/red?WID=400', { headers })
    assert.deepEqual(edge.served, [
      `http://img.example${RED}`,
      'http://img.example/is/image/demo/shoes/red?WID=400',
    ])
  })
})

describe('strangers', () => {
  test('who show an Authorization or cookies are served from the one copy: nothing of theirs goes inward', async () => {
    const { resizer, edge } = await setUp()
    const headers = { authorization: 'Basic eDp5', cookie: 'a=b' }
    await edge.get(RED, { headers })
    assert.match(cacheStatus(await edge.get(RED)), /hit/)
    const inward = Object.keys(resizer.asked()[0]!.headers)
    assert.equal(inward.includes('authorization') || inward.includes('cookie'), false)
  })

  test('cannot fill the memory with long spellings of one picture', async () => {
    const { resizer, edge } = await setUp()
    for (let at = 0; at < 50; at++) {
      const answer = await edge.get(`${RED}&utm_x=${'x'.repeat(7_000)}${at}`)
      assert.equal(answer.status, 200)
    }
    assert.equal(resizer.asked().length, 1)
    const tooLong = await edge.get(`${RED}&utm_x=${'x'.repeat(9_000)}`)
    assert.equal(tooLong.status >= 400 && tooLong.status < 500, true)
  })

  test('are not nodes by saying so', async () => {
    const { edge } = await setUp()
    const forged = {
      'sluice-node-secret': 'x'.repeat(NODE_SECRET.length),
      'sluice-min-mark': '900',
      'sluice-log': LOG_ID,
      'sluice-lease': 'held',
    }
    const answer = await edge.get(RED, { headers: forged })
    assert.deepEqual([answer.status, answer.headers['sluice-mark']], [200, '0'])
    assert.equal(answer.headers['sluice-keys'], undefined)
    assert.equal((await edge.get('/~/names', { headers: forged })).status, 404)
    assert.equal((await edge.get('/~/image/demo/shoes/red', { headers: forged })).status, 404)
  })

  test('nodes are: they may ask by canonical URL, get keys, and their need is passed inward', async () => {
    const { resizer, edge } = await setUp()
    const node = {
      'sluice-node-secret': NODE_SECRET,
      'sluice-min-mark': '7',
      'sluice-log': LOG_ID,
      'sluice-lease': 'held',
    }
    const answer = await edge.get('/~/image/demo/shoes/red?wid=400', { headers: node })
    assert.deepEqual([answer.status, answer.headers['sluice-mark']], [200, '7'])
    assert.equal(answer.headers['sluice-log'], LOG_ID)
    assert.equal((answer.headers['sluice-keys'] ?? '').split(',').length >= 4, true)
    assert.equal(resizer.asked().at(-1)?.headers['sluice-min-mark'], '7')
    const others = { ...node, 'sluice-log': 'another' }
    await edge.get('/~/image/demo/shoes/blue', { headers: others })
    assert.equal(resizer.asked().at(-1)?.headers['sluice-min-mark'], '0')
    assert.deepEqual(edge.served, [], 'what a node asks is no visitor’s spelling')
  })

  test('may only ask: 405 for what would change something', async () => {
    const { edge } = await setUp()
    for (const method of ['POST', 'PUT', 'DELETE', 'PURGE']) {
      const answer = await edge.get(RED, { method })
      assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET, HEAD'])
    }
  })
})
