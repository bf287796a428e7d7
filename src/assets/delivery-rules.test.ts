import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keysAfter, testLibrary } from '../../test/support/asset-library.ts'
import { DELIVERY_DEFAULTS } from '../contract/delivery-settings.ts'
import type { DeliverySettings } from '../contract/delivery-settings.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { AssetsError } from './errors.ts'

const SECRET = '0123456789abcdef0123456789abcdef'
const KEY = { id: 'k1', secret: SECRET }

describe('delivery settings', () => {
  it('are set one by one, and reach edges and image servers as far as these need them', async (t) => {
    const { assets, records } = await testLibrary(t)
    await assets.createProject('demo', { delivery: { originPrefix: 'sample.li/pictures' } })
    await assets.updateProject('demo', { delivery: { sizeStep: 100, staleIfErrorSeconds: 60 } })
    const signedUrls = { required: true, keys: [KEY] }
    const row = await assets.updateProject('demo', { delivery: { signedUrls } })
    assert.deepEqual(row.delivery, {
      originPrefix: 'sample.li/pictures',
      sizeStep: 100,
      staleIfErrorSeconds: 60,
      signedUrls,
    })
    const [names] = ((await records.names()) ?? { projects: [] }).projects
    assert.equal(names?.originPrefix, 'sample.li/pictures')
    assert.deepEqual(names?.sizes, { step: 100, allowed: [] })
    assert.deepEqual(names?.signing, { keys: [KEY] })
    assert.equal((await records.project('demo'))?.delivery?.staleIfErrorSeconds, 60)
  })

  it('purge the project when answers would be other ones, and only then', async (t) => {
    const { assets, store } = await testLibrary(t)
    await assets.createProject('demo', {})
    const project = keyHash(keyText.project('demo'))
    const cases: readonly (readonly [Partial<DeliverySettings>, boolean])[] = [
      [{ originPrefix: 'sample.li' }, true],
      [{ sizeStep: 50 }, true],
      [{ sizeStep: null, allowedSizes: [100, 200] }, true],
      [{ missingOriginal: 'transparent-200' }, true],
      [{ missingTtlSeconds: 30 }, true],
      [{ watermarkImage: 'sample.li/mark.png' }, true],
      [{ staleIfErrorSeconds: 600 }, false],
      [{ originRefreshSeconds: 600 }, false],
      [{ signedUrls: { required: true, keys: [KEY] } }, false],
    ]
    for (const [delivery, purges] of cases) {
      const head = await store.tables.log.head()
      await assets.updateProject('demo', { delivery })
      const keys = await keysAfter(store, head)
      assert.equal(keys.includes(project), purges, JSON.stringify(delivery))
    }
  })

  const WRONG: readonly (readonly [Partial<DeliverySettings>, string])[] = [
    [{ originPrefix: 'https://sample.li/a' }, '/delivery/originPrefix'],
    [{ originPrefix: '/pictures' }, '/delivery/originPrefix'],
    [{ originPrefix: 'u:p@sample.li' }, '/delivery/originPrefix'],
    [{ originPrefix: 'sample.li/a?b' }, '/delivery/originPrefix'],
    [{ sizeStep: 1 }, '/delivery/sizeStep'],
    [{ sizeStep: 100, allowedSizes: [100] }, '/delivery/sizeStep'],
    [{ allowedSizes: [0.5] }, '/delivery/allowedSizes'],
    [{ missingTtlSeconds: 0 }, '/delivery/missingTtlSeconds'],
    [{ originRefreshSeconds: 59 }, '/delivery/originRefreshSeconds'],
    [{ staleIfErrorSeconds: -1 }, '/delivery/staleIfErrorSeconds'],
    [{ missingOriginal: 'default-image-200' }, '/delivery/missingImage'],
    [{ missingImage: '../secret' }, '/delivery/missingImage'],
    [{ watermarkImage: 'ftp://sample.li/a' }, '/delivery/watermarkImage'],
    [{ signedUrls: { required: true, keys: [] } }, '/delivery/signedUrls'],
    [{ signedUrls: { required: false, keys: [KEY, KEY] } }, '/delivery/signedUrls/keys'],
    [
      { signedUrls: { required: false, keys: [{ id: 'k1', secret: 'short' }] } },
      '/delivery/signedUrls/keys/0',
    ],
    [
      { signedUrls: { required: false, keys: [{ id: 'a&b', secret: SECRET }] } },
      '/delivery/signedUrls/keys/0',
    ],
  ]
  it('that mean nothing are refused by name, and change nothing', async (t) => {
    const { assets, store } = await testLibrary(t)
    await assets.createProject('demo', {})
    const head = await store.tables.log.head()
    for (const [delivery, pointer] of WRONG) {
      await assert.rejects(
        assets.updateProject('demo', { delivery }),
        (error) =>
          error instanceof AssetsError &&
          error.code === 'bad-settings' &&
          error.errors.some((each) => each.pointer === pointer),
        JSON.stringify(delivery),
      )
    }
    assert.equal(await store.tables.log.head(), head)
    assert.equal((await store.tables.projects.get('demo'))?.delivery, undefined)
  })

  it('are judged together with what was set before', async (t) => {
    const { assets } = await testLibrary(t)
    await assets.createProject('demo', { delivery: { allowedSizes: [100] } })
    await assert.rejects(assets.updateProject('demo', { delivery: { sizeStep: 50 } }))
    await assets.updateProject('demo', { delivery: { sizeStep: 50, allowedSizes: [] } })
  })

  it('have defaults that change nothing for who sets none', () => {
    assert.equal(DELIVERY_DEFAULTS.missingOriginal, 'text-404')
    assert.equal(DELIVERY_DEFAULTS.staleIfErrorSeconds, 0)
    assert.equal(DELIVERY_DEFAULTS.signedUrls.required, false)
  })
})

const allow = (host: string) => ({ origins: [{ host, scheme: 'https' as const }] })

describe('origins', () => {
  it('may be all hosts below one, but never a whole top-level domain or everything', async (t) => {
    const { assets } = await testLibrary(t)
    const row = await assets.createProject('demo', allow('*.Sample.LI'))
    assert.equal(row.origins[0]?.host, '*.sample.li')
    for (const host of ['*', '*.', '*.li', 'a.*.li', '*sample.li', '*.*.li', '*.10.0.0.1']) {
      await assert.rejects(assets.updateProject('demo', allow(host)), AssetsError, host)
    }
  })
})
