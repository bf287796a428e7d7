import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chosenFrom } from '../../console/src/chosen.ts'
import { paths } from '../../console/src/paths.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** Assets that were chosen on one page for another: a few, and thousands. */

const MANY_IDS = Array.from({ length: 2_000 }, (_, at) => `winter-collection/shoes/${at}`)

describe('what was chosen elsewhere', () => {
  const READ = { assets: ['a b', 'shop/ä&+%2C#'], folders: ['shop/'] }
  const chosen = { assets: READ.assets.join(','), folders: READ.folders.join(',') }

  test('is in the address, where people can read it', () => {
    const address = paths.invalidate('demo', { tab: 'assets', ...chosen })
    const { searchParams, hash } = new URL(address, 'http://x')
    assert.equal(hash, '')
    assert.deepEqual(chosenFrom(Object.fromEntries(searchParams), ''), READ)
    assert.equal(paths.invalidate('demo'), '/projects/demo/invalidate')
  })

  test('stands where no server reads it when it is long, whatever a router makes of escapes', () => {
    const many = { ...READ, assets: [...READ.assets, ...MANY_IDS] }
    const values = { assets: many.assets.join(','), folders: chosen.folders }
    const address = paths.invalidate('demo', { tab: 'assets', ...values })
    const { search, hash } = new URL(address, 'http://x')
    assert.equal(search, '?tab=assets')
    assert.equal(decodeURIComponent(hash), hash)
    assert.deepEqual(chosenFrom({}, hash.slice(1)), many)
  })

  test('is nothing when something else stands there', () => {
    for (const hash of ['', 'delivery', 'ä', 'YQ'])
      assert.deepEqual(chosenFrom({}, hash), { assets: [], folders: [] })
  })
})

describe('many assets in the console', WITH_CHROMIUM, () => {
  const desk = deskForSuite()

  test('two thousand assets that were chosen together survive a reload, and another tab', async () => {
    const { page } = desk
    await page.goto(paths.invalidate('demo', { assets: ['flat', ...MANY_IDS].join(',') }))
    const chips = page.getByRole('list', { name: 'Chosen' }).getByRole('listitem')
    const all = page.getByText('2,001 assets chosen.', { exact: true })
    await all.waitFor()
    await page.getByRole('tab', { name: 'Originals' }).click()
    await page.getByRole('tab', { name: 'Assets and URLs' }).click()
    assert.equal((await page.reload())?.status(), 200)
    await all.waitFor()
    await page.getByRole('button', { name: 'Remove flat', exact: true }).click()
    await page.getByText('2,000 assets chosen.', { exact: true }).waitFor()
    assert.equal(await chips.count(), 100, 'of so many, some are enough to look at')
    await page.getByRole('button', { name: 'Show all 2,000' }).click()
    await chips.nth(1_999).waitFor()
    await page.getByRole('button', { name: 'Take all out' }).click()
    await page.getByText(/^None chosen/).waitFor()
    await page.goto('/projects/demo/help')
  })

  test('so they do as Classic shows them', async () => {
    const { page } = desk
    const lists = 'The list that the template forms for 2,001 selected assets.'
    await page.goto(paths.classic('demo', { assets: ['flat', ...MANY_IDS].join(',') }))
    await page.getByText(lists).waitFor()
    assert.equal((await page.reload())?.status(), 200)
    await page.getByText(lists).waitFor()
  })
})
