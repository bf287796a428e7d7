import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keysAfter, testLibrary } from '../../test/support/asset-library.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import type { ProjectSettings } from './assets.ts'
import { recordKey } from './asset-rows.ts'

describe('project settings', () => {
  it('make the records that edges and resizers read', async (t) => {
    const { assets, records } = await testLibrary(t)
    await assets.createProject('demo', {
      company: 'Shop',
      aliases: ['shop-old'],
      tokens: ['DOC'],
      hosts: ['Images.Example.com'],
      origins: [{ host: 'Sample.LI', scheme: 'https', headers: { 'X-Key': 'k' } }],
      originAliases: { _s_: 'sample.li/pictures' },
      publishServer: 'https://images.example.com/',
    })
    assert.deepEqual(await records.names(), {
      projects: [
        {
          project: 'demo',
          companies: ['Shop', 'shop-old'],
          tokens: ['doc'],
          hosts: ['images.example.com'],
          originAliases: { _s_: 'sample.li/pictures' },
        },
      ],
    })
    assert.deepEqual(await records.project('demo'), {
      project: 'demo',
      origins: [{ host: 'sample.li', scheme: 'https', headers: { 'x-key': 'k' } }],
      cdnTtlSeconds: 36_000,
      browserTtlSeconds: 60,
    })
    assert.deepEqual(await records.presets('demo'), { presets: {} })
  })

  it('keep hosts as URLs write them', async (t) => {
    const { assets } = await testLibrary(t)
    const row = await assets.createProject('demo', {
      hosts: ['Bücher.example'],
      origins: [
        { host: '0x7f.1', scheme: 'http' },
        { host: 'BÜCHER.example', scheme: 'https' },
      ],
    })
    assert.deepEqual(row.hosts, ['xn--bcher-kva.example'])
    assert.deepEqual(
      row.origins.map((rule) => rule.host),
      ['127.0.0.1', 'xn--bcher-kva.example'],
    )
  })

  it('purge the project when a lifetime, an origin or the meaning of a name changes', async (t) => {
    const { assets, store } = await testLibrary(t)
    await assets.createProject('demo', { tokens: ['doc'], originAliases: { _a_: 'x.example' } })
    const project = keyHash(keyText.project('demo'))
    const names = recordKey(recordName.names())
    const settings = recordKey(recordName.project('demo'))
    const cases: readonly (readonly [ProjectSettings, readonly string[]])[] = [
      [{ cdnTtlSeconds: 60 }, [settings, project]],
      [{ origins: [{ host: 'a.example', scheme: 'https' }] }, [settings, project]],
      [{ tokens: ['doc', 'new'] }, [names]],
      [{ tokens: ['new'] }, [names, project]],
      [{ originAliases: { _a_: 'y.example' } }, [names, project]],
      [{ maxUrlsPerInvalidation: 50, supportUrl: 'mailto:help@example.com' }, []],
      [{ maxUrlsPerInvalidation: 50 }, []],
    ]
    for (const [change, keys] of cases) {
      const head = await store.tables.log.head()
      await assets.updateProject('demo', change)
      assert.deepEqual(await keysAfter(store, head), keys, JSON.stringify(change))
    }
    assert.equal((await store.tables.projects.get('demo'))?.maxUrlsPerInvalidation, 50)
  })

  it('refuse a name that another project has, in any case and as any kind of company', async (t) => {
    const { assets } = await testLibrary(t)
    await assets.createProject('one', { company: 'Shop', tokens: ['doc'], hosts: ['a.example'] })
    const taken = { code: 'name-taken', status: 409 }
    await assert.rejects(assets.createProject('two', { aliases: ['SHOP'] }), taken)
    await assert.rejects(assets.createProject('two', { company: 'one' }), taken)
    await assert.rejects(assets.createProject('two', { tokens: ['Doc'] }), taken)
    await assert.rejects(assets.createProject('two', { hosts: ['A.example'] }), taken)
    await assert.rejects(assets.createProject('ONE', {}), { code: 'project-exists' })
    const made = await Promise.allSettled([
      assets.createProject('three', { tokens: ['same'] }),
      assets.createProject('four', { tokens: ['same'] }),
    ])
    assert.deepEqual(made.map((one) => one.status).sort(), ['fulfilled', 'rejected'])
  })

  const wrong: readonly (readonly [string, ProjectSettings])[] = [
    ['/company', { company: 'a/b' }],
    ['/aliases/1', { aliases: ['fine', 'a b'] }],
    ['/tokens/0', { tokens: ['a.b'] }],
    ['/hosts/0', { hosts: ['https://a.example'] }],
    ['/publishServer', { publishServer: 'https://a.example/path' }],
    ['/publishServer', { publishServer: 'ftp://a.example' }],
    ['/origins/0/host', { origins: [{ host: 'a.example:80', scheme: 'http' }] }],
    ['/origins/0/connectTo', { origins: [{ host: 'a', scheme: 'http', connectTo: 'x/y' }] }],
    ['/origins/0/headers', { origins: [{ host: 'a', scheme: 'http', headers: { Host: 'b' } }] }],
    [
      '/origins/0/headers',
      { origins: [{ host: 'a', scheme: 'http', headers: { 'x-for': '{{req.ip}}' } }] },
    ],
    ['/originAliases/_a_', { originAliases: { _a_: 'https://x.example' } }],
    ['/originAliases/a', { originAliases: { a: 'x.example' } }],
    ['/cdnTtlSeconds', { cdnTtlSeconds: -1 }],
    ['/maxUrlsPerInvalidation', { maxUrlsPerInvalidation: 0 }],
    ['/supportUrl', { supportUrl: 'javascript:alert(1)' }],
  ]
  for (const [pointer, settings] of wrong) {
    it(`${JSON.stringify(settings)} is refused at ${pointer}`, async (t) => {
      const { assets, store } = await testLibrary(t)
      await assert.rejects(assets.createProject('demo', settings), (error: Error) => {
        assert.ok('errors' in error && Array.isArray(error.errors))
        assert.deepEqual(
          error.errors.map((one) => one.pointer),
          [pointer],
        )
        return true
      })
      assert.deepEqual(await store.tables.projects.list(), [])
    })
  }

  it('a name that is no name of a project is refused', async (t) => {
    const { assets } = await testLibrary(t)
    for (const id of ['', 'a/b', 'a|b', '-a', 'ü', 'x'.repeat(65)]) {
      await assert.rejects(assets.createProject(id, {}), { code: 'bad-settings' })
    }
    await assert.rejects(assets.updateProject('nobody', {}), { code: 'unknown-project' })
  })

  it('the second of two editors of a template is told', async (t) => {
    const { assets } = await testLibrary(t)
    await assets.createProject('demo', {})
    const saved = await assets.putTemplate('demo', '<ID>', 'ann', 0)
    assert.deepEqual([saved.template, saved.templateVersion], ['<ID>', 1])
    await assert.rejects(assets.putTemplate('demo', 'other', 'bob', 0), {
      code: 'template-changed',
    })
    assert.equal((await assets.putTemplate('demo', 'forced', 'bob')).templateVersion, 2)
  })
})
