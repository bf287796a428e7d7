import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { rawRequest } from '../../test/support/raw-request.ts'

describe('the console', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
  })
  after(() => control.stop())

  const get = (url: string, accept = '*/*') =>
    control.call('GET', url, { key: null, headers: { accept } })

  test('its page answers every address that it makes up, with a strict policy', async () => {
    for (const url of ['/', '/index.html', '/projects/demo/invalidations/0195-x', '/sign-in']) {
      const answer = await get(url, 'text/html,*/*')
      assert.equal(answer.status, 200, url)
      assert.match(answer.text, /<title>Sluice/)
      const policy = String(answer.headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /script-src 'self'(;|$)/)
      assert.doesNotMatch(policy, /unsafe|\*/)
      assert.equal(answer.headers['cache-control'], 'no-cache')
      assert.equal(answer.headers['x-frame-options'], 'DENY')
      assert.equal(answer.headers['x-content-type-options'], 'nosniff')
      assert.equal(answer.headers['referrer-policy'], 'no-referrer')
    }
  })

  test('hashed files may be kept for ever; missing ones are no page', async () => {
    const script = await get('/assets/app-1a2b3c.js')
    assert.equal(script.status, 200)
    assert.match(String(script.headers['content-type']), /javascript/)
    assert.match(String(script.headers['cache-control']), /immutable/)
    const missing = await get('/assets/app-old.js', 'text/html')
    assert.equal(missing.status, 404)
    assert.equal(missing.headers['cache-control'], 'no-store')
  })

  test('an unknown API path is a problem document, not the page', async () => {
    for (const url of ['/api/v1/nothing', '/api', '/internal/nodes']) {
      const answer = await get(url, 'text/html')
      assert.equal(answer.status, 404, url)
      assert.match(String(answer.headers['content-type']), /problem\+json/)
    }
  })

  test('nothing else of the disk is served, however the path is spelled', async () => {
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/../../secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/..\\secret.txt',
      '/..%5csecret.txt',
      '//etc/passwd',
      '/%2fetc%2fpasswd',
      '/assets//../../secret.txt',
    ]) {
      const { status, text } = await rawRequest(await control.url(), path)
      assert.ok(status === 404 || status === 400 || text.includes('<title>Sluice'), path)
      assert.ok(!text.includes('secret') || status !== 200, path)
    }
  })
})

test('without a build the API still answers, and says how to build', async () => {
  const control = await startControlApi({ consoleFolder: null })
  try {
    const page = await control.call('GET', '/', { key: null })
    assert.equal(page.status, 404)
    assert.equal((await control.call('GET', '/healthz', { key: null })).status, 200)
  } finally {
    await control.stop()
  }
})
