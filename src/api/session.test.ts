import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { ADMIN_EMAIL, ADMIN_PASSWORD, startControlApi } from '../../test/support/control-api.ts'
import type { Answer, CallOptions, ControlApi } from '../../test/support/control-api.ts'
import { systemRandom } from '../kernel/random.ts'
import { LINK_MS, SESSION_MS, newSignInLink } from './callers.ts'
import { WRONG_PASSWORDS_WINDOW_MS } from './limits.ts'

const SESSION = '/api/v1/session'

test('without trusted proxies what a client says of itself does nothing', async () => {
  const control = await startControlApi()
  try {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '9.9.9.9' }
    const body = { email: ADMIN_EMAIL, password: ADMIN_PASSWORD }
    const right = await control.call('POST', SESSION, { key: null, body, headers })
    assert.doesNotMatch(String(right.headers['set-cookie']), /Secure/)
    assert.equal(right.headers['strict-transport-security'], undefined)
    const wrong = { ...body, password: 'wrong' }
    for (let count = 0; count < 5; count++) {
      const spoofed = { ...headers, 'x-forwarded-for': `9.9.9.${count}` }
      await control.call('POST', SESSION, { key: null, body: wrong, headers: spoofed })
    }
    assert.equal((await control.call('POST', SESSION, { key: null, body })).status, 429)
  } finally {
    await control.stop()
  }
})

describe('sessions', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi({ trustedProxies: ['127.0.0.1'] })
  })
  after(() => control.stop())

  const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
    control.call('POST', url, { key: null, body, headers })
  const signIn = (password = ADMIN_PASSWORD, headers = {}) =>
    post(SESSION, { email: ADMIN_EMAIL, password }, headers)

  test('a password makes a cookie that no script can read and no other site can use', async () => {
    const answer = await signIn()
    assert.equal(answer.status, 200)
    assert.equal(answer.json.me.email, ADMIN_EMAIL)
    const cookie = String(answer.headers['set-cookie'])
    assert.match(cookie, /^sluice_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/)
    const me = await control.call('GET', '/api/v1/me', by(cookieOf(answer)))
    assert.equal(me.json.kind, 'session')
    assert.equal(me.json.csrf, answer.json.me.csrf)
  })

  test('behind a trusted proxy that ends TLS the cookie is Secure', async () => {
    const answer = await signIn(ADMIN_PASSWORD, { 'x-forwarded-proto': 'https' })
    assert.match(String(answer.headers['set-cookie']), /; Secure$/)
    assert.match(String(answer.headers['strict-transport-security']), /max-age/)
  })

  test('only the hash of the token is stored', async () => {
    const token = cookieOf(await signIn()).split('=')[1]!
    assert.equal(await control.store.tables.accounts.session(token, 0), undefined)
  })

  test('an unsafe request needs the csrf of its session', async () => {
    const answer = await signIn()
    const cookie = cookieOf(answer)
    const { csrf } = answer.json.me
    const patch = (headers: Record<string, string>) =>
      control.call('PATCH', '/api/v1/projects/demo', by(cookie, { body: {}, headers }))
    assert.equal((await patch({})).json.code, 'cross-site')
    assert.equal((await patch({ 'x-sluice-csrf': 'x'.repeat(43) })).status, 403)
    assert.equal((await patch({ 'x-sluice-csrf': csrf })).status, 200)
    const foreign = (await signIn()).json.me.csrf as string
    assert.equal((await patch({ 'x-sluice-csrf': foreign })).status, 403, 'not of another session')
  })

  test('what comes from another site is refused, even with the csrf, and even to sign in', async () => {
    const answer = await signIn()
    const csrf = { 'x-sluice-csrf': answer.json.me.csrf as string }
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ] as Record<string, string>[]) {
      const patched = await control.call(
        'PATCH',
        '/api/v1/projects/demo',
        by(cookieOf(answer), { body: {}, headers: { ...csrf, ...headers } }),
      )
      assert.equal(patched.json.code, 'cross-site')
      assert.equal((await signIn(ADMIN_PASSWORD, headers)).json.code, 'cross-site')
    }
    const own = { origin: 'http://localhost', host: 'localhost', 'sec-fetch-site': 'same-origin' }
    const patched = await control.call(
      'PATCH',
      '/api/v1/projects/demo',
      by(cookieOf(answer), { body: {}, headers: { ...csrf, ...own } }),
    )
    assert.equal(patched.status, 200)
  })

  test('an API key needs no csrf, and a wrong key is not helped by a cookie', async () => {
    const cookie = cookieOf(await signIn())
    assert.equal((await control.call('PATCH', '/api/v1/projects/demo', { body: {} })).status, 200)
    const wrong = await control.call('GET', '/api/v1/me', { key: 'sk_wrong', headers: { cookie } })
    assert.equal(wrong.status, 401)
  })

  test('signing out ends the session on the server', async () => {
    const answer = await signIn()
    const headers = { 'x-sluice-csrf': answer.json.me.csrf as string }
    const out = await control.call('DELETE', SESSION, by(cookieOf(answer), { headers }))
    assert.equal(out.status, 200)
    assert.match(String(out.headers['set-cookie']), /^sluice_session=; .*Max-Age=0/)
    const me = await control.call('GET', '/api/v1/me', by(cookieOf(answer)))
    assert.equal(me.status, 401)
  })

  test('a session ends by itself', async () => {
    const cookie = cookieOf(await signIn())
    control.advance(SESSION_MS - 60_000)
    assert.equal((await control.call('GET', '/api/v1/me', by(cookie))).status, 200)
    control.advance(61_000)
    assert.equal((await control.call('GET', '/api/v1/me', by(cookie))).status, 401)
  })

  test('a one-time link signs in once, within its day, and then lets choose a password', async () => {
    const { clock } = control.parts
    const link = () => newSignInLink(control.store, { clock, random: systemRandom }, 'admin')
    const token = await link()
    const first = await post(`${SESSION}/link`, { token })
    assert.equal(first.status, 200)
    assert.equal((await post(`${SESSION}/link`, { token })).json.code, 'wrong-credentials')
    assert.equal((await post(`${SESSION}/link`, { token: 'x' })).status, 401)

    const late = await link()
    control.advance(LINK_MS + 1000)
    assert.equal((await post(`${SESSION}/link`, { token: late })).status, 401)

    const fresh = await post(`${SESSION}/link`, { token: await link() })
    const headers = { 'x-sluice-csrf': fresh.json.me.csrf as string }
    const changed = await control.call(
      'POST',
      `${SESSION}/password`,
      by(cookieOf(fresh), { headers, body: { next: ADMIN_PASSWORD } }),
    )
    assert.equal(changed.status, 200)
    assert.equal((await control.call('GET', '/api/v1/me', by(cookieOf(first)))).status, 401)
    assert.equal((await control.call('GET', '/api/v1/me', by(cookieOf(changed)))).status, 200)
  })

  test('a new password needs the old one, ends other sessions, and may not be weak', async () => {
    const [mine, other] = [await signIn(), await signIn()]
    const change = (body: unknown) =>
      control.call(
        'POST',
        `${SESSION}/password`,
        by(cookieOf(mine), { headers: { 'x-sluice-csrf': mine.json.me.csrf as string }, body }),
      )
    assert.equal(
      (await change({ next: 'other words nobody joins' })).json.code,
      'wrong-credentials',
    )
    const weak = await change({ current: ADMIN_PASSWORD, next: 'aaaaaaaaaaaa' })
    assert.equal(weak.json.code, 'weak-password')
    assert.equal((await change({ current: ADMIN_PASSWORD, next: 'short' })).status, 400)
    assert.equal((await change({ current: ADMIN_PASSWORD, next: ADMIN_PASSWORD })).status, 200)
    assert.equal((await control.call('GET', '/api/v1/me', by(cookieOf(other)))).status, 401)
  })

  test('the sixth wrong password waits, even when it is right; another address does not', async () => {
    control.advance(WRONG_PASSWORDS_WINDOW_MS)
    for (let count = 0; count < 5; count++) {
      assert.equal((await signIn(`wrong ${count}`)).json.code, 'wrong-credentials')
    }
    const sixth = await signIn()
    assert.equal(sixth.status, 429)
    assert.equal(sixth.json.code, 'too-many-attempts')
    assert.ok(Number(sixth.headers['retry-after']) > 500)
    assert.equal((await signIn(ADMIN_PASSWORD, { 'x-forwarded-for': '9.9.9.9' })).status, 200)
    control.advance(WRONG_PASSWORDS_WINDOW_MS)
    assert.equal((await signIn()).status, 200)
  })

  test('strangers cannot make the server hold large bodies', async () => {
    const large = await post(SESSION, { email: 'x'.repeat(20_000), password: 'x' })
    assert.equal(large.status, 413)
  })

  test('an account that does not exist is told in the same words', async () => {
    const known = await signIn('wrong')
    const unknown = await post(SESSION, { email: 'nobody@localhost', password: 'wrong' })
    assert.equal(known.text, unknown.text)
  })
})

function cookieOf(answer: Answer): string {
  return String(answer.headers['set-cookie']).split(';')[0]!
}

function by(cookie: string, options: CallOptions = {}): CallOptions {
  return { ...options, key: null, headers: { ...options.headers, cookie } }
}
