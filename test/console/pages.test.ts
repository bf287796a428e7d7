import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, signedIn, visit } from '../support/browser.ts'
import type { Visit } from '../support/browser.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'
import { PAGES, open } from './pages-suite.ts'

/** Reachable, usable by keyboard alone, and honest about a lost connection. */

const chromium = program('chromium')

describe('the pages of the console', { skip: chromium.skip }, () => {
  let serve: Started
  let browser: Browser
  let state: Awaited<ReturnType<Visit['context']['storageState']>>

  before(async () => {
    serve = await startServe()
    browser = await launchBrowser(chromium.path)
    const first = await signedIn(browser, serve)
    state = await first.context.storageState()
    await first.close()
  })

  after(async () => {
    await browser?.close()
    await serve?.stop()
  })

  test('the side navigation names every page, and is a menu on a narrow screen', async () => {
    const seen = await visit(browser, serve.consoleUrl, { width: 390, state })
    await open(seen.page, '/projects/demo', 'Home')
    const navigation = seen.page.getByRole('navigation', { name: 'Pages' })
    assert.equal(await navigation.isVisible(), false)
    await seen.page.getByRole('button', { name: 'Menu' }).click()
    const links = await navigation.getByRole('link').allInnerTexts()
    assert.deepEqual(
      links.map((text) => text.trim()),
      PAGES.map(({ name }) => name),
    )
    await navigation.getByRole('link', { name: 'Nodes' }).click()
    await seen.page.getByRole('heading', { name: 'Nodes', level: 1 }).waitFor()
    assert.equal(await navigation.isVisible(), false)
    await seen.close()
  })

  test('an invalidation can be made by keyboard alone', async () => {
    const seen = await visit(browser, serve.consoleUrl, { state })
    const { page } = seen
    await open(page, '/projects/demo', 'Home')
    await tabTo(page, 'link', 'CDN Invalidation')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'CDN Invalidation', exact: true }).waitFor()

    await tabTo(page, 'button', 'Add Assets')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Add Assets' }).waitFor()
    await page.keyboard.type('flat1')
    await page.getByRole('checkbox', { name: 'gspdf' }).waitFor({ state: 'detached' })
    await tabTo(page, 'checkbox', 'flat1')
    await page.keyboard.press('Space')
    await tabTo(page, 'button', 'Choose 1 asset')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await tabTo(page, 'checkbox', 'All renditions')
    await page.keyboard.press('Space')
    await tabTo(page, 'checkbox', 'Invalidation based on template')
    await page.keyboard.press('Space')

    await tabTo(page, 'button', 'Next')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Confirm' }).waitFor()
    const rows = page.getByRole('group', { name: 'URLs to invalidate' }).getByRole('listitem')
    await rows.nth(4).waitFor()
    const first = await rows.first().getByRole('button').getAttribute('aria-label')
    await tabTo(page, 'button', first ?? '')
    await page.keyboard.press('Enter')
    await rows.nth(4).waitFor({ state: 'detached' })
    await tabTo(page, 'button', 'Submit')
    await page.keyboard.press('Enter')
    await page
      .getByText(/^Live everywhere, 4 URLs, /)
      .first()
      .waitFor()
    assert.deepEqual(seen.findings, [])
    await seen.close()
  })

  test('a lost connection is told, and the page recovers by itself', async () => {
    const seen = await visit(browser, serve.consoleUrl, { state })
    await open(seen.page, '/projects/demo/nodes', 'Nodes')
    await seen.context.setOffline(true)
    await seen.page.getByText('Connection lost.').waitFor()
    await seen.context.setOffline(false)
    await seen.page.getByText('Connection lost.').waitFor({ state: 'detached' })
    await seen.page.getByRole('table', { name: 'Nodes' }).waitFor()
    await seen.close()
  })
})

/** As many presses of Tab as any of these pages needs to be gone through. */
const TABS_MAX = 120

/** Presses Tab until the control with this role and name has the focus. */
async function tabTo(
  page: Page,
  role: 'button' | 'checkbox' | 'link',
  name: string,
): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: true }).first()
  await wanted.waitFor()
  for (let pressed = 0; pressed < TABS_MAX; pressed++) {
    await page.keyboard.press('Tab')
    if (await wanted.evaluate((element) => element.ownerDocument.activeElement === element)) return
  }
  assert.fail(`Tab does not reach the ${role} ${name}`)
}
