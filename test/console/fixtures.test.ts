import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** Lists as Dynamic Media forms them (Adobe, "Invalidating the CDN cache by way of Dynamic Media"), as the console shows them. */

const SERVER = 'http://my.publishserver.com:8080'

interface Fixture {
  readonly name: string
  readonly template: string
  readonly assets: readonly string[]
  readonly ticks: readonly string[]
  /** All of the list, in its order, or how many rows it has. */
  readonly rows: number | readonly string[]
}

const PRESETS = 'Invalidate asset associated image presets in CDN'
const TEMPLATE = 'Invalidation based on template'

const FIXTURES: readonly Fixture[] = [
  {
    name: 'the example of five lines and one asset',
    template: [
      '<ID>',
      '<ID>?$pdp-main$',
      '<ID>?scl=1&qlt=100',
      'https://my.publishserver.com:8080/is/image/demo/<ID>',
      'http://my.publishserver.com:8080/is/content/demo/gspdf',
    ].join('\n'),
    assets: ['spinset'],
    ticks: [TEMPLATE],
    rows: [
      `${SERVER}/is/content/demo/gspdf`,
      `${SERVER}/is/image/demo/spinset`,
      `${SERVER}/is/image/demo/spinset?$pdp-main$`,
      `${SERVER}/is/image/demo/spinset?scl=1&qlt=100`,
      'https://my.publishserver.com:8080/is/image/demo/spinset',
    ],
  },
  {
    name: 'three assets with four lines that name them and one that does not',
    template: `<ID>\n<ID>?$product$\n<ID>?$large$\n<ID>?wid=7\n${SERVER}/is/content/demo/gspdf`,
    assets: ['flat', 'flat1', 'glass'],
    ticks: [TEMPLATE],
    rows: 13,
  },
  {
    name: 'two images and a PDF with four presets',
    template: '',
    assets: ['flat', 'flat1', 'gspdf'],
    ticks: [PRESETS],
    rows: 10,
  },
  {
    name: 'one line with a preset',
    template: `${SERVER}/is/image/demo/<ID>?$product$`,
    assets: ['Backpack_B'],
    ticks: [TEMPLATE],
    rows: [`${SERVER}/is/image/demo/Backpack_B?$product$`],
  },
  {
    name: 'nothing selected: the lines that name no asset',
    template: `<ID>\n${SERVER}/is/content/demo/gspdf`,
    assets: [],
    ticks: [TEMPLATE],
    rows: [`${SERVER}/is/content/demo/gspdf`],
  },
  {
    name: 'nothing ticked: the base URL of each selected image',
    template: '<ID>?$product$',
    assets: ['flat', 'spinset'],
    ticks: [],
    rows: [`${SERVER}/is/image/demo/flat`, `${SERVER}/is/image/demo/spinset`],
  },
  {
    name: 'both ticked: presets and template together, without doubles',
    template: '<ID>?$product$\n<ID>?wid=7',
    assets: ['flat'],
    ticks: [PRESETS, TEMPLATE],
    rows: 6,
  },
]

describe('lists as Dynamic Media forms them', WITH_CHROMIUM, () => {
  const desk = deskForSuite()

  before(async () => {
    await call('PATCH', '', { publishServer: SERVER })
  })

  async function call(method: string, path: string, body: object): Promise<void> {
    const answer = await fetch(`${desk.serve.consoleUrl}/api/v1/projects/demo${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await desk.serve.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
    assert.equal(answer.status, 200, await answer.text())
  }

  for (const { name, template, assets, ticks, rows } of FIXTURES) {
    test(name, async () => {
      const { page } = desk
      await call('PUT', '/template', { text: template })
      await page.goto(`/projects/demo/invalidate?assets=${assets.join(',')}`)
      await page.getByRole('switch', { name: 'Dynamic Media only' }).click()
      for (const tick of ticks) await page.getByRole('checkbox', { name: tick }).check()
      await page.getByRole('button', { name: 'Next' }).click()
      const list = page.getByRole('group', { name: 'URLs to invalidate' }).getByRole('listitem')
      const amount = typeof rows === 'number' ? rows : rows.length
      await list.nth(amount - 1).waitFor()
      assert.equal(await list.count(), amount)
      if (typeof rows === 'number') return
      assert.deepEqual(await list.locator('code').allInnerTexts(), rows)
    })
  }

  test('nothing violated the content security policy, and nothing was fetched from elsewhere', () => {
    assert.deepEqual(desk.findings, [])
  })
})
