import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { withEntries } from '../../console/src/pages/invalidation/original-entries.ts'
import { versioned } from '../../console/src/versioned.ts'
import { newProject } from '../../console/src/shell/new-project.ts'
import { seriousAxeFindings, visit } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'
import { ask } from '../support/http.ts'
import { startSampleOrigin } from '../support/sample-origin.ts'
import type { SampleOrigin } from '../support/sample-origin.ts'

/** Originals on somebody else's server: allowed, delivered, invalidated and protected from the console alone. */

describe('originals as they are typed', () => {
  test('one entry is put into its right form, and what separates them stays', () => {
    const text = ' /a.li/1.jpg?w=5, b.li/2.jpg\r\n\n,c.li/3.jpg?$&'
    const right = new Map([
      [0, '/a.li/1.jpg'],
      [2, '/c.li/$&.jpg'],
    ])
    assert.equal(withEntries(text, right), ' /a.li/1.jpg, b.li/2.jpg\r\n\n,/c.li/$&.jpg')
    assert.equal(withEntries(text, new Map()), text)
  })
})

describe('the URL of one version', () => {
  test('has vh, or id in the dialect of Dynamic Media, in the place of another one', () => {
    assert.equal(versioned('https://x/sample.li/a.jpg', 'abc'), 'https://x/sample.li/a.jpg?vh=abc')
    assert.equal(versioned('https://x/a.jpg?vh=1&w=5', 'abc'), 'https://x/a.jpg?w=5&vh=abc')
    assert.equal(versioned('/is/image/demo/a?wid=5&id=1', 'abc'), '/is/image/demo/a?wid=5&id=abc')
  })
})

describe('a new project', () => {
  test('has its name as company, and as token where a hostname can hold it', () => {
    assert.deepEqual(newProject('Shop-2', 'https://img.example.com'), {
      id: 'Shop-2',
      company: 'Shop-2',
      tokens: ['shop-2'],
      publishServer: 'https://img.example.com',
    })
    assert.deepEqual(newProject('a_b', ''), { id: 'a_b', company: 'a_b' })
  })
})

describe('originals in the console', WITH_CHROMIUM, () => {
  let origin: SampleOrigin
  const desk = deskForSuite(() => ({ edges: 1 }))

  before(async () => {
    origin = await startSampleOrigin()
  })

  after(async () => {
    await origin?.stop()
  })

  const red = (): string => `${desk.serve.edges[0]}/_t/demo/photos.example/red.jpg?w=40`

  async function saveSettings(): Promise<void> {
    const { page } = desk
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Settings saved').last().waitFor()
    await page.getByText('Nothing is changed.').first().waitFor()
  }

  test('a host that was not allowed is delivered from once it is, with its own headers', async () => {
    const { page } = desk
    await origin.put('/red.jpg', '#3a7')
    assert.notEqual((await ask(red())).status, 200)
    await page.goto('/projects/demo/settings')
    await page.getByRole('button', { name: 'Add origin' }).click()
    const entry = page.getByRole('group', { name: /^Origin / }).last()
    await page.getByText('An origin has no host.').waitFor()
    await entry.getByLabel('Host').fill('photos.example')
    await entry.getByText('Connection, headers and limits').click()
    await entry.getByLabel('Connect to').fill(origin.place)
    await entry.getByLabel('Extra request headers').fill('x-key: letmein')
    await entry.getByRole('textbox', { name: 'Reads per second' }).fill('40')
    await entry.getByRole('checkbox', { name: 'May be a private address' }).check()
    await entry.getByRole('button', { name: /Scheme/ }).click()
    await page.getByRole('option', { name: 'http', exact: true }).click()
    assert.deepEqual(await seriousAxeFindings(page), [])
    await saveSettings()
    assert.equal((await ask(red())).status, 200)
    assert.equal(origin.heard.at(-1)?.headers['x-key'], 'letmein')
  })

  test('Originals offers the right form of each wrong one, and shows the hash to be used as vh', async () => {
    const { page } = desk
    await page.goto('/projects/demo/invalidate?tab=originals')
    const field = page.getByRole('textbox', { name: 'Originals' })
    await field.fill(
      '/photos.example/red.jpg?w=500\ndoc.cloudimg.io/photos.example/red.jpg, doc.cloudimg.io/photos.example/red.jpg?w=500',
    )
    const verdicts = page.getByRole('list', { name: 'Verdicts' })
    await verdicts.getByRole('img', { name: 'Incorrect' }).nth(2).waitFor()
    const next = page.getByRole('button', { name: 'Next' })
    assert.ok(await next.isDisabled())
    assert.deepEqual(await seriousAxeFindings(page), [])
    await verdicts
      .getByRole('button', {
        name: 'Use /photos.example/red.jpg instead of /photos.example/red.jpg?w=500',
      })
      .click()
    await verdicts.getByRole('img', { name: 'Correct', exact: true }).waitFor()
    await page.waitForFunction('document.activeElement.tagName === "TEXTAREA"')
    await page.getByRole('button', { name: 'Correct 2 entries' }).click()
    await verdicts.getByRole('img', { name: 'Correct', exact: true }).nth(2).waitFor()
    assert.equal(
      await field.inputValue(),
      '/photos.example/red.jpg\n/photos.example/red.jpg, /photos.example/red.jpg',
    )
    const vh = origin.hashOf('/red.jpg').slice(0, 12)
    await verdicts.getByText(`vh=${vh}`).first().waitFor()
    await field.fill(Array.from({ length: 11 }, (_, at) => `photos.example/${at}.jpg`).join('\n'))
    await page.getByText(/at most 10/).waitFor()
    assert.ok(await next.isDisabled())
    await field.fill('/photos.example/red.jpg')
    await page.getByText('1 of 10.').waitFor()
    await page.getByText(/at most 10/).waitFor({ state: 'detached' })
    await next.click()
    await page.getByRole('button', { name: 'Submit' }).click()
    await page
      .getByText(/^Live everywhere, /)
      .first()
      .waitFor()
  })

  test('Live view tells the current version of an original, and the URL that may be kept for a year', async () => {
    const { page } = desk
    assert.equal((await ask(red())).status, 200)
    await page.goto(`/projects/demo/live?url=${encodeURIComponent(red())}`)
    const vh = origin.hashOf('/red.jpg').slice(0, 12)
    await page.getByText('Current version of photos.example/red.jpg:').waitFor()
    await page.getByText(`vh=${vh}`).waitFor()
    assert.deepEqual(await seriousAxeFindings(page), [])
    await desk.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy the URL with it' }).click()
    await page.getByText('URL of this version copied').waitFor()
    const url = String(await page.evaluate('navigator.clipboard.readText()'))
    assert.equal(url, `${red()}&vh=${vh}`)
    assert.match((await ask(url)).headers['cache-control'] ?? '', /max-age=31536000/)
  })

  test('an admin makes a signing key, requires it, and signs a URL by hand', async () => {
    const { page } = desk
    await page.goto('/projects/demo/settings#signed-urls')
    const signing = page.getByRole('region', { name: 'Signed URLs' })
    await signing.getByText('Refuse URLs without a valid signature').click()
    await signing.getByText('Every unsigned URL of this project stops working.').waitFor()
    await page.getByText('Signed URLs need a key').waitFor()
    await signing.getByLabel('New key').fill('a key')
    await signing.getByText(/^Letters, digits/).waitFor()
    await signing.getByLabel('New key').fill('k1')
    await signing.getByRole('button', { name: 'Add key' }).click()
    await signing.getByRole('button', { name: 'Show the secret of k1' }).click()
    const secret = await signing.getByText(/^[0-9a-f]{64}$/).innerText()
    assert.deepEqual(await seriousAxeFindings(page), [])
    await saveSettings()
    assert.equal((await ask(red())).status, 403)
    await signing.getByText('Sign a URL by hand').click()
    await signing.getByLabel('URL', { exact: true }).fill(red())
    const signed = await signing.getByText(/sig_key=k1&sig_exp=\d+&sig=/).innerText()
    assert.ok(!signed.includes(secret))
    assert.equal((await ask(signed)).status, 200)
    await signing.getByText('Refuse URLs without a valid signature').click()
    await saveSettings()
    assert.equal((await ask(red())).status, 200)
  })

  test('a new project is made from the menu of projects, and leads to its settings', async () => {
    const { page } = desk
    await page.getByRole('button', { name: /^Project demo/ }).click()
    await page.getByRole('menuitem', { name: 'New project…' }).click()
    const dialog = page.getByRole('dialog', { name: 'New project' })
    await dialog.getByLabel('Name').fill('demo')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await dialog.getByText('There is already a project “demo”.').waitFor()
    await dialog.getByLabel('Name').fill('shop')
    await dialog.getByRole('button', { name: 'Create' }).click()
    await page.waitForURL(/\/projects\/shop\/settings$/)
    await page.getByText('Settings of the project shop.').waitFor()
    assert.equal(await page.getByRole('textbox', { name: 'Tokens' }).inputValue(), 'shop')
    await page.getByRole('button', { name: /^Project shop/ }).click()
    await page.getByRole('menuitemradio', { name: 'demo' }).click()
    await page.waitForURL(/\/projects\/demo$/)
  })

  test('who lost the sign-in link gets a new one, which works', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'People and API keys' }).click()
    await page.getByLabel('E-mail').fill('lost@example.com')
    await page.getByRole('button', { name: 'Add person' }).click()
    const link = page.getByText(/#\/sign-in\//)
    const first = await link.innerText()
    await page.getByRole('button', { name: 'New link for lost@example.com' }).click()
    await page.getByText(first).waitFor({ state: 'detached' })
    assert.deepEqual(await seriousAxeFindings(page), [])
    const lost = await visit(desk.browser, desk.serve.consoleUrl)
    await lost.page.goto(await link.innerText())
    await lost.page.getByText('You have no password yet.').waitFor()
    await lost.close()
    assert.deepEqual(desk.findings, [])
  })
})
