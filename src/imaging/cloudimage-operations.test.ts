import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import sharp from 'sharp'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { ImagingError } from './errors.ts'
import { render } from './render.ts'

/**
 * Cloudimage's operations and filters, from URL to pixels. The source is 160x120, four quarters of one color each: red and green
 * above, blue and yellow below.
 */

const NAMES = {
  projects: [{ project: 'demo', companies: [], tokens: ['doc'], hosts: [], originAliases: {} }],
}

function rectangle(width: number, height: number, color: string) {
  return sharp({ create: { width, height, channels: 3, background: color } })
    .png()
    .toBuffer()
}

async function drawn(border = 0): Promise<Buffer> {
  const quarter = (color: string) => rectangle(80, 60, color)
  const at = (left: number, top: number) => ({ left: left + border, top: top + border })
  return sharp(await rectangle(160 + border * 2, 120 + border * 2, '#ffffff'))
    .composite([
      { input: await quarter('#ff0000'), ...at(0, 0) },
      { input: await quarter('#00ff00'), ...at(80, 0) },
      { input: await quarter('#0000ff'), ...at(0, 60) },
      { input: await quarter('#ffff00'), ...at(80, 60) },
    ])
    .png()
    .toBuffer()
}

let source: Buffer
before(async () => {
  source = await drawn()
})

function recipe(query: string) {
  const address = { host: 'doc.x', target: `/sample.li/a.png?${query}` }
  const parsed = parseDeliveryUrl(address, NAMES)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const resolved = resolveRecipe(parsed.url, { presets: {}, crop: null, format: null })
  assert.ok(resolved.ok, JSON.stringify(resolved))
  return resolved.recipe
}

/** Size, and the colors at the places of a clock: top left, top right, bottom left, bottom right of the middle, then the corner. */
async function seen(query: string, original: Uint8Array = source) {
  const { bytes, width, height } = await render(recipe(query), original)
  const { data, info } = await sharp(bytes)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  assert.equal(`${info.width}x${info.height}`, `${width}x${height}`)
  const at = (x: number, y: number) => {
    const start = (Math.floor(y * (height - 1)) * width + Math.floor(x * (width - 1))) * 4
    return rounded(data.subarray(start, start + 4))
  }
  const quarters = [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)]
  return { size: `${width}x${height}`, quarters: quarters.join(' '), corner: at(0, 0) }
}

/** Colors to the next sixteenth, so that a rounding does not matter; `clear` for what is transparent. */
function rounded([red = 0, green = 0, blue = 0, alpha = 0]: Uint8Array): string {
  if (alpha < 8) return 'clear'
  return [red, green, blue].map((value) => Math.round(value / 17).toString(16)).join('')
}

const AS_IT_IS = 'f00 0f0 00f ff0'

const GEOMETRY: readonly (readonly [query: string, size: string, quarters: string])[] = [
  ['w=40&dpr=2', '80x60', AS_IT_IS],
  ['aspect_ratio=1', '120x120', AS_IT_IS],
  ['aspect_ratio=16:9&w=80', '80x45', AS_IT_IS],
  ['aspect_ratio=1,2&w=80', '80x60', AS_IT_IS],
  ['aspect_ratio=1.5,2&w=80', '80x54', AS_IT_IS],
  ['aspect_ratio=2&gravity=north', '160x80', 'f00 0f0 f00 0f0'],
  ['aspect_ratio=4&gravity=0,110', '160x40', '00f ff0 00f ff0'],
  ['tl_px=80,60', '80x60', 'ff0 ff0 ff0 ff0'],
  ['br_px=80,60&w=40', '40x30', 'f00 f00 f00 f00'],
  ['tl_px=40,30&br_px=120,90', '80x60', AS_IT_IS],
  ['tl_px=80,0&br_px=9999,9999', '80x120', '0f0 0f0 ff0 ff0'],
  ['r=90', '120x160', '0f0 ff0 f00 00f'],
  ['r=180', '160x120', 'ff0 00f 0f0 f00'],
  ['flip=h', '160x120', '0f0 f00 ff0 00f'],
  ['flip=v', '160x120', '00f ff0 f00 0f0'],
  ['flip=hv', '160x120', 'ff0 00f 0f0 f00'],
  ['func=fit&w=500&h=200', '500x200', 'fff fff fff fff'],
  ['func=fit&w=320&h=240&fit_enlarge=1', '320x240', AS_IT_IS],
  ['func=fit&w=200&h=200&margin=60&bg_color=black', '200x200', '000 000 000 000'],
  ['func=fit&w=200&h=120&margin=0,0,0,40', '200x120', 'f00 0f0 00f ff0'],
]

describe('the geometry of', () => {
  for (const [query, size, quarters] of GEOMETRY) {
    it(`${query} is ${size}`, async () => {
      const picture = await seen(query)
      assert.deepEqual([picture.size, picture.quarters], [size, quarters])
    })
  }

  it('a margin is free at its own side', async () => {
    assert.equal((await seen('func=fit&w=200&h=120&margin=0,0,0,40&bg_color=black')).corner, '000')
    assert.equal((await seen('func=fit&w=200&h=120&margin=0,40,0,0&bg_color=black')).corner, 'f00')
  })

  it('trim takes a border of one color away, and nothing of a picture without', async () => {
    assert.equal((await seen('trim=5', await drawn(20))).size, '160x120')
    assert.equal((await seen('trim=5')).size, '160x120')
    assert.equal((await seen('trim=5', await rectangle(30, 20, '#336699'))).size, '30x20')
    const turned = await sharp(await drawn(20))
      .withMetadata({ orientation: 6 })
      .webp({ lossless: true })
      .toBuffer()
    assert.equal((await seen('trim=20', turned)).size, '120x160')
  })
})

const FILTERS: readonly (readonly [query: string, quarters: string])[] = [
  ['bright=100', 'fff fff fff fff'],
  ['bright=-100', '000 000 000 000'],
  ['contrast=-100', '777 777 777 777'],
  ['bright=-50&contrast=100', '700 070 007 770'],
  ['saturate=-100', '888 eee 555 fff'],
  ['invert=1', '0ff f0f ff0 00f'],
  ['colorize=0000ff', '707 077 00f 777'],
  ['colorize=white,1', 'fff fff fff fff'],
  ['blur=100&pixelate=0', '853 893 536 997'],
]

describe('a filter', () => {
  for (const [query, quarters] of FILTERS) {
    it(`${query} makes ${quarters}`, async () => {
      const picture = await seen(query)
      if (query.startsWith('blur') || query.startsWith('saturate')) {
        assert.notEqual(picture.quarters, AS_IT_IS)
      } else assert.equal(picture.quarters, quarters)
    })
  }

  it('gray leaves no color, and sepia brown', async () => {
    for (const color of (await seen('gray=1')).quarters.split(' ')) {
      assert.match(color, /^(.)\1\1$/)
    }
    const sepia = (await seen('sepia=1')).quarters.slice(0, 3).split('')
    const [red = 0, green = 0, blue = 0] = sepia.map((digit) => Number.parseInt(digit, 16))
    assert.ok(red > blue && red >= green && green >= blue)
  })

  it('gives a gray original colors', async () => {
    const gray = await sharp(source).greyscale().toColourspace('b-w').jpeg().toBuffer()
    assert.match((await seen('colorize=ff0000', gray)).quarters, /^(b44|b33|c44)/)
  })

  it('pixelate leaves blocks of one color, at their places', async () => {
    const { bytes } = await render(recipe('pixelate=50'), source)
    const { data, info } = await sharp(bytes)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
    const at = (x: number, y: number) =>
      data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3).toString('hex')
    assert.equal(at(0, 0), at(49, 49))
    assert.equal(at(100, 50), at(149, 99))
    assert.notEqual(at(49, 0), at(50, 0))
  })

  it('sharp brings out edges', async () => {
    const soft = await sharp(source).blur(3).png().toBuffer()
    const detail = async (query: string) => {
      const { bytes } = await render(recipe(query), soft)
      return (await sharp(bytes).stats()).sharpness
    }
    assert.ok((await detail('sharp=100')) > (await detail('sharp=1')))
    assert.ok((await detail('sharp=1')) > (await detail('')))
  })
})

describe('corners', () => {
  it('are transparent where the format has alpha, white or of the background color where it has none', async () => {
    assert.equal((await seen('radius=20&force_format=png')).corner, 'clear')
    assert.match((await seen('radius=20&force_format=jpeg')).corner, /^[ef]{3}$/)
    assert.equal((await seen('radius=20&bg_color=cccc30&force_format=png')).corner, 'cc3')
    assert.equal((await seen('radius=20&force_format=png')).quarters, AS_IT_IS)
  })

  it('are four, counter-clockwise from the top left', async () => {
    assert.equal(await cleared('radius=max,0,0,0'), '1000')
    assert.equal(await cleared('radius=0,30,0,0'), '0100')
    assert.equal(await cleared('radius=0,0,30,0'), '0010')
    assert.equal(await cleared('radius=0,0,0,30'), '0001')
    assert.equal(await cleared('radius=max'), '1111')
  })
})

describe('behind a fitted picture', () => {
  it('lies the color that most of it has', async () => {
    const mostlyTeal = await sharp(await rectangle(160, 120, '#008080'))
      .composite([{ input: await rectangle(40, 40, '#ff0000'), left: 60, top: 40 }])
      .png()
      .toBuffer()
    const { corner } = await seen('func=fit&w=200&h=300&bg_color=auto', mostlyTeal)
    assert.match(corner, /^0[78][78]$/)
  })

  it('lies a blurred copy, as opaque and tinted as the URL says', async () => {
    const fit = 'func=fit&w=160&h=300&bg_img_fit=1'
    assert.equal((await seen(`${fit}&bg_blur=0`)).corner, 'f00')
    assert.equal((await seen(`${fit}&bg_opacity=0&bg_color=00ff00`)).corner, '0f0')
    assert.equal((await seen(`${fit}&bg_blur=0&bg_colorize=0000ff`)).corner, '707')
    assert.equal((await seen(`${fit}&bg_blur=0&bg_gravity=east`)).corner, '0f0')
    assert.equal((await seen(fit)).size, '160x300')
  })
})

describe('func=proxy', () => {
  it('gives the original’s own bytes with its type', async () => {
    const gif = await sharp(source).gif().toBuffer()
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="8"/>')
    for (const [bytes, mediaType] of [
      [source, 'image/png'],
      [gif, 'image/gif'],
      [svg, 'image/svg+xml'],
    ] as const) {
      const rendition = await render(recipe('func=proxy'), bytes)
      assert.equal(rendition.mediaType, mediaType)
      assert.deepEqual(rendition.bytes, bytes)
    }
  })
})

describe('what cannot be done is refused with its parameter', () => {
  for (const [query, words] of [
    ['tl_px=160,0', /^tl_px, br_px: .*160x120/],
    ['tl_px=50,50&br_px=40,90', /^tl_px, br_px/],
    ['func=fit&w=100&h=100&margin=50', /^margin/],
    ['w=4000&gray=1', /4000x3000 pixels, and with filters/],
    ['func=fit&w=3001&h=3000&bg_img_fit=1', /3001x3000 pixels/],
  ] as const) {
    it(query, async () => {
      await assert.rejects(render(recipe(query), source), (error) => {
        assert.ok(error instanceof ImagingError, String(error))
        assert.equal(error.status, 400)
        assert.match(error.publicMessage, words)
        return true
      })
    })
  }
})

/** Which corners are transparent, counter-clockwise from the top left. */
async function cleared(query: string): Promise<string> {
  const { bytes } = await render(recipe(`${query}&force_format=png`), source)
  const { data } = await sharp(bytes).extractChannel(3).raw().toBuffer({ resolveWithObject: true })
  return [0, 119 * 160, 119 * 160 + 159, 159].map((at) => (data[at]! < 8 ? 1 : 0)).join('')
}
