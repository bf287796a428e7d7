import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { bodyOf, testLibrary } from '../../test/support/asset-library.ts'
import type { TestLibrary } from '../../test/support/asset-library.ts'
import type { OnChange } from '../assets/assets.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'
import { recordName } from '../contract/records.ts'
import { silentLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { isCopy, markAsCopy } from '../store/sqlite-copies.ts'
import { nodeRow } from '../store/store-suite-rows.ts'
import { beginIfCopy } from './restored-start.ts'

const LEASE_MS = 5000

interface Scene {
  readonly library: TestLibrary
  readonly storeFile: string
  readonly changes: { readonly project: string; readonly asked?: boolean }[]
  readonly said: string[]
  /** Runs the beginning; `during` is called while it waits. */
  readonly begin: (during?: () => Promise<void>, onChange?: OnChange) => Promise<void>
}

async function scene(t: TestContext): Promise<Scene> {
  const library = await testLibrary(t)
  const { store, originFolder, assets } = library
  await assets.createProject('demo', { company: 'Demo' })
  await assets.createProject('other', { company: 'Other' })
  await assets.put({ project: 'demo', id: 'a', by: 'ann' }, bodyOf('bytes'))
  await store.transaction('durable', (tx) =>
    tx.nodes.register(nodeRow({ id: 'e1', incarnation: 'e1-1' }), undefined),
  )
  const storeFile = join(library.folder, 'control.db')
  const said: string[] = []
  const changes: Scene['changes'] = []
  return {
    library,
    storeFile,
    changes,
    said,
    begin(
      during = async () => undefined,
      onChange = async (_, change) => void changes.push(change),
    ) {
      const timers = {
        sleep: async (ms: number) => {
          assert.equal(ms, LEASE_MS + leaseMarginMs(LEASE_MS))
          said.push('slept')
          await during()
        },
        after: () => () => undefined,
      }
      return beginIfCopy(
        { timers, random: systemRandom, log: silentLog },
        {
          store,
          storeFile,
          originFolder,
          leaseMs: LEASE_MS,
          onChange,
          say: (line) => void said.push(line),
        },
      )
    },
  }
}

describe('a start', () => {
  test('on data that are no copy waits for nothing and changes nothing', async (t) => {
    const { library, begin, said, changes } = await scene(t)
    const id = await library.store.tables.log.id()
    await begin()
    assert.deepEqual([said, changes], [[], []])
    assert.equal(await library.store.tables.log.id(), id)
    assert.equal((await library.store.tables.nodes.list()).length, 1)
  })

  test('on a copy touches nothing before every lease is over, then invalidates each project once under a new log', async (t) => {
    const { library, storeFile, begin, said, changes } = await scene(t)
    const { store, records } = library
    markAsCopy(storeFile, systemRandom)
    assert.deepEqual(await store.tables.nodes.list(), [], 'nobody is waited for')
    await records.write(recordName.asset('demo', 'later'), { id: 'later' })
    await begin(async () => {
      assert.notEqual(await records.read(recordName.asset('demo', 'later')), null)
      assert.ok(isCopy(await store.tables.log.id()))
    })
    assert.match(said[0]!, /put back: waiting 5\.2 s until every lease is over/)
    assert.equal(said[1], 'slept', 'every lease is over')
    assert.match(said[2]!, /making the records/)
    assert.equal(await records.read(recordName.asset('demo', 'later')), null)
    assert.ok(!isCopy(await store.tables.log.id()))
    assert.deepEqual(
      changes,
      ['demo', 'other'].map((project) => ({
        project,
        cause: 'The data were put back',
        keys: [keyHash(keyText.project(project))],
        asked: true,
      })),
    )
  })

  test('that is cut short begins again from the beginning, waiting included', async (t) => {
    const { library, storeFile, begin, said, changes } = await scene(t)
    const { store } = library
    markAsCopy(storeFile, systemRandom)
    await assert.rejects(
      begin(undefined, async () => {
        throw new Error('the disk is full')
      }),
    )
    await assert.rejects(
      begin(async () => {
        throw new Error('stopped while waiting')
      }),
    )
    assert.ok(isCopy(await store.tables.log.id()))
    await begin()
    assert.equal(said.filter((line) => line === 'slept').length, 3)
    assert.equal(changes.length, 2)
    assert.ok(!isCopy(await store.tables.log.id()))
    await begin()
    assert.equal(changes.length, 2, 'once')
  })
})
