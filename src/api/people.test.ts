import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { ADMIN_EMAIL, startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { KEY_RATE } from './limits.ts'
import { permissionsOf } from '../contract/permissions.ts'

const P = '/api/v1/projects/demo'

describe('API keys', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
  })
  after(() => control.stop())

  test('a key is shown once, works at once, knows its project and role, and ends when revoked', async () => {
    const made = await control.call('POST', `${P}/keys`, { body: { name: 'ci', role: 'editor' } })
    assert.equal(made.status, 201)
    const { key, secret } = made.json
    assert.match(secret, /^sk_[\w-]{43}$/)
    const listed = await control.call('GET', `${P}/keys`)
    assert.deepEqual(listed.json.items, [key])
    assert.ok(!listed.text.includes(secret))

    const me = await control.call('GET', '/api/v1/me', { key: secret })
    const may = permissionsOf(['editor'])
    assert.deepEqual(me.json.projects, [{ id: 'demo', roles: ['editor'], may }])
    assert.equal(me.json.name, 'ci')
    assert.equal(me.json.kind, 'key')

    assert.equal((await control.call('DELETE', `${P}/keys/${key.id}`)).status, 200)
    assert.equal((await control.call('GET', '/api/v1/me', { key: secret })).status, 401)
    assert.equal((await control.call('DELETE', `${P}/keys/${key.id}`)).json.code, 'unknown-key')
  })

  test("one project's admin cannot revoke another's key", async () => {
    const made = await control.call('POST', '/api/v1/projects/other/keys', {
      body: { name: 'theirs', role: 'viewer' },
    })
    const admin = await control.key('demo', 'admin')
    const path = `${P}/keys/${made.json.key.id}`
    assert.equal((await control.call('DELETE', path, { key: admin })).status, 404)
    assert.equal((await control.call('GET', '/api/v1/me', { key: made.json.secret })).status, 200)
  })

  test('the store holds no secret', async () => {
    const made = await control.call('POST', `${P}/keys`, { body: { name: 'x', role: 'viewer' } })
    const rows = await control.store.tables.accounts.keys('demo')
    assert.ok(!JSON.stringify(rows).includes(made.json.secret))
  })

  test('200 requests at once pass, the next is told to wait, another key is not', async () => {
    const [busy, quiet] = [await control.key('demo', 'viewer'), await control.key('demo', 'editor')]
    for (let count = 0; count < KEY_RATE.burst; count++) {
      assert.equal((await control.call('GET', '/api/v1/me', { key: busy })).status, 200)
    }
    let refused = await control.call('GET', '/api/v1/me', { key: busy })
    // The machine's own time earned some tokens while the loop ran.
    while (refused.status === 200) refused = await control.call('GET', '/api/v1/me', { key: busy })
    assert.equal(refused.status, 429)
    assert.equal(refused.json.code, 'too-many-requests')
    assert.equal(refused.headers['retry-after'], '1')
    assert.equal((await control.call('GET', '/api/v1/me', { key: quiet })).status, 200)
    control.advance(1000)
    assert.equal((await control.call('GET', '/api/v1/me', { key: busy })).status, 200)
  })
})

describe('people', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
  })
  after(() => control.stop())

  const add = (email: string, role: string, project = 'demo') =>
    control.call('POST', `/api/v1/projects/${project}/members`, { body: { email, role } })

  test('a new e-mail gets a one-time link; with it they see their project and nothing else', async () => {
    const added = await add('ada@example.com', 'viewer')
    assert.equal(added.status, 200)
    const token = /^\/#\/sign-in\/([\w-]{43})$/.exec(added.json.signInPath)![1]
    const signed = await control.call('POST', '/api/v1/session/link', {
      key: null,
      body: { token },
    })
    const may = permissionsOf(['viewer'])
    assert.deepEqual(signed.json.me.projects, [{ id: 'demo', roles: ['viewer'], may }])
    assert.equal(signed.json.me.hasPassword, false)
    const cookie = String(signed.headers['set-cookie']).split(';')[0]!
    const read = (url: string) => control.call('GET', url, { key: null, headers: { cookie } })
    assert.equal((await read('/api/v1/projects')).json.items.length, 1)
    assert.equal((await read('/api/v1/projects/other')).status, 404)
    assert.equal((await read(`${P}/members`)).status, 403)

    const { id } = added.json.member
    assert.equal((await control.call('DELETE', `${P}/members/${id}`)).status, 200)
    assert.equal((await read(P)).status, 404)
  })

  test('a known e-mail gets no link: it would hand their account over', async () => {
    await add('bob@example.com', 'viewer')
    const again = await add('BOB@example.com', 'admin', 'other')
    assert.equal(again.json.signInPath, null)
    assert.equal((await add(ADMIN_EMAIL, 'viewer')).json.signInPath, null)
  })

  test('a link that was lost is given again while the account has no password', async () => {
    const first = await add('lost@example.com', 'viewer')
    const second = await add('lost@example.com', 'viewer')
    assert.match(second.json.signInPath, /sign-in/)
    assert.notEqual(second.json.signInPath, first.json.signInPath)
  })

  test('adding again changes the role', async () => {
    await add('eve@example.com', 'viewer')
    await add('eve@example.com', 'editor')
    const { items } = (await control.call('GET', `${P}/members`)).json
    const eve = items.filter(({ email }: { email: string }) => email === 'eve@example.com')
    assert.deepEqual(
      eve.map(({ role }: { role: string }) => role),
      ['editor'],
    )
  })

  test('who is no member cannot be taken out', async () => {
    const answer = await control.call('DELETE', `${P}/members/nobody`)
    assert.equal(answer.json.code, 'unknown-member')
  })
})
