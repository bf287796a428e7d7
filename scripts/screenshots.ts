/** Pictures of every page for the documentation: `node scripts/screenshots.ts`. Starts a demo of its own, and ends it. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { launchBrowser, visit } from '../test/support/browser.ts'
import type { Visit } from '../test/support/browser.ts'
import { program } from '../test/support/programs.ts'
import { startServe } from '../test/support/serve.ts'

const FOLDER = path.resolve(import.meta.dirname, '../docs/images')

const PAGES = [
  { file: 'home', address: '' },
  { file: 'assets', address: '/assets' },
  { file: 'asset', address: '/assets/flat' },
  {
    file: 'smart-crop',
    address: '/assets/portrait',
    button: 'Edit crop Medium',
    picture: /^This part/,
  },
  {
    file: 'image-presets',
    address: '/presets',
    button: 'Edit preset product',
    picture: /these modifiers$/,
  },
  { file: 'cdn-invalidation-template', address: '/template' },
  { file: 'cdn-invalidation', address: '/invalidate?assets=flat,spinset' },
  { file: 'confirm', address: '/invalidate?assets=flat', button: 'Next' },
  { file: 'invalidate-cdn', address: '/invalidate-cdn?assets=spinset' },
  { file: 'invalidation-log', address: '/invalidations' },
  { file: 'live-view', address: '/live?asset=flat' },
  { file: 'nodes', address: '/nodes' },
  { file: 'targets', address: '/targets' },
  { file: 'general-settings', address: '/settings' },
  { file: 'people-and-api-keys', address: '/people' },
  { file: 'help', address: '/help' },
] as const

const WIDTHS = [1280, 390] as const

/** Documentation is read over slow lines, too: a palette of this many colours is enough for pages of text. */
const COLOURS = 128

async function pictureOf(page: Page, file: string): Promise<void> {
  const png = await page.screenshot()
  const small = await sharp(png).png({ palette: true, colours: COLOURS, effort: 10 }).toBuffer()
  await writeFile(path.join(FOLDER, file), small)
  process.stdout.write(`${file}  ${Math.ceil(small.length / 1000)} kB\n`)
}

async function settle(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.getByRole('progressbar').first().waitFor({ state: 'detached' })
  await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined)
}

/** Something for the log to show. */
async function makeHistory({ page }: Visit): Promise<void> {
  for (const asset of ['flat', 'spinset']) {
    await page.goto(`/projects/demo/invalidate?assets=${asset}`)
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Submit' }).click()
    await page
      .getByText(/^Live everywhere, /)
      .first()
      .waitFor()
  }
}

async function picturesOf(browser: Browser, consoleUrl: string, first: Visit): Promise<void> {
  const state = await first.context.storageState()
  for (const width of WIDTHS) {
    const seen = await visit(browser, consoleUrl, { width, state })
    for (const page of PAGES) {
      await seen.page.goto(`/projects/demo${page.address}`)
      await settle(seen.page)
      if ('button' in page) {
        await seen.page.getByRole('button', { name: page.button }).click()
        await settle(seen.page)
      }
      if ('picture' in page) await seen.page.getByRole('img', { name: page.picture }).waitFor()
      await pictureOf(seen.page, `${page.file}-${width}.png`)
    }
    await seen.close()
  }
}

const chromium = program('chromium')
await mkdir(FOLDER, { recursive: true })
const serve = await startServe()
const browser = await launchBrowser(chromium.path)
try {
  const first = await visit(browser, serve.consoleUrl)
  await first.page.goto(serve.signInLink ?? '')
  await first.page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
  await makeHistory(first)
  await picturesOf(browser, serve.consoleUrl, first)
} finally {
  await browser.close()
  await serve.stop()
}
