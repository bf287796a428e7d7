import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, visit } from '../support/browser.ts'
import type { Visit } from '../support/browser.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** Several assets at once: what is done to them together, and *Invalidate CDN* as in Dynamic Media Classic. */

const chromium = program('chromium')

describe('selected assets', { skip: chromium.skip }, () => {
  let serve: Started
  let browser: Browser
  let desk: Visit

  before(async () => {
    serve = await startServe()
    browser = await launchBrowser(chromium.path)
    desk = await visit(browser, serve.consoleUrl)
    assert.ok(serve.signInLink)
    await desk.page.goto(serve.signInLink)
    await desk.page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
  })

  after(async () => {
    await browser?.close()
    await serve?.stop()
  })

  test('are unpublished, published and moved together', async () => {
    const { page } = desk
    await page.goto('/projects/demo/assets')
    await page.getByRole('checkbox', { name: 'Select flat1' }).check()
    await page.getByRole('checkbox', { name: 'Select gradient' }).check()
    await page.getByText('2 assets selected').waitFor()
    await page.getByRole('button', { name: 'Unpublish', exact: true }).click()
    await page.getByText('2 assets unpublished').waitFor()
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByText('2 assets published').waitFor()
    await page.getByRole('button', { name: 'Move', exact: true }).click()
    await page.getByRole('textbox', { name: 'Folder' }).fill('moved')
    await page.getByRole('button', { name: 'Move here' }).click()
    await page.getByText('2 assets moved').waitFor()
  })

  test('Invalidate CDN forms the list from the template; it is edited in place, checked again, and continues', async () => {
    const { page } = desk
    await page.goto('/projects/demo/assets')
    await page.getByRole('checkbox', { name: 'Select spinset' }).check()
    await page.getByRole('link', { name: 'Invalidate CDN' }).click()
    await page.getByText('The list that the template forms for 1 selected asset.').waitFor()
    const rows = page.getByRole('list', { name: 'URLs to invalidate' }).getByRole('listitem')
    await rows.nth(4).waitFor()
    assert.equal(await rows.count(), 5)
    await page.getByLabel('URL 5', { exact: true }).fill('javascript:alert(1)')
    await page.getByText('Some URLs are not defined correctly.').first().waitFor()
    await page
      .getByLabel('URL 5', { exact: true })
      .fill(`${serve.edges[0]}/is/image/demo/spinset?wid=7`)
    await page.getByText('Some URLs are not defined correctly.').waitFor({ state: 'detached' })
    await page.getByLabel('Add URL').fill(`${serve.edges[0]}/is/image/demo/spinset?wid=8`)
    await page.getByRole('button', { name: 'Add to the list' }).click()
    await page.getByRole('button', { name: 'Remove URL 1' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page
      .getByText(/^Live everywhere, 5 URLs, /)
      .first()
      .waitFor()
  })

  test('with nothing selected the list holds the lines that name no asset', async () => {
    const { page } = desk
    await page.goto('/projects/demo/assets')
    await page.getByRole('link', { name: 'Invalidate CDN' }).click()
    const rows = page.getByRole('list', { name: 'URLs to invalidate' }).getByRole('listitem')
    await rows.first().waitFor()
    assert.equal(await rows.count(), 1)
    assert.deepEqual(desk.findings, [])
  })
})
