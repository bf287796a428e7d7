import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { systemRandom } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import { LongReader } from './long-reader.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { Store } from './store.ts'
import { assetRow, invalidationRow } from './store-suite-rows.ts'

/** Long reads in a thread: what they see, whom they hold up, and how they end. */

const folder = mkdtempSync(join(tmpdir(), 'sluice-long-reads-'))
const file = join(folder, 'a.sqlite')
let store: Store
before(async () => {
  store = await openSqliteStore(file, { random: systemRandom, timers: systemTimers })
  await store.transaction('volatile', async (tx) => {
    for (let at = 0; at < 300; at++) await tx.assets.put(assetRow({ id: `shoes/shoe-${at}` }))
  })
})
after(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const PAGE = { limit: 5 }
const search = (reader: LongReader, project: string, signal?: AbortSignal) =>
  reader.ask('searchLog', [project, { q: 'no such thing' }, PAGE], signal)

describe('long reads', () => {
  test('see each commit that was acknowledged before they were asked', async () => {
    for (let at = 0; at < 20; at++) {
      const row = invalidationRow({ note: `written ${at}.` })
      await store.transaction('volatile', (tx) => tx.invalidations.insert(row, []))
      const filter = { q: `written ${at}.` }
      const found = await store.tables.invalidations.list('demo', filter, PAGE)
      assert.deepEqual(
        found.items.map(({ id }) => id),
        [row.id],
      )
    }
  })

  test('answer as the store itself does, refusals included', async () => {
    const plain = await openSqliteStore(file, { random: systemRandom })
    const filter = { q: 'SHOE-2', kind: 'image' } as const
    const answers = [store, plain].map(({ tables }) => tables.assets.list('demo', filter, PAGE))
    assert.deepEqual(await answers[0], await answers[1])
    assert.equal((await answers[0])!.items.length, 5)
    for (const { tables } of [store, plain]) {
      const list = tables.assets.list('demo', filter, { ...PAGE, cursor: 'none' })
      await assert.rejects(list, { code: 'bad-cursor', status: 400 })
      assert.deepEqual(await tables.served.usage('demo', 'small'), { renditions: 0, assets: 0 })
    }
    await plain.close()
  })

  test('let the event loop go on', async () => {
    const reader = new LongReader(file, systemTimers)
    const state = { answered: false }
    const answer = search(reader, 'demo').then(() => (state.answered = true))
    let turns = 0
    while (!state.answered) {
      await new Promise<void>((resolve) => void setImmediate(resolve))
      turns += 1
    }
    await answer
    assert.ok(turns > 1, `${turns}`)
    await reader.close()
  })

  test('are asked in turns by projects, and past the limit are told to come again', async () => {
    const reader = new LongReader(file, systemTimers)
    const order: string[] = []
    const told: unknown[] = []
    const asked = Array.from({ length: 20 }, () =>
      search(reader, 'busy').then(
        () => order.push('busy'),
        (error: unknown) => told.push(error),
      ),
    )
    asked.push(search(reader, 'other').then(() => order.push('other')))
    await Promise.all(asked)
    assert.equal(told.length, 3, 'one is read, sixteen wait')
    const [first] = told as { code: string; status: number; retryAfterSeconds: number }[]
    assert.deepEqual(
      [first!.code, first!.status, first!.retryAfterSeconds],
      ['too-many-searches', 503, 1],
    )
    assert.ok(order.indexOf('other') <= 2, order.join(' '))
    await reader.close()
  })

  test('end with whoever asked, waiting or not, and the others are answered', async () => {
    const reader = new LongReader(file, systemTimers)
    const [reading, waiting] = [new AbortController(), new AbortController()]
    const gone = [search(reader, 'demo', reading.signal), search(reader, 'demo', waiting.signal)]
    const stays = search(reader, 'demo')
    reading.abort()
    waiting.abort()
    for (const each of gone) await assert.rejects(each, { code: 'abandoned' })
    assert.deepEqual(await stays, { items: [], nextCursor: null })
    await assert.rejects(search(reader, 'demo', waiting.signal), { code: 'abandoned' })
    await reader.close()
  })

  test('wait no longer than their time', async () => {
    const time = manualTime()
    const reader = new LongReader(file, time.timers)
    const [first, second] = [search(reader, 'demo'), search(reader, 'demo')]
    const refused = assert.rejects(second, { code: 'too-many-searches' })
    const late = assert.rejects(first, { code: 'read-failed' })
    // All at once: a thread takes longer to begin than this takes.
    await time.advance(25_000)
    await Promise.all([refused, late])
    assert.deepEqual(await search(reader, 'demo'), { items: [], nextCursor: null })
    await reader.close()
  })

  test('need no thread after a while, and get another', async () => {
    const time = manualTime()
    const reader = new LongReader(file, time.timers)
    await search(reader, 'demo')
    await time.advance(60_000)
    assert.deepEqual(await search(reader, 'demo'), { items: [], nextCursor: null })
    await reader.close()
  })

  test('fail with a reason where the file cannot be read, each time anew', async () => {
    const reader = new LongReader(join(folder, 'missing', 'a.sqlite'), systemTimers)
    for (let at = 0; at < 2; at++)
      await assert.rejects(search(reader, 'demo'), { code: 'read-failed', status: 503 })
    await reader.close()
    await assert.rejects(search(reader, 'demo'), { code: 'read-failed' })
  })

  test('end with the store', async () => {
    const other = await openSqliteStore(join(folder, 'b.sqlite'), {
      random: systemRandom,
      timers: systemTimers,
    })
    const lists = Array.from({ length: 3 }, () =>
      other.tables.invalidations.list('demo', { q: 'nothing' }, PAGE),
    )
    const ended = lists.map((list) => assert.rejects(list, { code: 'read-failed' }))
    await other.close()
    await Promise.all(ended)
  })
})
