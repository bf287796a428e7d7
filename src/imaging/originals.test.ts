import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import type { Recipe } from '../contract/recipe.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { ImagingError } from './errors.ts'
import type { ImagingErrorCode } from './errors.ts'
import { render } from './render.ts'
import { inspect } from './source.ts'

/** What originals may be, and what comes of them: orientation, profiles, alpha, damage, malice. */

function recipe(target: string): Recipe {
  const project = { project: 'demo', companies: [], tokens: ['doc'], hosts: [], originAliases: {} }
  const where = target.startsWith('?') ? `/is/image/demo/a${target}` : target
  const parsed = parseDeliveryUrl({ host: 'h.li', target: where }, { projects: [project] })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const resolved = resolveRecipe(parsed.url, { presets: {}, crop: null, format: null })
  assert.ok(resolved.ok, JSON.stringify(resolved))
  return resolved.recipe
}

/** RGB(A) at shares of the width and height. */
async function pixelAt(bytes: Uint8Array, x: number, y: number): Promise<readonly number[]> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const start = (Math.floor(y * height) * width + Math.floor(x * width)) * channels
  return [...data.subarray(start, start + channels)]
}

function assertNear(actual: readonly number[], expected: readonly number[], within: number): void {
  const near = expected.every((value, at) => Math.abs(value - actual[at]!) <= within)
  assert.ok(near, `${actual.join(',')} is not near ${expected.join(',')}`)
}

type Paint = { r: number; g: number; b: number; alpha?: number }
const RED: Paint = { r: 220, g: 30, b: 30 }
const BLUE: Paint = { r: 30, g: 30, b: 220 }

function plain(color: Paint, width = 40, height = 30) {
  const channels = color.alpha === undefined ? 3 : 4
  return sharp({ create: { width, height, channels, background: color } })
}

/** Red with a blue quarter at the top left: every turn and mirroring of it differs. */
async function upright(): Promise<Buffer> {
  const quarter = await plain(BLUE, 80, 60).png().toBuffer()
  return plain(RED, 160, 120)
    .composite([{ input: quarter, left: 0, top: 0 }])
    .png()
    .toBuffer()
}

/** How a camera stores it under each EXIF orientation (Exif 2.32, tag 0x0112): each step undoes the display's. */
type Step = 'mirror' | 'turn left' | 'turn right' | 'half turn'
const STORED: Readonly<Record<number, readonly Step[]>> = {
  1: [],
  2: ['mirror'],
  3: ['half turn'],
  4: ['half turn', 'mirror'],
  5: ['turn right', 'mirror'],
  6: ['turn left'],
  7: ['turn left', 'mirror'],
  8: ['turn right'],
}

async function stored(orientation: number): Promise<Buffer> {
  let picture = await upright()
  for (const step of STORED[orientation]!) {
    const image = sharp(picture)
    const angle = { 'turn left': 270, 'turn right': 90, 'half turn': 180, mirror: 0 }[step]
    picture = await (step === 'mirror' ? image.flop() : image.rotate(angle)).png().toBuffer()
  }
  return sharp(picture).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer()
}

describe('an original with an EXIF orientation', () => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`of ${orientation} is seen upright, whole and in part`, async () => {
      const source = await stored(orientation)
      const info = await inspect(source)
      assert.deepEqual([info.width, info.height], [160, 120])

      for (const target of ['?wid=80', '?wid=60&hei=60&fit=crop,1', '?wid=80&flip=lr&rotate=180']) {
        const { bytes, width } = await render(recipe(target), source)
        assert.equal(width, target.includes('60') ? 60 : 80)
        // Mirrored and half turned, the blue quarter is at the bottom left.
        const y = target.includes('flip') ? 0.75 : 0.25
        assertNear(await pixelAt(bytes, 0.2, y), [30, 30, 220], 40)
        assertNear(await pixelAt(bytes, 0.75, y), [220, 30, 30], 40)
        assertNear(await pixelAt(bytes, 0.2, 1 - y), [220, 30, 30], 40)
      }

      const corner = await render(recipe('?crop=0,0,80,60&wid=40'), source)
      for (const at of [0.1, 0.9])
        assertNear(await pixelAt(corner.bytes, at, at), [30, 30, 220], 40)
      assert.equal((await sharp(corner.bytes).metadata()).orientation, undefined)
    })
  }
})

describe('colors', () => {
  it('of a Display P3 original are converted, not relabelled', async () => {
    const source = await plain(RED).withIccProfile('p3').png().toBuffer()
    const numbers = await pixelAt(
      await sharp(source, { ignoreIcc: true }).png().toBuffer(),
      0.5,
      0.5,
    )
    assert.ok(Math.abs(numbers[0]! - RED.r) > 10, `the drawing is no P3: ${numbers.join(',')}`)
    const { bytes } = await render(recipe('?fmt=png'), source)
    assertNear(await pixelAt(bytes, 0.5, 0.5), [220, 30, 30], 3)
    assert.equal((await sharp(bytes).metadata()).icc, undefined)
  })

  it('of a CMYK original become RGB', async () => {
    const source = await plain(RED).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    assert.equal((await inspect(source)).space, 'cmyk')
    for (const target of ['?wid=20', '?wid=20&rotate=90', '?wid=60&hei=20&fmt=png']) {
      const { bytes } = await render(recipe(target), source)
      assert.equal((await sharp(bytes).metadata()).space, 'srgb')
      assertNear(await pixelAt(bytes, 0.5, 0.5), [220, 30, 30], 40)
    }
  })

  it('of a 16-bit original become 8-bit', async () => {
    const source = await plain(RED).toColourspace('rgb16').png().toBuffer()
    assert.equal((await sharp(source).metadata()).depth, 'ushort')
    for (const target of ['?fmt=png', '?fmt=png&rotate=90', '?fmt=png-alpha&crop=-5,-5,50,40']) {
      const { bytes } = await render(recipe(target), source)
      assert.equal((await sharp(bytes).metadata()).depth, 'uchar')
      assertNear(await pixelAt(bytes, 0.5, 0.5), [220, 30, 30], 2)
    }
  })

  it('of a gray original stay gray, beside a colored background', async () => {
    const source = await plain({ r: 90, g: 90, b: 90 }).toColourspace('b-w').png().toBuffer()
    const { bytes } = await render(recipe('?wid=40&hei=90&bgc=dc1e1e&fmt=png'), source)
    assertNear(await pixelAt(bytes, 0.5, 0.5), [90, 90, 90], 2)
    assertNear(await pixelAt(bytes, 0.5, 0.05), [220, 30, 30], 1)
  })
})

const clear = () =>
  plain({ ...BLUE, alpha: 0 })
    .png()
    .toBuffer()

describe('transparency', () => {
  it('is kept by the formats that are asked for with alpha', async () => {
    for (const format of [
      'png-alpha',
      'webp-alpha',
      'avif-alpha',
      'gif-alpha',
      'tif-alpha',
      'png8-alpha',
    ]) {
      const { bytes } = await render(recipe(`?wid=20&fmt=${format}`), await clear())
      assert.equal((await pixelAt(bytes, 0.5, 0.5))[3], 0, format)
    }
  })

  it('is laid on the background by all others', async () => {
    for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tif']) {
      const white = await render(recipe(`?wid=20&fmt=${format}`), await clear())
      assertNear(await pixelAt(white.bytes, 0.5, 0.5), [255, 255, 255], 3)
      const red = await render(recipe(`?wid=20&fmt=${format}&bgc=220,30,30`), await clear())
      assertNear(await pixelAt(red.bytes, 0.5, 0.5), [220, 30, 30], 12)
    }
  })

  it('fills what a view with alpha has to spare', async () => {
    const source = await plain(RED).png().toBuffer()
    const { bytes } = await render(recipe('?wid=40&hei=90&fmt=png-alpha'), source)
    assert.equal((await pixelAt(bytes, 0.5, 0.05))[3], 0)
    assert.equal((await pixelAt(bytes, 0.5, 0.5))[3], 255)
  })

  it('survives in the original format of Cloudimage, and a JPEG stays one', async () => {
    const png = await render(recipe('/_t/doc/sample.li/a.png?w=20'), await clear())
    assert.equal(png.mediaType, 'image/png')
    assert.equal((await pixelAt(png.bytes, 0.5, 0.5))[3], 0)
    const jpeg = await plain(RED).jpeg().toBuffer()
    const same = await render(recipe('/_t/doc/sample.li/a.jpg?w=20'), jpeg)
    assert.equal(same.mediaType, 'image/jpeg')
  })
})

describe('an answer', () => {
  it('has the same bytes each time it is made', async () => {
    const source = await stored(6)
    const targets = ['jpeg', 'pjpeg', 'png', 'png8', 'webp', 'avif', 'gif', 'tif,,lzw'].map(
      (format) => `?wid=90&hei=90&fit=crop,1&op_usm=1,2,3&fmt=${format}`,
    )
    for (const target of [
      ...targets,
      '?rotate=33&op_sharpen=1',
      '/_t/doc/s.li/a?w=50&h=90&gravity=auto',
    ]) {
      const [one, other] = await Promise.all([
        render(recipe(target), source),
        render(recipe(target), source),
      ])
      assert.deepEqual(one.bytes, other.bytes, target)
    }
  })

  it('says what it is, and carries no metadata', async () => {
    const source = await sharp(await stored(3))
      .withMetadata({ exif: { IFD0: { Copyright: 'Somebody' } } })
      .jpeg()
      .toBuffer()
    for (const [format, mediaType] of [
      ['jpeg', 'image/jpeg'],
      ['png', 'image/png'],
      ['webp', 'image/webp'],
      ['avif', 'image/avif'],
      ['gif', 'image/gif'],
      ['tif', 'image/tiff'],
    ]) {
      const made = await render(recipe(`?wid=30&fmt=${format}`), source)
      assert.equal(made.mediaType, mediaType)
      const { exif, icc, xmp } = await sharp(made.bytes).metadata()
      assert.deepEqual([exif, icc, xmp], [undefined, undefined, undefined], format)
    }
  })

  it('of an animation is its first frame', async () => {
    const frames = [await plain(RED).png().toBuffer(), await plain(BLUE).png().toBuffer()]
    const source = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer()
    assert.equal((await inspect(source)).pages, 2)
    const { bytes, height } = await render(recipe('?fmt=png'), source)
    assert.equal(height, 30)
    assertNear(await pixelAt(bytes, 0.5, 0.5), [220, 30, 30], 5)
  })

  it('of sharpening has more contrast at an edge', async () => {
    const source = await upright()
    const soft = await render(recipe('?wid=80&fmt=png'), source)
    for (const target of ['?wid=80&fmt=png&op_usm=3,4', '?wid=80&fmt=png&op_sharpen=1']) {
      const sharper = await render(recipe(target), source)
      assert.notDeepEqual(sharper.bytes, soft.bytes)
      assertNear(await pixelAt(sharper.bytes, 0.9, 0.9), [220, 30, 30], 3)
    }
  })
})

/** A PNG whose header declares another size. */
async function declaring(width: number, height: number): Promise<Buffer> {
  const png = await plain(RED).png().toBuffer()
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
  return png
}

describe('what is no good picture', () => {
  const refusals: readonly (readonly [string, ImagingErrorCode, () => Promise<Uint8Array>])[] = [
    ['empty bytes', 'image-unsupported', async () => new Uint8Array()],
    ['text', 'image-unsupported', async () => Buffer.from('not a picture at all')],
    ['HTML', 'image-unsupported', async () => Buffer.from('<!doctype html><title>404</title>')],
    ['a PDF', 'image-unsupported', async () => Buffer.from('%PDF-1.7\n%%EOF')],
    [
      'another loader of libvips',
      'image-unsupported',
      async () => Buffer.from('P3\n1 1\n255\n1 2 3\n'),
    ],
    ['half a JPEG', 'image-damaged', async () => (await stored(1)).subarray(0, 1000)],
    ['half a PNG', 'image-damaged', async () => (await noisePng()).subarray(0, 5000)],
    ['a header of 60000x60000', 'image-too-large', () => declaring(60_000, 60_000)],
    [
      'an enormous SVG',
      'image-too-large',
      async () =>
        Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>'),
    ],
  ]
  for (const [name, code, make] of refusals) {
    it(`${name} is refused as ${code}`, async () => {
      const source = await make()
      await assert.rejects(
        () => render(recipe('?wid=20'), source),
        (error: unknown) =>
          error instanceof ImagingError && error.code === code && error.status < 500,
      )
    })
  }

  it('an SVG reads no file beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imaging-'))
    const file = join(folder, 'secret.png')
    await writeFile(file, await plain(RED).png().toBuffer())
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="40" height="30">
      <image href="file://${file}" x:href="file://${file}" width="40" height="30"/></svg>`
    const { bytes } = await render(recipe('?fmt=png'), Buffer.from(svg))
    assertNear(await pixelAt(bytes, 0.5, 0.5), [255, 255, 255], 0)
    await rm(folder, { recursive: true })
  })
})

async function noisePng(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  return sharp({ create: { width: 200, height: 200, channels: 3, background: RED, noise } })
    .png()
    .toBuffer()
}
