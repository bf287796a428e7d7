import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { systemRandom } from '../kernel/random.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { systemTimers } from '../kernel/timers.ts'
import { openSqliteStore } from '../store/sqlite-store.ts'
import { invalidationRow } from '../store/store-suite-rows.ts'
import { packUrls } from '../store/url-pieces.ts'
import { createUpkeep } from './upkeep.ts'

const DAY_MS = 24 * 3_600_000

describe('upkeep', () => {
  test('forgets finished invalidations after the days of the setting, some at a look, and nothing younger', async () => {
    const time = manualTime()
    const store = createMemoryStore({ random: systemRandom })
    const at = (ms: number) => new Date(time.clock.wall() - ms).toISOString()
    await store.transaction('durable', async (tx) => {
      for (let n = 0; n < 450; n++)
        await tx.invalidations.insert(
          invalidationRow({ status: 'Done', createdAt: at(11 * DAY_MS) }),
          [],
        )
      await tx.invalidations.insert(
        invalidationRow({ status: 'Done', createdAt: at(9 * DAY_MS) }),
        [],
      )
    })
    const upkeep = createUpkeep({
      store,
      clock: time.clock,
      timers: systemTimers,
      logDays: 10,
    })
    const left = async () => (await store.tables.invalidations.countByStatus())['Done']
    await upkeep()
    assert.equal(await left(), 251, 'a look never takes long')
    await upkeep()
    await upkeep()
    assert.equal(await left(), 1)
  })

  test('lets a submit through after one slice at most, in the data file of a large log', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-upkeep-'))
    const store = await openSqliteStore(join(folder, 'a.sqlite'), { random: systemRandom })
    const time = manualTime()
    const createdAt = new Date(time.clock.wall() - 500 * DAY_MS).toISOString()
    await store.transaction('volatile', async (tx) => {
      for (let n = 0; n < 600; n++) {
        const url = `https://demo.example/is/image/demo/shoe-${n}`
        await tx.invalidations.insert(invalidationRow({ status: 'Done', createdAt }), [url])
      }
    })
    const left = async () => (await store.tables.invalidations.countByStatus())['Done'] ?? 0
    const upkeep = createUpkeep({ store, clock: time.clock, timers: systemTimers })
    for (let before = await left(); before > 0; before = await left()) {
      const look = upkeep()
      const submitted = store.transaction('durable', async (tx) => {
        await tx.invalidations.insert(invalidationRow(), ['https://demo.example/new'])
        return (await tx.invalidations.countByStatus())['Done'] ?? 0
      })
      assert.ok(before - (await submitted) <= 20, 'no more than a slice is forgotten before it')
      let turns = 0
      const counting = setInterval(() => (turns += 1), 0)
      await look
      clearInterval(counting)
      assert.ok(turns >= 5, `others were heard ${turns} times`)
      assert.ok(before - (await left()) <= 200, 'a look never takes long')
    }
    const found = await store.tables.invalidations.list('demo', { q: 'shoe-' }, { limit: 5 })
    assert.deepEqual(found.items, [])
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('throws away lists that nobody accepted, and keys that nobody needs', async () => {
    const time = manualTime()
    const store = createMemoryStore({ random: systemRandom })
    const piece = { first: 0, count: 1, urls: packUrls(['u']), keys: new Uint8Array(16) }
    const done = invalidationRow({ status: 'Done', keys: [], bulk: { pieces: 1, entered: 1 } })
    await store.transaction('durable', async (tx) => {
      await tx.bulk.stage('lost', { ...piece, piece: 0 }, time.clock.wall() - 2 * 3_600_000)
      await tx.bulk.stage('coming', { ...piece, piece: 0 }, time.clock.wall())
      await tx.bulk.stage(done.id, { ...piece, piece: 0 }, time.clock.wall())
      await tx.invalidations.insert(done, ['u'])
      await tx.bulk.accept(done.id)
    })
    await createUpkeep({ store, clock: time.clock, timers: systemTimers })()
    const { bulk, invalidations } = store.tables
    assert.deepEqual(await bulk.abandoned(Number.MAX_SAFE_INTEGER, 5), ['coming'])
    assert.deepEqual(await bulk.keys(done.id, 0, 5), [])
    assert.deepEqual((await invalidations.urls('demo', done.id, { limit: 5 })).items, ['u'])
  })
})
