import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { seriousAxeFindings, visit } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'
import { until } from '../support/http.ts'

/** The Invalidation Log with entries of every kind: done, failed at a cache outside, and waiting for their time. */

const P = '/api/v1/projects/demo'

async function open(page: Page, path = ''): Promise<void> {
  await page.goto(`/projects/demo/invalidations${path}`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.getByRole('progressbar').first().waitFor({ state: 'detached' })
}

const rows = (page: Page) => page.getByRole('table', { name: 'Invalidations' }).locator('tbody tr')

describe('the Invalidation Log', WITH_CHROMIUM, () => {
  const desk = deskForSuite(() => ({ edges: 1 }))
  let cache: Server
  let failed: Invalidation

  before(async () => {
    cache = createServer((_request, response) => response.writeHead(403).end())
    await new Promise<void>((resolve) => cache.listen(0, '127.0.0.1', resolve))
    await makeHistory()
    await desk.context.grantPermissions(['clipboard-read', 'clipboard-write'])
  })

  after(async () => {
    cache?.close()
  })

  async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${desk.serve.consoleUrl}${P}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await desk.serve.adminKey()}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path}: ${text}`)
    return JSON.parse(text) as T
  }

  async function ended(id: string): Promise<Invalidation> {
    const one = (): Promise<Invalidation> => api('GET', `/invalidations/${id}`)
    await until('it ended', async () => (await one()).finishedAt !== null)
    return one()
  }

  async function makeHistory(): Promise<void> {
    const submit = async (body: unknown): Promise<Invalidation> =>
      api('POST', '/invalidations', body)
    const done = await submit({ assets: ['flat'], renditions: true, note: 'spring campaign' })
    await ended(done.id)
    const { port } = cache.address() as AddressInfo
    await api('PUT', '/targets/varnish-1', {
      kind: 'generic-http',
      allowPrivate: true,
      purge: { method: 'PURGE', url: `http://127.0.0.1:${port}{target}`, headers: {}, body: null },
    })
    const refused = await submit({ assets: ['spinset'], presets: true })
    failed = await ended(refused.id)
    assert.equal(failed.status, 'ERROR_CDN_NODE')
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
    await submit({ assets: ['flat'], renditions: true, scheduleAt: tomorrow })
    await api('PATCH', '', { supportUrl: 'https://help.example.com/' })
  }

  test('each status tells its meaning on hover and on focus, and Escape ends it', async () => {
    const { page } = desk
    await open(page)
    const status = page.getByRole('button', { name: 'ERROR_CDN_NODE' })
    const meaning = page
      .getByRole('tooltip')
      .filter({ hasText: 'The CDN step failed.', visible: true })
    await status.hover()
    await meaning.waitFor()
    await page.getByRole('heading', { level: 1 }).hover()
    await meaning.waitFor({ state: 'detached' })
    await status.focus()
    await meaning.waitFor()
    assert.deepEqual(await seriousAxeFindings(page), [])
    await page.keyboard.press('Escape')
    await meaning.waitFor({ state: 'detached' })
  })

  test('no width of the screen cuts it off, whatever stands in it', async () => {
    const { page } = desk
    for (const path of ['', `/${failed.id}`]) {
      await open(page, path)
      for (const width of [390, 760, 900, 1024, 1180, 1280, 1600]) {
        await page.setViewportSize({ width, height: 900 })
        const beyond = 'document.documentElement.scrollWidth - innerWidth'
        const fits = async (): Promise<boolean> => (await page.evaluate(beyond)) === 0
        await until(`${path} fits into ${width} pixels`, fits, 2000)
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  test('times are local, and the page says in which zone', async () => {
    const there = await desk.browser.newContext({
      baseURL: desk.serve.consoleUrl,
      timezoneId: 'Asia/Tokyo',
      storageState: await desk.context.storageState(),
    })
    const page = await there.newPage()
    await open(page)
    await page.getByText('your time zone, Asia/Tokyo').waitFor()
    const at = await page.locator('time').first().getAttribute('datetime')
    const hour = (new Date(at ?? '').getUTCHours() + 9) % 24
    const shown = await page.locator('time').first().innerText()
    assert.match(shown, new RegExp(`\\b${String(hour).padStart(2, '0')}:\\d\\d:\\d\\d$`))
    await there.close()
  })

  test('a search by URL, by person and by a filter that nothing fits, and a way back', async () => {
    const { page } = desk
    await open(page)
    const search = page.getByRole('searchbox', { name: 'Search the log' })
    await search.fill('image/demo/spinset')
    await until('one row', async () => (await rows(page).count()) === 1)
    await rows(page).getByRole('button', { name: 'ERROR_CDN_NODE' }).waitFor()
    await search.fill('spring')
    await rows(page).getByText('Note: spring campaign').waitFor()
    await search.fill('nobody asked for this')
    await page.getByText('No invalidation fits.').waitFor()
    await page.getByRole('button', { name: 'Clear filters' }).last().click()
    await until('all rows', async () => (await rows(page).count()) === 3)
    assert.equal(await search.inputValue(), '')
    await page.waitForFunction('document.activeElement.type === "search"')
  })

  test('Export saves what the filters let through, as the server streams it', async () => {
    const { page } = desk
    await open(page, '?status=ERROR_CDN_NODE')
    const files = new Map<string, string>()
    for (const format of ['CSV', 'JSON']) {
      await page.getByRole('button', { name: 'Export' }).click()
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: new RegExp(`^${format}`) }).click(),
      ])
      files.set(saved.suggestedFilename(), await readFile(await saved.path(), 'utf8'))
    }
    const csv = files.get('invalidations-demo.csv') ?? ''
    assert.equal(csv.trim().split('\r\n').length, 2, csv)
    assert.ok(csv.includes(failed.id))
    const { items } = JSON.parse(files.get('invalidations-demo.json') ?? '') as {
      items: readonly Invalidation[]
    }
    assert.deepEqual(
      items.map(({ id }) => id),
      [failed.id],
    )
  })

  test('Copy report: id, timeline, targets, reason, version, where help is and where the rest is', async () => {
    const { page } = desk
    await open(page)
    await page.getByRole('button', { name: `Copy report of ${failed.id}` }).click()
    await page.getByText('Report copied').waitFor()
    const report = String(await page.evaluate('navigator.clipboard.readText()'))
    for (const part of [
      failed.id,
      'Timeline',
      'varnish-1 (cdn): failed',
      'answered 403',
      'Sluice ',
      'Support: https://help.example.com/',
      `Page: ${desk.serve.consoleUrl}/projects/demo/invalidations/${failed.id}`,
    ]) {
      assert.ok(report.includes(part), `${part} is missing in\n${report}`)
    }
  })

  test('a failed one names target and reason, offers Retry and support, and keeps each attempt', async () => {
    const { page } = desk
    await open(page, `/${failed.id}`)
    await page.getByText('Failed to invalidate CDN cache.', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'contact support' }).waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('heading', { name: /^Attempt 2 ended/ }).waitFor()
    const timeline = page.getByRole('region', { name: 'Timeline' })
    await timeline.getByText(/varnish-1: .* it answered 403.* 2 of 3 targets done/).waitFor()
    assert.deepEqual(await seriousAxeFindings(page), [])
  })

  test('a viewer reads all of it, and is told once why nothing can be retried', async () => {
    const { signInPath } = await api<{ signInPath: string }>('POST', '/members', {
      email: 'vera@example.com',
      role: 'viewer',
    })
    const vera = await visit(desk.browser, desk.serve.consoleUrl)
    await vera.page.goto(signInPath)
    await vera.page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
    await open(vera.page)
    await until('all rows', async () => (await rows(vera.page).count()) === 3)
    assert.equal(await vera.page.getByRole('button', { name: /^(Retry|Cancel)/ }).count(), 0)
    await vera.page.getByRole('button', { name: `Copy report of ${failed.id}` }).waitFor()
    await open(vera.page, `/${failed.id}`)
    await vera.page.getByText('You need the role editor in this project.').waitFor()
    assert.ok(await vera.page.getByRole('button', { name: 'Retry' }).isDisabled())
    assert.deepEqual(vera.findings, [])
    await vera.close()
  })

  test('Refresh loads it anew', async () => {
    const { page } = desk
    await open(page)
    const [answer] = await Promise.all([
      page.waitForResponse((one) => one.url().includes('/invalidations?')),
      page.getByRole('button', { name: 'Refresh' }).click(),
    ])
    assert.equal(answer.status(), 200)
    assert.deepEqual(desk.findings, [])
  })
})
