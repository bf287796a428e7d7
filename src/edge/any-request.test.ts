import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { sluiceBench } from '../../test/support/edge-bench.ts'
import type { SluiceBench } from '../../test/support/edge-bench.ts'
import { fakeResizer } from '../../test/support/fake-resizer.ts'
import type { FakeResizer } from '../../test/support/fake-resizer.ts'

/** Goal: whatever a visitor sends is an answer in the 2xx to 4xx, and the edge goes on. */

let resizer: FakeResizer
let bench: SluiceBench

before(async () => {
  resizer = await fakeResizer()
  bench = await sluiceBench(resizer.server.url)
})
after(async () => {
  await bench.stop()
  await resizer.server.stop()
})

const SPELLINGS =
  '/is/image/ /is/content/ /_t/doc/ /~/ /v7/ demo sample.li / .. ? & = % %2F %00 %zz $ $x$ : , wid=1 req=props vh= id= ' +
  'crop=0,0,1,1 fmt= force_format=avif,jpeg # \\ @ [ \u0000 ä 💥'
const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...SPELLINGS.split(' ')))
const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)
const host = fc.oneof(fc.constantFrom('doc.x', 'images.example', 'x', ''), fc.string())
const value = fc.oneof(
  fc.string(),
  fc.constantFrom('only-if-cached', 'bytes=0-', 'bytes=5-1', '"x"', '*', 'image/avif', 'W/"'),
)
const headers = fc.dictionary(
  fc.constantFrom('accept', 'range', 'if-range', 'if-none-match', 'cache-control', 'cookie'),
  value,
)

describe('any request', () => {
  test('is answered with 2xx to 4xx, or 504 where only the cache was asked', async () => {
    const property = fc.asyncProperty(target, host, headers, async (asked, at, fields) => {
      const answer = await bench.edge.handle({
        method: 'GET',
        scheme: 'http',
        host: at,
        target: asked,
        headers: fields,
        asker: null,
        client: '127.0.0.1',
      })
      if (answer.status === 504) assert.match(fields['cache-control'] ?? '', /only-if-cached/i)
      else assert.equal(answer.status >= 200 && answer.status < 500, true, String(answer.status))
    })
    await fc.assert(property, { numRuns: 400 })
  })

  test('that is no HTTP does not end the edge', async () => {
    const { port, hostname } = new URL(bench.url)
    const send = (bytes: string): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.end(bytes, 'latin1'))
        socket.on('error', () => undefined).once('close', () => resolve())
        socket.resume()
      })
    const heads = [
      'nonsense\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'GET /is/image/demo/red HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
      'GET http:// HTTP/1.1\r\nHost: x\r\n\r\n',
      `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      'POST /is/image/demo/red HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab',
      'GET /is/image/demo/red HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n',
    ]
    await Promise.all(heads.map(send))
    assert.equal((await bench.get('/is/image/demo/red?wid=20')).status, 200)
  })
})
