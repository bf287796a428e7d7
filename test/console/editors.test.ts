import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { visit } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'
import type { Started } from '../support/serve.ts'

/** A second project with files of one's own, and people with different roles. */

describe('editors with a project of their own', WITH_CHROMIUM, () => {
  const desk = deskForSuite()
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-files-'))
    await post(desk.serve, '/api/v1/projects', {
      id: 'shop',
      company: 'shop',
      publishServer: desk.serve.edges[0],
    })
    await desk.page.reload()
  })

  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  async function picture(name: string, colour: string): Promise<string> {
    const path = join(folder, name)
    const size = { width: 400, height: 300, channels: 3, background: colour } as const
    await writeFile(path, await sharp({ create: size }).png().toBuffer())
    return path
  }

  test('the project switcher leads to the other project, whose library says how to begin', async () => {
    const { page } = desk
    await page.getByRole('button', { name: /^Project demo/ }).click()
    await page.getByRole('menuitemradio', { name: 'shop' }).click()
    await page.waitForURL(/\/projects\/shop$/)
    await page.getByRole('link', { name: 'Assets', exact: true }).first().click()
    await page.getByText('No assets here yet.').waitFor()
  })

  test('Upload adds a picture under its name without the extension', async () => {
    const { page } = desk
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Upload' }).click()
    await (await chooser).setFiles(await picture('red shoe.png', '#c02020'))
    await page.getByRole('link', { name: 'red shoe', exact: true }).last().waitFor()
    await page.getByText('Version 1, 400 × 300').waitFor()
  })

  test('a file dropped on a picture is its new version, and is invalidated by itself here', async () => {
    const { page } = desk
    const edge = `${desk.serve.edges[1]}/is/image/shop/red%20shoe?wid=40`
    assert.equal((await fetch(edge)).status, 200)
    await dropOn(
      page,
      page.getByRole('img', { name: /^red shoe/ }),
      await picture('x.png', '#2020c0'),
    )
    await page.getByText('Version 2, 400 × 300').waitFor()
    await page.getByRole('link', { name: 'Invalidation Log' }).first().click()
    const row = page.getByRole('row').filter({ hasText: 'Automatic' }).first()
    await row.getByText('Done', { exact: true }).waitFor()
  })

  test('a smart crop has a URL of its own, and an asset keeps it when it moves', async () => {
    const { page } = desk
    await page.goto('/projects/shop/assets/red%20shoe')
    await page.getByRole('button', { name: 'Add crop' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Small')
    await page.getByRole('button', { name: 'Save crop' }).click()
    const small = page.getByRole('listitem').filter({ hasText: 'Small' })
    await small.getByText('Set by hand', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Rename or move' }).click()
    await page.getByRole('textbox', { name: 'Asset id' }).fill('shoes/red')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('heading', { name: 'shoes/red', level: 1 }).waitFor()
    const crop = await fetch(`${desk.serve.edges[0]}/is/image/shop/shoes/red:Small`)
    assert.equal(crop.status, 200)
    await page.getByText(`${desk.serve.edges[0]}/is/image/shop/shoes/red:Small`).first().waitFor()
  })

  test('a file that is refused says why, and changes nothing', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'Assets', exact: true }).first().click()
    const wrong = join(folder, 'a,b.png')
    await writeFile(wrong, 'not a picture')
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Upload' }).click()
    await (await chooser).setFiles(wrong)
    await page.getByRole('alert').filter({ hasText: 'a,b was not uploaded.' }).waitFor()
    assert.equal(await page.getByRole('list', { name: 'Assets' }).getByRole('listitem').count(), 1)
  })

  test('a file that is never delivered says so in the library, in the picker and on Confirm', async () => {
    const { page } = desk
    const word = Buffer.concat([Buffer.from('D0CF11E0A1B11AE1', 'hex'), Buffer.alloc(2000)])
    await call(desk.serve, 'PUT', '/api/v1/projects/shop/assets/letter.doc', word)
    await page.goto('/projects/shop/assets/letter.doc')
    await page.getByText('Stored, never delivered.').waitFor()
    await page.goto('/projects/shop/assets')
    const card = page.getByRole('listitem').filter({ hasText: 'letter.doc' })
    await card.getByText('Never delivered', { exact: true }).waitFor()
    await page.goto('/projects/shop/invalidate')
    await page.getByRole('button', { name: 'Add Assets' }).click()
    assert.ok(await page.getByRole('button', { name: 'Choose', exact: true }).isDisabled())
    await page.getByText(/^Never delivered: letter\.doc is a Word file/).waitFor()
    await page.getByRole('checkbox', { name: 'letter.doc' }).check()
    await page.getByRole('button', { name: 'Choose 1 asset' }).click()
    await page.getByRole('button', { name: 'Next' }).click()
    await page
      .getByRole('region', { name: 'Whole assets' })
      .getByText(/^letter\.doc is a Word file: .* there is nothing to invalidate/)
      .waitFor()
  })

  test('an asset that is deleted between Confirm and Submit stops it, with the difference', async () => {
    const { page } = desk
    await call(
      desk.serve,
      'PUT',
      '/api/v1/projects/shop/assets/gone',
      await readFile(await picture('g.png', '#123456')),
    )
    await page.goto('/projects/shop/invalidate?assets=gone,shoes/red')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByText('/is/image/shop/gone').waitFor()
    await call(desk.serve, 'DELETE', '/api/v1/projects/shop/assets/gone')
    await page.getByRole('button', { name: 'Submit' }).click()
    const alert = page.getByRole('alert').filter({ hasText: 'The list has changed' })
    await alert
      .getByText(/^Gone: /)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Remove 1 wrong row' }).click()
    await page.getByText('There is no asset gone').first().waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Submit' }).click()
    await page
      .getByText(/^Live everywhere, 1 URL, /)
      .first()
      .waitFor()
  })

  test('a new person comes in by a link, is told what a viewer may not do, and chooses a password', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'People and API keys' }).click()
    await page.getByLabel('E-mail').fill('vera@example.com')
    await page.getByRole('button', { name: 'Editor Role' }).first().click()
    await page.getByRole('option', { name: 'Viewer' }).click()
    await page.getByRole('button', { name: 'Add person' }).click()
    const link = await page
      .getByText(/#\/sign-in\//)
      .first()
      .innerText()

    const vera = await visit(desk.browser, desk.serve.consoleUrl)
    await vera.page.goto(link)
    await vera.page.getByText('You have no password yet.').waitFor()
    await vera.page.getByRole('link', { name: 'CDN Invalidation', exact: true }).first().click()
    assert.ok(await vera.page.getByRole('button', { name: 'Next' }).isDisabled())
    await vera.page.getByText(/this needs the role editor/).waitFor()
    await vera.page.goto('/projects/demo/assets')
    await vera.page.getByText('This does not exist, or you may not see it.').waitFor()

    await vera.page.goto('/projects/shop')
    await vera.page.getByRole('button', { name: /^Account / }).click()
    await vera.page.getByRole('menuitem', { name: 'Choose a password' }).click()
    await vera.page.getByLabel('New password').fill('a long enough one')
    await vera.page.getByRole('button', { name: 'Save' }).click()
    await vera.page.getByText('Password saved').waitFor()
    await vera.page.getByRole('button', { name: /^Account / }).click()
    await vera.page.getByRole('menuitem', { name: 'Sign out' }).click()
    await vera.page.getByLabel('E-mail').fill('vera@example.com')
    await vera.page.getByRole('textbox', { name: 'Password' }).fill('a long enough one')
    await vera.page.getByRole('button', { name: 'Sign in' }).click()
    await vera.page.waitForURL(/\/projects\/shop$/)
    assert.deepEqual(vera.findings, [])
    await vera.close()
  })

  test('a role is changed in its row, at once', async () => {
    const { page } = desk
    await page.getByRole('button', { name: /Role of vera@example\.com/ }).click()
    await page.getByRole('option', { name: 'Editor' }).click()
    await page.getByText('vera@example.com is editor now').waitFor()
    await page.reload()
    await page.getByRole('button', { name: /Editor Role of vera@example\.com/ }).waitFor()
  })

  test('an editor goes the whole way from the template to Done; emptying everything needs an admin, and says so', async () => {
    const edi = await visit(desk.browser, desk.serve.consoleUrl)
    await edi.page.goto(await signInAddress(desk.serve, 'edi@example.com', 'editor'))
    await edi.page.getByText('You have no password yet.').waitFor()
    await edi.page.getByRole('link', { name: 'CDN Invalidation Template' }).click()
    await edi.page
      .getByLabel('Define template for invalidating CDN cache')
      .fill('<ID>\n<ID>?wid=40')
    await edi.page.getByRole('button', { name: 'Save', exact: true }).click()
    await edi.page.getByRole('button', { name: 'OK', exact: true }).click()
    await edi.page.getByText(/Version 1, saved by edi@example\.com on /).waitFor()
    await edi.page.getByRole('link', { name: 'CDN Invalidation', exact: true }).click()
    await edi.page.getByRole('button', { name: 'Add Assets' }).click()
    await edi.page.getByRole('checkbox', { name: 'shoes/red' }).check()
    await edi.page.getByRole('button', { name: 'Choose 1 asset' }).click()
    await edi.page.getByRole('checkbox', { name: 'All renditions' }).uncheck()
    await edi.page.getByRole('checkbox', { name: 'Invalidation based on template' }).check()
    await edi.page.getByRole('button', { name: 'Next' }).click()
    await edi.page.getByText(/^From template line 2, asset shoes\/red\. /).waitFor()
    await edi.page.getByRole('button', { name: 'Submit' }).click()
    await edi.page
      .getByText(/^Live everywhere, 2 URLs, /)
      .first()
      .waitFor()
    await edi.page.goto('/projects/shop/invalidate?tab=everything')
    assert.ok(await edi.page.getByRole('button', { name: 'Next' }).isDisabled())
    await edi.page.getByText(/this needs the role admin/).waitFor()
    assert.deepEqual(edi.findings, [])
    await edi.close()
  })

  test('an API key is shown once, and works', async () => {
    const { page } = desk
    await page.getByLabel('Name of the key').fill('ci')
    await page.getByRole('button', { name: 'Make key' }).click()
    const secret = await page.getByText(/^sk_/).innerText()
    const me = await fetch(`${desk.serve.consoleUrl}/api/v1/me`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    assert.equal(me.status, 200)
    await page.reload()
    await page.getByRole('cell', { name: 'ci', exact: true }).waitFor()
    assert.equal(await page.getByText(/^sk_/).count(), 0)
  })

  test('an invalidation can be scheduled, and cancelled until then', async () => {
    const { page } = desk
    await page.goto('/projects/shop/invalidate?assets=shoes/red')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByLabel('When').fill(tomorrow())
    await page.getByRole('button', { name: 'Submit' }).click()
    await page.getByText(/^Scheduled for /).waitFor()
    await page.getByRole('button', { name: /^Cancel invalidation/ }).click()
    await page.getByText('Cancelled. Nothing was invalidated.').waitFor()
  })

  test('nothing violated the content security policy, and nothing was fetched from elsewhere', () => {
    assert.deepEqual(desk.findings, [])
  })
})

function post(serve: Started, path: string, body: unknown): Promise<void> {
  return call(serve, 'POST', path, JSON.stringify(body))
}

/** As somebody else does meanwhile. */
async function call(
  serve: Started,
  method: string,
  path: string,
  body: string | Buffer<ArrayBuffer> | null = null,
): Promise<void> {
  const type = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
  const headers = { authorization: `Bearer ${await serve.adminKey()}`, ...type }
  const answer = await fetch(serve.consoleUrl + path, { method, headers, body })
  assert.ok(answer.ok, await answer.text())
}

/** Adds a person, and gives the link by which he comes in. */
async function signInAddress(serve: Started, email: string, role: string): Promise<string> {
  const answer = await fetch(`${serve.consoleUrl}/api/v1/projects/shop/members`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await serve.adminKey()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ email, role }),
  })
  const { signInPath } = (await answer.json()) as { signInPath: string }
  return serve.consoleUrl + signInPath
}

/** A real drag from the desktop: pages cannot make one themselves, so the browser is asked to. */
async function dropOn(
  page: Page,
  target: ReturnType<Page['getByRole']>,
  file: string,
): Promise<void> {
  // Waits until it stands still.
  await target.hover()
  const box = await target.boundingBox()
  assert.ok(box)
  const devtools = await page.context().newCDPSession(page)
  const data = { items: [], files: [file], dragOperationsMask: 1 }
  const place = { x: box.x + box.width / 2, y: box.y + box.height / 2, data }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await devtools.send('Input.dispatchDragEvent', { type, ...place })
  }
}

/** As a browser's field for date and time takes it. */
function tomorrow(): string {
  const day = new Date(Date.now() + 24 * 3600 * 1000)
  return `${day.toISOString().slice(0, 10)}T10:00`
}
