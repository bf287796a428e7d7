import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { serveHttp } from '../../test/support/http.ts'
import { colourOf, plainPicture, resizerBench } from '../../test/support/resizer-bench.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import type { RecordedDelivery } from '../contract/records.ts'

/** Goal: a watermark is an input like any other: purged with its renditions, never silently absent. */

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const [WHITE, RED, BLUE] = await Promise.all([
  plainPicture('#fff'),
  plainPicture('#f00'),
  plainPicture('#00f'),
])
const RED_COLOUR = '255,0,0'
const BLUE_COLOUR = '0,0,255'
const WHITE_COLOUR = '255,255,255'
const MARKED = '/~/original/demo/sample.li/flat.png?force_format=png&w=32&wat=1'
const BY_URL = `${MARKED}&wat_url=sample.li%2Fmark.png`

/** A remote host with a white picture and a mark that the test changes; the mark covers the picture. */
async function setUp(delivery: Partial<RecordedDelivery> = {}) {
  const host = { mark: RED, status: 200 }
  const server = await serveHttp((request, response) => {
    const isMark = request.url === '/mark.png'
    const status = isMark ? host.status : 200
    const etag = `"${request.url} ${host.mark === RED ? 1 : 2}"`
    if (status === 200 && request.headers['if-none-match'] === etag) response.writeHead(304).end()
    else response.writeHead(status, { etag }).end(isMark ? host.mark : WHITE)
  })
  const connectTo = new URL(server.url).host
  const bench = await resizerBench([
    { host: 'sample.li', scheme: 'http', connectTo, allowPrivate: true },
  ])
  closing.push(
    () => server.stop(),
    () => bench.stop(),
  )
  await bench.putProject({ delivery })
  const colour = async (target: string, minMark = 0): Promise<string> => {
    const answer = await bench.ask(target, minMark)
    assert.equal(answer.status, 200, answer.text)
    return colourOf(answer.bytes)
  }
  return { bench, host, heard: server.heard, colour }
}

describe('a watermark', () => {
  it('by URL lies over the picture, and goes with a purge of its own original', async () => {
    const { bench, host, colour } = await setUp()
    assert.equal(await colour(BY_URL), RED_COLOUR)
    host.mark = BLUE
    assert.equal(await colour(BY_URL), RED_COLOUR, 'not noticed by itself')
    bench.purge(
      keyText.original('demo', 'sample.li/mark.png'),
      keyText.source('demo', 'sample.li/mark.png'),
    )
    assert.equal(await colour(BY_URL), BLUE_COLOUR)
  })

  it('is a key of the answer, so that edges know too', async () => {
    const { bench } = await setUp()
    const answer = await bench.ask(BY_URL)
    const keys = (answer.headers['sluice-keys'] ?? '').split(',')
    bench.purge(keyText.original('demo', 'sample.li/mark.png'))
    assert.equal(
      bench.freshness.reflects(keys as never, Number(answer.headers['sluice-mark'])),
      false,
    )
  })

  it('of the project may be an asset, and goes with a change of it', async () => {
    const { bench, colour } = await setUp({ watermarkImage: 'brand/mark' })
    await bench.putAsset('brand/mark', RED)
    assert.equal(await colour(MARKED), RED_COLOUR)
    await bench.putAsset('brand/mark', BLUE)
    const seq = bench.purge(
      keyText.asset('demo', 'brand/mark'),
      keyText.record(recordName.asset('demo', 'brand/mark')),
    )
    assert.equal(await colour(MARKED, seq), BLUE_COLOUR)
  })

  it('gives the same picture another ETag for each of its versions, and none is kept for a year', async () => {
    const { bench, host } = await setUp()
    const one = await bench.ask(BY_URL)
    host.mark = BLUE
    bench.purge(
      keyText.original('demo', 'sample.li/mark.png'),
      keyText.source('demo', 'sample.li/mark.png'),
    )
    const other = await bench.ask(`${BY_URL}&vh=${one.headers['sluice-input']?.slice(0, 12)}`)
    assert.notEqual(one.headers['etag'], other.headers['etag'])
    assert.equal(one.headers['sluice-input'], other.headers['sluice-input'])
    assert.doesNotMatch(other.headers['cache-control'] ?? '', /31536000/)
  })

  it('without a lease is looked at again with its picture, and nothing is rendered again', async () => {
    const { bench, heard } = await setUp()
    await bench.get(BY_URL)
    bench.clock.advance(60_001)
    assert.equal((await bench.get(BY_URL)).status, 200)
    assert.deepEqual(
      heard
        .slice(2)
        .map(({ url }) => url)
        .toSorted(),
      ['/flat.png', '/mark.png'],
    )
    assert.equal(bench.seen.renders, 1)
  })

  it('that cannot be had refuses the picture: it must not come without its mark', async () => {
    const { bench, host } = await setUp()
    host.status = 404
    const missing = await bench.ask(BY_URL)
    assert.equal(missing.status, 404)
    assert.match(missing.text, /^wat_url: The watermark: .*mark\.png was not found/)
    const foreign = await bench.ask(`${MARKED}&wat_url=evil.example%2Fmark.png`)
    assert.equal(foreign.status, 403)
    assert.match(foreign.text, /evil\.example is not an allowed origin/)
    const unpublished = await bench.ask(`${MARKED}&wat_url=nothing`)
    assert.equal(unpublished.status, 404)
  })

  it('of the project that cannot be had is a key of the refusal, so that it goes when there is one', async () => {
    const { bench } = await setUp({ watermarkImage: 'brand/mark' })
    const { status, headers } = await bench.ask(MARKED)
    assert.equal(status, 404)
    const keys = (headers['sluice-keys'] ?? '').split(',')
    assert.ok(keys.includes(keyHash(keyText.asset('demo', 'brand/mark'))))
  })

  it('that neither URL nor project names is none', async () => {
    const { colour } = await setUp()
    assert.equal(await colour(MARKED), WHITE_COLOUR)
  })
})
