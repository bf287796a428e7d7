import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Selection } from '../contract/invalidation.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import { formUrls } from './formation.ts'
import { PROJECT, image, pdf, selected, word } from './workbench-suite.ts'

/** Adobe's rules: the worked example of "Invalidate the CDN cache", and the contract's fixtures. */

const BASE = 'http://my.publishserver.com:8080/is/image/dms7snapshot'

function form(
  part: Partial<Selection>,
  assets: readonly AssetRow[] = [],
  project: Partial<ProjectRow> = {},
  served: ReadonlyMap<string, readonly string[]> = new Map(),
) {
  return formUrls({
    project: { ...PROJECT, ...project },
    selection: selected({ assets: assets.map((asset) => asset.id), ...part }),
    assets,
    served,
  })
}

function urls(...input: Parameters<typeof form>): string[] {
  const formed = form(...input)
  assert.deepEqual(formed.refusals, [])
  return formed.urls.map(({ url }) => url)
}

const WORKED_TEMPLATE = [
  '<ID>',
  '<ID>?$pdp-main$',
  '<ID>?scl=1&qlt=100',
  'https://my.publishserver.com:8080/is/image/dms7snapshot/<ID>',
  'http://my.publishserver.com:8080/is/content/dms7snapshot/gspdf',
].join('\n')

const presets = { thumbnail: 'wid=100', product: 'wid=400', large: 'wid=1000', 'pdp-main': 'wid=2' }

describe('forming URLs', () => {
  test('the worked example of five lines forms five URLs in this order', () => {
    const found = urls({ template: true }, [image('spinset')], { template: WORKED_TEMPLATE })
    assert.deepEqual(found, [
      'http://my.publishserver.com:8080/is/content/dms7snapshot/gspdf',
      'http://my.publishserver.com:8080/is/image/dms7snapshot/spinset',
      'http://my.publishserver.com:8080/is/image/dms7snapshot/spinset?$pdp-main$',
      'http://my.publishserver.com:8080/is/image/dms7snapshot/spinset?scl=1&qlt=100',
      'https://my.publishserver.com:8080/is/image/dms7snapshot/spinset',
    ])
  })

  test('three assets, four lines with <ID> and a literal form thirteen', () => {
    const assets = [image('a'), image('b'), image('c')]
    assert.equal(urls({ template: true }, assets, { template: WORKED_TEMPLATE }).length, 13)
  })

  test('four presets, two images and a PDF form ten', () => {
    const found = urls({ presets: true }, [image('a'), image('b'), pdf('gspdf')], { presets })
    assert.equal(found.length, 10)
    assert.ok(found.includes(`${BASE}/a`))
    assert.ok(found.includes(`${BASE}/b?$pdp-main$`))
    assert.ok(!found.some((url) => url.includes('gspdf')))
  })

  test('nothing ticked forms the base URL of each image', () => {
    assert.deepEqual(urls({}, [image('b'), image('a'), pdf('c')]), [`${BASE}/a`, `${BASE}/b`])
  })

  test('presets in Cloudimage’s words form none: they stand behind p=', () => {
    const both = { large: 'wid=1000', gallery_thumb: 'w=250&h=250&f=gray' }
    const found = urls({ presets: true }, [image('a')], { presets: both })
    assert.deepEqual(found, [`${BASE}/a`, `${BASE}/a?$large$`])
  })

  test('template and presets together form both', () => {
    const found = urls({ template: true, presets: true }, [image('a')], {
      template: '<ID>?wid=9',
      presets: { large: 'wid=1000' },
    })
    assert.deepEqual(found, [`${BASE}/a`, `${BASE}/a?$large$`, `${BASE}/a?wid=9`])
  })

  test('a template on another server of the company keeps that server', () => {
    const project = {
      company: 'Company',
      template: 'https://server.com/is/image/Company/<ID>?$product$',
    }
    assert.deepEqual(urls({ template: true }, [image('Backpack_B')], project), [
      'https://server.com/is/image/Company/Backpack_B?$product$',
    ])
  })

  test('a template without a selected asset forms its literals', () => {
    const template = `<ID>\r\n\r\n  https://x.example/a  \nhttps://x.example/<ID>\n`
    assert.deepEqual(urls({ template: true }, [], { template }), ['https://x.example/a'])
  })

  test('an empty template forms nothing', () => {
    assert.deepEqual(urls({ template: true }, [image('a')], { template: ' \n' }), [])
  })

  test('crops, content and served URLs are added to the base', () => {
    const crop = { rect: { x: 0, y: 0, width: 1, height: 1 }, width: 1, height: 1 }
    const assets = [image('a', { crops: { wide: crop } }), pdf('m')]
    const served = new Map([['a', ['http://old.example/is/image/demo/a?wid=7']]])
    assert.deepEqual(
      urls({ crops: true, content: true, served: true }, assets, { smartCrops: [] }, served),
      [
        `${BASE}/a`,
        `${BASE}/a:wide`,
        'http://my.publishserver.com:8080/is/content/dms7snapshot/m',
        'http://old.example/is/image/demo/a?wid=7',
      ].sort(),
    )
  })

  test("smart crops are the project's for every image, and the image's own", () => {
    const drawn = { rect: { x: 0, y: 0, width: 1, height: 1 }, width: 1, height: 1 }
    const assets = [image('a', { crops: { Large: drawn, Own: drawn } }), image('b'), pdf('c')]
    const base = (id: string) => [`${BASE}/${id}`, `${BASE}/${id}:Large`, `${BASE}/${id}:Medium`]
    const expected = [...base('a'), `${BASE}/a:Own`, `${BASE}/a:Small`]
    assert.deepEqual(urls({ crops: true }, assets), [...expected, ...base('b'), `${BASE}/b:Small`])
  })

  test('an id is percent-encoded once, its slashes stay, the tail stays as it is', () => {
    const found = urls({ template: true }, [image('Schuhe/rot ä%')], { template: '<ID>?$a b$%20' })
    assert.deepEqual(found, [`${BASE}/Schuhe/rot%20%C3%A4%25?$a b$%20`])
  })

  test('the name of a preset or crop with a space is percent-encoded', () => {
    const rect = { x: 0, y: 0, width: 1, height: 1 }
    const crops = { 'my crop': { rect, width: 1, height: 1 } }
    const part = { presets: true, crops: true }
    const project = { presets: { 'My Preset': '' }, smartCrops: [] }
    assert.deepEqual(urls(part, [image('a', { crops })], project), [
      `${BASE}/a`,
      `${BASE}/a:my%20crop`,
      `${BASE}/a?$My%20Preset$`,
    ])
  })

  test('typed URLs are trimmed, empty lines are nothing, doubles go once', () => {
    const typed = [' https://x.example/b ', '', 'https://x.example/a', 'https://x.example/b']
    assert.deepEqual(urls({ urls: typed }), ['https://x.example/a', 'https://x.example/b'])
  })

  test('what is excluded is not in the list', () => {
    const part = { presets: true, exclude: [`${BASE}/a`] }
    assert.deepEqual(urls(part, [image('a')], { presets: { p: '' } }), [`${BASE}/a?$p$`])
  })

  test('excluding each URL of the list leaves none', () => {
    const assets = [image('a'), image('b')]
    const all = urls({ presets: true }, assets, { presets })
    assert.deepEqual(urls({ presets: true, exclude: all }, assets, { presets }), [])
  })

  test('each URL says where it comes from', () => {
    const formed = form(
      { presets: true, template: true, urls: ['http://x.example/'] },
      [image('a')],
      {
        template: '<ID>?z',
        presets: { p: '' },
      },
    )
    assert.deepEqual(
      formed.urls.map(({ from }) => from),
      ['asset a', 'asset a, preset p', 'template line 1, asset a', 'added'],
    )
  })
})

describe('refusing to form URLs', () => {
  test('every unknown asset is named', () => {
    const [refusal, ...others] = form({ assets: ['a', 'x', 'y'] }, [image('a')]).refusals
    assert.deepEqual(others, [])
    assert.equal(refusal?.code, 'unknown-asset')
    assert.equal(refusal?.title, 'Failed to retrieve URL(s) for selected asset(s).')
    assert.deepEqual(
      refusal?.errors.map(({ pointer, item }) => [pointer, item]),
      [
        ['/assets/1', 'x'],
        ['/assets/2', 'y'],
      ],
    )
  })

  test('without a publish server or company nothing can be formed from assets', () => {
    for (const missing of [{ publishServer: null }, { company: null }]) {
      const [refusal] = form({}, [image('a')], missing).refusals
      assert.equal(refusal?.code, 'no-publish-server')
      assert.equal(refusal?.title, 'Failed to retrieve URL(s) for selected asset(s).')
    }
  })

  test('a purge by asset needs no publish server, and typed URLs do not either', () => {
    const missing = { publishServer: null }
    assert.deepEqual(form({ renditions: true }, [image('a')], missing).refusals, [])
    assert.deepEqual(form({ urls: ['http://x.example/'] }, [], missing).refusals, [])
  })

  test('types that are never delivered are problems and form nothing', () => {
    const doc = word('letter.docx')
    const eps = { ...image('logo'), mediaType: 'application/postscript' }
    const formed = form({ content: true, template: true, presets: true }, [doc, eps], {
      template: '<ID>',
    })
    assert.deepEqual(formed.urls, [])
    assert.equal(formed.warnings.length, 2)
  })
})
