import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { LOG_ID, NODE_SECRET, provenance, sluiceBench } from '../../test/support/edge-bench.ts'
import { fakeResizer } from '../../test/support/fake-resizer.ts'
import { until } from '../../test/support/http.ts'
import { manualTime } from '../../test/support/manual-time.ts'
import type { ServedUrl } from '../contract/node-protocol.ts'
import { silentLog } from '../kernel/log.ts'
import { ServedUrls } from './served-urls.ts'

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
  return { resizer, edge }
}

const RED = '/is/image/demo/shoes/red?wid=400'
const RED_KEYS = ['project:demo', 'asset:demo/shoes/red']

describe('a fill in flight while its picture is purged', () => {
  for (const where of ['waits for headers', 'is in the middle of its body'] as const) {
    test(`and ${where} is not kept, and is nobody’s after the purge`, async () => {
      const { resizer, edge } = await setUp()
      const gates: (() => void)[] = []
      resizer.handler = (request, response) => {
        const body = `version ${resizer.body}`
        const mark = Math.max(resizer.applied, Number(request.headers['sluice-min-mark']))
        const headers = { 'cdn-cache-control': 'max-age=60', ...provenance(mark, RED_KEYS) }
        const length = { 'content-length': String(body.length) }
        if (where !== 'waits for headers')
          response.writeHead(200, { ...headers, ...length }).write('v')
        gates.push(() => {
          if (where === 'waits for headers') response.writeHead(200, headers).write('v')
          response.end(body.slice(1))
        })
      }
      resizer.body = 'old'
      const before = edge.get(RED)
      await until('the fill began', () => gates.length === 1)
      resizer.applied = edge.purge('asset:demo/shoes/red')
      resizer.body = 'new'
      const after = edge.get(RED)
      await edge.get('/is/image/nobody/that-the-edge-reads-behind-it')
      gates[0]!()
      assert.equal((await before).text, 'version old', 'who asked before the purge may have it')
      await until('a second fill began', () => gates.length === 2)
      gates[1]!()
      assert.equal((await after).text, 'version new')
      const hit = await edge.get(RED)
      assert.equal(hit.text, 'version new')
      assert.match(hit.headers['cache-status'] ?? '', /hit/)
    })
  }
})

const NO_STORE = { 'cache-control': 'no-store' }

function ofAnotherLog(response: ServerResponse): void {
  const from = { ...provenance(1, RED_KEYS), 'sluice-log': 'another log' }
  response.writeHead(200, { ...from, ...NO_STORE }).end('red')
}

describe('a purge log that is replaced while a node of ours is answered', () => {
  test('makes the answer one of no log, which the node that asked refuses', async () => {
    const { resizer, edge } = await setUp()
    let waiting: ServerResponse | undefined
    resizer.handler = (_request, response) => void (waiting = response)
    const headers = {
      'sluice-node-secret': NODE_SECRET,
      'sluice-log': LOG_ID,
      'sluice-min-mark': '7',
    }
    const asked = edge.get(RED, { headers })
    await until('the fill began', () => waiting !== undefined)
    edge.freshness.startEmpty('another log', 1)
    ofAnotherLog(waiting!)
    assert.equal((await asked).headers['sluice-log'], '', 'its asker meant 7 of the log before')
    resizer.handler = (_request, response) => ofAnotherLog(response)
    const again = await edge.get('/~/image/demo/shoes/red?wid=400', {
      headers: { ...headers, 'sluice-log': 'another log', 'sluice-min-mark': '1' },
    })
    assert.equal(again.headers['sluice-log'], 'another log')
  })
})

describe('a purge log that is replaced while two wait for one fill', () => {
  test('and what it brings is for one of them alone: the other asks for none of its numbers', async () => {
    const { resizer, edge } = await setUp()
    const waiting: ServerResponse[] = []
    resizer.handler = (_request, response) => void waiting.push(response)
    const before = edge.get(RED)
    await until('the fill began', () => waiting.length === 1)
    for (let at = 0; at < 7; at++) edge.purge('asset:demo/shoes/red')
    const visitor = { method: 'GET', scheme: 'http', host: 'x', target: RED, headers: {} } as const
    const visit = () => edge.edge.handle({ ...visitor, asker: null, client: '127.0.0.1' })
    const after = [visit(), visit()]
    await edge.get('/is/image/nobody/that-the-edge-reads-behind-them')
    const kept = { 'cdn-cache-control': 'max-age=60', ...provenance(0, RED_KEYS) }
    waiting[0]!.writeHead(200, kept).end('red')
    await before
    await until('one fill began for both', () => waiting.length === 2)
    assert.equal(resizer.asked()[1]?.headers['sluice-min-mark'], '7')
    edge.freshness.startEmpty('another log', 1)
    edge.freshness.heard(9)
    ofAnotherLog(waiting[1]!)
    await until('one of them asks once more', () => waiting.length === 3)
    const { headers } = resizer.asked()[2]!
    assert.equal(headers['sluice-log'], 'another log')
    assert.equal(headers['sluice-min-mark'], '1', '7 would be claimed of purges yet to come')
    assert.equal(headers['sluice-lease'], 'none')
    ofAnotherLog(waiting[2]!)
    for (const { status } of await Promise.all(after)) assert.equal(status, 200)
  })
})

describe('refusals', () => {
  test('of what names no project carry the mark of the names that they were judged by', async () => {
    const { edge } = await setUp()
    edge.purge('record:names')
    const answer = await edge.get('/is/image/nobody/red')
    assert.equal(answer.status, 404)
    assert.equal(answer.headers['sluice-mark'], '1')
    assert.equal(answer.headers['cache-control'], 'no-store')
  })

  test('name the parameter, and never ask inward', async () => {
    const { resizer, edge } = await setUp()
    const targets = [
      ['/is/image/demo/red?wid=-1', /wid/],
      ['/is/image/demo/red?wid=1e9', /wid/],
      ['/is/image/demo/red?qlt=0', /qlt/],
      ['/is/image/demo/red?crop=1,2,3', /crop/],
    ] as const
    for (const [target, parameter] of targets) {
      const answer = await edge.get(target)
      assert.equal(answer.status >= 400 && answer.status < 500, true, target)
      assert.match(answer.text, parameter)
    }
    assert.equal(resizer.asked().length, 0)
  })

  test('of the image server are passed on with their mark, and kept for nobody', async () => {
    const { resizer, edge } = await setUp()
    resizer.applied = 3
    resizer.handler = (request, response) => {
      const mark = Math.max(3, Number(request.headers['sluice-min-mark']))
      const headers = { 'cache-control': 'no-store', ...provenance(mark, RED_KEYS) }
      response.writeHead(404, headers).end('There is no published asset shoes/red\n')
    }
    for (let at = 1; at <= 2; at++) {
      const answer = await edge.get(RED)
      assert.deepEqual([answer.status, answer.headers['sluice-mark']], [404, '3'])
      assert.match(answer.text, /shoes\/red/)
      assert.equal(resizer.asked().length, at)
    }
  })

  test('of a target or Host that is none are 400', async () => {
    const { edge } = await setUp()
    for (const host of ['a b', 'x" onload="', 'user@x', 'x/y', 'x:port', '[::1', 'x?y', 'x#y'])
      assert.equal((await edge.get(RED, { headers: { host } })).status, 400, host)
    for (const host of ['x', 'X.example:81', '[::1]:8081', '127.0.0.1', 'a_b.example', 'x:'])
      assert.equal((await edge.get(RED, { headers: { host } })).status, 200, host)
    assert.equal((await edge.get('/', { target: 'nonsense:', headers: { host: 'x' } })).status, 400)
  })
})

describe('an image server that fails', () => {
  test('is a 502 in words, and what is kept is still served while the lease lasts', async () => {
    const { resizer, edge } = await setUp()
    await edge.get(RED)
    await resizer.server.stop()
    const answer = await edge.get('/is/image/demo/blue')
    assert.equal(answer.status, 502)
    assert.match(answer.text, /image server cannot be reached/)
    assert.equal(answer.headers['retry-after'], '1')
    assert.equal((await edge.get(RED)).status, 200)
    edge.clock.advance(3_600_001)
    assert.equal((await edge.get(RED)).status, 502, 'and never without being sure')
  })

  test('with 5xx is passed on and kept for nobody', async () => {
    const { resizer, edge } = await setUp()
    resizer.handler = (_request, response) => void response.writeHead(503).end('busy')
    const answer = await edge.get(RED)
    assert.deepEqual([answer.status, answer.text], [503, 'busy'])
    resizer.handler = null
    assert.equal((await edge.get(RED)).status, 200)
  })

  test('that refuses before it has understood the URL has no keys to name, and is passed on', async () => {
    const { resizer, edge } = await setUp()
    await edge.get('/is/image/demo/warm')
    resizer.handler = (_request, response) =>
      void response.writeHead(503, { ...provenance(0, []), 'sluice-keys': '' }).end('in a moment')
    const answer = await edge.get(RED)
    assert.deepEqual([answer.status, answer.text], [503, 'in a moment'])
  })

  test('that does not know the names is a 503 in words', async () => {
    const { resizer, edge } = await setUp()
    await resizer.server.stop()
    assert.equal((await edge.get(RED)).status, 502)
  })

  test('that answers nonsense is a 502', async () => {
    const { resizer, edge } = await setUp()
    await edge.get('/is/image/demo/warm')
    const nonsense: readonly (readonly [number, Record<string, string>])[] = [
      [304, provenance(0, RED_KEYS)],
      [200, { ...provenance(0, RED_KEYS), 'sluice-keys': 'not,keys' }],
    ]
    for (const [status, headers] of nonsense) {
      resizer.handler = (_request, response) => void response.writeHead(status, headers).end()
      assert.equal((await edge.get(RED)).status, 502, String(status))
    }
  })
})

describe('an edge that has not joined a purge log', () => {
  test('serves by asking each time: control may be down when an edge starts', async () => {
    const { resizer, edge } = await setUp()
    edge.freshness.startEmpty('', 0)
    for (const body of ['version 1', 'version 2']) {
      resizer.body = body
      const answer = await edge.get(RED)
      assert.deepEqual([answer.status, answer.text], [200, body])
    }
    assert.equal(resizer.asked()[0]?.headers['sluice-lease'], 'none')
    edge.freshness.startEmpty('the-log', 4)
    assert.equal(edge.cache.count, 0, 'and keeps nothing of that when it joins')
  })
})

describe('content larger than the cache takes', () => {
  const large = 'x'.repeat(1_500_000)

  async function setUpLarge() {
    const { resizer, edge } = await setUp()
    resizer.handler = (request, response) => {
      const mark = Math.max(resizer.applied, Number(request.headers['sluice-min-mark']))
      const from = provenance(mark, ['project:demo', 'asset:demo/film.mp4'])
      const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers['range'] ?? '')
      if (!range) return void response.writeHead(200, from).end(large)
      const [start, end] = [Number(range[1]), Number(range[2] || large.length - 1)]
      if (start >= large.length) return void response.writeHead(416, from).end()
      const place = { 'content-range': `bytes ${start}-${end}/${large.length}` }
      return void response.writeHead(206, { ...from, ...place }).end(large.slice(start, end + 1))
    }
    return { resizer, edge }
  }

  test('is streamed with ranges and marks, and kept by nobody', async () => {
    const { edge } = await setUpLarge()
    edge.purge('asset:demo/film.mp4')
    const target = '/is/content/demo/film.mp4'
    const whole = await edge.get(target)
    assert.deepEqual([whole.status, whole.bytes.byteLength], [200, large.length])
    assert.equal(whole.headers['sluice-mark'], '1')
    assert.equal(whole.headers['sluice-keys'], undefined)
    const part = await edge.get(target, { headers: { range: 'bytes=10-19' } })
    assert.deepEqual([part.status, part.text], [206, 'x'.repeat(10)])
    const outside = await edge.get(target, { headers: { range: 'bytes=9000000-' } })
    assert.equal(outside.status, 416)
    assert.equal(edge.cache.count, 1, 'only the names')
  })

  test('is refused while the image server does not reflect what was purged', async () => {
    const { resizer, edge } = await setUpLarge()
    const target = '/is/content/demo/film.mp4'
    await edge.get(target)
    const honest = resizer.handler!
    resizer.handler = (request, response) => {
      delete request.headers['sluice-min-mark']
      honest(request, response)
    }
    edge.purge('asset:demo/film.mp4')
    assert.equal((await edge.get(target)).status, 503)
  })
})

describe('metrics', () => {
  test('count each request once, and each bypass by its reason', async () => {
    const { edge } = await setUp()
    await edge.get(RED)
    await edge.get(RED)
    edge.purge('asset:demo/shoes/red')
    await edge.get(RED)
    edge.clock.advance(36_000_001)
    await edge.get(RED)
    edge.lease()
    await edge.get(RED)
    const lines = (await edge.metrics()).split('\n')
    const count = (name: string): number =>
      Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? 0)
    assert.equal(count('sluice_edge_requests_total{cache="hit"}'), 2)
    assert.equal(count('sluice_edge_requests_total{cache="miss"}'), 2)
    assert.equal(count('sluice_edge_requests_total{cache="revalidated"}'), 1)
    assert.equal(count('sluice_edge_fills_total{reason="stamp"}'), 1)
  })
})

const url = (name: string): ServedUrl => ({
  project: 'demo',
  subject: 'asset:demo/red',
  url: `http://x/${name}`,
  target: `/~/image/demo/${name}`,
})

describe('served URLs', () => {
  test('are reported once each, in batches, and again after a failure', async () => {
    const time = manualTime()
    const served = new ServedUrls()
    const reports: (readonly ServedUrl[])[] = []
    let failing = true
    served.start(time.timers, silentLog, async (urls) => {
      if (failing) throw new RangeError('control is down')
      reports.push(urls)
    })
    served.note(url('a'))
    served.note(url('a'))
    await time.advance(5_000)
    assert.equal(reports.length, 0)
    failing = false
    served.note(url('b'))
    await time.advance(1_000)
    assert.deepEqual(
      reports.flat().map((each) => each.url),
      ['http://x/a', 'http://x/b'],
    )
    served.note(url('a'))
    await time.advance(5_000)
    assert.equal(reports.flat().length, 2)
    await served.stop()
  })

  test('that are long are bounded by their length, while control is down', async () => {
    const time = manualTime()
    const served = new ServedUrls()
    let down = true
    const reported: string[] = []
    served.start(time.timers, silentLog, async (urls) => {
      if (down) throw new RangeError('control is down')
      reported.push(...urls.map((each) => each.url))
    })
    for (let at = 0; at < 3_000; at++) served.note(url(`${at} ${'x'.repeat(8_000)}`))
    await time.advance(3_000)
    down = false
    await time.advance(10_000)
    assert.equal(reported.length > 100 && reported.length < 1_500, true, String(reported.length))
    assert.match(reported.at(-1) ?? '', /2999 /, 'the oldest are lost, the newest are not')
    await served.stop()
  })

  test('noted while a report is on its way are not lost with it', async () => {
    const time = manualTime()
    const served = new ServedUrls()
    const seen = new Set<string>()
    served.start(time.timers, silentLog, async (urls) => {
      for (const each of urls) seen.add(each.url)
      await time.timers.sleep(100)
    })
    for (let at = 0; at < 12_000; at++) served.note(url(`early ${at}`))
    await time.advance(1_050)
    for (let at = 0; at < 500; at++) served.note(url(`late ${at}`))
    await time.advance(60_000)
    const lost = Array.from({ length: 500 }, (_, at) => `http://x/late ${at}`).filter(
      (each) => !seen.has(each),
    )
    assert.deepEqual(lost, [])
    for (let at = 2_500; at < 12_000; at++) {
      assert.equal(seen.has(`http://x/early ${at}`), true, `early ${at}`)
    }
    await served.stop()
  })
})
