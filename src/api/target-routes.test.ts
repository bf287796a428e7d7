import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'

const P = '/api/v1/projects/demo/targets'
const SECRET = 'Bearer nobody-may-read-this'
const BODY = {
  kind: 'generic-http',
  purge: { method: 'PURGE', url: 'http://10.0.0.5:6081{target}', headers: {}, body: null },
} as const

describe('targets outside Sluice', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
  })
  after(() => control.stop())

  test('are put with defaults, listed beside our own nodes, and removed', async () => {
    const put = await control.call('PUT', `${P}/varnish`, { body: BODY })
    assert.equal(put.status, 200, put.text)
    assert.equal(put.json.settings.fillBoundSeconds, 5)
    assert.equal(put.json.readOnly, false)
    const listed = await control.call('GET', P)
    assert.deepEqual(
      listed.json.items.map(({ id, kind }: { id: string; kind: string }) => [id, kind]),
      [['varnish', 'generic-http']],
    )
    assert.deepEqual((await control.call('GET', `${P}/varnish`)).json, put.json)
    assert.equal((await control.call('DELETE', `${P}/varnish`)).status, 200)
    for (const method of ['GET', 'DELETE'] as const) {
      const gone = await control.call(method, `${P}/varnish`)
      assert.deepEqual([gone.status, gone.json.code], [404, 'unknown-target'])
    }
  })

  test('never show a secret, and keep it when it is left as it is shown', async () => {
    const body = { ...BODY, secretHeaders: { Authorization: SECRET } }
    const put = await control.call('PUT', `${P}/secret`, { body })
    assert.deepEqual(put.json.settings.secretHeaders, { authorization: null })
    const again = await control.call('PUT', `${P}/secret`, { body: put.json.settings })
    assert.equal(again.status, 200, again.text)
    const texts = [put.text, again.text]
    for (const path of [P, `${P}/secret`]) texts.push((await control.call('GET', path)).text)
    assert.ok(texts.every((text) => !text.includes('nobody-may-read-this')))
    const [row] = await control.store.tables.targets.list('demo')
    assert.deepEqual(row?.settings.secretHeaders, { authorization: SECRET })
    const purge = { ...BODY.purge, url: 'http://thief.example{target}' }
    const moved = await control.call('PUT', `${P}/secret`, {
      body: { ...put.json.settings, purge },
    })
    assert.deepEqual([moved.status, moved.json.code], [422, 'bad-target'])
    assert.equal(moved.json.errors[0].pointer, '/secretHeaders/authorization')
    await control.call('DELETE', `${P}/secret`)
  })

  test('what cannot work is refused by name, and nothing changes', async () => {
    const purge = { ...BODY.purge, url: 'http://x/{uri}' }
    const bad = await control.call('PUT', `${P}/bad`, { body: { ...BODY, purge } })
    assert.deepEqual([bad.status, bad.json.code], [422, 'bad-target'])
    assert.match(bad.json.detail, /\{uri\} means nothing here/)
    const named = await control.call('PUT', `${P}/${encodeURIComponent('a b')}`, { body: BODY })
    assert.deepEqual([named.status, named.json.code], [422, 'bad-target'])
    assert.deepEqual(await control.store.tables.targets.list('demo'), [])
  })

  test('a node of ours is a target by itself', async () => {
    await control.parts.authority.register({
      id: 'edge-9',
      incarnation: 'x',
      role: 'edge',
      version: '1',
      urls: ['http://127.0.0.1:1'],
    })
    for (const method of ['PUT', 'DELETE'] as const) {
      const options = method === 'PUT' ? { body: BODY } : {}
      const refused = await control.call(method, `${P}/edge-9`, options)
      assert.deepEqual([refused.status, refused.json.code], [409, 'read-only-target'])
    }
    const shown = await control.call('GET', `${P}/edge-9`)
    assert.deepEqual([shown.json.readOnly, shown.json.settings], [true, null])
  })

  test('only admins see how they are asked, and change them', async () => {
    await control.call('PUT', `${P}/varnish`, { body: BODY })
    const viewer = await control.key('demo', 'viewer')
    const seen = await control.call('GET', `${P}/varnish`, { key: viewer })
    assert.deepEqual([seen.json.id, seen.json.paused, seen.json.settings], ['varnish', false, null])
    const editor = await control.key('demo', 'editor')
    const refused = await control.call('PUT', `${P}/varnish`, { body: BODY, key: editor })
    assert.equal(refused.status, 403)
    const stranger = await control.key('other', 'admin')
    assert.equal((await control.call('GET', P, { key: stranger })).status, 404)
    await control.call('DELETE', `${P}/varnish`)
  })

  test('tell the edges what they need, in the record of names', async () => {
    const outer = async () => (await control.store.tables.projects.get('demo'))?.outerCaches ?? null
    const head = await control.store.tables.log.head()
    await control.call('PUT', `${P}/one`, { body: BODY })
    assert.deepEqual(await outer(), { recordUrls: true, tagHeaders: [] })
    assert.equal(await control.store.tables.log.head(), head + 1)
    const purge = { ...BODY.purge, headers: { xkey: '{tag}' } }
    await control.call('PUT', `${P}/two`, { body: { ...BODY, purge, tagHeader: 'XKey' } })
    assert.deepEqual(await outer(), { recordUrls: true, tagHeaders: ['xkey'] })
    await control.call('DELETE', `${P}/one`)
    assert.deepEqual(await outer(), { recordUrls: false, tagHeaders: ['xkey'] })
    await control.call('DELETE', `${P}/two`)
    assert.deepEqual(await outer(), { recordUrls: false, tagHeaders: [] })
  })

  test('are tried with one purge, for a URL of the project alone', async (context) => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.headers.host}${request.url}`)
      response.end('purged')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    context.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}{target}`
    const purge = { ...BODY.purge, url, headers: { host: '{host}' } }
    await control.call('PUT', `${P}/here`, { body: { ...BODY, purge } })
    const closed = await control.call('POST', `${P}/here/test`)
    assert.deepEqual([closed.status, closed.json.ok], [200, false])
    assert.match(closed.json.purge.detail, /not public/)
    await control.call('PUT', `${P}/here`, { body: { ...BODY, purge, allowPrivate: true } })
    const taken = await control.call('POST', `${P}/here/test`)
    assert.deepEqual([taken.json.ok, taken.json.look], [true, null])
    assert.deepEqual(asked, ['PURGE demo.example/is/image/demo/sluice-target-trial'])
    const body = { url: 'https://demo.example/is/image/demo/flat?wid=7' }
    assert.equal((await control.call('POST', `${P}/here/test`, { body })).json.ok, true)
    const foreign = { url: 'https://demo.example/is/image/other/flat' }
    const refused = await control.call('POST', `${P}/here/test`, { body: foreign })
    assert.deepEqual([refused.status, refused.json.code], [422, 'foreign-url'])
    await control.call('DELETE', `${P}/here`)
  })
})
