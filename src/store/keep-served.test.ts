import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ServedUrl } from '../contract/node-protocol.ts'
import { systemRandom } from '../kernel/random.ts'
import { keepServed } from './keep-served.ts'
import { SERVED_URLS_PER_SUBJECT_MAX } from './limits.ts'
import { createMemoryStore } from './memory-store.ts'

const subject = 'asset:demo/a'

function served(at: number): ServedUrl {
  return { project: 'demo', subject, url: `http://x/${at}`, target: '/~/x' }
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
})
