import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import * as fc from 'fast-check'
import sharp from 'sharp'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import type { Recipe } from '../contract/recipe.ts'
import { resolveRecipe } from '../contract/resolve-recipe.ts'
import { ImagingError } from './errors.ts'
import { render } from './render.ts'

/** Whatever is combined, a good original gives a picture of the size it says, or it cannot be done, which is the recipe's fault. */

const project = { project: 'demo', companies: [], tokens: ['doc'], hosts: [], originAliases: {} }

function recipe(target: string): Recipe {
  const parsed = parseDeliveryUrl({ host: 'h.li', target }, { projects: [project] })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const resolved = resolveRecipe(parsed.url, { presets: {}, crop: null, format: null })
  assert.ok(resolved.ok, JSON.stringify(resolved))
  return resolved.recipe
}

/** Cut, then extended: sharp itself tells a wrong size of it. */
it('a picture that is cut along one side and filled along the other has the size of the view', async () => {
  const { width, height } = (await rendered(recipe(CUT_AND_FILLED), sources[3]!))!
  assert.deepEqual([width, height], [4, 1])
})
const CUT_AND_FILLED = '/is/image/demo/a?scl=.3&hei=1&wid=4'

function drawn(width: number, height: number, channels: 3 | 4) {
  const background = { r: 10, g: 200, b: 3, alpha: 0.5 }
  return sharp({ create: { width, height, channels, background } })
}

let sources: readonly Uint8Array[]
before(async () => {
  sources = await Promise.all([
    drawn(40, 30, 3).png().toBuffer(),
    drawn(37, 90, 4).png().toBuffer(),
    drawn(50, 20, 3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    drawn(1, 1, 4).webp().toBuffer(),
    drawn(33, 22, 3).toColourspace('b-w').jpeg().toBuffer(),
    drawn(33, 22, 4).toColourspace('b-w').png().toBuffer(),
    drawn(33, 22, 3).toColourspace('cmyk').jpeg().toBuffer(),
    drawn(33, 22, 4).toColourspace('rgb16').png().toBuffer(),
    drawn(20, 20, 4).gif().toBuffer(),
    drawn(400, 3, 3).tiff().toBuffer(),
    drawn(40, 30, 4).avif().toBuffer(),
  ])
})

const pixels = fc.integer({ min: 1, max: 200 })
const area = fc
  .tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -60, max: 60 }), pixels, pixels)
  .map((numbers) => numbers.join(','))

function oneOf(name: string, values: string): fc.Arbitrary<string> {
  return fc.constantFrom(...values.split(' ')).map((value) => `${name}=${value}`)
}

const dynamicMedia = fc.oneof(
  pixels.map((value) => `wid=${value}`),
  pixels.map((value) => `hei=${value}`),
  oneOf('scl', '.3 1 2 7.5 1000 .01'),
  oneOf(
    'fit',
    'fit fit,1 constrain constrain,1 crop crop,1 wrap wrap,1 stretch stretch,1 hfit vfit,1',
  ),
  oneOf('align', '-1,-1 .3,.7 1,1'),
  oneOf(
    'fmt',
    'pjpeg jpeg,gray png png,gray png-alpha png8 png8-alpha webp,gray webp-alpha avif avif-alpha',
  ),
  oneOf(
    'fmt',
    'gif gif-alpha tif tif-alpha tif,gray,jpeg tif-alpha,,lzw tif,,zip webp-alpha,,lossless',
  ),
  oneOf('qlt', '1 50,1 100'),
  oneOf('bgc', 'ff0000 808080'),
  area.map((value) => `crop=${value}`),
  area.map((value) => `rgn=${value}`),
  oneOf('cropN', '.1,.1,.5,.5 -.5,-.5,2,2 0,0,.001,.001 5,5,1,1'),
  oneOf('rotate', '90 180 270 33 .5 359.999'),
  oneOf('flip', 'lr ud lrud'),
  oneOf('resMode', 'bilin bicub sharp2 bisharp'),
  oneOf('op_usm', '1,1,1 5,250,0 .1,.1,255,1'),
  oneOf('op_sharpen', '1'),
)
const cloudimage = fc.oneof(
  pixels.map((value) => `w=${value}`),
  pixels.map((value) => `h=${value}`),
  oneOf('func', 'crop fit bound boundmin cover cropfit'),
  oneOf('gravity', 'auto north southwest 3,4 30p,90p 900,900'),
  oneOf('org_if_sml', '1'),
  oneOf('force_format', 'webp png jpg avif gif tif'),
  oneOf('aspect_ratio', '1 16:9 .1,.2 50'),
  oneOf('tl_px', '0,0 3,4 30,1'),
  oneOf('br_px', '9,9 40,30 200,200'),
  oneOf('margin', '1 3,4 1,2,3,4'),
  oneOf('bg_color', 'auto red'),
  oneOf('bg_img_fit', '1'),
  oneOf('bg_opacity', '.5'),
  oneOf('bg_colorize', 'teal'),
  oneOf('dpr', '.5 2'),
  oneOf('r', '90 33 -1'),
  oneOf('flip', 'h hv'),
  oneOf('trim', '0 10 100'),
  oneOf('radius', '3 max max,0,5,1'),
  oneOf('bright', '30 -100'),
  oneOf('contrast', '30 -100'),
  oneOf('saturate', '30 -100'),
  oneOf('gray', '1'),
  oneOf('sepia', '1'),
  oneOf('invert', '1'),
  oneOf('colorize', 'red green,.2'),
  oneOf('blur', '.1 7 100'),
  oneOf('pixelate', '2 7 500'),
  oneOf('sharp', '1 2 100'),
)
const target = fc.oneof(
  fc.array(dynamicMedia, { maxLength: 7 }).map((all) => `/is/image/demo/a?${all.join('&')}`),
  fc.array(cloudimage, { maxLength: 7 }).map((all) => `/_t/doc/sample.li/a?${all.join('&')}`),
)

it('any recipe makes a picture of the size that it says', async () => {
  const source = fc.nat(10)
  await fc.assert(
    fc.asyncProperty(target, source, async (where, at) => {
      const made = recipe(where)
      const rendition = await rendered(made, sources[at]!)
      if (!rendition) return
      const { width, height } = await sharp(rendition.bytes).metadata()
      assert.deepEqual([rendition.width, rendition.height], [width, height])
      const { view } = made
      if (view.kind === 'box' && view.canvas === 'box') {
        assert.deepEqual([width, height], [view.width, view.height])
      }
    }),
    { numRuns: 200 },
  )
})

async function rendered(made: Recipe, source: Uint8Array) {
  try {
    return await render(made, source)
  } catch (error) {
    assert.ok(error instanceof ImagingError, String(error))
    assert.equal(error.status, 400, `${error.code}: ${String(error.cause)}`)
    return null
  }
}
