import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { testLibrary } from '../../../test/support/asset-library.ts'
import type { TestLibrary } from '../../../test/support/asset-library.ts'
import { parseDeliveryUrl } from '../../contract/parse-delivery-url.ts'
import { resolveRecipe } from '../../contract/resolve-recipe.ts'
import { systemClock } from '../../kernel/clock.ts'
import { silentLog } from '../../kernel/log.ts'
import { systemTimers } from '../../kernel/timers.ts'
import { createRemote } from '../../origin/remote.ts'
import { createDemo } from './create-demo.ts'
import type { Demo } from './demo.ts'
import { DEMO_IDS, DEMO_PICTURES } from '../../contract/demo-ids.ts'

const publishServer = 'http://127.0.0.1:8081'

async function testDemo(t: TestContext): Promise<TestLibrary & { demo: Demo }> {
  const library = await testLibrary(t)
  return Object.assign(library, { demo: demoOf(t, library) })
}

function demoOf(t: TestContext, { assets, store }: TestLibrary): Demo {
  const demo = createDemo({ assets, store, project: 'demo', clock: systemClock, log: silentLog })
  t.after(() => demo.stop())
  return demo
}

describe('the demo', () => {
  it('is drawn in under 5 s: twelve pictures of different kinds, a document and a film', async (t) => {
    const { demo, assets, store } = await testDemo(t)
    assert.equal(await demo.made(), false)
    const begun = performance.now()
    assert.equal(await demo.seed({ publishServer }), true)
    const tookMs = performance.now() - begun
    t.diagnostic(`drawn in ${Math.round(tookMs)} ms`)
    assert.ok(tookMs < 5000, `${tookMs} ms`)
    assert.equal(await demo.made(), true)
    const page = await assets.list('demo', {}, { limit: 100 })
    assert.deepEqual(new Set(page.items.map((row) => row.id)), new Set(DEMO_IDS))
    for (const row of page.items.filter((one) => one.kind === 'image')) {
      const long = Math.max(row.width ?? 0, row.height ?? 0)
      assert.ok(long >= 1600 && long <= 2400, `${row.id}: ${long}`)
    }
    const kinds = Object.fromEntries(page.items.map((row) => [row.id, row.mediaType]))
    assert.equal(kinds['gspdf'], 'application/pdf')
    assert.equal(kinds['clip'], 'video/webm')
    const upright = page.items.find((row) => row.id === 'upright')
    assert.deepEqual([upright?.width, upright?.height], [1500, 2000])
    const project = await store.tables.projects.get('demo')
    assert.equal(project?.automaticInvalidation, false)
    assert.deepEqual(Object.keys(project.presets), ['thumbnail', 'product', 'large', 'pdp-main'])
    assert.deepEqual(project.template.split('\n'), [
      '<ID>',
      '<ID>?$pdp-main$',
      '<ID>?scl=1&qlt=100',
      'https://127.0.0.1:8081/is/image/demo/<ID>',
      'http://127.0.0.1:8081/is/content/demo/gspdf',
    ])
  })

  it('a second start draws nothing again, brings nothing back and follows the ports', async (t) => {
    const library = await testDemo(t)
    const { demo, assets, store } = library
    await demo.seed({ publishServer })
    const { port } = await demo.startOrigin()
    await assets.remove('demo', 'flat', 'anna')
    await assets.updateProject('demo', { cdnTtlSeconds: 7 })
    const head = await store.tables.log.head()
    await demo.stop()
    const next = demoOf(t, library)
    assert.equal(await next.seed({ publishServer }), false)
    assert.equal((await next.startOrigin()).port, port, 'the same port as before')
    assert.equal(await store.tables.log.head(), head, 'nothing to purge')
    assert.equal(await assets.get('demo', 'flat'), null)
    await next.seed({ publishServer: 'http://127.0.0.1:9999' })
    const project = await store.tables.projects.get('demo')
    assert.equal(project?.publishServer, 'http://127.0.0.1:9999')
    assert.match(project.template, /^https:\/\/127\.0\.0\.1:9999\/is\/image/m)
    assert.equal(project.cdnTtlSeconds, 7)
  })

  it('replace puts in the next version, clearly of another colour', async (t) => {
    const { demo, assets } = await testDemo(t)
    await demo.seed({ publishServer })
    const before = await assets.get('demo', 'Backpack_B')
    const after = await demo.replace('Backpack_B', 'anna')
    assert.deepEqual([before?.version, after.version], [1, 2])
    assert.notEqual(before?.hash, after.hash)
    await assets.remove('demo', 'Backpack_B', 'anna')
    assert.equal((await demo.replace('Backpack_B', 'anna')).version, 3)
    await assert.rejects(demo.replace('mine', 'anna'), { code: 'not-a-demo-asset', status: 404 })
  })

  it('its presets are recipes that delivery understands', async (t) => {
    const { demo, records } = await testDemo(t)
    await demo.seed({ publishServer })
    const names = await records.names()
    const presets = await records.presets('demo')
    for (const name of Object.keys(presets!.presets)) {
      const target = `/is/image/demo/flat?$${name}$`
      const parsed = parseDeliveryUrl({ host: '127.0.0.1', target }, names!)
      assert.ok(parsed.ok)
      const inputs = { presets: presets!.presets, crop: null, format: null }
      assert.equal(resolveRecipe(parsed.url, inputs).ok, true, name)
    }
  })

  it('another project is not taken for a demo', async (t) => {
    const { demo, assets } = await testDemo(t)
    await assets.createProject('demo', {})
    assert.equal(await demo.made(), false)
  })

  it('its origin is reached through the guard, revalidates and can be replaced', async (t) => {
    const { demo, store } = await testDemo(t)
    await demo.seed({ publishServer })
    const remote = createRemote({ clock: systemClock, timers: systemTimers })
    t.after(() => remote.close())
    const rule = (await store.tables.projects.get('demo'))!.origins[0]!
    const ask = { rule, original: 'sample.li/flat.jpg' }
    const first = await remote.fetch(ask)
    assert.ok(first.kind === 'bytes')
    assert.equal(first.mediaType, 'image/jpeg')
    const validators = { etag: first.etag }
    assert.equal((await remote.fetch({ ...ask, validators })).kind, 'not-modified')
    const dated = { lastModified: first.lastModified }
    assert.equal((await remote.fetch({ ...ask, validators: dated })).kind, 'not-modified')
    assert.equal(demo.replaceOriginals(), 2)
    const second = await remote.fetch({ ...ask, validators })
    assert.ok(second.kind === 'bytes' && second.hash !== first.hash)
    for (const id of DEMO_PICTURES) {
      const got = await remote.fetch({ rule, original: `sample.li/${id}.jpg?any=1` })
      assert.equal(got.kind, 'bytes', id)
    }
    const missing = await remote.fetch({ rule, original: 'sample.li/../etc/passwd' })
    assert.deepEqual(missing, { kind: 'missing', status: 404 })
  })
})
