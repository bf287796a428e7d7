import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import sharp from 'sharp'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'

const P = '/api/v1/projects/demo'
const C = `${P}/assets/wide/crops`

describe('smart crops by API', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    // Gray, with a red spot at the right.
    const spot = Buffer.from(
      '<svg width="900" height="300"><circle cx="800" cy="150" r="60" fill="red"/></svg>',
    )
    const wide = await sharp({
      create: { width: 900, height: 300, channels: 3, background: 'gray' },
    })
      .composite([{ input: spot }])
      .png()
      .toBuffer()
    await control.call('PUT', `${P}/assets/wide`, { raw: wide })
    await control.call('PUT', `${P}/assets/notes.txt`, { raw: 'text' })
    await control.call('PUT', `${P}/assets/damaged`, { raw: wide.subarray(0, 200) })
  })
  after(() => control.stop())

  test('Large 1260×720, Medium 700×525 and Small 400×400 are computed by what draws the eye', async () => {
    const { items } = (await control.call('GET', C)).json
    assert.deepEqual(
      items.map(({ name, width, height, computed }: never) => [name, width, height, computed]),
      [
        ['Large', 1260, 720, true],
        ['Medium', 700, 525, true],
        ['Small', 400, 400, true],
      ],
    )
    for (const { rect } of items) {
      assert.ok(rect.x < 0.88 && rect.x + rect.width > 0.88, 'the spot is in it')
      assert.ok(rect.x > 0.2, 'and the empty left is not')
    }
    assert.deepEqual((await control.call('GET', `${C}/Small`)).json, items[2])
  })

  test('names and sizes are a setting of the project', async () => {
    const smartCrops = [
      { name: 'Banner', width: 900, height: 100 },
      { name: 'Small', width: 100, height: 100 },
    ]
    const patched = await control.call('PATCH', P, { body: { smartCrops } })
    assert.deepEqual(patched.json.smartCrops, smartCrops)
    const names = (await control.call('GET', C)).json.items.map(({ name }: never) => name)
    assert.deepEqual(names, ['Banner', 'Small'])
    for (const wrong of [
      [{ name: 'a/b', width: 1, height: 1 }],
      [...smartCrops, { name: 'small', width: 1, height: 1 }],
    ]) {
      const refused = await control.call('PATCH', P, { body: { smartCrops: wrong } })
      assert.deepEqual([refused.status, refused.json.code], [422, 'bad-settings'])
    }
    const huge = [{ name: 'a', width: 3001, height: 1 }]
    assert.equal((await control.call('PATCH', P, { body: { smartCrops: huge } })).status, 400)
  })

  test('a drawn rectangle takes the place of the computed one until it is removed', async () => {
    const rect = { x: 0, y: 0, width: 0.25, height: 0.5 }
    const put = await control.call('PUT', `${C}/Small`, { body: { rect } })
    assert.deepEqual(put.json, { rect, width: 100, height: 100 }, "the project's size")
    const drawn = (await control.call('GET', `${C}/Small`)).json
    assert.deepEqual(drawn, { name: 'Small', rect, width: 100, height: 100, computed: false })
    assert.equal((await control.call('DELETE', `${C}/Small`)).status, 200)
    assert.equal((await control.call('GET', `${C}/Small`)).json.computed, true)
    assert.equal((await control.call('DELETE', `${C}/Small`)).json.code, 'unknown-crop')
  })

  test('an image may have crops of its own, which need a size', async () => {
    const rect = { x: 0, y: 0, width: 1, height: 1 }
    const unsized = await control.call('PUT', `${C}/Own`, { body: { rect } })
    assert.deepEqual([unsized.status, unsized.json.code], [422, 'bad-crop'])
    const sized = await control.call('PUT', `${C}/Own`, { body: { rect, width: 30, height: 10 } })
    assert.equal(sized.status, 200)
    const names = (await control.call('GET', C)).json.items.map(({ name }: never) => name)
    assert.deepEqual(names, ['Banner', 'Small', 'Own'])
  })

  test('an edit invalidates that crop of that asset, also where automatic ones are off and it is asked for', async () => {
    await control.call('PATCH', P, { body: { automaticInvalidation: false } })
    const rect = { x: 0, y: 0, width: 0.5, height: 0.5 }
    await control.call('PUT', `${C}/Small`, { body: { rect } })
    await control.call('PUT', `${C}/Banner`, { body: { rect, invalidate: true } })
    assert.equal((await causedBy('Crop “Banner” of “wide” changed')).source, 'automatic')
  })

  test('removing a drawn crop does so, too, where it is asked for', async () => {
    const rect = { x: 0, y: 0, width: 0.5, height: 0.5 }
    await control.call('PUT', `${C}/Narrow`, { body: { rect, width: 20, height: 40 } })
    assert.equal((await control.call('DELETE', `${C}/Narrow?invalidate=true`)).status, 200)
    assert.equal((await causedBy('Crop “Narrow” of “wide” changed')).source, 'automatic')
    await control.call('PUT', `${P}/presets/Thumb`, { body: { modifiers: 'wid=9' } })
    assert.equal((await control.call('DELETE', `${P}/presets/thumb?invalidate=yes`)).status, 400)
    assert.equal((await control.call('DELETE', `${P}/presets/thumb?invalidate=true`)).status, 200)
    assert.equal((await causedBy('Preset “thumb” deleted')).source, 'automatic')
    const { items } = (await control.call('GET', `${P}/invalidations`)).json
    const causes = items.map(({ cause }: never) => cause)
    assert.ok(!causes.includes('Preset “Thumb” changed'), 'what nobody asked for is not made')
  })

  async function causedBy(cause: string) {
    const deadline = Date.now() + 5000
    for (;;) {
      const { items } = (await control.call('GET', `${P}/invalidations`)).json
      const found = items.find((each: { cause: string }) => each.cause === cause)
      if (found) return found
      assert.ok(Date.now() < deadline, `no invalidation: ${cause}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  test('what is no picture has none; of a damaged one they cannot be computed', async () => {
    const text = await control.call('GET', `${P}/assets/notes.txt/crops`)
    assert.deepEqual(text.json.items, [])
    const damaged = (await control.call('GET', `${P}/assets/damaged/crops`)).json.items
    assert.ok(damaged.length > 0 && damaged.every(({ rect }: never) => rect === null))
    assert.equal((await control.call('GET', `${P}/assets/nobody/crops`)).status, 404)
  })
})
