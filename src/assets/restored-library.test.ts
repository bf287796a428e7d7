import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { bodyOf, testLibrary } from '../../test/support/asset-library.ts'
import { recordName } from '../contract/records.ts'
import { openAssetsOrigin } from '../origin/assets-origin.ts'
import { recordPath } from '../origin/record-path.ts'
import { assetsWithoutBytes, remakeRecords } from './restored-library.ts'

describe('a library whose store was put back', () => {
  it('gets the records that the store says, and no others; what is right is left alone', async (t) => {
    const { assets, store, records, originFolder } = await testLibrary(t)
    await assets.createProject('demo', { company: 'Demo' })
    for (const id of ['a', 'b', 'folder/c']) {
      await assets.put({ project: 'demo', id, by: 'ann' }, bodyOf(`bytes of ${id}`))
    }
    await assets.putPreset('demo', 'Thumb', 'wid=9')
    assert.deepEqual(await remakeRecords(store, originFolder), { written: 0, removed: 0 })

    const right = await records.asset('demo', 'folder/c')
    const broken = join(originFolder, 'records', recordPath(recordName.asset('demo', 'a')))
    await writeFile(broken, '{ torn')
    await records.remove(recordName.asset('demo', 'folder/c'))
    await records.write(recordName.asset('demo', 'b'), { ...right, id: 'b', version: 7 })
    await records.write(recordName.asset('demo', 'came-later'), right)
    await records.write(recordName.presets('gone'), { presets: {} })
    await records.write(recordName.presets('demo'), { presets: {} })
    assert.deepEqual(await remakeRecords(store, originFolder), { written: 4, removed: 2 })

    assert.deepEqual(await records.asset('demo', 'folder/c'), right)
    assert.equal((await records.asset('demo', 'a'))?.version, 1)
    assert.equal((await records.asset('demo', 'b'))?.version, 1)
    assert.equal(await records.asset('demo', 'came-later'), null)
    assert.deepEqual(await records.presets('demo'), { presets: { thumb: 'wid=9' } })
    assert.deepEqual(await remakeRecords(store, originFolder), { written: 0, removed: 0 })
  })

  it('names the assets whose bytes are not there', async (t) => {
    const { assets, store, originFolder } = await testLibrary(t)
    await assets.createProject('demo', { company: 'Demo' })
    for (const id of ['a', 'folder/c']) {
      await assets.put({ project: 'demo', id, by: 'ann' }, bodyOf(`bytes of ${id}`))
    }
    const origin = openAssetsOrigin(originFolder)
    assert.deepEqual(await assetsWithoutBytes(store, origin), [])
    origin.removeBlobNow((await assets.get('demo', 'folder/c'))!.hash)
    assert.deepEqual(await assetsWithoutBytes(store, origin), ['demo/folder/c'])
  })
})
