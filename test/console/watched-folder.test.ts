import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { launchBrowser, signedIn } from '../support/browser.ts'
import type { Visit } from '../support/browser.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** A project whose assets are files that Sluice only reads. */

const chromium = program('chromium')

function png(background: string): Promise<Buffer> {
  return sharp({ create: { width: 200, height: 150, channels: 3, background } })
    .png()
    .toBuffer()
}

describe('the console of a watched folder', { skip: chromium.skip }, () => {
  let folder: string
  let data: string
  let serve: Started
  let browser: Browser
  let desk: Visit

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-folder-'))
    await mkdir(join(folder, 'shoes'))
    await writeFile(join(folder, 'shoes/red.png'), await png('#c02020'))
    await writeFile(join(folder, 'a,b.png'), await png('#20c020'))
    data = await mkdtemp(join(tmpdir(), 'sluice-data-'))
    serve = await startServe({ data, env: { SLUICE_ASSETS: folder } })
    browser = await launchBrowser(chromium.path)
    desk = await signedIn(browser, serve)
  })

  after(async () => {
    await browser?.close()
    await serve?.stop()
    await rm(folder, { recursive: true, force: true })
    await rm(data, { recursive: true, force: true })
  })

  test('Home tells of files that are not served, and Assets why', async () => {
    const { page } = desk
    await page.getByText('1 file of the watched folder is not served.').waitFor()
    await page.getByRole('link', { name: 'See why' }).click()
    await page.getByRole('button', { name: 'Problems' }).click()
    await page.getByText('a,b.png').waitFor()
  })

  test('Upload is off, and says why', async () => {
    const { page } = desk
    assert.ok(await page.getByRole('button', { name: 'Upload' }).isDisabled())
    await page.getByText(/which Sluice only reads\. Change them there/).waitFor()
  })

  test('folders lead to what is in them, and an asset with a folder has an address', async () => {
    const { page } = desk
    await page.getByRole('list', { name: 'Folders' }).getByRole('button', { name: /shoes/ }).click()
    await page.waitForURL(/folder=shoes/)
    await page.getByRole('link', { name: 'shoes/red', exact: true }).last().click()
    await page.waitForURL(/\/assets\/shoes\/red$/)
    await page.reload()
    await page.getByRole('heading', { name: 'shoes/red', level: 1 }).waitFor()
  })

  test('a file that changes on disk is a new version in the page without a reload', async () => {
    const { page } = desk
    await writeFile(join(folder, 'shoes/red.png'), await png('#2020c0'))
    await page.getByText(/^Version 2, /).waitFor()
  })

  test('the page tells that Sluice is gone, and goes on by itself when it is back', async () => {
    const { page } = desk
    const port = new URL(serve.consoleUrl).port
    await page.goto('/projects/demo/nodes')
    await page.getByRole('table', { name: 'Nodes' }).waitFor()
    await serve.stop()
    await page.getByText('Connection lost.').waitFor()
    const env = { SLUICE_ASSETS: folder }
    serve = await startServe({ data, env, args: ['--port', port] })
    await page.getByText('Connection lost.').waitFor({ state: 'detached' })
    await page.getByRole('row').filter({ hasText: 'edge-2' }).getByText('In, up to date').waitFor()
    await page.getByRole('link', { name: 'Invalidation Log' }).first().click()
    await page.getByRole('row').filter({ hasText: 'New version of' }).first().waitFor()
    assert.deepEqual(desk.findings, [])
  })
})
