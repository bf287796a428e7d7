import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { ADMIN_KEY, startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { CLOUDIMAGE_STATUSES } from '../contract/api/cloudimage.ts'
import { addedAt } from './cloudimage-routes.ts'

describe("Cloudimage's API", () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    const body = { tokens: ['doc'], origins: [{ host: 'sample.li' }] }
    assert.equal((await control.call('PATCH', '/api/v1/projects/demo', { body })).status, 200)
  })
  after(() => control.stop())

  const submit = (body: unknown, key: string | null = ADMIN_KEY) =>
    control.call('POST', '/invalidate', {
      key: null,
      body,
      headers: key === null ? {} : { 'x-client-key': key },
    })
  const state = (uuid: string, key = ADMIN_KEY) =>
    control.call('GET', `/invalidate/${uuid}`, { key: null, headers: { 'x-client-key': key } })

  test('originals are received, and end in DONE with their paths', async () => {
    const submitted = await submit({ scope: 'original', urls: ['/sample.li/birds.jpg'] })
    assert.equal(submitted.status, 201)
    assert.equal(submitted.json.status, 'success')
    assert.equal(submitted.json.msg, 'Your invalidation request has been received')
    const { uuid, added_at, status } = submitted.json.invalidation
    assert.equal(status, 'RECEIVED')
    assert.match(added_at, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)
    const done = await reaches('DONE', uuid)
    assert.equal(done.scope, 'original')
    assert.deepEqual(done.urls.invalidated, done.urls.received)
    assert.equal(done.urls.received.length, 1)
    assert.deepEqual(done.urls.failed, [])
  })

  test('scope all means the key’s whole project, and no list', async () => {
    const { json } = await submit({ scope: 'all' })
    const done = await reaches('DONE', json.invalidation.uuid)
    assert.deepEqual(done.urls, { received: null, invalidated: ['/*'], failed: [] })
    assert.equal(done.scope, 'all')
  })

  test('a key of one project means that project, and sees no other', async () => {
    const key = await control.key('other', 'admin')
    const { json } = await submit({ scope: 'all' }, key)
    const { uuid } = json.invalidation
    assert.equal((await state(uuid, key)).status, 200)
    assert.equal((await state(uuid)).status, 404)
    const viewer = await control.key('other', 'viewer')
    assert.equal((await submit({ scope: 'all' }, viewer)).status, 403)
    const editor = await control.key('other', 'editor')
    assert.equal((await submit({ scope: 'all' }, editor)).status, 403)
    assert.equal((await state(uuid, viewer)).status, 200)
  })

  test('refusals have their form: status error and one text', async () => {
    for (const [body, key, status] of [
      [{ scope: 'all' }, null, 401],
      [{ scope: 'all' }, 'wrong', 401],
      [{}, ADMIN_KEY, 400],
      [{ scope: 'urls', urls: ['/x'] }, ADMIN_KEY, 400],
      [{ scope: 'original' }, ADMIN_KEY, 400],
      [{ scope: 'original', urls: ['/sample.li/flat1.jpg?w=500'] }, ADMIN_KEY, 400],
      [{ scope: 'original', urls: ['/elsewhere.example/flat1.jpg'] }, ADMIN_KEY, 400],
      [{ scope: 'original', urls: [7] }, ADMIN_KEY, 400],
      [{ scope: 'all', urls: ['/sample.li/a.jpg'] }, ADMIN_KEY, 400],
    ] as const) {
      const answer = await submit(body, key)
      assert.equal(answer.status, status, JSON.stringify(body))
      assert.equal(answer.json.status, 'error')
      assert.equal(typeof answer.json.msg, 'string')
      assert.deepEqual(Object.keys(answer.json).sort(), ['msg', 'status'])
    }
    assert.equal((await state('4fc96d31-9815-4021-830a-ca6d96c514a5')).status, 404)
  })

  test('a bearer key is not theirs', async () => {
    const answer = await control.call('POST', '/invalidate', { body: { scope: 'all' } })
    assert.equal(answer.status, 401)
  })

  async function reaches(status: string, uuid: string) {
    const deadline = performance.now() + 10_000
    for (;;) {
      const { json } = await state(uuid)
      assert.ok(CLOUDIMAGE_STATUSES.includes(json.invalidation.status))
      if (json.invalidation.status === status) return json.invalidation
      assert.ok(performance.now() < deadline, json.invalidation.status)
      await control.parts.timers.sleep(10)
    }
  }
})

test('added_at is UTC with microseconds and without a zone', () => {
  assert.equal(addedAt('2023-08-08T13:39:52.636Z'), '2023-08-08 13:39:52.636000')
})
