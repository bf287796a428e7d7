import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chosenPlaces, judgeSeen } from './probe.ts'
import type { Reference } from './probe.ts'

const judge = async (
  mark: number | null,
  etag: string | null,
  reference: Reference | null = null,
): Promise<string> => (await judgeSeen({ mark, etag }, 7, async () => reference)).verdict

const on = (host: string) => (_: unknown, at: number) => ({
  url: `http://${host}/${at}`,
  target: null,
})

describe('what a cache serves', () => {
  test('is fresh by a mark that is new enough, and by a newer one', async () => {
    assert.equal(await judge(7, null), 'fresh')
    assert.equal(await judge(9, '"a"'), 'fresh')
  })

  test('is stale by an older mark, unless its bytes are those of now', async () => {
    assert.equal(await judge(6, '"a"'), 'stale')
    assert.equal(await judge(6, '"a"', { etag: '"b"', mark: 7 }), 'stale')
    assert.equal(await judge(6, '"a"', { etag: '"a"', mark: 7 }), 'fresh')
    assert.equal(await judge(6, '"a"', { etag: '"a"', mark: 6 }), 'stale')
  })

  test('without a mark the strong ETag of our image server decides', async () => {
    assert.equal(await judge(null, '"a"', { etag: '"a"', mark: 8 }), 'fresh')
    assert.equal(await judge(null, '"a"', { etag: '"b"', mark: 8 }), 'stale')
  })

  test('is unverifiable where nothing tells', async () => {
    assert.equal(await judge(null, null, { etag: '"a"', mark: 8 }), 'unverifiable')
    assert.equal(await judge(null, 'W/"a"', { etag: 'W/"a"', mark: 8 }), 'unverifiable')
    assert.equal(await judge(null, '"a"', null), 'unverifiable')
    assert.equal(await judge(null, '"a"', { etag: '"a"', mark: 6 }), 'unverifiable')
  })

  test('is looked at in at most 20 places, spread over its hosts', () => {
    const places = [
      ...Array.from({ length: 50 }, on('a.example')),
      ...Array.from({ length: 3 }, on('b.example:8080')),
      { url: 'no url', target: null },
    ]
    const chosen = chosenPlaces({ hosts: [] }, places).map(({ url }) => url)
    assert.equal(chosen.length, 20)
    assert.deepEqual(chosen.slice(0, 4), [
      'http://a.example/0',
      'http://b.example:8080/0',
      'http://a.example/1',
      'http://b.example:8080/1',
    ])
    const only = chosenPlaces({ hosts: ['b.example'] }, places)
    assert.equal(only.length, 3)
  })
})
