import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'

import { bodyOf, testLibrary, until } from '../../test/support/asset-library.ts'
import { manualTime } from '../../test/support/manual-time.ts'
import { systemClock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import { silentLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { openAssetsOrigin } from '../origin/assets-origin.ts'
import { removeAsset } from './asset-changes.ts'
import { VERSIONS_PER_ASSET_MAX, createBlobCollector } from './blob-collector.ts'
import { createBlobHolds } from './blob-holds.ts'
import { openIntents } from './intents.ts'
import type { LibraryParts } from './library-parts.ts'
import { createLocks } from './locks.ts'
import { putAsset } from './uploads.ts'

/** A wait that is over when the test has done what it does meanwhile. */
function afterwards(work: () => Promise<void>, run: () => void): () => void {
  void work().then(run)
  return () => undefined
}

const onChange = async (): Promise<void> => undefined

async function library(t: TestContext) {
  const { store, records, originFolder, assets } = await testLibrary(t)
  await assets.createProject('demo', {})
  const base = { store, records, onChange, clock: systemClock, log: silentLog }
  const parts: LibraryParts = {
    ...base,
    intents: openIntents(originFolder, { ...base, random: systemRandom }),
    origin: openAssetsOrigin(originFolder),
    locks: createLocks(),
    holds: createBlobHolds(),
  }
  const time = manualTime()
  return {
    parts,
    time,
    store,
    put: (id: string, ...pieces: readonly string[]) =>
      putAsset(parts, { project: 'demo', id, by: 'ann' }, bodyOf(...pieces)),
    remove: (id: string) => removeAsset(parts, { project: 'demo', id }),
    has: (text: string) => parts.origin.hasBlob(sha256(text)),
    /** `grace` is what the test does between the two looks. */
    collect: (grace: () => Promise<void> = async () => undefined) =>
      createBlobCollector({
        ...parts,
        timers: { after: (_ms, run) => afterwards(grace, run) },
      }).collect(),
  }
}

describe('bytes that nobody needs any more', () => {
  test(`of an asset the newest ${VERSIONS_PER_ASSET_MAX} versions are kept, older bytes are collected`, async (t) => {
    const { put, has, collect, store } = await library(t)
    for (let n = 1; n <= VERSIONS_PER_ASSET_MAX + 3; n++) await put('a.txt', `version ${n}`)
    const versions = await store.tables.assets.versions('demo', 'a.txt')
    assert.deepEqual([versions.length, versions.at(-1)?.version], [VERSIONS_PER_ASSET_MAX, 4])
    assert.equal(await collect(), 3)
    assert.deepEqual([await has('version 3'), await has('version 4')], [false, true])
    assert.equal(await collect(), 0)
  })

  test('bytes that another asset or project has are kept; those of a deleted asset are not', async (t) => {
    const { put, has, collect, remove, parts } = await library(t)
    await put('a', 'shared')
    await put('b', 'shared')
    await put('c', 'alone')
    await remove('a')
    await remove('c')
    assert.equal(await collect(), 1)
    assert.deepEqual([await has('shared'), await has('alone')], [true, false])
    assert.deepEqual(await parts.origin.blobs(), [sha256('shared')])
  })

  test('what is put between the two looks is kept, also when it was put away again from view', async (t) => {
    const { put, has, collect, remove } = await library(t)
    await put('a', 'once')
    await remove('a')
    assert.equal(await collect(async () => void (await put('b', 'once'))), 0)
    assert.equal(await has('once'), true)
  })

  test('an upload that is not committed yet holds its bytes', async (t) => {
    const { put, has, collect, remove, parts } = await library(t)
    await put('a', 'bytes')
    await remove('a')
    let collected = -1
    // The project's lock is held by somebody: the upload has its bytes on disk and waits to commit.
    await parts.locks
      .run('demo', async () => {
        const uploading = put('b', 'bytes')
        await until('its bytes are named', () => parts.holds.watch().touched(sha256('bytes')))
        collected = await collect()
        return { uploading }
      })
      .then(({ uploading }) => uploading)
    assert.equal(collected, 0)
    assert.equal(await has('bytes'), true)
  })

  test('a read that runs is finished', async (t) => {
    const { put, collect, remove, parts, store } = await library(t)
    const long = 'x'.repeat(4_000_000)
    await put('a', long)
    const row = (await store.tables.assets.get('demo', 'a'))!
    const { stream } = await parts.origin.openAsset(row)
    await remove('a')
    assert.equal(await collect(), 1)
    assert.equal((await buffer(stream)).length, long.length)
  })

  test('beside uploads and deletes of the same bytes nothing that is needed is ever lost', async (t) => {
    const { put, has, collect, remove, store } = await library(t)
    const work = new AbortController()
    const collecting = (async () => {
      let removed = 0
      while (!work.signal.aborted)
        removed += await collect(() => new Promise((resolve) => void setImmediate(resolve)))
      return removed
    })()
    const worker = async (name: number): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        const text = `content ${(round + name) % 3}`
        await put(`asset ${name}`, text.slice(0, 3), text.slice(3))
        assert.equal(await has(text), true, `${name} in round ${round}`)
        await remove(`asset ${name}`)
      }
      await put(`asset ${name}`, 'content 0')
    }
    await Promise.all([1, 2, 3].map(worker))
    work.abort()
    assert.ok((await collecting) > 0, 'there was something to collect meanwhile')
    for (const row of await store.tables.assets.all('demo'))
      assert.equal(await has('content 0'), true, row.id)
  })

  test('is looked for at start and hourly, and a stop does not wait for it', async (t) => {
    const { put, has, remove, parts, time } = await library(t)
    const collector = createBlobCollector({ ...parts, timers: time.timers })
    await put('a', 'first')
    await remove('a')
    collector.start()
    await until('the grace after the start is over', async () => {
      await time.advance(1_000)
      return !(await has('first'))
    })
    await put('b', 'second')
    await remove('b')
    let waited = 0
    await until('the next hour', async () => {
      await time.advance(60_000)
      waited += 60_000
      return !(await has('second'))
    })
    assert.ok(waited >= 50 * 60_000, `${waited}`)
    await put('c', 'third')
    await remove('c')
    await collector.stop()
    assert.equal(await has('third'), true)
  })
})
