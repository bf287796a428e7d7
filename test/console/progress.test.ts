import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { seriousAxeFindings } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** After Submit: what it waits for while a cache outside takes its time, and what is known in the end. */

describe('an invalidation that is running', WITH_CHROMIUM, () => {
  const desk = deskForSuite()
  let cache: Server
  /** Answers what waits, and from then on at once. */
  let answer: () => void

  before(async () => {
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve))
    cache = createServer((request, response) => {
      request.resume()
      void mayAnswer.then(() => response.writeHead(200).end('purged'))
    })
    await new Promise<void>((resolve) => void cache.listen(0, '127.0.0.1', resolve))
    await putTarget((cache.address() as AddressInfo).port)
  })

  after(async () => {
    cache?.close()
    cache?.closeAllConnections()
  })

  async function putTarget(port: number): Promise<void> {
    const purge = {
      method: 'PURGE',
      url: `http://127.0.0.1:${port}{target}`,
      headers: {},
      body: null,
    }
    const fields = { kind: 'generic-http', purge, allowPrivate: true, timeoutSeconds: 60 }
    const put = await fetch(`${desk.serve.consoleUrl}/api/v1/projects/demo/targets/outer`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await desk.serve.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ ...fields, fillBoundSeconds: 0 }),
    })
    assert.equal(put.status, 200, await put.text())
  }

  test('shows the estimate as it shrinks, each tier, and which target it waits for', async () => {
    const { page } = desk
    await page.goto('/projects/demo/invalidate?assets=flat')
    await page.getByRole('button', { name: 'Next' }).click()
    await page
      .getByRole('list', { name: 'Requests per target' })
      .getByText(/^outer \d+ requests?, /)
      .waitFor()
    await page.getByRole('button', { name: 'Submit' }).click()
    await page.getByText('Flushing CDN servers…', { exact: true }).waitFor()
    await page.getByText('Resizing servers: 1 of 1 done', { exact: true }).waitFor()
    await page.getByText('CDN servers: 2 of 3 done, waiting for outer', { exact: true }).waitFor()
    await page
      .getByText(/^(Estimate: .* left\.|It takes longer than the estimate of .*)$/)
      .waitFor()
    await page.getByText(/^It takes longer than the estimate of /).waitFor()
    assert.deepEqual(await seriousAxeFindings(page), [])
  })

  test('says in the end what is known of each cache, and which one could not be looked at', async () => {
    const { page } = desk
    answer()
    const notice = page.getByRole('status').filter({ hasText: 'a cache could not be checked' })
    await notice.getByText(/^Purged everywhere, but a cache could not be checked, /).waitFor()
    await notice.getByText('outer: it has no verify address').waitFor()
    const cdn = page.getByRole('table', { name: 'CDN servers' })
    await cdn.getByRole('row').filter({ hasText: 'outer' }).getByText('Done').waitFor()
    assert.deepEqual(desk.findings, [])
  })
})
