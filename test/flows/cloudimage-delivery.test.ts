import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import sharp from 'sharp'

import { ask, serveHttp, until } from '../support/http.ts'
import type { Asked, TestServer } from '../support/http.ts'
import { DEMO_PROJECT, isHit, startOriginalDelivery } from '../support/original-delivery.ts'
import type { OriginalDelivery } from '../support/original-delivery.ts'

/**
 * Goal: URLs that Cloudimage's clients and pages write are delivered as they mean: from the gem (spec/cloudimage/uri_spec.rb), the
 * responsive JavaScript plugin, the React Native component, unpic, and the pages below "Image operations" and "Presets".
 */

let whole: OriginalDelivery
let files: TestServer
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><script>1</script></svg>'

before(async () => {
  whole = await startOriginalDelivery({ delivery: { originPrefix: 'sample.li' } })
  await whole.origin.put('/assets/image.jpg', 'red')
  files = await serveHttp((request, response) => {
    const script = request.url === '/site.js'
    const type = script ? 'text/javascript' : 'image/svg+xml'
    response.writeHead(200, { 'content-type': type }).end(script ? 'alert(1)' : SVG)
  })
  const rule = { scheme: 'http', allowPrivate: true }
  await whole.settings({
    origins: [
      { ...rule, host: 'sample.li', connectTo: whole.origin.place },
      { ...rule, host: 'files.example', connectTo: new URL(files.url).host },
    ],
  })
})
after(async () => {
  await whole.stop()
  await files.stop()
})

function get(target: string): Promise<Asked> {
  whole.newClient()
  return whole.get(target)
}

async function sizeOf(answer: Asked): Promise<string> {
  assert.equal(answer.status, 200, answer.text.slice(0, 200))
  const { width, height } = await sharp(answer.bytes).metadata()
  return `${width}x${height}`
}

/** Of an original of 600x450. */
const WRITTEN: readonly (readonly [client: string, target: string, size: string])[] = [
  ['the gem', '/v7/assets/image.jpg', '600x450'],
  ['the gem', '/v7/assets/image.jpg?gravity=south&h=100&w=200', '200x100'],
  ['the gem', '/v7/assets/image.jpg?f=bright%3A15%2Ccontrast%3A30%2Cgrey', '600x450'],
  ['the gem', '/v7/assets/image.jpg?org_if_sml=1', '600x450'],
  ['the gem', '/v7/assets/image.jpg?sharp=1', '600x450'],
  ['the gem', '/v7/assets/image.jpg?ci_info=1', '600x450'],
  ['the gem', '/v7/assets/image.jpg?func=face', '600x450'],
  ['the gem', '/v7/assets/image.jpg?br_px=420%2C430&tl_px=20%2C30', '400x400'],
  ['the gem', '/v7/assets/image.jpg?blur=20&h=300&w=300', '300x300'],
  ['the JavaScript plugin', '/v7/https://sample.li/assets/image.jpg?&org_if_sml=1', '600x450'],
  ['the JavaScript plugin', '/v7/https://sample.li/assets/image.jpg?w=400&org_if_sml=1', '400x300'],
  [
    'the React Native component',
    '/v7/sample.li/assets/image.jpg?w=100&h=200&func=crop&dpr=2',
    '200x400',
  ],
  [
    'the React Native component',
    '/sample.li/assets/image.jpg?w=300&flip=hv&radius=10%2C0%2Cmax%2C0',
    '300x225',
  ],
  [
    'the React Native component',
    '/sample.li/assets/image.jpg?colorize=red%2C0.5&saturate=-20',
    '600x450',
  ],
  ['unpic', '/sample.li/assets/image.jpg?org_if_sml=1&w=300&q=60&force_format=webp', '300x225'],
  ['“Aspect ratio crop”', '/sample.li/assets/image.jpg?w=400&aspect_ratio=1.8', '400x222'],
  ['“Aspect ratio crop”', '/sample.li/assets/image.jpg?w=400&aspect_ratio=1.2,2.0', '400x300'],
  ['“Fit”', '/sample.li/assets/image.jpg?w=400&h=320&func=fit&bg_color=black', '400x320'],
  [
    '“Fit”',
    '/sample.li/assets/image.jpg?w=400&h=320&func=fit&bg_img_fit=1&bg_opacity=0.75',
    '400x320',
  ],
  [
    '“Fit”',
    '/sample.li/assets/image.jpg?func=fit&w=250&h=250&bg_colour=10100E&gravity=south',
    '250x250',
  ],
  ['“Rounded corners”', '/sample.li/assets/image.jpg?w=400&radius=25&force_format=png', '400x300'],
  ['“Rounded corners”', '/sample.li/assets/image.jpg?w=400&radius=25&bg_color=cccc30', '400x300'],
  ['“Image formats”', '/sample.li/assets/image.jpg?force_format=jpeg&q=90', '600x450'],
  ['“Prevent enlargement”', '/sample.li/assets/image.jpg?w=800', '800x600'],
  ['“Prevent enlargement”', '/sample.li/assets/image.jpg?w=800&org_if_sml=1', '600x450'],
  ['“Rotate”', '/sample.li/assets/image.jpg?r=90', '450x600'],
]

describe('a URL as it is written by', () => {
  for (const [client, target, size] of WRITTEN) {
    it(`${client}: ${target}`, async () => assert.equal(await sizeOf(await get(target)), size))
  }
})

async function putPreset(name: string, modifiers: string): Promise<void> {
  await whole.api('PUT', `${DEMO_PROJECT}/presets/${name}`, { modifiers, invalidate: true })
}

describe('“Custom transformation presets”', () => {
  const url = '/sample.li/assets/image.jpg?p=Gallery_thumb'

  it('“An operation defined in any given preset cannot be overridden in the URL.”', async () => {
    await putPreset('gallery_thumb', 'w=250&h=250&f=gray')
    assert.equal(await sizeOf(await get(`${url}&w=400`)), '250x250')
  })

  it('one that changes is gone from the answers that it made, under each of their URLs', async () => {
    await whole.settings({ automaticInvalidation: true })
    await get(url)
    assert.ok(isHit(await get(url)))
    await putPreset('gallery_thumb', 'w=100')
    await until('the new size', async () => (await sizeOf(await get(url))) === '100x75')
    assert.equal(await sizeOf(await get(`${url}&w=400`)), '100x75')
    await whole.settings({ automaticInvalidation: false })
  })

  it('one that does not exist, or speaks the other dialect, is named', async () => {
    const none = await get('/sample.li/assets/image.jpg?p=nothing')
    assert.equal(none.status, 404)
    assert.match(none.text, /^p: The preset nothing does not exist/)
    await putPreset('media', 'wid=100')
    const other = await get('/sample.li/assets/image.jpg?p=media')
    assert.equal(other.status, 400)
    assert.match(other.text, /no operations of Cloudimage/)
  })

  it('one that is wrong cannot be saved', async () => {
    await assert.rejects(putPreset('wrong', 'w=250&radius=round'), /radius must be/)
  })
})

describe('func=proxy', () => {
  it('delivers the original’s own bytes, under one URL, until they are invalidated', async () => {
    const original = await ask(`http://${whole.origin.place}/assets/image.jpg`)
    const answer = await get('/sample.li/assets/image.jpg?func=proxy')
    assert.deepEqual(answer.bytes, original.bytes)
    assert.equal(answer.headers['content-type'], 'image/png')
    assert.ok(isHit(await get('/sample.li/assets/image.jpg?func=proxy&w=300&q=4&func=proxy')))
    await whole.origin.put('/assets/image.jpg', 'blue')
    await whole.invalidate({ originals: ['/sample.li/assets/image.jpg'] })
    const now = await get('/sample.li/assets/image.jpg?func=proxy')
    assert.notDeepEqual(now.bytes, original.bytes)
  })

  it('delivers an SVG that cannot script the host it is delivered at', async () => {
    const answer = await get('/files.example/logo.svg?func=proxy')
    assert.equal(answer.text, SVG)
    assert.equal(answer.headers['content-type'], 'image/svg+xml')
    assert.match(answer.headers['content-security-policy'] ?? '', /^sandbox/)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.match(
      (await get('/files.example/logo.svg?func=proxy')).headers['content-security-policy'] ?? '',
      /^sandbox/,
    )
  })

  it('delivers no scripts of other people', async () => {
    assert.equal((await get('/files.example/site.js?func=proxy')).status, 422)
  })
})

/** The colour in the middle, where a watermark lies. */
async function middleOf(answer: Asked): Promise<string> {
  assert.equal(answer.status, 200, answer.text.slice(0, 200))
  const { data, info } = await sharp(answer.bytes)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const middle = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * 3
  return data.subarray(middle, middle + 3).toString('hex')
}

describe('a watermark', () => {
  const byUrl =
    '/sample.li/photo.jpg?w=300&force_format=png&wat=1&wat_url=https%3A%2F%2Fsample.li%2Fmark.png'
  const ofProject = '/sample.li/photo.jpg?w=300&force_format=png&wat=1'

  before(async () => {
    await whole.origin.put('/photo.jpg', 'white')
    await whole.origin.put('/mark.png', 'red')
  })

  for (const [what, selection] of [
    ['the watermark', { originals: ['/sample.li/mark.png'] }],
    ['the URL of the picture', { urls: [`https://doc.cloudimg.io${byUrl}`] }],
  ] as const) {
    it(`that changed is on the picture after an invalidation of ${what}`, async () => {
      await whole.origin.put('/mark.png', 'red')
      await whole.invalidate({ originals: ['/sample.li/mark.png'] })
      assert.equal(await middleOf(await get(byUrl)), 'ff0000')
      await whole.origin.put('/mark.png', 'blue')
      assert.equal(await middleOf(await get(byUrl)), 'ff0000', 'not noticed by itself')
      await whole.invalidate(selection)
      assert.equal(await middleOf(await get(byUrl)), '0000ff')
    })
  }

  it('of the project is laid on where the URL names none, and another one purges', async () => {
    assert.equal(await middleOf(await get(ofProject)), 'ffffff')
    await whole.delivery({ watermarkImage: 'sample.li/mark.png' })
    await until('the mark', async () => (await middleOf(await get(ofProject))) === '0000ff')
    await whole.origin.put('/other.png', 'lime')
    await whole.delivery({ watermarkImage: 'sample.li/other.png' })
    await until('the other mark', async () => (await middleOf(await get(ofProject))) === '00ff00')
  })

  it('may be in a preset, as “Presets” has it', async () => {
    const text =
      'w=1200&force_format=jpeg&optipress=2&wat=1&wat_gravity=northwest&wat_scale=60&wat_pad=20&wat_opacity=0.4'
    await putPreset('gallery_large', text)
    assert.equal(await sizeOf(await get('/sample.li/photo.jpg?p=gallery_large')), '1200x900')
  })
})
