/** Takes the README's picture from a running Sluice of its own: `node scripts/picture.ts`. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'

import { launchBrowser, visit } from '../test/support/browser.ts'
import { program } from '../test/support/programs.ts'
import { startServe } from '../test/support/serve.ts'

const FILE = path.resolve(import.meta.dirname, '../docs/images/console.png')
const TARGET = '/is/image/demo/flat?wid=500'

async function seeOldOne(edges: readonly string[]): Promise<void> {
  for (const edge of edges) await (await fetch(`${edge}${TARGET}`)).arrayBuffer()
}

const sluice = await startServe()
const browser = await launchBrowser(program('chromium').path)
try {
  const headers = {
    authorization: `Bearer ${await sluice.adminKey()}`,
    'content-type': 'application/json',
  }
  const api = `${sluice.consoleUrl}/api/v1/projects/demo`
  await seeOldOne(sluice.edges)
  await fetch(`${api}/demo/flat/replace`, { method: 'POST', headers })
  const body = JSON.stringify({
    assets: ['flat'],
    renditions: true,
    presets: true,
    note: 'New product photo',
  })
  const answer = await fetch(`${api}/invalidations`, { method: 'POST', headers, body })
  const { id } = (await answer.json()) as { id: string }
  const { page } = await visit(browser, sluice.consoleUrl)
  await page.goto(sluice.signInLink!)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.goto(`${sluice.consoleUrl}/projects/demo/invalidations/${id}`)
  await page.getByText('Live everywhere').first().waitFor()
  mkdirSync(path.dirname(FILE), { recursive: true })
  await page.screenshot({ path: FILE, clip: { x: 0, y: 0, width: 1280, height: 800 } })
} finally {
  await browser.close()
  await sluice.stop()
}
