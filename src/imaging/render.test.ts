import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import sharp from 'sharp'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import type { Recipe } from '../contract/recipe.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import type { CropRecord, NamesRecord } from '../contract/records.ts'
import type { ImagingErrorCode } from './errors.ts'
import { ImagingError } from './errors.ts'
import { render } from './render.ts'

/**
 * Geometry, from URL to pixels. The source is 1600x1200: four quarters of one color each and a black square of 400x300 in the
 * middle, so that five points tell what was cut, filled, turned or stretched.
 */
const RED = 'ff0000'
const GREEN = '00ff00'
const BLUE = '0000ff'
const YELLOW = 'ffff00'
const BLACK = '000000'
const WHITE = 'ffffff'

const NAMES: NamesRecord = {
  projects: [{ project: 'demo', companies: [], tokens: ['doc'], hosts: [], originAliases: {} }],
}
const PRESETS = {
  thumbnail: 'wid=150&hei=150&fit=constrain,1&fmt=png',
  nested: '$thumbnail$&wid=90',
}
const CROP: CropRecord = {
  rect: { x: 0.3, y: 0.3, width: 0.5, height: 0.5 },
  width: 200,
  height: 150,
}

function rectangle(width: number, height: number, color: string) {
  return sharp({ create: { width, height, channels: 3, background: `#${color}` } })
    .png()
    .toBuffer()
}

async function drawnSource(): Promise<Buffer> {
  const quarter = (color: string) => rectangle(800, 600, color)
  return sharp(await rectangle(1600, 1200, WHITE))
    .composite([
      { input: await quarter(RED), left: 0, top: 0 },
      { input: await quarter(GREEN), left: 800, top: 0 },
      { input: await quarter(BLUE), left: 0, top: 600 },
      { input: await quarter(YELLOW), left: 800, top: 600 },
      { input: await rectangle(400, 300, BLACK), left: 600, top: 450 },
    ])
    .png()
    .toBuffer()
}

let source: Buffer
before(async () => {
  source = await drawnSource()
})

function resolved(where: string, crop: CropRecord | null = null) {
  const target = where.startsWith('?') ? `/is/image/demo/a${where}` : where
  const parsed = parseDeliveryUrl({ host: 'h.li', target }, NAMES)
  return parsed.ok ? resolveRecipe(parsed.url, { presets: PRESETS, crop, format: null }) : parsed
}

function recipe(where: string, crop: CropRecord | null = null): Recipe {
  const result = resolved(where, crop)
  assert.ok(result.ok, JSON.stringify(result))
  return result.recipe
}

/** Colors at the middle, then left, right, top and bottom, each 3 % inside; size as `WxH`. */
async function seen(where: string, crop: CropRecord | null = null) {
  const { bytes, width, height } = await render(recipe(where, crop), source)
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  assert.equal(`${info.width}x${info.height}`, `${width}x${height}`)
  const at = (x: number, y: number) => {
    const start = (Math.floor(y * height) * width + Math.floor(x * width)) * info.channels
    return [...data.subarray(start, start + 3)]
  }
  const points = [at(0.5, 0.5), at(0.03, 0.47), at(0.97, 0.53), at(0.47, 0.03), at(0.53, 0.97)]
  return { size: `${width}x${height}`, points: points.map(nearestColor) }
}

function nearestColor(pixel: readonly number[]): string {
  const near = (color: string) =>
    pixel.every((value, at) => {
      const wanted = Number.parseInt(color.slice(at * 2, at * 2 + 2), 16)
      return Math.abs(value - wanted) < 48
    })
  return [RED, GREEN, BLUE, YELLOW, BLACK, WHITE].find(near) ?? pixel.join(',')
}

/** As the source itself: nothing cut, filled or turned. */
const WHOLE = [BLACK, RED, YELLOW, RED, YELLOW]
const BARS_ABOVE_AND_BELOW = [BLACK, RED, YELLOW, WHITE, WHITE]
const BARS_ALL_AROUND = [BLACK, WHITE, WHITE, WHITE, WHITE]
const LEFT_PART = [BLACK, RED, YELLOW, RED, BLUE]
const BARS_AT_THE_SIDES = [BLACK, WHITE, WHITE, RED, YELLOW]

const GEOMETRY: readonly (readonly [string, string, readonly string[]])[] = [
  ['?', '1280x960', WHOLE],
  ['?wid=400', '400x300', WHOLE],
  ['?hei=300', '400x300', WHOLE],
  ['?wid=2000', '2000x1500', WHOLE],
  ['?wid=400&hei=400', '400x400', BARS_ABOVE_AND_BELOW],
  ['?wid=400&hei=330&align=0,-1', '400x330', [BLACK, BLUE, YELLOW, RED, WHITE]],
  ['?wid=600&hei=300', '600x300', BARS_AT_THE_SIDES],
  ['?wid=400&hei=400&fit=fit,0', '400x400', BARS_ABOVE_AND_BELOW],
  ['?wid=2000&hei=2000&fit=fit', '2000x2000', BARS_ALL_AROUND],
  ['?wid=400&hei=400&fit=constrain,1', '400x300', WHOLE],
  ['?wid=2000&hei=2000&fit=constrain', '1600x1200', WHOLE],
  ['?wid=400&hei=400&fit=crop,1', '400x400', WHOLE],
  ['?wid=440&hei=400&fit=crop,1&align=-1,0', '440x400', LEFT_PART],
  ['?wid=400&hei=400&fit=wrap,1', '533x400', WHOLE],
  ['?wid=400&hei=400&fit=stretch,1', '400x400', WHOLE],
  ['?wid=400&hei=400&fit=hfit,1', '400x400', BARS_ABOVE_AND_BELOW],
  ['?wid=400&hei=400&fit=vfit,1', '400x400', WHOLE],
  ['?scl=2', '800x600', WHOLE],
  ['?scl=1', '1600x1200', WHOLE],
  ['?scl=4&wid=300&hei=300', '300x300', WHOLE],
  ['?scl=4&wid=500&hei=300', '500x300', BARS_AT_THE_SIDES],
  ['?$thumbnail$&wid=480', '200x150', WHOLE],
  ['?$thumbnail$&wid=480&hei=480', '480x360', WHOLE],
  ['?wid=480&$thumbnail$', '150x113', WHOLE],
  ['?$nested$', '90x68', WHOLE],
  ['?crop=0,0,1000,750&wid=400', '400x300', [RED, RED, GREEN, RED, BLUE]],
  ['?cropN=.3,.3,.7,.7&scl=1', '1120x840', [YELLOW, BLUE, YELLOW, GREEN, YELLOW]],
  ['?crop=-400,-300,1600,1200&scl=2', '800x600', [RED, WHITE, GREEN, WHITE, BLUE]],
  ['?crop=2000,2000,300,200', '300x200', [WHITE, WHITE, WHITE, WHITE, WHITE]],
  ['?rgn=480,360,1120,840&scl=2', '560x420', [YELLOW, BLUE, YELLOW, GREEN, YELLOW]],
  ['?rgn=-400,-300,1600,1200&wid=400', '400x300', [RED, WHITE, GREEN, WHITE, BLUE]],
  ['?flip=lr&wid=400', '400x300', [BLACK, GREEN, BLUE, GREEN, BLUE]],
  ['?flip=ud&wid=400', '400x300', [BLACK, BLUE, GREEN, BLUE, GREEN]],
  ['?flip=lrud&wid=400', '400x300', [BLACK, YELLOW, RED, YELLOW, RED]],
  ['?rotate=90&wid=300', '300x400', [BLACK, BLUE, GREEN, BLUE, GREEN]],
  ['?rotate=-90&wid=300', '300x400', [BLACK, GREEN, BLUE, GREEN, BLUE]],
  ['?rotate=45&wid=300', '300x300', BARS_ALL_AROUND],
  ['?flip=lr&rotate=90&crop=0,0,800,900&wid=300', '300x267', [RED, BLUE, RED, BLACK, RED]],
  ['/_t/doc/sample.li/a.png', '1600x1200', WHOLE],
  ['/_t/doc/sample.li/a.png?w=400', '400x300', WHOLE],
  ['/_t/doc/sample.li/a.png?h=300', '400x300', WHOLE],
  ['/_t/doc/sample.li/a.png?w=400&h=400', '400x400', WHOLE],
  ['/_t/doc/sample.li/a.png?w=440&h=400&gravity=west', '440x400', LEFT_PART],
  ['/_t/doc/sample.li/a.png?w=440&h=400&gravity=0,0', '440x400', LEFT_PART],
  ['/_t/doc/sample.li/a.png?w=400&h=400&func=fit', '400x400', BARS_ABOVE_AND_BELOW],
  ['/_t/doc/sample.li/a.png?w=400&h=400&func=bound', '400x300', WHOLE],
  ['/_t/doc/sample.li/a.png?w=400&h=400&func=boundmin', '533x400', WHOLE],
  ['/_t/doc/sample.li/a.png?w=400&h=400&func=cover', '400x400', WHOLE],
  ['/_t/doc/sample.li/a.png?w=400&h=400&func=cropfit', '400x400', WHOLE],
  ['/_t/doc/sample.li/a.png?w=4000&force_format=jpg', '4000x3000', WHOLE],
  ['/_t/doc/sample.li/a.png?w=4000&org_if_sml=1', '1600x1200', WHOLE],
  ['/_t/doc/sample.li/a.png?w=2000&h=400&org_if_sml=1', '1600x400', WHOLE],
]

describe('a picture of 1600x1200', () => {
  for (const [where, size, points] of GEOMETRY) {
    it(`asked for as ${where} is ${size}`, async () => {
      assert.deepEqual(await seen(where), { size, points })
    })
  }

  it('cut to a smart crop has the size of the crop', async () => {
    const crop = await seen('/is/image/demo/a:Large', CROP)
    assert.deepEqual(crop, { size: '200x150', points: [BLACK, BLUE, YELLOW, GREEN, YELLOW] })
    const smaller = await seen('/is/image/demo/a:Large?wid=100', CROP)
    assert.equal(smaller.size, '100x75')
  })
})

describe('what is refused', () => {
  it('unknown presets and crops, by name', () => {
    const preset = resolved('?$nothing$')
    assert.ok(!preset.ok)
    assert.deepEqual([preset.problem.status, preset.problem.parameter], [404, '$nothing$'])
    const crop = resolved('/is/image/demo/a:None')
    assert.ok(!crop.ok)
    assert.deepEqual([crop.problem.status, crop.problem.parameter], [404, ':None'])
  })

  it('replies above the limit that follow from the picture', async () => {
    const large: readonly string[] = [
      '?scl=.5',
      '?hei=2900',
      '/_t/doc/sample.li/a.png?h=4000',
      '/_t/doc/sample.li/a.png?w=4000&force_format=avif',
      '?crop=-20000,-20000,90000,90000&wid=10',
    ]
    for (const where of large) {
      await assert.rejects(render(recipe(where), source), imagingErrorOf('reply-too-large'), where)
    }
  })
})

function imagingErrorOf(code: ImagingErrorCode) {
  return (error: unknown) => {
    assert.ok(error instanceof ImagingError, String(error))
    assert.equal(error.code, code)
    return true
  }
}
