import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Selection } from '../contract/invalidation.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import { formUrls } from './formation.ts'
import { makePlan } from './plan.ts'
import { deliveryNames } from './url-check.ts'
import { PROJECT, image, pdf, selected, word } from './workbench-suite.ts'

/**
 * Sentences of Adobe's pages "Invalidating your CDN cached content" (Classic) and "Invalidating the CDN cache by way of Dynamic
 * Media", each as what it comes to here.
 */

const SERVER = 'http://my.publishserver.com:8080'
const clip: AssetRow = { ...pdf('clip.mp4'), kind: 'video', mediaType: 'video/mp4' }

function plan(
  part: Partial<Selection>,
  assets: readonly AssetRow[] = [],
  change: Partial<ProjectRow> = {},
) {
  const project: ProjectRow = { ...PROJECT, smartCrops: [], ...change }
  return makePlan({
    project,
    selection: selected({ assets: assets.map(({ id }) => id), ...part }),
    assets,
    served: new Map(),
    known: deliveryNames(project, []),
    folderAssets: [],
    originalAssets: new Set(),
  })
}

function urls(...input: Parameters<typeof plan>): readonly string[] {
  const { entries, refusals } = plan(...input)
  assert.deepEqual(refusals, [])
  return entries.map(({ url }) => url)
}

describe('Invalidating your CDN cached content (Dynamic Media Classic)', () => {
  const company = { company: 'Company', publishServer: 'https://server.com' }

  test('"with the CDN Invalidation Template set, … you selected a single image asset image named Backpack_B … it results in the following generated URL"', () => {
    const template = 'https://server.com/is/image/Company/<ID>?$product$'
    assert.deepEqual(urls({ template: true }, [image('Backpack_B')], { ...company, template }), [
      'https://server.com/is/image/Company/Backpack_B?$product$',
    ])
  })

  test('"If the Template just contains <ID>, then Dynamic Media fills in https://<server>/is/image where <server> is the Publish Server Name"', () => {
    assert.deepEqual(urls({ template: true }, [image('a')], { ...company, template: '<ID>' }), [
      'https://server.com/is/image/Company/a',
    ])
  })

  test('"If you selected multiple assets, … each asset is referenced in the saved Template URL"', () => {
    const change = { ...company, template: '<ID>?$product$\n<ID>?$search$' }
    assert.deepEqual(urls({ template: true }, [image('b'), image('a')], change), [
      'https://server.com/is/image/Company/a?$product$',
      'https://server.com/is/image/Company/a?$search$',
      'https://server.com/is/image/Company/b?$product$',
      'https://server.com/is/image/Company/b?$search$',
    ])
  })

  test('"If there is nothing in the CDN Invalidate Template text box, then you get a blank URL list"', () => {
    const { entries, refusals } = plan({ template: true }, [image('a')], { template: '' })
    assert.deepEqual(entries, [])
    assert.equal(refusals[0]?.title, 'No URL(s) entered to be invalidated.')
  })

  test('"Another option is to add complete URLs … it is unnecessary to select assets"', () => {
    const url = `${SERVER}/is/image/dms7snapshot/any?wid=7`
    assert.deepEqual(urls({ urls: [url] }), [url])
  })
})

describe('Invalidating the CDN cache by way of Dynamic Media', () => {
  const BASE = `${SERVER}/is/image/dms7snapshot`
  const CONTENT = `${SERVER}/is/content/dms7snapshot`

  test('"Any presets/modifiers post <ID> are copied as-is in the URL definition"', () => {
    const template = '<ID>?$pdp-main$\n<ID>?scl=1&qlt=100\n<ID>:Large?$a b$'
    assert.deepEqual(urls({ template: true }, [image('spinset')], { template }), [
      `${BASE}/spinset:Large?$a b$`,
      `${BASE}/spinset?$pdp-main$`,
      `${BASE}/spinset?scl=1&qlt=100`,
    ])
  })

  test('"Only images, that is, /is/image, can be auto formed based on the template"', () => {
    assert.deepEqual(urls({ template: true }, [image('a')], { template: '<ID>' }), [`${BASE}/a`])
    assert.deepEqual(urls({}, [image('a'), pdf('b.pdf'), clip]), [`${BASE}/a`])
  })

  test('"For /is/content/, adding assets such as videos or PDFs using the asset picker does not auto generate URLs"; Content URLs does', () => {
    const { entries, warnings } = plan({}, [pdf('b.pdf'), clip])
    assert.deepEqual(entries, [])
    assert.equal(warnings.length, 2, 'and each is told')
    assert.deepEqual(urls({ content: true }, [pdf('b.pdf'), clip]), [
      `${CONTENT}/b.pdf`,
      `${CONTENT}/clip.mp4`,
    ])
  })

  test('"the invalidation template contains <ID> along with the asset URL having /is/content"', () => {
    const template = `${CONTENT}/<ID>`
    assert.deepEqual(urls({ template: true }, [pdf('b.pdf')], { template }), [`${CONTENT}/b.pdf`])
  })

  test('"the invalidation template contains the full URL of the asset … (not dependent on the asset picker)"', () => {
    const template = `${CONTENT}/backpack`
    for (const assets of [[], [image('a'), image('b')]]) {
      assert.deepEqual(urls({ template: true }, assets, { template }), [template])
    }
  })

  test('"Asset file types that are not supported for CDN invalidation include Postscript, …, Microsoft Word, and Rich Text Format"', () => {
    const { entries, warnings } = plan({ content: true }, [word('letter.doc')])
    assert.deepEqual(entries, [])
    assert.match(warnings[0]!.reason, /letter\.doc is a Word file/)
  })

  test('"you must specify URLs for image smart crops either in this CDN Invalidation template, or in the Add URL text field"; or tick Smart crops', () => {
    const crops = { smartCrops: [{ name: 'Large', width: 2, height: 1 }] }
    const large = [`${BASE}/a:Large`]
    assert.deepEqual(
      urls({ template: true }, [image('a')], { ...crops, template: '<ID>:Large' }),
      large,
    )
    assert.deepEqual(urls({ urls: large }, [], crops), large)
    assert.deepEqual(urls({ crops: true }, [image('a')], crops), [`${BASE}/a`, ...large])
    assert.deepEqual(urls({}, [image('a')], crops), [`${BASE}/a`], 'not by themselves')
  })

  test('"Each entry in a CDN Invalidation template must be on its own line"', () => {
    const template = `${BASE}/<ID> ${BASE}/<ID>?wid=1`
    const { refusals } = plan({ template: true }, [image('a')], { template })
    assert.match(refusals[0]?.errors[0]?.reason ?? '', /two URLs: write one a line/)
  })

  test('"If you decide to leave the options … unchecked, then the base URL of the selected assets is formed for invalidation"', () => {
    assert.deepEqual(urls({}, [image('b'), image('a')]), [`${BASE}/a`, `${BASE}/b`])
  })

  test('"selected assets and all their associated image preset URLs are auto-formed … This option works only for image assets"', () => {
    const presets = { product: 'wid=1', 'pdp-main': 'wid=2' }
    assert.deepEqual(urls({ presets: true }, [image('a'), pdf('b.pdf')], { presets }), [
      `${BASE}/a`,
      `${BASE}/a?$pdp-main$`,
      `${BASE}/a?$product$`,
    ])
  })

  test('"Check this option to use only the defined template for URL formation"', () => {
    const template = '<ID>?wid=5'
    assert.deepEqual(urls({ template: true }, [image('a')], { template }), [`${BASE}/a?wid=5`])
  })

  test('"You can select either published or unpublished assets"', () => {
    const assets = [image('a', { published: false }), image('b')]
    assert.deepEqual(urls({}, assets), [`${BASE}/a`, `${BASE}/b`])
  })

  test('"You can invalidate up to 1000 URLs at a given time … you must tap X … to delete it from the invalidation list"', () => {
    const typed = Array.from({ length: 1001 }, (_, at) => `${BASE}/a?wid=${at + 1}`)
    assert.equal(plan({ urls: typed }).refusals[0]?.code, 'too-many-urls')
    assert.equal(urls({ urls: typed, exclude: [typed[500]!] }).length, 1000)
  })

  test('"either the entire batch is processed for invalidation, or the entire batch is failed"', () => {
    const { refusals } = plan({ urls: [`${BASE}/a`, 'nonsense'] })
    assert.equal(
      refusals[0]?.title,
      'Some URLs are not defined correctly. Please correct and re-submit.',
    )
    assert.deepEqual(
      refusals[0]?.errors.map(({ url }) => url),
      ['nonsense'],
    )
  })

  test('"The publish server or the company root used to form the URLs is missing": Failed to retrieve URL(s) for selected asset(s).', () => {
    for (const change of [{ publishServer: null }, { company: null }]) {
      const { refusals } = plan({}, [image('a')], change)
      assert.equal(refusals[0]?.title, 'Failed to retrieve URL(s) for selected asset(s).')
    }
  })

  test('the company, its alias and every host of the project are covered by one selection', () => {
    const one = plan({ urls: [`${BASE}/a?wid=5`] })
    for (const url of [
      'https://img.shop.example/is/image/alias/a?wid=5',
      'http://my.publishserver.com/is/image/demo/a?WID=5&ts=1',
    ]) {
      const other = plan({ urls: [url] })
      assert.deepEqual(other.keys, one.keys, url)
      assert.match(other.entries[0]?.covers ?? '', /in every spelling, format and host/)
    }
  })

  test('forming again what was formed changes nothing', () => {
    const project = { ...PROJECT, template: '<ID>?wid=5\n<ID>', presets: { p: 'wid=1' } }
    const selection = selected({ assets: ['a', 'b'], template: true, presets: true, crops: true })
    const assets = [image('a'), image('b')]
    const first = formUrls({ project, selection, assets, served: new Map() }).urls
    const again = selected({ urls: first.map(({ url }) => url) })
    const second = formUrls({ project, selection: again, assets: [], served: new Map() }).urls
    assert.deepEqual(
      second.map(({ url }) => url),
      first.map(({ url }) => url),
    )
  })
})
