import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, seriousAxeFindings, visit } from '../support/browser.ts'
import type { Visit } from '../support/browser.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** Each page by itself: reachable, usable by keyboard, readable by a screen reader, on a wide and a narrow screen. */

const chromium = program('chromium')

const PAGES = [
  { name: 'Home', path: '/projects/demo' },
  { name: 'Assets', path: '/projects/demo/assets' },
  { name: 'Image Presets', path: '/projects/demo/presets' },
  { name: 'CDN Invalidation', path: '/projects/demo/invalidate' },
  { name: 'CDN Invalidation Template', path: '/projects/demo/template' },
  { name: 'Invalidation Log', path: '/projects/demo/invalidations' },
  { name: 'Live view', path: '/projects/demo/live?asset=flat' },
  { name: 'Nodes', path: '/projects/demo/nodes' },
  { name: 'Targets', path: '/projects/demo/targets' },
  { name: 'General Settings', path: '/projects/demo/settings' },
  { name: 'People and API keys', path: '/projects/demo/people' },
  { name: 'Help', path: '/projects/demo/help' },
] as const

/** Reached from those. */
const FURTHER = [
  { name: 'flat', path: '/projects/demo/assets/flat' },
  { name: 'gspdf', path: '/projects/demo/assets/gspdf' },
  { name: 'Invalidate CDN', path: '/projects/demo/invalidate-cdn?assets=spinset' },
  { name: 'CDN Invalidation', path: '/projects/demo/invalidate?tab=originals' },
  { name: 'CDN Invalidation', path: '/projects/demo/invalidate?tab=everything' },
] as const

/** Each is looked at in the other colours, too. */
const SCREENS = [
  { name: 'wide and light', width: 1280, dark: false },
  { name: 'narrow and dark', width: 390, dark: true },
] as const

/** What can be wrong in other colours alone: the same page is not searched again for all the rest. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'] as const

describe('the pages of the console', { skip: chromium.skip }, () => {
  let serve: Started
  let browser: Browser
  let state: Awaited<ReturnType<Visit['context']['storageState']>>

  before(async () => {
    serve = await startServe()
    browser = await launchBrowser(chromium.path)
    const first = await visit(browser, serve.consoleUrl)
    await first.page.goto(linkOf(serve))
    await first.page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
    state = await first.context.storageState()
    await first.close()
  })

  after(async () => {
    await browser?.close()
    await serve?.stop()
  })

  for (const screen of SCREENS) {
    describe(screen.name, () => {
      let seen: Visit

      before(async () => {
        seen = await visit(browser, serve.consoleUrl, { ...screen, state })
      })

      after(() => seen.close())

      for (const { name, path } of [...PAGES, ...FURTHER]) {
        test(`${path} has no serious axe finding, and nothing is wider than the screen`, async () => {
          await open(seen.page, path, name)
          await assertWell(seen.page, screen.dark)
        })
      }

      test('neither have the forms for a crop and a preset, nor actions on selected assets', async () => {
        const { page } = seen
        await open(page, '/projects/demo/assets/flat', 'flat')
        await page.getByRole('button', { name: 'Edit crop Large' }).click()
        await page.getByRole('img', { name: /^This part of flat/ }).waitFor()
        await assertWell(page, screen.dark)
        await open(page, '/projects/demo/presets', 'Image Presets')
        await page.getByRole('button', { name: 'Edit preset product' }).click()
        await page.getByRole('img', { name: /with these modifiers$/ }).waitFor()
        await assertWell(page, screen.dark)
        await open(page, '/projects/demo/assets', 'Assets')
        await page.getByRole('checkbox', { name: 'Select flat', exact: true }).check()
        await page.getByRole('link', { name: 'Invalidate CDN' }).waitFor()
        await assertWell(page, screen.dark)
      })

      test('neither has Confirm, nor the picker of assets, nor the result', async () => {
        const { page } = seen
        await open(page, '/projects/demo/invalidate?assets=flat', 'CDN Invalidation')
        await page.getByRole('button', { name: 'Add Assets' }).click()
        await page.getByRole('checkbox', { name: 'gspdf' }).waitFor()
        assert.deepEqual(await seriousAxeFindings(page), [])
        await page.getByRole('button', { name: 'Cancel' }).click()
        await page.getByRole('button', { name: 'Next' }).click()
        await page.getByRole('group', { name: 'URLs to invalidate' }).waitFor()
        await assertWell(page, screen.dark)
        await page.getByRole('button', { name: /^Remove http/ }).click()
        await page.getByRole('alertdialog', { name: 'Keep this URL in the caches?' }).waitFor()
        assert.deepEqual(await seriousAxeFindings(page), [])
        await page.getByRole('button', { name: 'Leave the list as it is' }).click()
        await page.getByRole('button', { name: 'Submit' }).click()
        await page
          .getByText(/^Live everywhere, /)
          .first()
          .waitFor()
        assert.deepEqual(await seriousAxeFindings(page), [])
      })

      test('no page violated the content security policy or asked another host', () => {
        assert.deepEqual(seen.findings, [])
      })
    })
  }

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

/** Nothing serious for axe in both colours, and nothing wider than the screen. */
async function assertWell(page: Page, isDark: boolean): Promise<void> {
  assert.deepEqual(await seriousAxeFindings(page), [])
  const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  assert.equal(beyond, 0, 'pixels beyond the screen')
  await page.emulateMedia({ colorScheme: isDark ? 'light' : 'dark' })
  assert.deepEqual(await seriousAxeFindings(page, COLOUR_RULES), [], 'in the other colours')
  await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light' })
}

function linkOf({ signInLink }: Started): string {
  assert.ok(signInLink, 'a first start prints a sign-in link')
  return signInLink
}

/** Nothing is being loaded any more, so that what is checked is the page and not its waiting sign. */
async function open(page: Page, path: string, name: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { name, exact: true, level: 1 }).waitFor()
  await page.getByRole('progressbar').first().waitFor({ state: 'detached' })
}
