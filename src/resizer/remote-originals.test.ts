import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { LOG_ID, NODE_SECRET } from '../../test/support/edge-bench.ts'
import { ask, serveHttp, until } from '../../test/support/http.ts'
import type { HeardRequest } from '../../test/support/http.ts'
import { colourOf, plainPicture, resizerBench } from '../../test/support/resizer-bench.ts'
import { keyText } from '../contract/keys.ts'
import { listen } from '../kernel/http-server.ts'
import { silentLog } from '../kernel/log.ts'
import { resizerHandler } from './resizer-server.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const [RED, BLUE] = await Promise.all([plainPicture('#f00'), plainPicture('#00f')])
const RED_COLOUR = '255,0,0'
const BLUE_COLOUR = '0,0,255'
const ORIGINAL = 'sample.li/flat.png'
const TARGET = `/~/original/demo/${ORIGINAL}?func=fit&w=32&force_format=png`

/** A remote host whose picture the test changes. */
async function setUp() {
  const host = { picture: RED, etag: '"red"', status: 200, ready: Promise.resolve(), asked: 0 }
  const respond = (incoming: IncomingMessage, response: ServerResponse) => {
    if (host.status !== 200) return response.writeHead(host.status).end()
    const same = incoming.headers['if-none-match'] === host.etag
    response.writeHead(same ? 304 : 200, { etag: host.etag, 'content-type': 'image/png' })
    return response.end(same ? undefined : host.picture)
  }
  const server = await serveHttp((incoming, response) => {
    host.asked++
    void host.ready.then(() => respond(incoming, response))
  })
  const bench = await resizerBench([
    {
      host: 'sample.li',
      scheme: 'http',
      connectTo: server.url.replace('http://', ''),
      allowPrivate: true,
    },
  ])
  closing.push(
    () => server.stop(),
    () => bench.stop(),
  )
  const change = (picture: Buffer, etag: string): void =>
    void Object.assign(host, { picture, etag })
  const colour = async (target = TARGET): Promise<string> => {
    const answer = await bench.ask(target)
    assert.equal(answer.status, 200, answer.text)
    return colourOf(answer.bytes)
  }
  return { bench, host, heard: server.heard, change, colour }
}

const isConditional = ({ headers }: HeardRequest): boolean => headers['if-none-match'] !== undefined

describe('a remote original', () => {
  test('is fetched once for many renditions', async () => {
    const { bench, heard, colour } = await setUp()
    for (const width of [20, 30, 40])
      assert.equal(await colour(TARGET.replace('w=32', `w=${width}`)), RED_COLOUR)
    assert.deepEqual([heard.length, bench.seen.renders], [1, 3])
  })

  test('is asked after with its ETag once its lifetime is over, and nothing is rendered again', async () => {
    const { bench, heard, colour } = await setUp()
    await colour()
    bench.clock.advance(36_000_001)
    bench.lease()
    assert.equal(await colour(), RED_COLOUR)
    assert.deepEqual(heard.map(isConditional), [false, true])
    assert.equal(bench.seen.renders, 1)
  })

  test('that changed is new once its lifetime is over', async () => {
    const { bench, change, colour } = await setUp()
    await colour()
    change(BLUE, '"blue"')
    assert.equal(await colour(), RED_COLOUR)
    bench.clock.advance(36_000_001)
    bench.lease()
    assert.equal(await colour(), BLUE_COLOUR)
  })

  test('purged by its URL is fetched unconditionally, past every cache (P12)', async () => {
    const { bench, heard, change, colour } = await setUp()
    await colour()
    change(BLUE, '"red"')
    bench.purge(keyText.original('demo', ORIGINAL), keyText.source('demo', ORIGINAL))
    assert.equal(await colour(), BLUE_COLOUR, 'although its ETag says that nothing changed')
    assert.equal(isConditional(heard[1]!), false)
    assert.equal(heard[1]?.headers['cache-control'], 'no-cache')
  })

  test('whose rendition alone is purged is not made again from a cached original that was purged', async () => {
    const { bench, heard, change, colour } = await setUp()
    const other = TARGET.replace('w=32', 'w=40')
    await colour()
    await colour(other)
    change(BLUE, '"blue"')
    bench.purge(keyText.source('demo', ORIGINAL))
    assert.equal(await colour(TARGET.replace('w=32', 'w=50')), BLUE_COLOUR)
    assert.equal(heard.length, 2)
  })

  test('without a lease is asked after each time, and its bytes are not read again (P6)', async () => {
    const { bench, heard } = await setUp()
    await bench.get(TARGET)
    bench.clock.advance(60_001)
    for (let at = 0; at < 3; at++) assert.equal((await bench.get(TARGET)).status, 200)
    assert.deepEqual(heard.map(isConditional), [false, true, true, true])
    assert.equal(bench.seen.renders, 1)
  })

  test('that was being asked after when another log took the place of its own claims none of its numbers', async () => {
    const { bench, host, change, colour } = await setUp()
    for (let at = 0; at < 7; at++) bench.purge(keyText.asset('demo', 'other'))
    await colour()
    bench.clock.advance(36_000_001)
    bench.lease()
    const { promise, resolve } = Promise.withResolvers<void>()
    host.ready = promise
    const asked = bench.ask(TARGET, 7)
    await until('it is asked after', () => host.asked === 2)
    bench.freshness.startEmpty('another log', 1)
    bench.freshness.heard(9)
    resolve()
    assert.equal(await colourOf((await asked).bytes), RED_COLOUR)
    assert.equal(host.asked, 3, 'what the 304 spoke of was forgotten with the log')
    change(BLUE, '"blue"')
    assert.equal(bench.purge(keyText.source('demo', ORIGINAL)), 2)
    assert.equal(await colour(), BLUE_COLOUR, 'a mark of 7 would have said that 2 is reflected')
  })

  test('with a vh not seen before is asked after, at most once a second', async () => {
    const { bench, heard, change, colour } = await setUp()
    await colour(`${TARGET}&vh=1`)
    bench.clock.advance(1_001)
    change(BLUE, '"blue"')
    assert.equal(await colour(`${TARGET}&vh=1`), RED_COLOUR, 'a vh that was seen says nothing')
    assert.equal(await colour(`${TARGET}&vh=2`), BLUE_COLOUR)
    assert.equal(heard.length, 2)
    for (let at = 3; at < 30; at++) await colour(`${TARGET}&vh=${at}`)
    assert.equal(heard.length, 2, 'thirty new ones within the second make no question')
    bench.clock.advance(1_001)
    change(RED, '"red again"')
    assert.equal(await colour(`${TARGET}&vh=29`), RED_COLOUR, 'what came too soon is asked later')
    assert.equal(heard.length, 3)
  })

  test('with a new vh that two ask for at once is given to neither for longer than a moment before it was looked at', async () => {
    const { bench, host, change, colour } = await setUp()
    await colour()
    bench.clock.advance(1_001)
    change(BLUE, '"blue"')
    const looking = Promise.withResolvers<void>()
    host.ready = looking.promise
    const first = bench.ask(`${TARGET}&vh=4711`)
    await until('the look', () => host.asked === 2)
    const second = await bench.ask(`${TARGET}&vh=4711`)
    assert.match(second.headers['cdn-cache-control'] ?? '', /^max-age=[01]$/)
    looking.resolve()
    assert.equal(await colourOf((await first).bytes), BLUE_COLOUR)
    assert.equal(await colour(`${TARGET}&vh=4711`), BLUE_COLOUR)
    assert.equal(host.asked, 2, 'and not looked at again')
  })

  test('with a vh whose look at the origin failed is asked after again', async () => {
    const { bench, host, change, colour } = await setUp()
    await colour(`${TARGET}&vh=1`)
    bench.clock.advance(1_001)
    host.status = 500
    assert.equal((await bench.ask(`${TARGET}&vh=2`)).status, 502)
    host.status = 200
    change(BLUE, '"blue"')
    bench.clock.advance(1_001)
    assert.equal(await colour(`${TARGET}&vh=2`), BLUE_COLOUR)
  })

  test('with a vh that came too soon is given for a moment only', async () => {
    const { bench, colour } = await setUp()
    await colour(`${TARGET}&vh=1`)
    const soon = await bench.ask(`${TARGET}&vh=2`)
    const seconds = /max-age=(\d+)/.exec(soon.headers['cdn-cache-control'] ?? '')?.[1]
    assert.equal(Number(seconds) <= 1, true, `max-age=${seconds}`)
  })

  test('that is not there is 404, that fails is 5xx with a mark, and neither is kept for long', async () => {
    const { bench, host, colour } = await setUp()
    host.status = 404
    const missing = await bench.ask(TARGET)
    assert.deepEqual([missing.status, missing.headers['sluice-mark']], [404, '0'])
    assert.match(missing.text, /flat\.png/)
    host.status = 500
    bench.clock.advance(20_000)
    const failing = await bench.ask(TARGET, 2)
    assert.deepEqual([failing.status, failing.headers['sluice-mark']], [502, '2'])
    host.status = 200
    bench.clock.advance(20_000)
    assert.equal(await colour(), RED_COLOUR)
  })

  test('that is no picture is refused to nobody who asks when it was mended, however long its answer takes', async () => {
    const { bench, host, change } = await setUp()
    const go = Promise.withResolvers<void>()
    Object.assign(host, { picture: Buffer.from('<html>Not here'), ready: go.promise })
    const before = bench.ask(TARGET)
    await until('it is asked', () => host.asked === 1)
    go.resolve()
    // The old answer is written, and not read yet.
    await go.promise.then(() => undefined)
    change(BLUE, '"blue"')
    bench.purge(keyText.source('demo', ORIGINAL))
    const after = bench.ask(TARGET.replace('w=32', 'w=40'))
    assert.equal((await before).status, 422)
    assert.equal((await after).status, 200, (await after).text)
  })

  test('of a host that is not allowed is refused and never asked', async () => {
    const { bench, heard } = await setUp()
    const answer = await bench.ask('/~/original/demo/elsewhere.li/flat.png?w=32')
    assert.equal(answer.status, 403)
    assert.match(answer.text, /elsewhere\.li/)
    assert.equal(heard.length, 0)
  })

  test('whose bytes were lost from the disk is fetched again', async () => {
    const { bench, heard, colour } = await setUp()
    await colour()
    for (const name of await bench.disk.list()) await bench.disk.remove(name)
    assert.equal(await colour(TARGET.replace('w=32', 'w=40')), RED_COLOUR)
    assert.equal(heard.length, 2)
  })

  test('that was lost together with its rendition is fetched again, although its origin says 304', async () => {
    const { bench, colour } = await setUp()
    await colour()
    for (const name of await bench.disk.list()) await bench.disk.remove(name)
    bench.clock.advance(36_000_001)
    bench.lease()
    assert.equal(await colour(), RED_COLOUR)
  })

  test('that was lost is not brought back by a 304 that was under way when somebody noticed', async () => {
    const { bench, host, colour } = await setUp()
    await colour()
    for (const name of await bench.disk.list()) await bench.disk.remove(name)
    bench.clock.advance(36_000_001)
    // Slow enough that whoever reads the disk has found it empty before the next answer comes.
    Object.defineProperty(host, 'ready', { get: () => setTimeout(20) })
    const widths = [20, 22, 24, 26, 28, 30, 32, 34]
    const asked = widths.map((width) => bench.get(TARGET.replace('w=32', `w=${width}`)))
    assert.deepEqual(
      (await Promise.all(asked)).map(({ status }) => status),
      widths.map(() => 200),
    )
  })

  test('is served although the cache disk refuses it', async () => {
    const { bench, colour } = await setUp()
    bench.disk.full = true
    assert.equal(await colour(), RED_COLOUR)
    assert.equal(await colour(), RED_COLOUR)
  })
})

async function open(loopbackOnly: boolean) {
  const { bench } = await setUp()
  await bench.putAsset('flag', RED)
  const door = resizerHandler({
    resizer: bench.resizer,
    log: silentLog,
    nodeSecret: NODE_SECRET,
    logId: () => LOG_ID,
    loopbackOnly,
  })
  const place = { host: '127.0.0.1', port: 0, setting: 'SLUICE_RESIZER_PORT' }
  const listening = await listen(door, place)
  closing.push(() => listening.stop())
  return { bench, url: `${listening.url}/~/image/demo/flag?wid=32` }
}

describe('the image server’s door', () => {
  test('answers only who shows the node secret, unless it listens on loopback alone', async () => {
    const guarded = await open(false)
    const node = { 'sluice-node-secret': NODE_SECRET }
    assert.equal((await ask(guarded.url)).status, 401)
    const wrong = { 'sluice-node-secret': `${NODE_SECRET.slice(0, -1)}!` }
    assert.equal((await ask(guarded.url, { headers: wrong })).status, 401)
    assert.equal((await ask(guarded.url, { headers: node })).status, 200)
    const local = await open(true)
    assert.equal((await ask(local.url)).status, 200)
  })

  test('believes needs only of nodes of the same purge log', async () => {
    const { url } = await open(true)
    const need = { 'sluice-min-mark': '9', 'sluice-log': LOG_ID }
    const secret = { 'sluice-node-secret': NODE_SECRET }
    const markOf = async (headers: Record<string, string>): Promise<string | undefined> =>
      (await ask(url, { headers })).headers['sluice-mark']
    assert.equal(await markOf(need), '0')
    assert.equal(await markOf({ ...need, ...secret, 'sluice-log': 'another' }), '0')
    assert.equal(await markOf({ ...need, ...secret, 'sluice-min-mark': '9; 10' }), '0')
    assert.equal(await markOf({ ...need, ...secret }), '9')
  })

  test('survives who goes away in the middle', async () => {
    const { bench, url } = await open(true)
    await bench.putAsset('film', Buffer.alloc(20_000_000), {
      kind: 'video',
      mediaType: 'video/mp4',
    })
    const film = url.replace(/\/~.*/, '/is/content/demo/film')
    await new Promise<void>((resolve) => {
      const sent = request(film, (answer) => answer.once('data', () => sent.destroy()))
      sent.on('error', () => undefined).once('close', resolve)
      sent.end()
    })
    assert.equal((await ask(film)).bytes.byteLength, 20_000_000)
  })
})
