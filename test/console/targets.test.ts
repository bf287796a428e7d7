import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { begunWith } from '../../console/src/pages/targets/target-beginnings.ts'
import {
  NEW_TARGET,
  draftOf,
  settingsOf,
  wrongIn,
} from '../../console/src/pages/targets/target-draft.ts'
import { TARGET_DEFAULTS, filledIn, urlValues } from '../../src/contract/targets.ts'
import { seriousAxeFindings } from '../support/browser.ts'
import { WITH_CHROMIUM, deskForSuite } from '../support/desk.ts'

/** Caches outside Sluice, as an admin describes them in the console. */

const SETTINGS = {
  ...TARGET_DEFAULTS,
  kind: 'generic-http',
  hosts: ['img.example.com'],
  purge: {
    method: 'POST',
    url: 'https://api.example.com/purge',
    headers: { 'content-type': 'application/json' },
    body: '{"files":[{url|json}]}',
  },
  everything: { method: 'POST', url: 'https://api.example.com/all', headers: {}, body: null },
  success: { statuses: [200], bodyHolds: '"ok"' },
  secretHeaders: { authorization: null },
  askers: { addresses: ['10.0.0.0/8'], header: { name: 'via', value: '1.1 varnish' } },
  verifyAddress: 'https://img.example.com',
} as const

describe('what is typed about a target', () => {
  test('is read and written without a difference, and an empty secret keeps the stored one', () => {
    const mutable = structuredClone(SETTINGS) as unknown as Parameters<typeof draftOf>[1]
    assert.deepEqual(settingsOf(draftOf('cdn', mutable)), SETTINGS)
  })

  test('a secret typed anew is sent; one without a name is not', () => {
    const secrets = [
      { name: 'Authorization', value: 'Bearer x', isKept: true },
      { name: '', value: 'lost', isKept: false },
    ]
    assert.deepEqual(settingsOf({ ...NEW_TARGET, secrets }).secretHeaders, {
      authorization: 'Bearer x',
    })
  })

  test('what is missing is said before it is sent', () => {
    const named = { ...NEW_TARGET, id: 'cdn' }
    const purge = { ...NEW_TARGET.purge, url: 'http://x/{path}' }
    assert.equal(wrongIn(NEW_TARGET), 'It has no name yet.')
    assert.equal(wrongIn(named), 'It has no purge address yet.')
    assert.equal(
      wrongIn({ ...named, purge: { ...purge, headers: 'no colon' } }),
      'A header is written name: value.',
    )
    assert.equal(wrongIn({ ...named, purge }), null)
    assert.equal(wrongIn({ ...named, purge }, ['cdn']), 'There is a target cdn already.')
  })

  test('what one begins with leaves what was typed, and sends the URL as the API of a CDN takes it', () => {
    const purge = { ...NEW_TARGET.purge, url: 'https://api.example.com/purge' }
    const api = begunWith({ ...NEW_TARGET, id: 'cdn', purge }, 'api')
    assert.deepEqual([api.id, api.purge.url, api.purge.method], ['cdn', purge.url, 'POST'])
    const body = filledIn(api.purge.body, urlValues(new URL('https://img.example.com/a?b="c"')))
    assert.deepEqual(JSON.parse(body), { files: ['https://img.example.com/a?b=%22c%22'] })
    assert.deepEqual(
      api.secrets.map(({ name }) => name),
      ['authorization'],
    )
  })
})

describe('the page Targets', WITH_CHROMIUM, () => {
  const desk = deskForSuite()
  let cache: Server
  /** What came to the cache, and what it answers. */
  const seen: { method: string; key: string }[] = []
  let status = 200

  before(async () => {
    cache = createServer((request, response) => {
      seen.push({ method: request.method ?? '', key: String(request.headers['x-key']) })
      response.writeHead(status).end()
    })
    await new Promise<void>((resolve) => cache.listen(0, '127.0.0.1', resolve))
  })

  after(async () => {
    cache?.close()
  })

  test('an admin adds a cache, with a secret that is sent and never shown again', async () => {
    const { page } = desk
    const { port } = cache.address() as AddressInfo
    await page.getByRole('link', { name: 'Targets' }).click()
    await page.getByText('No cache outside Sluice is known.').waitFor()
    await page.getByRole('button', { name: 'Add target' }).click()
    await page.getByText('It has no name yet.').waitFor()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('varnish-1')
    await page.getByLabel('Address', { exact: true }).fill(`http://127.0.0.1:${port}{target}`)
    await page.getByRole('checkbox', { name: 'It may have a private address' }).check()
    await page.getByRole('button', { name: 'Add secret header' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('x-key')
    await page.getByLabel('Value').fill('very secret')
    assert.deepEqual(await seriousAxeFindings(page), [])
    await page.getByRole('button', { name: 'Save target' }).click()
    await page.getByRole('heading', { name: 'Test varnish-1' }).waitFor()
    await page.getByRole('cell', { name: /^PURGE http/ }).waitFor()

    await page.getByRole('button', { name: 'Edit varnish-1' }).click()
    await page.getByText('Empty keeps the value that is stored.').waitFor()
    assert.equal(await page.getByLabel('Value').inputValue(), '')
    assert.ok(!(await page.content()).includes('very secret'))
    await page.getByRole('button', { name: 'Save target' }).click()
    await page.getByRole('button', { name: 'Save target' }).waitFor({ state: 'detached' })
  })

  test('Test sends one purge with the secret, and says what came of it', async () => {
    const { page } = desk
    await page.getByRole('button', { name: 'Close' }).first().click()
    await page.getByRole('button', { name: 'Test varnish-1' }).click()
    await page.getByRole('button', { name: 'Test now' }).click()
    await page.getByText('It takes purges, but cannot be looked at.').waitFor()
    assert.deepEqual(seen, [{ method: 'PURGE', key: 'very secret' }])
    status = 403
    await page.getByRole('button', { name: 'Test now' }).click()
    await page.getByText('It does not work yet.').waitFor()
    await page.getByText(/403/).first().waitFor()
  })

  test('an invalidation that it refuses names it, and Retry after the cure ends in Done', async () => {
    const { page } = desk
    await page.goto('/projects/demo/invalidate?assets=flat')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('button', { name: 'Submit' }).click()
    await page.getByText('Failed to invalidate CDN cache.').waitFor()
    await page
      .getByText(/varnish-1: .*403/)
      .first()
      .waitFor()
    status = 200
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText(/^Purged everywhere, but a cache could not be checked/).waitFor()
    await page.getByRole('heading', { name: /^Attempt 2/ }).waitFor()
  })

  test('it can be paused, resumed and removed', async () => {
    const { page } = desk
    await page.getByRole('link', { name: 'Targets' }).click()
    await page.getByRole('button', { name: 'Pause varnish-1' }).click()
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByText('Paused', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume varnish-1' }).click()
    await page.getByText('Asked', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Remove varnish-1' }).click()
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByText('No cache outside Sluice is known.').waitFor()
    assert.deepEqual(desk.findings, [])
  })
})
