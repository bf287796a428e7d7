import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { crc32, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import sharp from 'sharp'

import { CLOUDIMAGE_GRAMMARS, CLOUDIMAGE_SYNONYMS } from '../../src/contract/cloudimage-commands.ts'
import { serveHttp, until } from '../support/http.ts'
import type { Asked, TestServer } from '../support/http.ts'
import { startOriginalDelivery } from '../support/original-delivery.ts'
import type { OriginalDelivery } from '../support/original-delivery.ts'

/** Goal: whatever an origin answers and whatever a visitor types, the visitor gets a short, true answer, and nobody else notices. */

let whole: OriginalDelivery
let bad: TestServer
/** Ends the wait of whoever asked for /slow. */
const patience = Promise.withResolvers<void>()
let flapping = 500

const PNG_HEAD = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

const teal = await sharp({ create: { width: 60, height: 45, channels: 3, background: 'teal' } })
  .png()
  .toBuffer()

/** The head of a picture that says it has 100,000 by 100,000 pixels. */
const hugePng = Buffer.from(teal)
hugePng.writeUInt32BE(100_000, 16)
hugePng.writeUInt32BE(100_000, 20)
hugePng.writeUInt32BE(crc32(hugePng.subarray(12, 29)), 29)

function misbehave(request: IncomingMessage, response: ServerResponse): void {
  const where = request.url ?? ''
  const redirect = (to: string) => response.writeHead(302, { location: to }).end()
  switch (where) {
    case '/html':
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end('<!doctype html><h1>Sorry</h1>')
      return
    case '/truncated':
      response.writeHead(200, { 'content-length': 5000 })
      response.write(PNG_HEAD, () => response.destroy())
      return
    case '/too-long':
      // More than was promised: Node refuses to send it, so it is written by hand.
      request.socket.end(
        `HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n${PNG_HEAD.toString('latin1')}`,
        'latin1',
      )
      return
    case '/gzip-bomb':
      response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(60_000_000)))
      return
    case '/not-modified':
      response.writeHead(304).end()
      return
    case '/loop':
      redirect('/loop')
      return
    case '/to-loopback':
      redirect(`${bad.url}/html`)
      return
    case '/to-metadata':
      redirect('http://169.254.169.254/latest/meta-data/')
      return
    case '/to-file':
      redirect('file:///etc/passwd')
      return
    case '/loop-a':
      redirect(`http://bad.example/loop-b`)
      return
    case '/loop-b':
      redirect(`http://bad.example/loop-a`)
      return
    case '/slow':
      // It begins at once, as slow servers do, and does not go on.
      response.writeHead(200, { 'content-length': teal.length }).write(teal.subarray(0, 20))
      void patience.promise.then(() => response.end(teal.subarray(20)))
      return
    case '/flaps':
      response.writeHead(flapping).end(flapping === 200 ? teal : undefined)
      return
    case '/too-short':
      response.writeHead(200).end(teal.subarray(0, teal.length - 20))
      return
    case '/pixel-bomb':
      response.writeHead(200).end(Buffer.concat([hugePng, Buffer.alloc(400)]))
      return
    case '/broken-png':
      response.writeHead(200).end(Buffer.concat([PNG_HEAD, Buffer.alloc(400, 7)]))
      return
    default:
      response.writeHead(500).end('it went wrong')
  }
}

before(async () => {
  bad = await serveHttp(misbehave)
  whole = await startOriginalDelivery()
  const { place } = whole.origin
  await whole.origin.put('/a.png', 'teal')
  const rule = { scheme: 'http', allowPrivate: true }
  await whole.settings({
    origins: [
      { ...rule, host: 'sample.li', connectTo: place },
      { ...rule, host: 'bad.example', connectTo: new URL(bad.url).host },
    ],
  })
})

after(async () => {
  await whole.stop()
  await bad.stop()
})

function get(target: string): Promise<Asked> {
  whole.newClient()
  return whole.get(target)
}

describe('an origin that misbehaves', () => {
  const ANSWERS = [
    ['html', 422, /not an image/],
    ['truncated', 502, /broke off/],
    ['too-long', 422, /damaged|not an image/],
    ['gzip-bomb', 502, /compressed/],
    ['not-modified', 502, /304/],
    ['loop', 502, /redirected more than 3 times/],
    ['loop-a', 502, /redirected more than 3 times/],
    ['too-short', 422, /damaged/],
    ['pixel-bomb', 422, /too many pixels/],
    ['to-loopback', 403, /not among/],
    ['to-metadata', 403, /not among/],
    ['to-file', 403, /not among/],
    ['broken-png', 422, /damaged/],
    ['error', 502, /status 500/],
  ] as const
  for (const [what, status, words] of ANSWERS) {
    it(`${what}: ${status}, said in a sentence, kept by nobody`, async () => {
      const answer = await get(`/bad.example/${what}?w=50`)
      assert.equal(answer.status, status, answer.text)
      assert.match(answer.text, words)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal((await get('/sample.li/a.png?w=50')).status, 200)
    })
  }

  it('is slow keeps nobody waiting but whoever asked for its picture', async () => {
    const slow = get('/bad.example/slow?w=50')
    await until('it was asked', () => bad.heard.at(-1)?.url === '/slow')
    for (let at = 0; at < 20; at++) {
      assert.equal((await get(`/sample.li/a.png?w=${60 + at}`)).status, 200)
    }
    patience.resolve()
    assert.equal((await slow).status, 200)
  })

  it('and fails again and again is left in peace, said as 503 with Retry-After', async () => {
    let answer = await get('/bad.example/again')
    for (let at = 0; at < 6; at++) answer = await get(`/bad.example/again${at}`)
    assert.equal(answer.status, 503)
    assert.ok(Number(answer.headers['retry-after']) >= 1)
    assert.match(answer.text, /not asked for a while/)
    assert.equal((await get('/sample.li/a.png?w=50')).status, 200)
  })

  it('and flaps is asked again soon, at first once, and delivered as soon as it answers', async () => {
    flapping = 503
    const { length } = bad.heard
    for (let at = 0; at < 30; at++) assert.ok((await get('/bad.example/flaps?w=50')).status >= 500)
    assert.ok(bad.heard.length - length <= 2, `${bad.heard.length - length} reads while it rests`)
    flapping = 200
    await until('its picture', async () => (await get('/bad.example/flaps?w=50')).status === 200)
  })
})

describe('a visitor who types anything', () => {
  const operations = [...Object.keys(CLOUDIMAGE_GRAMMARS), ...Object.keys(CLOUDIMAGE_SYNONYMS)]
  const name = fc.constantFrom(...operations, 'f', 'ci_url_encoded', 'sig', 'wat', 'x')
  const odd = fc.constantFrom(
    '',
    '-1',
    '0',
    '1e9',
    '5001',
    'NaN',
    '%',
    '%00',
    '%zz',
    '%FF',
    '../..',
    '1,2,3',
    '_webp',
    'crop',
    'face',
    '1',
    '2',
    '300',
    '4000',
    '<script>',
    '0,0',
    '9999,9999',
    '16:9',
    'max',
    'auto',
    'red',
    'hv',
    'proxy',
    'fit',
    'bright:30,colorize:red,.2,pixelate:500',
    '%0d%0aSet-Cookie:a=b',
    '🌊',
  )
  const word = fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 12 }))
  const query = fc.array(fc.tuple(name, word), { maxLength: 8 })

  it('never gets a 5xx, and never a header of his own making', async () => {
    await fc.assert(
      fc.asyncProperty(query, async (pairs) => {
        const text = pairs.map(([key, value]) => `${key}=${value}`).join('&')
        const target = `/sample.li/a.png?${text.replaceAll(/[^\u0021-\u007e]/gu, (char) => encodeURIComponent(char.toWellFormed()))}`
        const answer = await get(target)
        assert.ok(answer.status < 500, `${target}: ${answer.status} ${answer.text.slice(0, 100)}`)
        assert.equal(answer.headers['set-cookie'], undefined)
      }),
      { numRuns: 150 },
    )
  })

  it('is told which parameter is wrong', async () => {
    for (const [target, parameter] of [
      ['/sample.li/a.png?w=-1', 'w'],
      ['/sample.li/a.png?h=1e9', 'h'],
      ['/sample.li/a.png?q=0', 'q'],
      ['/sample.li/a.png?force_format=nonsense', 'force_format'],
      ['/sample.li/a.png?gravity=%FF', 'gravity'],
      ['/sample.li/a.png?ci_cache=-5', 'ci_cache'],
    ] as const) {
      const answer = await get(target)
      assert.equal(answer.status, 400, target)
      assert.ok(answer.text.startsWith(parameter), answer.text)
    }
  })
})
