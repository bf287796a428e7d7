import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, visit } from '../support/browser.ts'
import type { Visit } from '../support/browser.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** Template and presets in General Settings. */

const chromium = program('chromium')

describe('what forms URLs, in General Settings', { skip: chromium.skip }, () => {
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

  /** What another editor does meanwhile. */
  async function putTemplate(text: string): Promise<void> {
    const answer = await fetch(`${serve.consoleUrl}/api/v1/projects/demo/template`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await serve.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ text }),
    })
    assert.equal(answer.status, 200, await answer.text())
  }

  test('the template is checked as one types, and saved with Save, then OK', async () => {
    const { page } = desk
    await page.goto('/projects/demo/settings')
    await page.getByLabel('Template', { exact: true }).fill('<ID>?$prodct$\nhtp://x/<ID>')
    await page.getByText(/Warning, column \d+: .*product/).waitFor()
    await page.getByText(/Error, column 1: /).waitFor()
    await page.getByRole('button', { name: 'Save template' }).click()
    await page.getByRole('button', { name: 'OK', exact: true }).click()
    await page.getByText(/^Version 2, saved by admin@localhost on /).waitFor()
  })

  test('who saves second sees both texts, and loses neither', async () => {
    const { page } = desk
    await page.getByLabel('Template', { exact: true }).fill('<ID>?mine')
    await putTemplate('<ID>?theirs')
    await page.getByRole('button', { name: 'Save template' }).click()
    await page.getByRole('button', { name: 'OK', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody saved it meanwhile' })
    await dialog.getByText('<ID>?mine').waitFor()
    await dialog.getByText('<ID>?theirs').waitFor()
    await dialog.getByRole('button', { name: 'Go on with mine' }).click()
    await page.getByRole('button', { name: 'Save template' }).click()
    await page.getByRole('button', { name: 'OK', exact: true }).click()
    await page.getByText(/^Version 4, saved by admin@localhost on /).waitFor()
    await page.getByRole('button', { name: 'Take version 3' }).click()
    await page.waitForFunction(
      `document.querySelector('#template textarea').value === '<ID>?theirs'`,
    )
    await page.getByRole('button', { name: 'Take version 2' }).waitFor()
    await page.getByLabel('Template', { exact: true }).fill('<ID>?mine')
  })

  test('a preset is edited by fields and by text, with a preview and how far a change reaches', async () => {
    const { page } = desk
    const presets = page.getByRole('region', { name: 'Image presets' })
    await page.getByRole('button', { name: 'Edit preset product' }).click()
    await page.getByText(/A change reaches \d+ known renditions? of \d+ assets?/).waitFor()
    await presets.getByRole('textbox', { name: 'Width, pixels' }).fill('120')
    await page.keyboard.press('Tab')
    const text = page.getByRole('textbox', { name: 'Modifiers', exact: true })
    await page.waitForFunction(
      `[...document.querySelectorAll('input')].some((input) => /^wid=120&/.test(input.value))`,
    )
    await page.getByRole('img', { name: /with these modifiers$/ }).waitFor()
    await text.fill('wid=140&qlt=70&fit=crop,1')
    await page.getByRole('textbox', { name: 'Other modifiers' }).waitFor()
    assert.equal(await presets.getByRole('textbox', { name: 'Width, pixels' }).inputValue(), '140')
    await page.getByRole('button', { name: 'Save preset' }).click()
    await page.getByRole('cell', { name: 'wid=140&qlt=70&fit=crop,1' }).waitFor()
    assert.deepEqual(desk.findings, [])
  })
})
