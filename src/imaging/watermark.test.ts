import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import sharp from 'sharp'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { render } from './render.ts'

/** A black watermark of 40x20 over a white picture of 200x100: where it lies, how large and how opaque it is. */

const NAMES = {
  projects: [{ project: 'demo', companies: [], tokens: ['doc'], hosts: [], originAliases: {} }],
}

function plain(width: number, height: number, background: string) {
  return sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()
}

let picture: Buffer
let mark: Buffer
before(async () => {
  picture = await plain(200, 100, '#ffffff')
  mark = await plain(40, 20, '#000000')
})

async function rendered(query: string, watermark?: Uint8Array) {
  const address = { host: 'doc.x', target: `/sample.li/a.png?${query}` }
  const parsed = parseDeliveryUrl(address, NAMES)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const resolved = resolveRecipe(parsed.url, { presets: {}, crop: null, format: null })
  assert.ok(resolved.ok, JSON.stringify(resolved))
  const others = watermark ? { watermark } : {}
  const { bytes, format } = await render(resolved.recipe, picture, undefined, others)
  const image = sharp(bytes)
  const { channels } = await image.metadata()
  const { data, info } = await image
    .removeAlpha()
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, format, channels }
}

/** The box of all that is not white, as `left,top widthxheight`. */
async function markedBox(query: string, watermark: Uint8Array = mark): Promise<string> {
  const { data, width } = await rendered(query, watermark)
  const dark = [...data.keys()].filter((at) => data[at]! < 250)
  if (dark.length === 0) return 'nothing'
  const columns = dark.map((at) => at % width)
  const rows = dark.map((at) => Math.floor(at / width))
  const [left, top] = [Math.min(...columns), Math.min(...rows)]
  return `${left},${top} ${Math.max(...columns) - left + 1}x${Math.max(...rows) - top + 1}`
}

const PLACES: readonly (readonly [query: string, box: string])[] = [
  ['wat=1', '80,40 40x20'],
  ['wat=1&wat_gravity=northwest', '0,0 40x20'],
  ['wat=1&wat_gravity=northwest&wat_pad=10', '10,10 40x20'],
  ['wat=1&wat_gravity=southeast&wat_pad=10,5', '150,75 40x20'],
  ['wat=1&wat_gravity=north&wat_pad=10', '80,10 40x20'],
  ['wat=1&wat_gravity=east&wat_pad=10p', '140,40 40x20'],
  ['wat=1&wat_scale=50', '90,45 20x10'],
  ['wat=1&wat_scale=50p', '50,25 100x50'],
  ['wat=1&wat_gravity=absolute&wat_pos=10,20', '20,20 40x20'],
  ['wat=1&wat_gravity=relative&wat_pos=100,0', '160,0 40x20'],
  ['wat=1&wat_gravity=northwest&wat_pad=500', '199,99 1x1'],
  ['wat=0', 'nothing'],
]

describe('a watermark', () => {
  for (const [query, box] of PLACES) {
    it(`of ${query} lies at ${box}`, async () => assert.equal(await markedBox(query), box))
  }

  it('larger than the picture is scaled down first', async () => {
    assert.equal(await markedBox('wat=1', await plain(800, 800, '#000000')), '50,0 100x100')
  })

  it('is as opaque as the URL says', async () => {
    for (const [query, level] of [
      ['wat=1', 0],
      ['wat=1&wat_opacity=0.5', 127],
      ['wat=1&wat_opacity=0', 255],
    ] as const) {
      const { data, width } = await rendered(query, mark)
      assert.ok(Math.abs(data[50 * width + 100]! - level) <= 2, query)
    }
  })

  it('that is gray, has alpha or is drawn is laid over all the same', async () => {
    const gray = await sharp(mark).toColourspace('b-w').ensureAlpha(0.5).png().toBuffer()
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>',
    )
    for (const each of [gray, svg]) assert.equal(await markedBox('wat=1', each), '80,40 40x20')
  })

  it('leaves an opaque picture opaque, and lies inside rounded corners', async () => {
    assert.equal((await rendered('wat=1&force_format=jpeg', mark)).format, 'jpeg')
    const large = await plain(200, 100, '#000000')
    const { data } = await rendered('wat=1&radius=max&bg_color=white', large)
    assert.ok(data[0]! > 250)
  })
})
