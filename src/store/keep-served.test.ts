import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServedUrl } from '../contract/node-protocol.ts'
import { systemRandom } from '../kernel/random.ts'
import { keepServed, recordServed } from './keep-served.ts'
import { SERVED_URLS_PER_SUBJECT_MAX } from './limits.ts'
import { createMemoryStore } from './memory-store.ts'
import type { ProjectRow } from './store.ts'

const subject = 'asset:demo/a'

function served(at: number): ServedUrl {
  return { project: 'demo', subject, url: `http://x/${at}`, target: '/~/x' }
}

const PROJECT: ProjectRow = {
  id: 'demo',
  company: null,
  aliases: [],
  publishServer: null,
  tokens: [],
  hosts: [],
  origins: [],
  originAliases: {},
  cdnTtlSeconds: 1,
  browserTtlSeconds: 1,
  automaticInvalidation: false,
  maxUrlsPerInvalidation: 1,
  maxOriginalsPerInvalidation: 1,
  supportUrl: null,
  template: '',
  templateVersion: 0,
  presets: {},
  assetSource: { kind: 'library' },
  createdAt: 1,
}

describe('spellings that a cache outside may hold', () => {
  test('are bounded for each subject: what is known stays, what is new is given back', async () => {
    const store = createMemoryStore({ random: systemRandom })
    const keep = (urls: readonly ServedUrl[], at: number) =>
      store.transaction('durable', (tx) => keepServed(tx.served, urls, at))
    const full = Array.from({ length: SERVED_URLS_PER_SUBJECT_MAX - 1 }, (_, at) => served(at))
    assert.deepEqual(await keep(full, 1), [])
    assert.deepEqual(await keep([served(-1), served(-1), served(-2), served(0)], 2), [
      'http://x/-2',
    ])
    assert.deepEqual(await keep([served(0), { ...served(0), subject: 'asset:demo/b' }], 3), [])
    const known = await store.tables.served.known('demo', subject, ['http://x/5', 'http://x/-2'])
    assert.deepEqual(known, { count: SERVED_URLS_PER_SUBJECT_MAX, urls: ['http://x/5'] })
    await store.close()
  })

  for (const recordUrls of [true, false]) {
    const what = recordUrls ? 'none is pushed out' : 'the oldest is pushed out'
    test(`when edges tell of more, ${what} ${recordUrls ? 'where' : 'unless'} they are needed`, async () => {
      const store = createMemoryStore({ random: systemRandom })
      const full = Array.from({ length: SERVED_URLS_PER_SUBJECT_MAX }, (_, at) => served(at))
      await store.transaction('durable', async (tx) => {
        await tx.projects.insert({ ...PROJECT, outerCaches: { recordUrls, tagHeaders: [] } })
        await recordServed(tx, full, 1)
        await recordServed(tx, [served(-1)], 2)
      })
      const { urls } = await store.tables.served.known('demo', subject, ['http://x/-1'])
      assert.equal(urls.length, recordUrls ? 0 : 1)
      await store.close()
    })
  }
})
