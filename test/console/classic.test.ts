import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** Several assets at once: what is done to them together, and *Invalidate CDN* as in Dynamic Media Classic. */

describe('selected assets', WITH_CHROMIUM, () => {
  const desk = deskForSuite()

  test('are unpublished, published and moved together', async () => {
    const { page } = desk
    await page.goto('/projects/demo/assets')
    await page.getByRole('checkbox', { name: 'Select flat1' }).check()
    await page.getByRole('checkbox', { name: 'Select gradient' }).check()
    await page.getByText('2 assets selected').waitFor()
    await page.getByRole('button', { name: /^Select all \d+ shown$/ }).click()
    await page.getByText('14 assets selected').waitFor()
    await page.getByRole('button', { name: 'Clear selection' }).click()
    await page.getByRole('checkbox', { name: 'Select flat1' }).check()
    await page.getByRole('checkbox', { name: 'Select gradient' }).check()
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
      .fill(`${desk.serve.edges[0]}/is/image/demo/spinset?wid=7`)
    await page.getByText('Some URLs are not defined correctly.').waitFor({ state: 'detached' })
    await page.getByLabel('Add URL').fill(`${desk.serve.edges[0]}/is/image/demo/spinset?wid=8`)
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
  })

  test('wrong rows are taken out by one click, and what is typed but not yet added goes, too', async () => {
    const { page } = desk
    await page.getByLabel('Add URL').fill('javascript:alert(1)\n/is/image/demo/spinset')
    await page.getByRole('button', { name: 'Add to the list' }).click()
    await page.getByRole('button', { name: 'Remove 2 wrong rows' }).click()
    await page.getByText('1 URL.', { exact: true }).waitFor()
    await page.getByLabel('Add URL').fill(`${desk.serve.edges[0]}/is/image/demo/spinset?wid=9`)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page
      .getByText(/^Live everywhere, 2 URLs, /)
      .first()
      .waitFor()
  })

  test('a long list is pasted at once, and only the rows that are seen are drawn', async () => {
    const { page } = desk
    await page.goto('/projects/demo/invalidate-cdn')
    await page.getByLabel('Add URL').focus()
    const list = Array.from(
      { length: 900 },
      (_, at) => `${desk.serve.edges[0]}/is/image/demo/x?wid=${at}`,
    )
    await page.evaluate(`{
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', ${JSON.stringify(list.join('\n'))})
      const paste = { clipboardData, bubbles: true, cancelable: true }
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', paste))
    }`)
    await page.getByText('901 URLs.', { exact: true }).waitFor()
    const rows = page.getByRole('list', { name: 'URLs to invalidate' }).getByRole('listitem')
    assert.ok((await rows.count()) < 80)
  })

  test('with an empty template and nothing selected the list is blank, and Continue says so', async () => {
    const { page } = desk
    const answer = await fetch(`${desk.serve.consoleUrl}/api/v1/projects/demo/template`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await desk.serve.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ text: '' }),
    })
    assert.equal(answer.status, 200)
    await page.goto('/projects/demo/invalidate-cdn')
    await page.getByText(/^The list is blank: /).waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('No URL(s) entered to be invalidated.').waitFor()
    assert.deepEqual(desk.findings, [])
  })
})
