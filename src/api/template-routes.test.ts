import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { TEMPLATE_LENGTH_MAX, TEMPLATE_LINES_MAX } from '../contract/api/shapes.ts'

const T = '/api/v1/projects/demo/template'

describe('the template by API', () => {
  let control: ControlApi
  let ann: string
  let bob: string
  before(async () => {
    control = await startControlApi()
    ann = await control.key('demo', 'editor')
    bob = await control.key('demo', 'admin')
  })
  after(() => control.stop())

  const put = (text: string, key: string, version?: number) =>
    control.call('PUT', T, { key, body: { text, ...(version === undefined ? {} : { version }) } })

  test('a template that was never saved has no version and nobody who saved it', async () => {
    const { json } = await control.call('GET', T)
    assert.deepEqual(json, { text: '', version: 0, savedAt: null, savedBy: null })
    assert.deepEqual((await control.call('GET', `${T}/versions`)).json.items, [])
  })

  test('versions are kept with who and when, and each can be had back', async () => {
    const first = await put('<ID>', ann, 0)
    assert.equal(first.json.savedBy, 'key demo editor')
    assert.ok(Math.abs(Date.parse(first.json.savedAt) - Date.now()) < 60_000)
    await put('<ID>\n\n<ID>?$product$\n', bob, 1)
    const { items } = (await control.call('GET', `${T}/versions`)).json
    assert.deepEqual(
      items.map(({ version, savedBy, lines }: never) => [version, savedBy, lines]),
      [
        [2, 'key demo admin', 2],
        [1, 'key demo editor', 1],
      ],
    )
    assert.equal((await control.call('GET', `${T}/versions/1`)).json.text, '<ID>')
    const stale = await control.call('POST', `${T}/versions/1/restore`, { body: { version: 1 } })
    assert.equal(stale.json.code, 'template-changed')
    const restored = await control.call('POST', `${T}/versions/1/restore`, { body: { version: 2 } })
    assert.deepEqual([restored.json.text, restored.json.version], ['<ID>', 3])
    assert.equal(
      (await control.call('GET', `${T}/versions/2`)).json.text,
      '<ID>\n\n<ID>?$product$\n',
    )
    for (const wrong of ['99', '0', 'x', '-1']) {
      const answer = await control.call('GET', `${T}/versions/${wrong}`)
      assert.deepEqual([answer.status, answer.json.code], [404, 'unknown-version'])
    }
  })

  test('of two editors at once the second Save gets 409 and both texts', async () => {
    const { version } = (await control.call('GET', T)).json
    await put('theirs', bob, version)
    const second = await put('yours', ann, version)
    assert.equal(second.status, 409)
    assert.equal(second.json.code, 'template-changed')
    assert.match(second.json.detail, /key demo admin saved the template meanwhile/)
    const { yours, theirs } = second.json.conflict
    assert.equal(yours, 'yours')
    assert.deepEqual(
      [theirs.text, theirs.version, theirs.savedBy],
      ['theirs', version + 1, 'key demo admin'],
    )
    assert.equal((await control.call('GET', T)).json.text, 'theirs', 'nothing was overwritten')
  })

  test('Save is never blocked by what is in it, and keeps what was typed', async () => {
    const text = '\uFEFF<id>\r\n\t<ID \r\n\r\nhtp://x\r\n<ID>?$prodct$   '
    const saved = await put(text, ann)
    assert.equal(saved.status, 200)
    assert.equal((await control.call('GET', T)).json.text, text)
    const { lines } = (await control.call('POST', `${T}/check`, { body: { text } })).json
    assert.deepEqual(
      lines.map(({ line, problems }: never) => [line, (problems as []).length]),
      [
        [1, 1],
        [2, 1],
        [4, 1],
        [5, 1],
      ],
    )
  })

  test('up to 1,000 lines and 100,000 characters', async () => {
    const lines = Array.from({ length: TEMPLATE_LINES_MAX }, (_, at) => `<ID>?wid=${at + 1}`)
    assert.equal((await put(lines.join('\r\n'), ann)).status, 200)
    const checked = await control.call('POST', `${T}/check`, { body: { text: lines.join('\n') } })
    assert.equal(checked.json.lines.length, TEMPLATE_LINES_MAX)
    const more = await put([...lines, '<ID>'].join('\n'), ann)
    assert.deepEqual([more.status, more.json.code], [422, 'bad-settings'])
    assert.match(more.json.detail, /at most 1000 lines; this one has 1001/)
    const longest = `<ID>?.${'x'.repeat(TEMPLATE_LENGTH_MAX - 6)}`
    assert.equal(longest.length, 100_000)
    assert.equal((await put(longest, ann)).status, 200)
    assert.equal((await put(`${longest}x`, ann)).status, 400)
  })

  test('a refused line of the template refuses the batch until it is edited', async () => {
    await put('<ID>\nhtp://x/<ID>', ann)
    await control.call('PUT', '/api/v1/projects/demo/assets/flat.txt', { raw: 'text' })
    const body = { assets: ['flat.txt'], template: true }
    const head = await control.store.tables.log.head()
    const refused = await control.call('POST', '/api/v1/projects/demo/invalidations', { body })
    assert.equal(
      refused.json.title,
      'Some URLs are not defined correctly. Please correct and re-submit.',
    )
    assert.deepEqual(
      refused.json.errors.map(({ line }: never) => line),
      [2],
    )
    assert.equal(await control.store.tables.log.head(), head)
    await put('<ID>', ann)
    const taken = await control.call('POST', '/api/v1/projects/demo/invalidations', { body })
    assert.equal(taken.status, 202)
  })
})
