import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { seriousAxeFindings } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** *CDN Invalidation Template* and *Image Presets*: what forms URLs, checked and tried while one types. */

describe('what forms URLs', WITH_CHROMIUM, () => {
  const desk = deskForSuite()

  /** What another editor does meanwhile. */
  async function putTemplate(theirs: string): Promise<void> {
    const answer = await fetch(`${desk.serve.consoleUrl}/api/v1/projects/demo/template`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await desk.serve.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ text: theirs }),
    })
    assert.equal(answer.status, 200, await answer.text())
  }

  test('the template is checked as one types, and saved with Save, then OK', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'CDN Invalidation Template' }).click()
    await text(page).fill('<ID>?$prodct$\nhtp://x/<ID>')
    await page.getByRole('button', { name: /^Warning, column \d+: .*product/ }).waitFor()
    await page.getByRole('button', { name: /^Error, column 1: / }).waitFor()
    await page.getByText(/^1 error and 1 warning\. You can save it/).waitFor()
    await save(page)
    await page.getByText(/Version 2, saved by admin@localhost on /).waitFor()
  })

  test('a message leads to its place in the text', async () => {
    const { page } = desk
    await page.getByRole('button', { name: /^Error, column 1: / }).click()
    const place = await page.evaluate(
      `[document.activeElement.tagName, document.activeElement.selectionStart]`,
    )
    assert.deepEqual(place, ['TEXTAREA', '<ID>?$prodct$\n'.length])
  })

  test('each line is shown for the sample asset that one chooses', async () => {
    const { page } = desk
    const sample = page.getByRole('combobox', { name: 'Sample asset' })
    await sample.fill('spin')
    await page.getByRole('option', { name: 'spinset' }).click()
    await page.getByText('/is/image/demo/spinset?$prodct$').waitFor()
  })

  test('eight planted typos give one message each, with its column', async () => {
    const { page } = desk
    const server = desk.serve.edges[0]
    const lines = [
      '<ID>?$prodct$',
      `${server}/is/imgae/demo/<ID>`,
      `${server}/is/image/demo/<id>?$product$`,
      `${server}/is/image/demo/<ID?$product$`,
      'htp://my.publishserver.com/is/image/demo/<ID>',
      '<ID>?fmt=jpeg& wid=400',
      `${server}/is/image/OtherCompany/<ID>`,
      '<ID>?$prodct$',
    ]
    await text(page).fill(lines.join('\n'))
    await page.getByText(/^\d errors and \d warnings\. /).waitFor()
    const rows = page.getByRole('list', { name: 'Lines' }).getByRole('listitem')
    await rows
      .nth(7)
      .getByRole('button', { name: /^Warning, column 1: / })
      .waitFor()
    assert.equal(await rows.count(), 8)
    for (const row of await rows.all()) {
      const messages = row.getByRole('button', { name: /^(Error|Warning), column \d+: / })
      assert.equal(await messages.count(), 1, await row.innerText())
    }
    assert.equal(await page.getByText(/Did you mean /).count(), 6)
  })

  test('a thousand lines are checked, and those with a remark are picked out', async () => {
    const { page } = desk
    const lines = Array.from({ length: 999 }, (_, at) => `<ID>?wid=${at + 1}`)
    await text(page).fill([...lines, '<ID'].join('\n'))
    await page.getByText(/^1 error\. You can save it/).waitFor()
    await page.getByText(/^1,000 lines of at most 1,000/).waitFor()
    const rows = page.getByRole('list', { name: 'Lines' }).getByRole('listitem')
    assert.ok((await rows.count()) < 60, 'only what is seen is drawn')
    await page.getByText('Only lines with a remark').click()
    await page.getByText(/^Line 1000/).waitFor()
    assert.equal(await rows.count(), 1)
    assert.deepEqual(await seriousAxeFindings(page), [])
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Line 2', { exact: true }).waitFor()
  })

  test('who saves second sees both texts, and loses neither', async () => {
    const { page } = desk
    await text(page).fill('<ID>?mine')
    await putTemplate('<ID>?theirs')
    await save(page)
    const dialog = page.getByRole('dialog', { name: 'Somebody saved it meanwhile' })
    await dialog.getByText('<ID>?mine').waitFor()
    await dialog.getByText('<ID>?theirs').waitFor()
    await dialog.getByRole('button', { name: 'Go on with mine' }).click()
    await save(page)
    await page.getByText(/Version 4, saved by admin@localhost on /).waitFor()
    await page.getByRole('button', { name: 'Take version 3' }).click()
    await page
      .getByText('/is/image/demo/spinset?theirs')
      .or(page.getByText('?theirs'))
      .first()
      .waitFor()
    assert.equal(await text(page).inputValue(), '<ID>?theirs')
    await page.getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await text(page).inputValue(), '<ID>?mine')
  })

  test('General Settings shows the template, where Dynamic Media Classic has it, and leads to it', async () => {
    const { page } = desk
    await page.goto('/projects/demo/settings')
    const section = page.getByRole('region', { name: 'CDN Invalidation Template' })
    await section.getByText('<ID>?mine').waitFor()
    await section.getByRole('link', { name: 'Edit the template' }).click()
    await text(page).waitFor()
  })

  test('a preset is edited by fields and by text, with a preview and how far a change reaches', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'Image Presets' }).click()
    await page.getByRole('button', { name: 'Edit preset product' }).click()
    await page.getByText(/A change reaches \d+ known renditions? of \d+ assets?/).waitFor()
    await page.getByRole('textbox', { name: 'Width, pixels' }).fill('120')
    await page.keyboard.press('Tab')
    const modifiers = page.getByRole('textbox', { name: 'Modifiers', exact: true })
    const picture = page.getByRole('img', { name: /with these modifiers$/ })
    await picture.waitFor()
    assert.match(await modifiers.inputValue(), /^wid=120&/)
    await modifiers.fill('wid=140&qlt=70&fit=crop,1')
    await page.getByRole('textbox', { name: 'Other modifiers' }).waitFor()
    assert.equal(await page.getByRole('textbox', { name: 'Width, pixels' }).inputValue(), '140')
    await picture.and(page.locator('img')).waitFor()
    assert.deepEqual(await seriousAxeFindings(page), [])
    await page.getByRole('button', { name: 'Save preset' }).click()
    await page.getByRole('cell', { name: 'wid=140&qlt=70&fit=crop,1' }).waitFor()
    await page.locator('[aria-label="Edit preset product"]:focus').waitFor()
  })

  test('trying modifiers out is no request of a visitor', async () => {
    const { page } = desk
    await page.goto('/projects/demo/assets/Backpack_B')
    await page.getByText('No visitor has asked for it yet.').waitFor()
  })

  test('modifiers that are not possible are told in the words that visitors would get', async () => {
    const { page } = desk
    await page.goto('/projects/demo/presets')
    await page.getByRole('button', { name: 'Add preset' }).click()
    await page.getByRole('textbox', { name: 'Modifiers', exact: true }).fill('fmt=jpg2')
    await page.getByText(/^fmt must be one of /).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page
      .getByRole('button', { name: 'Leave' })
      .or(page.getByText('All presets'))
      .first()
      .waitFor()
    assert.deepEqual(desk.findings, [])
  })
})

function text(page: Page) {
  return page.getByLabel('Define template for invalidating CDN cache')
}

async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'OK', exact: true }).click()
}
