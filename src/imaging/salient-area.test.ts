import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import sharp from 'sharp'

import { rememberedAreas, salientArea } from './salient-area.ts'

/** Gray, with a bright saturated spot whose middle lies at these shares. */
async function withSpot(width: number, height: number, x: number, y: number): Promise<Buffer> {
  const radius = Math.min(width, height) / 8
  const spot = Buffer.from(
    `<svg width="${width}" height="${height}"><circle cx="${x * width}" cy="${y * height}" r="${radius}" fill="#e02010" stroke="white" stroke-width="${radius / 4}"/></svg>`,
  )
  return sharp({ create: { width, height, channels: 3, background: '#808080' } })
    .composite([{ input: spot }])
    .jpeg()
    .toBuffer()
}

describe('the area that draws the eye', () => {
  for (const [x, y] of [
    [0.15, 0.5],
    [0.85, 0.5],
    [0.5, 0.5],
  ] as const) {
    test(`holds a spot at ${x}, ${y}`, async () => {
      const area = await salientArea(await withSpot(1200, 400, x, y), { width: 400, height: 400 })
      assert.ok(area.x <= x && x <= area.x + area.width, JSON.stringify(area))
      assert.ok(Math.abs((area.width * 1200) / (area.height * 400) - 1) < 0.001)
    })
  }

  test('lies in the picture as it is seen, turned by its orientation', async () => {
    const upright = await withSpot(400, 1200, 0.5, 0.9)
    const turned = await sharp(upright).rotate(270).withMetadata({ orientation: 6 }).toBuffer()
    const area = await salientArea(turned, { width: 400, height: 400 })
    assert.ok(area.y > 0.5, JSON.stringify(area))
    assert.equal(area.x, 0)
  })

  test('has the shape that is wanted and lies within, for any picture and shape', async () => {
    const side = fc.integer({ min: 1, max: 300 })
    const property = fc.asyncProperty(side, side, side, side, async (w, h, width, height) => {
      const picture = sharp({ create: { width: w, height: h, channels: 3, background: 'red' } })
      const area = await salientArea(await picture.png().toBuffer(), { width, height })
      assert.ok(area.x >= 0 && area.y >= 0 && area.width > 0 && area.height > 0)
      assert.ok(area.x + area.width <= 1 + 1e-9 && area.y + area.height <= 1 + 1e-9)
      assert.ok(Math.abs((area.width * w) / (area.height * h) / (width / height) - 1) < 1e-6)
      assert.ok(area.width > 1 - 1e-9 || area.height > 1 - 1e-9, 'it is as large as fits')
    })
    await fc.assert(property, { numRuns: 30 })
  })

  test('is looked for once, also by many at once, and again after a failure', async () => {
    let looks = 0
    const area = { x: 0, y: 0, width: 1, height: 1 }
    const find = rememberedAreas(async ({ hash }) => {
      looks++
      if (hash === 'bad') throw new TypeError('no picture')
      return area
    })
    const wanted = {
      load: async () => new Uint8Array(),
      size: { width: 1, height: 1 },
      project: '',
    }
    const all = [1, 2, 3].map(() => find({ ...wanted, hash: 'a' }))
    assert.deepEqual(await Promise.all(all), [area, area, area])
    assert.equal(looks, 1)
    await assert.rejects(find({ ...wanted, hash: 'bad' }))
    await assert.rejects(find({ ...wanted, hash: 'bad' }))
    assert.equal(looks, 3)
  })
})
