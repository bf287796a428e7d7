import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../kernel/random.ts'
import { createMemoryStore } from './memory-store.ts'
import { storeSuite } from './store-suite.ts'

storeSuite('memory store', async () => createMemoryStore({ random: systemRandom }))

const change = (cause: string) => ({ project: 'demo', cause, keys: [], at: 0 })

test('a power cut takes volatile commits since the last durable one from a memory store', async () => {
  const store = createMemoryStore({ random: systemRandom })
  const add = (durability: 'durable' | 'volatile', cause: string): Promise<void> =>
    store.transaction(durability, (tx) => tx.changes.add(change(cause)))
  await add('volatile', 'taken along by the next')
  await add('durable', 'on disk')
  await add('volatile', 'lost')
  store.powerCut()
  const left = await store.transaction('volatile', (tx) => tx.changes.take('demo'))
  assert.deepEqual(
    left.map(({ cause }) => cause),
    ['taken along by the next', 'on disk'],
  )
})
