import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, seriousAxeFindings, signedIn, visit } from '../support/browser.ts'
import type { Visit } from '../support/browser.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** Each page by itself: readable by a screen reader, in both colours, on a screen of this width. */

const chromium = program('chromium')

export const PAGES = [
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

/** What can be wrong in other colours alone: the same page is not searched again for all the rest. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'] as const

export interface Screen {
  readonly width: number
  /** It is looked at in the other colours, too. */
  readonly dark: boolean
}

export function pagesSuite(screen: Screen): void {
  const title = `the pages of the console, ${screen.width} pixels wide`
  describe(title, { skip: chromium.skip }, () => {
    let serve: Started
    let browser: Browser
    let seen: Visit

    before(async () => {
      serve = await startServe()
      browser = await launchBrowser(chromium.path)
      const first = await signedIn(browser, serve)
      seen = await visit(browser, serve.consoleUrl, {
        ...screen,
        state: await first.context.storageState(),
      })
      await first.close()
    })

    after(async () => {
      await browser?.close()
      await serve?.stop()
    })

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

/** Nothing serious for axe in both colours, and nothing wider than the screen. */
async function assertWell(page: Page, isDark: boolean): Promise<void> {
  assert.deepEqual(await seriousAxeFindings(page), [])
  const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
  assert.equal(beyond, 0, 'pixels beyond the screen')
  await page.emulateMedia({ colorScheme: isDark ? 'light' : 'dark' })
  assert.deepEqual(await seriousAxeFindings(page, COLOUR_RULES), [], 'in the other colours')
  await page.emulateMedia({ colorScheme: isDark ? 'dark' : 'light' })
}

/** Nothing is being loaded any more, so that what is checked is the page and not its waiting sign. */
export async function open(page: Page, path: string, name: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { name, exact: true, level: 1 }).waitFor()
  await page.getByRole('progressbar').first().waitFor({ state: 'detached' })
}
