import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { StartError } from '../kernel/http-server.ts'
import { silentLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import { markAsCopy } from '../store/sqlite-copies.ts'
import { openSqliteStore } from '../store/sqlite-store.ts'
import { hashes } from '../store/store-suite-rows.ts'
import type { Store } from '../store/store.ts'
import { openDataFolder } from './data-folder.ts'
import type { DataFolder } from './data-folder.ts'
import { noteLogPlace, refuseOlderCopy } from './log-place.ts'

interface Place {
  readonly data: DataFolder
  readonly store: Store
  readonly storeFile: string
  readonly noted: () => Promise<unknown>
  readonly note: (text: string) => Promise<void>
}

async function opened(t: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-log-place-'))
  const data = await openDataFolder(folder, systemRandom)
  const storeFile = join(folder, 'control.sqlite')
  const store = await openSqliteStore(storeFile, { random: systemRandom })
  t.after(async () => {
    await store.close()
    data.unlock()
    await rm(folder, { recursive: true, force: true })
  })
  const file = join(folder, 'purge-log.json')
  return {
    data,
    store,
    storeFile,
    noted: async () => JSON.parse(await readFile(file, 'utf8')),
    note: (text) => writeFile(file, text),
  }
}

const purge = ({ store }: Place): Promise<number> =>
  store.transaction('durable', (tx) => tx.log.append('demo', hashes(1)))

describe('where the purge log stands', () => {
  test('is noted when control stops', async (t) => {
    const place = await opened(t)
    const parts = { timers: systemTimers, log: silentLog }
    const stop = noteLogPlace(parts, place.data, place.store)
    await purge(place)
    await purge(place)
    await stop()
    assert.deepEqual(await place.noted(), { logId: await place.store.tables.log.id(), head: 2 })
    await refuseOlderCopy(place.data, place.store)
  })

  test('ahead of the store means an older copy, which is refused with the command that helps', async (t) => {
    const place = await opened(t)
    await purge(place)
    await place.note(JSON.stringify({ logId: await place.store.tables.log.id(), head: 2 }))
    await assert.rejects(refuseOlderCopy(place.data, place.store), (error: Error) => {
      assert.ok(error instanceof StartError)
      assert.match(error.message, /\(1 purges, there were 2\); say so with `sluice admin restored/)
      return true
    })
    markAsCopy(place.storeFile, systemRandom)
    await refuseOlderCopy(place.data, place.store)
  })

  test('says nothing of another log, of the same place, or when it cannot be read', async (t) => {
    const place = await opened(t)
    await refuseOlderCopy(place.data, place.store)
    await purge(place)
    const logId = await place.store.tables.log.id()
    for (const text of [
      JSON.stringify({ logId: 'another', head: 99 }),
      JSON.stringify({ logId, head: 1 }),
      JSON.stringify({ logId, head: 0 }),
      JSON.stringify({ logId, head: '99' }),
      '{ torn',
      'null',
      '',
    ]) {
      await place.note(text)
      await refuseOlderCopy(place.data, place.store)
    }
  })
})
