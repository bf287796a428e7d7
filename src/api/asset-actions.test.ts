import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { Answer, ControlApi } from '../../test/support/control-api.ts'
import { until } from '../../test/support/http.ts'
import { assetKeys } from '../assets/asset-rows.ts'

const P = '/api/v1/projects/demo'
/** Whatever waits, however young. */
const NOW = Number.MAX_SAFE_INTEGER

const at = (id: string) => `${P}/assets/${encodeURIComponent(id)}`

describe('actions on many assets', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
    await control.call('PATCH', P, { body: { automaticInvalidation: false } })
    for (const id of ['a.txt', 'b.txt', 'in/c.txt', 'other/c.txt', 'other/d.txt']) {
      await put(id, `first of ${id}`)
    }
    await put('a.txt', 'second of a')
  })
  after(() => control.stop())

  const put = (id: string, raw: string) => control.call('PUT', at(id), { raw })
  const act = (body: unknown): Promise<Answer> =>
    control.call('POST', `${P}/assets/actions`, { body })
  const get = async (id: string) => (await control.call('GET', at(id))).json
  const ids = async () =>
    (await control.call('GET', `${P}/assets`)).json.items.map(({ id }: { id: string }) => id)

  test('publish and unpublish many; who was so before is not changed', async () => {
    await act({ action: 'unpublish', ids: ['a.txt'] })
    const { json } = await act({ action: 'unpublish', ids: ['a.txt', 'b.txt', 'b.txt'] })
    assert.equal(json.changed, 1)
    assert.deepEqual(json.items, [
      { id: 'a.txt', now: 'a.txt', changed: false },
      { id: 'b.txt', now: 'b.txt', changed: true },
    ])
    assert.equal((await get('b.txt')).published, false)
    assert.equal((await act({ action: 'publish', ids: ['a.txt', 'b.txt'] })).json.changed, 2)
    assert.equal((await get('a.txt')).published, true)
  })

  test('a refusal names each with its reason, and nothing is changed', async () => {
    const [head, all] = [await control.store.tables.log.head(), await ids()]
    const unknown = await act({ action: 'delete', ids: ['a.txt', 'no', 'b.txt', 'nor'] })
    assert.deepEqual([unknown.status, unknown.json.code], [422, 'bulk-refused'])
    assert.deepEqual(
      unknown.json.errors.map(({ pointer, item }: never) => [pointer, item]),
      [
        ['/ids/1', 'no'],
        ['/ids/3', 'nor'],
      ],
    )
    const taken = await act({ action: 'move', ids: ['a.txt', 'other/c.txt'], to: 'in' })
    assert.match(taken.json.errors[0].reason, /already an asset in\/c\.txt/)
    const both = await act({ action: 'move', ids: ['in/c.txt', 'other/c.txt'], to: 'new' })
    assert.match(both.json.errors[0].reason, /also where in\/c\.txt would go/)
    const bad = await act({ action: 'move', ids: ['a.txt'], to: '../up' })
    assert.match(bad.json.errors[0].reason, /neither “\.\.” nor an empty part/)
    assert.equal((await act({ action: 'move', ids: ['a.txt'] })).status, 400)
    assert.equal((await act({ action: 'publish', ids: ['a.txt'], to: 'x' })).status, 400)
    assert.equal((await act({ action: 'publish', ids: [] })).status, 400)
    assert.deepEqual(await ids(), all)
    assert.equal(await control.store.tables.log.head(), head)
  })

  test('many move into a folder with their names and histories, in one change', async () => {
    const { json } = await act({ action: 'move', ids: ['a.txt', 'in/c.txt'], to: '/moved/here/' })
    assert.deepEqual(
      json.items.map(({ now }: never) => now),
      ['moved/here/a.txt', 'moved/here/c.txt'],
    )
    const { items } = (await control.call('GET', `${at('moved/here/a.txt')}/versions`)).json
    assert.deepEqual(
      items.map(({ version }: never) => version),
      [2, 1],
    )
    const back = await control.call('POST', `${at('moved/here/a.txt')}/versions/1/restore`)
    assert.equal(back.json.version, 3)
    const content = await control.call('GET', `${at('moved/here/a.txt')}/content`)
    assert.equal(content.text, 'first of a.txt')
    assert.equal((await act({ action: 'move', ids: ['moved/here/c.txt'], to: '' })).json.changed, 1)
    assert.equal((await get('c.txt')).version, 1)
  })

  test('many are deleted, and become one automatic invalidation, also where these are off', async () => {
    const { changes, log } = control.store.tables
    await until('earlier ones are made', async () => (await changes.due(NOW)).length === 0)
    assert.equal((await control.call('GET', P)).json.automaticInvalidation, false)
    const head = await log.head()
    assert.equal((await act({ action: 'delete', ids: ['other/c.txt', 'other/d.txt'] })).status, 200)
    assert.ok(!(await ids()).some((id: string) => id.startsWith('other/')))
    const logged = (await log.after(head, 5)).flatMap(({ keys }) => keys)
    for (const key of assetKeys('demo', 'other/c.txt')) assert.ok(logged.includes(key), 'at once')
    await until('there is one for all', async () => {
      const { items } = (await control.call('GET', `${P}/invalidations`)).json
      return items[0].cause === 'Deleted “other/c.txt”, “other/d.txt”'
    })
  })

  test('what is published or replaced waits until somebody asks for it, where automatic ones are off', async () => {
    const { changes } = control.store.tables
    await until('earlier ones are made', async () => (await changes.due(NOW)).length === 0)
    await control.call('PUT', at('b.txt'), { raw: 'another version' })
    await act({ action: 'publish', ids: ['b.txt'] })
    assert.deepEqual(await changes.due(NOW), [])
  })

  test('a thousand at once are one change', async () => {
    const many = Array.from({ length: 1000 }, (_, n) => `many/${n}.txt`)
    await control.store.transaction('volatile', async (tx) => {
      const row = (await tx.assets.get('demo', 'b.txt'))!
      for (const id of many) await tx.assets.put({ ...row, id })
    })
    const head = await control.store.tables.log.head()
    const done = await act({ action: 'unpublish', ids: many })
    assert.equal(done.json.changed, 1000)
    assert.equal(await control.store.tables.log.head(), head + 1)
    const more = await act({ action: 'publish', ids: [...many, 'b.txt'] })
    assert.equal(more.status, 400)
  })
})
