import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, visit } from '../support/browser.ts'
import type { Visit } from '../support/browser.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** What a stranger does with the demo, in a real browser against a really started Sluice. */

const chromium = program('chromium')

const DONE = /^Live everywhere, 5 URLs, \d+\.\d s; visitors' browsers may keep theirs up to 60 s$/

describe('the console, from sign-in to fresh', { skip: chromium.skip }, () => {
  let serve: Started
  let browser: Browser
  let desk: Visit

  before(async () => {
    serve = await startServe()
    browser = await launchBrowser(chromium.path)
    desk = await visit(browser, serve.consoleUrl)
  })

  after(async () => {
    await browser?.close()
    await serve?.stop()
  })

  /** What visitors of each edge did before: both hold a copy. */
  async function fillEdges(path: string): Promise<void> {
    for (const edge of serve.edges) {
      const answer = await fetch(edge + path)
      assert.equal(answer.status, 200, `${edge}${path}`)
      await answer.arrayBuffer()
    }
  }

  test('without a session every address leads to the sign-in page, and back afterwards', async () => {
    const { page } = desk
    await page.goto('/projects/demo/nodes')
    await page.getByRole('heading', { name: 'Sign in to Sluice' }).waitFor()
    assert.match(page.url(), /\/sign-in\?to=%2Fprojects%2Fdemo%2Fnodes$/)
  })

  test('a wrong password is refused with a reason', async () => {
    const { page } = desk
    await page.getByLabel('E-mail').fill('admin@localhost')
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
  })

  test('the printed link signs in, leaves the address, and works once', async () => {
    const { page } = desk
    await page.goto(linkOf(serve))
    await page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
    assert.ok(!page.url().includes('sign-in'))
    const again = await visit(browser, serve.consoleUrl)
    await again.page.goto(linkOf(serve))
    await again.page.getByRole('alert').waitFor()
    await again.close()
  })

  test('in the demo one button is enough: its pictures have been visited when they are replaced', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'Assets', exact: true }).first().click()
    await page.getByRole('button', { name: 'Put in version 2 of gradient' }).click()
    await page.getByText('2 edges still show the old one.').waitFor()
    await page.getByRole('button', { name: 'Hide the message on gradient' }).click()
  })

  test('a replaced picture is told to be old at both edges, and Live view shows those very bytes', async () => {
    const { page } = desk
    await fillEdges('/is/image/demo/flat?$product$')
    await page.getByRole('link', { name: 'Assets', exact: true }).first().click()
    await page.getByRole('button', { name: 'Put in version 2 of flat', exact: true }).click()
    await page.getByText('2 edges still show the old one.').waitFor()

    await page.getByRole('link', { name: 'Live view' }).last().click()
    await page.getByText('Stale', { exact: true }).nth(1).waitFor()
    await page
      .getByRole('img', { name: /The copy that .* holds/ })
      .nth(1)
      .waitFor()
    assert.equal(await page.getByText('HIT', { exact: true }).count(), 2)
  })

  test('Invalidate now in the message ends in Done, and every edge is rid of the old one', async () => {
    const { page } = desk
    await page.getByRole('button', { name: 'Invalidate now' }).click()
    await page.getByText(DONE).waitFor()
    await page.getByText('Holds no copy', { exact: true }).nth(1).waitFor()
    await page.getByRole('button', { name: 'Fetch as a visitor' }).click()
    await page.getByText('Fresh', { exact: true }).nth(1).waitFor()
    assert.equal(await page.getByText('Stale', { exact: true }).count(), 0)
  })

  test('CDN Invalidation: Add Details, Confirm with X at each row, Submit, and an address to share', async () => {
    const { page } = desk
    await fillEdges('/is/image/demo/spinset?$pdp-main$')
    await page.getByRole('link', { name: 'CDN Invalidation', exact: true }).click()
    await page.getByRole('button', { name: 'Add Assets' }).click()
    await page.getByRole('checkbox', { name: 'spinset' }).check()
    await page.getByRole('button', { name: 'Choose 1 asset' }).click()
    await page.getByRole('checkbox', { name: 'All renditions' }).uncheck()
    await page.getByRole('checkbox', { name: 'Invalidation based on template' }).check()
    await page.getByRole('button', { name: 'Next' }).click()

    const rows = page.getByRole('group', { name: 'URLs to invalidate' }).getByRole('listitem')
    await rows.nth(4).waitFor()
    assert.equal(await rows.count(), 5)
    await page.goBack()
    await page.getByRole('list', { name: 'Chosen' }).getByText('spinset').waitFor()
    await page.getByRole('button', { name: 'Next' }).click()
    await rows.nth(4).waitFor()
    await rows
      .filter({ hasText: 'scl=1' })
      .getByRole('button', { name: /^Remove / })
      .click()
    await rows.nth(4).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Submit' }).click()

    await page.waitForURL(/\/projects\/demo\/invalidations\/[0-9a-f-]{36}$/)
    await page
      .getByText(/^Live everywhere, 4 URLs, /)
      .first()
      .waitFor()
    const shared = await visit(browser, serve.consoleUrl, {
      state: await desk.context.storageState(),
    })
    await shared.page.goto(page.url())
    await shared.page
      .getByText(/^Live everywhere, 4 URLs, /)
      .first()
      .waitFor()
    assert.deepEqual(shared.findings, [])
    await shared.close()
  })

  test('Submit of an empty list is possible, and says why nothing is sent', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'CDN Invalidation', exact: true }).click()
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Submit' }).click()
    await page.getByText('No URL(s) entered to be invalidated.').waitFor()
  })

  test('Originals gives each entry its verdict while one types', async () => {
    const { page } = desk
    await page.goto('/projects/demo/invalidate?tab=originals')
    await page
      .getByRole('textbox', { name: 'Originals' })
      .fill('/sample.li/flat1.jpg\n/sample.li/flat1.jpg?w=500')
    const verdicts = page.getByRole('list', { name: 'Verdicts' }).getByRole('listitem')
    await verdicts.nth(1).getByRole('img', { name: 'Incorrect' }).waitFor()
    await verdicts.nth(0).getByRole('img', { name: 'Correct', exact: true }).waitFor()
  })

  test('Everything asks for the project by name', async () => {
    const { page } = desk
    await page.goto('/projects/demo/invalidate?tab=everything')
    const next = page.getByRole('button', { name: 'Next' })
    await page.getByText('Type demo above to go on.').waitFor()
    assert.ok(await next.isDisabled())
    await page.getByLabel(/type the project's name/).fill('demo')
    await next.click()
    await page.getByRole('button', { name: 'Submit' }).click()
    await page
      .getByText(/^Live everywhere, the whole project, /)
      .first()
      .waitFor()
  })

  test('the log is live: an invalidation from elsewhere appears without a reload', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'Invalidation Log' }).first().click()
    await page.getByRole('table', { name: 'Invalidations' }).waitFor()
    const answer = await fetch(`${serve.consoleUrl}/api/v1/projects/demo/invalidations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await serve.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ assets: ['flat1'], renditions: true, note: 'from a script' }),
    })
    assert.equal(answer.status, 202)
    const { id } = (await answer.json()) as { id: string }
    const row = page.getByRole('row').filter({ hasText: id })
    await row.getByText('Done', { exact: true }).waitFor()
    await row.getByText('API', { exact: true }).waitFor()
    await row.getByRole('button', { name: /^See \d+ links? of/ }).click()
    await page.getByRole('dialog').getByText('/is/image/demo/flat1').first().waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
  })

  test('changes that are not saved are not lost by a link', async () => {
    const { page } = desk
    await page.goto('/projects/demo/settings')
    await page.getByLabel('Support address').fill('https://support.example.com')
    await page.getByRole('link', { name: 'Help' }).click()
    await page.getByRole('alertdialog', { name: 'Leave without saving?' }).waitFor()
    await page.getByRole('button', { name: 'Stay' }).click()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Settings saved').waitFor()
    await page.getByRole('link', { name: 'Help' }).click()
    await page.getByRole('link', { name: 'Contact support' }).waitFor()
  })

  test('nothing violated the content security policy, and nothing was fetched from elsewhere', () => {
    assert.deepEqual(desk.findings, [])
  })
})

function linkOf({ signInLink }: Started): string {
  assert.ok(signInLink, 'a first start prints a sign-in link')
  return signInLink
}
