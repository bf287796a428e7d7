import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, test } from 'node:test'
import { NAMES } from '../../test/support/edge-bench.ts'
import { plainPicture, resizerBench } from '../../test/support/resizer-bench.ts'
import { keyHash } from '../contract/keys.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { coverage } from '../contract/url-keys.ts'
import { sha256 } from '../kernel/hash.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const RED = await plainPicture('#f00')
const LARGE = Buffer.alloc(17 * 1024 * 1024, 'a ruler of bytes ')
const DOCUMENT = { kind: 'document', mediaType: 'application/pdf' } as const
const FILM = { kind: 'video', mediaType: 'video/mp4' } as const

async function setUp() {
  const bench = await resizerBench()
  closing.push(() => bench.stop())
  return bench
}

describe('content', () => {
  for (const [size, bytes] of [
    ['small', Buffer.from('%PDF-1.4 0123456789')],
    ['large', LARGE],
  ] as const) {
    const target = '/is/content/demo/manual.pdf'

    test(`that is ${size} is the original’s bytes, named by them`, async () => {
      const bench = await setUp()
      await bench.putAsset('manual.pdf', bytes, DOCUMENT)
      const answer = await bench.ask(target)
      assert.equal(answer.status, 200)
      assert.equal(answer.bytes.equals(bytes), true)
      assert.equal(answer.headers['content-type'], 'application/pdf')
      assert.equal(answer.headers['x-content-type-options'], 'nosniff')
      assert.equal(answer.headers['etag'], `"${sha256(bytes).slice(0, 32)}"`)
      assert.equal(answer.headers['sluice-input'], sha256(bytes))
      const same = await bench.ask(target, 0, { 'if-none-match': answer.headers['etag'] ?? '' })
      assert.deepEqual([same.status, same.bytes.byteLength], [304, 0])
      const head = await bench.get(target, { method: 'HEAD' })
      assert.equal(head.headers['content-length'], String(bytes.byteLength))
      assert.equal(head.bytes.byteLength === 0 || size === 'small', true)
    })

    test(`that is ${size} is given in ranges, with marks`, async () => {
      const bench = await setUp()
      await bench.putAsset('manual.pdf', bytes, DOCUMENT)
      const get = (range: string, more = {}) => bench.ask(target, 3, { range, ...more })
      const part = await get('bytes=3-6')
      assert.deepEqual([part.status, part.bytes], [206, bytes.subarray(3, 7)])
      assert.equal(part.headers['content-range'], `bytes 3-6/${bytes.byteLength}`)
      assert.equal(part.headers['sluice-mark'], '3')
      const outside = await get(`bytes=${bytes.byteLength}-`)
      assert.equal(outside.status, 416)
      assert.equal(outside.headers['content-range'], `bytes */${bytes.byteLength}`)
      assert.equal(outside.headers['sluice-mark'], '3', 'an edge believes nothing without a mark')
      const etag = part.headers['etag']!
      assert.equal((await get('bytes=3-6', { 'if-range': etag })).status, 206)
      assert.equal((await get('bytes=3-6', { 'if-range': '"older"' })).status, 200)
      assert.equal((await get('pages=1-2')).status, 200)
      assert.equal((await get('pages=99999999-')).status, 200)
    })
  }

  test('of a watched file that changed is sent for this once, by another name, and reported', async () => {
    for (const bytes of [Buffer.from('%PDF-1.4'), LARGE]) {
      const bench = await setUp()
      const path = await bench.putFile('manual.pdf', bytes, DOCUMENT)
      await appendFile(path, 'more')
      const answer = await bench.ask('/is/content/demo/manual.pdf', 0, { range: 'bytes=0-1' })
      assert.equal(answer.status, 200)
      assert.equal(answer.bytes.byteLength, bytes.byteLength + 4)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal(answer.headers['cdn-cache-control'], undefined)
      assert.equal(answer.headers['etag'], undefined)
      assert.notEqual(answer.headers['sluice-input'], sha256(bytes))
      assert.deepEqual(bench.seen.mismatches, ['demo/manual.pdf'])
    }
  })

  test('of a large watched file that changes while it is sent ends short, so that nobody keeps it', async () => {
    const bench = await setUp()
    const path = await bench.putFile('film.mp4', LARGE, FILM)
    const target = '/is/content/demo/film.mp4'
    const { body, headers } = await bench.resizer.handle({
      method: 'GET',
      host: 'x',
      target,
      headers: {},
      asker: { minMark: 0, holdsLease: true },
    })
    assert.equal(headers['content-length'], String(LARGE.byteLength))
    let bytes = 0
    await assert.rejects(async () => {
      for await (const piece of body as AsyncIterable<Uint8Array>) {
        if (bytes === 0) await writeFile(path, Buffer.alloc(LARGE.byteLength, 'other'))
        bytes += piece.byteLength
      }
    }, /changed/)
    assert.equal(bytes < LARGE.byteLength, true)
  })

  test('that a browser would run as a page cannot script this origin', async () => {
    const bench = await setUp()
    for (const mediaType of ['image/svg+xml', 'text/html', 'text/html; charset=utf-8']) {
      await bench.putAsset('page', Buffer.from('<svg/>'), { kind: 'other', mediaType })
      bench.purge('record:demo/assets/page', 'asset:demo/page')
      const answer = await bench.ask('/is/content/demo/page')
      assert.match(answer.headers['content-security-policy'] ?? '', /sandbox/, mediaType)
    }
  })

  test('that is unpublished or unknown is 404 with marks', async () => {
    const bench = await setUp()
    await bench.putAsset('manual.pdf', Buffer.from('%PDF-1.4'), { ...DOCUMENT, published: false })
    for (const id of ['manual.pdf', 'nobody.pdf']) {
      const answer = await bench.ask(`/is/content/demo/${id}`, 5)
      assert.deepEqual([answer.status, answer.headers['sluice-mark']], [404, '5'])
    }
  })
})

async function setUpFlag() {
  const bench = await setUp()
  await bench.putAsset('flag', RED)
  return bench
}

describe('properties', () => {
  test('exists says 1 or 0, as text and as JSON for a script', async () => {
    const bench = await setUpFlag()
    const text = await bench.ask('/is/image/demo/flag?req=exists')
    assert.match(text.headers['content-type'] ?? '', /^text\/plain/)
    assert.match(text.text, /^catalogRecord\.exists=1$/m)
    assert.match((await bench.ask('/is/image/demo/nobody?req=exists')).text, /exists=0$/m)
    const json = await bench.ask('/is/image/demo/flag?req=exists,json')
    assert.equal(json.text, '/*jsonp*/s7jsonResponse({"catalogRecord.exists":"1"},"");')
    const named = await bench.ask('/is/image/demo/flag?req=exists,json&handler=mine&id=7')
    assert.equal(named.text, '/*jsonp*/mine({"catalogRecord.exists":"1"},"7");')
  })

  test('imageprops is of the original, props of the rendition', async () => {
    const bench = await setUpFlag()
    const original = await bench.ask('/is/image/demo/flag?req=imageprops&wid=32')
    assert.match(original.text, /^image\.width=64$/m)
    assert.match(original.text, /^image\.height=48$/m)
    const rendition = await bench.ask('/is/image/demo/flag?req=props&wid=32&fmt=png')
    assert.match(rendition.text, /^image\.width=32$/m)
    assert.match(rendition.text, /^image\.type=image\/png$/m)
    const picture = await bench.ask('/is/image/demo/flag?wid=32&fmt=png')
    const length = `image.length=${picture.bytes.byteLength}`
    assert.equal(rendition.text.split('\n').includes(length), true)
    assert.equal(bench.seen.renders, 1)
  })

  test('have an ETag, and are 304 to who has them, whatever the picture’s own is', async () => {
    const bench = await setUpFlag()
    const target = '/is/image/demo/flag?req=props&wid=32'
    const first = await bench.ask(target)
    const etag = first.headers['etag']!
    assert.equal((await bench.ask(target, 0, { 'if-none-match': etag })).status, 304)
    const picture = await bench.ask('/is/image/demo/flag?wid=32')
    const other = await bench.ask(target, 0, { 'if-none-match': picture.headers['etag']! })
    assert.deepEqual([other.status, other.text], [200, first.text])
  })

  test('claim no more than their older part reflects, whatever is purged while they are made', async () => {
    const bench = await setUpFlag()
    bench.onRecordRead = (name) => {
      if (name === 'demo/project' && bench.freshness.applied === 0) bench.purge('asset:demo/flag')
    }
    const answer = await bench.ask('/is/image/demo/flag?req=props&wid=32')
    assert.equal(bench.freshness.applied, 1)
    assert.deepEqual([answer.status, answer.headers['sluice-mark']], [200, '0'])
  })

  test('go with a purge of their own URL', async () => {
    const bench = await setUp()
    await bench.putAsset('flag', RED)
    for (const asked of ['exists', 'imageprops', 'props']) {
      const target = `/is/image/demo/flag?req=${asked}&wid=32`
      const parsed = parseDeliveryUrl({ host: 'x', target }, NAMES)
      assert.ok(parsed.ok, asked)
      const { headers } = await bench.ask(target)
      const keys = (headers['sluice-keys'] ?? '').split(',')
      assert.ok(keys.includes(keyHash(coverage(parsed.url).key)), asked)
    }
  })

  test('of nothing, or of a refused recipe, are 4xx with marks', async () => {
    const bench = await setUpFlag()
    const cases = ['nobody?req=props', 'nobody?req=imageprops', 'flag?req=props&wid=3001']
    for (const each of cases) {
      const answer = await bench.ask(`/is/image/demo/${each}`, 4)
      assert.equal(answer.status >= 400 && answer.status < 500, true, each)
      assert.equal(answer.headers['sluice-mark'], '4', each)
    }
  })

  test('tell versions apart, so that a page can ask for the current one for a year', async () => {
    const bench = await setUpFlag()
    const { text } = await bench.ask('/is/image/demo/flag?req=imageprops')
    const version = /^image\.version=(\S+)$/m.exec(text)?.[1]
    const answer = await bench.ask(`/is/image/demo/flag?wid=32&id=${version}`)
    assert.match(answer.headers['cache-control'] ?? '', /immutable/)
  })
})
