import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import sharp from 'sharp'

import { ADMIN_KEY, startControlApi } from '../../test/support/control-api.ts'
import type { Answer, ControlApi } from '../../test/support/control-api.ts'
import { sha256 } from '../kernel/hash.ts'

const A = '/api/v1/projects/demo/assets'
const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>',
)

function picture(color: string): Promise<Buffer> {
  return sharp({ create: { width: 40, height: 30, channels: 3, background: color } })
    .png()
    .toBuffer()
}

describe('asset files', () => {
  let control: ControlApi
  let red: Buffer
  let blue: Buffer
  before(async () => {
    control = await startControlApi()
    ;[red, blue] = [await picture('red'), await picture('blue')]
  })
  after(() => control.stop())

  const put = (id: string, bytes: Buffer, query = '') =>
    control.call('PUT', `${A}/${encodeURIComponent(id)}${query}`, {
      raw: bytes,
      headers: { 'content-type': 'application/octet-stream' },
    })
  const get = (path: string, headers: Record<string, string> = {}) =>
    control.call('GET', `${A}/${path}`, { headers })

  test('a raw body is a new asset, another one a new version, the same one none', async () => {
    const made = await put('shoes/red', red)
    assert.equal(made.status, 201)
    assert.equal(made.json.kind, 'image')
    assert.equal(made.json.mediaType, 'image/png')
    assert.equal(made.json.version, 1)
    assert.equal(made.json.width, 40)
    assert.equal(made.json.url, 'https://demo.example/is/image/demo/shoes/red')
    const again = await put('shoes/red', blue)
    assert.equal(again.status, 200)
    assert.equal(again.json.version, 2)
    assert.equal((await put('shoes/red', blue)).json.version, 2)
    const versions = await get('shoes%2Fred/versions')
    assert.deepEqual(
      versions.json.items.map(({ version, createdBy }: Record<string, unknown>) => [
        version,
        createdBy,
      ]),
      [
        [2, 'key admin'],
        [1, 'key admin'],
      ],
    )
    const restored = await control.call('POST', `${A}/shoes%2Fred/versions/1/restore`)
    assert.equal(restored.json.hash, made.json.hash)
    assert.equal(restored.json.version, 3)
  })

  test('the type is told by the bytes, whatever Content-Type says', async () => {
    const made = await control.call('PUT', `${A}/liar`, {
      raw: red,
      headers: { 'content-type': 'text/html' },
    })
    assert.equal(made.json.mediaType, 'image/png')
  })

  test('publishing is part of the upload, or a change of its own', async () => {
    assert.equal((await put('hidden', red, '?published=false')).json.published, false)
    const shown = await control.call('PATCH', `${A}/hidden`, { body: { published: true } })
    assert.equal(shown.json.published, true)
    assert.equal((await put('hidden', red, '?published=perhaps')).status, 400)
    assert.equal((await put('hidden', red, '?publish=true')).status, 400)
  })

  test('content comes whole, in ranges, or not again', async () => {
    await put('whole', red)
    const whole = await get('whole/content')
    assert.deepEqual(whole.raw, red)
    assert.equal(whole.headers['content-type'], 'image/png')
    assert.equal(whole.headers['content-length'], String(red.length))
    const part = await get('whole/content', { range: 'bytes=2-5' })
    assert.equal(part.status, 206)
    assert.deepEqual(part.raw, red.subarray(2, 6))
    assert.equal(part.headers['content-range'], `bytes 2-5/${red.length}`)
    const outside = await get('whole/content', { range: 'bytes=999999-' })
    assert.equal(outside.status, 416)
    assert.equal(outside.json.code, 'bad-range')
    const same = await get('whole/content', { 'if-none-match': String(whole.headers['etag']) })
    assert.equal(same.status, 304)
    const head = await control.call('HEAD', `${A}/whole/content`)
    assert.equal(head.headers['content-length'], String(red.length))
    assert.equal(head.raw.length, 0)
  })

  test('an SVG or HTML that somebody uploaded cannot script the console', async () => {
    await put('drawing', SVG)
    await put('page', Buffer.from('<!doctype html><script>alert(1)</script>'))
    for (const id of ['drawing', 'page']) {
      const shown = await get(`${id}/content`)
      assert.equal(shown.status, 200)
      assert.match(String(shown.headers['content-security-policy']), /^sandbox; default-src 'none'/)
      assert.equal(shown.headers['x-content-type-options'], 'nosniff')
      const isImage = String(shown.headers['content-type']).startsWith('image/')
      const disposition = String(shown.headers['content-disposition'])
      assert.ok(disposition.startsWith(isImage ? 'inline' : 'attachment'), disposition)
    }
    assert.match(String((await get('page/content')).headers['content-disposition']), /^attachment/)
  })

  test('without a resizer a thumbnail is the picture itself; what is no image has none', async () => {
    await put('small', red)
    assert.deepEqual((await get('small/thumbnail')).raw, red)
    await put('text', Buffer.from('plain text'))
    assert.equal((await get('text/thumbnail')).status, 404)
  })

  test('a preview of modifiers needs an image server, and says what is wrong with them', async () => {
    await put('small', red)
    const preview = (modifiers: string) =>
      get(`small/preview?modifiers=${encodeURIComponent(modifiers)}`)
    const none = await preview('wid=10')
    assert.deepEqual([none.status, none.json.code], [503, 'busy'])
    assert.equal((await preview('w=10&f=gray')).status, 503, 'in the words of either dialect')
    const wrong = await preview('w=10&radius=round')
    assert.deepEqual([wrong.status, /radius must be/.test(wrong.json.detail)], [400, true])
    assert.equal((await get('small/preview')).status, 400)
    assert.equal((await get('nothing/preview?modifiers=wid=10')).status, 404)
  })

  test('an empty body, a bad id and a foreign project change nothing', async () => {
    const listed = (await get('')).text
    assert.equal((await put('empty', Buffer.alloc(0))).json.code, 'empty-upload')
    for (const id of ['a/..', 'a/../b', 'a,b', 'a:b', '.hidden', 'x'.repeat(600)]) {
      const refused = await put(id, red)
      assert.ok([400, 404, 422].includes(refused.status), `${id}: ${refused.status}`)
    }
    assert.equal((await get('')).text, listed)
  })

  test('half an upload and a lying Content-Length change nothing, over real sockets', async () => {
    await put('steady', red)
    await rawPut('steady', `content-length: ${blue.length + 10}`, blue, 'end')
    await rawPut('steady', `content-length: ${blue.length}`, blue.subarray(0, 20), 'destroy')
    await rawPut('steady', 'transfer-encoding: chunked', chunk(blue.subarray(0, 20)), 'destroy')
    await rawPut('never', `content-length: ${blue.length}`, blue.subarray(0, 20), 'destroy')
    assert.equal((await get('steady')).json.hash, sha256(red))
    assert.equal((await get('steady')).json.version, 1)
    assert.equal((await get('never')).status, 404)
    assert.equal((await control.call('GET', '/healthz', { key: null })).status, 200)
  })

  test('two uploads at once both end, in some order or with one refused', async () => {
    const answers = await Promise.all([put('race', red), put('race', blue)])
    for (const { status } of answers) assert.ok([200, 201, 409].includes(status), String(status))
    const { hash, version } = (await get('race')).json
    assert.ok(answers.some((answer: Answer) => answer.json.hash === hash))
    assert.ok(version === 1 || version === 2)
  })

  /** Sends a request by hand and ends as told; resolves when the connection is closed. */
  async function rawPut(id: string, header: string, bytes: Buffer, ending: 'end' | 'destroy') {
    const { hostname, port } = new URL(await control.url())
    const socket = connect(Number(port), hostname)
    const head = [
      `PUT ${A}/${id} HTTP/1.1`,
      `host: ${hostname}`,
      `authorization: Bearer ${ADMIN_KEY}`,
      header,
    ]
    socket.on('error', () => undefined)
    socket.resume()
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    await new Promise<void>((resolve) => void socket.write(bytes, () => resolve()))
    socket[ending]()
    await new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  }
})

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}
