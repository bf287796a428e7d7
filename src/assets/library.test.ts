import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { bodyOf, keysAfter, picture, testLibrary } from '../../test/support/asset-library.ts'
import type { TestLibrary } from '../../test/support/asset-library.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import { sha256 } from '../kernel/hash.ts'
import { assetKeys, assetRecordKey } from './asset-rows.ts'

const red = await picture('red')
const blue = await picture('blue', 50, 20)

const upload = { project: 'demo', id: 'shoes/red', by: 'anna@example.com' }

async function withProject(library: TestLibrary): Promise<TestLibrary> {
  await library.assets.createProject('demo', {})
  return library
}

/** What the log and automatic invalidations got since `mark` was called. */
async function since(library: TestLibrary): Promise<() => Promise<string[]>> {
  const seq = await library.store.tables.log.head()
  return async () => [...(await keysAfter(library.store, seq))].sort()
}

describe('an upload', () => {
  it('becomes version 1 with a record, a log entry and a change', async (t) => {
    const library = await withProject(await testLibrary(t))
    const logged = await since(library)
    const { asset, created } = await library.assets.put(upload, bodyOf(red))
    assert.equal(created, true)
    assert.deepEqual(
      [asset.version, asset.hash, asset.width, asset.height, asset.mediaType, asset.published],
      [1, sha256(red), 40, 30, 'image/jpeg', true],
    )
    const record = await library.records.asset('demo', 'shoes/red')
    assert.equal(record?.hash, sha256(red))
    assert.deepEqual(await logged(), [assetRecordKey('demo', 'shoes/red')])
    const [change] = library.changes
    assert.equal(change?.cause, 'New asset “shoes/red”')
    assert.deepEqual(change?.keys, assetKeys('demo', 'shoes/red'))
    const content = await library.assets.content('demo', 'shoes/red')
    assert.deepEqual(await buffer(content.stream), red)
  })

  it('of other bytes is version 2; of the same bytes nothing', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    const again = await library.assets.put(upload, bodyOf(red))
    assert.deepEqual([again.changed, again.asset.version], [false, 1])
    const next = await library.assets.put(upload, bodyOf(blue))
    assert.deepEqual([next.changed, next.created, next.asset.version], [true, false, 2])
    const versions = await library.assets.versions('demo', 'shoes/red')
    assert.deepEqual(
      versions.map((entry) => [entry.version, entry.hash, entry.createdBy]),
      [
        [2, sha256(blue), 'anna@example.com'],
        [1, sha256(red), 'anna@example.com'],
      ],
    )
    const old = await library.assets.content('demo', 'shoes/red', { version: 1 })
    assert.deepEqual(await buffer(old.stream), red)
  })

  it('that breaks off, lies about its length or is empty changes nothing', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    const before = await readdir(join(library.originFolder, 'blobs'), { recursive: true })
    const head = await library.store.tables.log.head()
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield blue.subarray(0, 100)
      throw new Error('socket hang up')
    }
    const { assets } = library
    await assert.rejects(assets.put(upload, broken()), { code: 'incomplete-upload', status: 400 })
    const lying = { ...upload, contentLength: blue.length + 1 }
    await assert.rejects(assets.put(lying, bodyOf(blue)), { code: 'incomplete-upload' })
    await assert.rejects(assets.put({ ...upload, contentLength: 3 }, bodyOf(blue)), {
      code: 'incomplete-upload',
    })
    const aborted = { ...upload, signal: AbortSignal.abort() }
    await assert.rejects(assets.put(aborted, bodyOf(blue)), { code: 'incomplete-upload' })
    await assert.rejects(assets.put(upload, bodyOf()), { code: 'empty-upload', status: 422 })
    await assert.rejects(assets.put({ ...upload, contentLength: 2 ** 40 }, bodyOf(blue)), {
      code: 'upload-too-large',
      status: 413,
    })
    assert.deepEqual(
      await readdir(join(library.originFolder, 'blobs'), { recursive: true }),
      before,
    )
    assert.equal(await library.store.tables.log.head(), head)
    assert.equal((await assets.get('demo', 'shoes/red'))?.hash, sha256(red))
  })

  it('beside another one of the same id: both succeed, one after the other', async (t) => {
    const library = await withProject(await testLibrary(t))
    const outcomes = await Promise.all([
      library.assets.put(upload, bodyOf(red)),
      library.assets.put(upload, bodyOf(blue)),
    ])
    assert.deepEqual(new Set(outcomes.map((outcome) => outcome.asset.version)), new Set([1, 2]))
    const row = await library.assets.get('demo', 'shoes/red')
    assert.equal((await library.records.asset('demo', 'shoes/red'))?.hash, row?.hash)
    assert.equal(row?.version, 2)
  })

  for (const id of ['', '/a', 'a/', 'a//b', '..', 'a/../b', 'a,b', 'a:b', '.hidden', 'a\\b']) {
    it(`to the id ${JSON.stringify(id)} is refused`, async (t) => {
      const library = await withProject(await testLibrary(t))
      await assert.rejects(library.assets.put({ ...upload, id }, bodyOf(red)), {
        code: 'bad-asset-id',
        status: 422,
      })
    })
  }

  it('to ids with NUL, lone surrogates or 513 bytes is refused, with 512 not', async (t) => {
    const library = await withProject(await testLibrary(t))
    for (const id of ['a\0b', '\ud800', 'ü'.repeat(257)]) {
      await assert.rejects(library.assets.put({ ...upload, id }, bodyOf(red)), {
        code: 'bad-asset-id',
      })
    }
    const long = 'ü'.repeat(256)
    await library.assets.put({ ...upload, id: long }, bodyOf(red))
    assert.equal((await library.records.asset('demo', long))?.id, long)
  })

  it('to an unknown project is refused', async (t) => {
    const library = await testLibrary(t)
    await assert.rejects(library.assets.put(upload, bodyOf(red)), { code: 'unknown-project' })
  })
})

describe('an asset', () => {
  it('is unpublished and published, each time with its keys', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    library.changes.length = 0
    const logged = await since(library)
    await library.assets.patch('demo', 'shoes/red', { published: false }, 'anna')
    const gone = [assetRecordKey('demo', 'shoes/red'), ...assetKeys('demo', 'shoes/red')]
    assert.deepEqual(await logged(), gone.sort(), 'at once')
    assert.equal((await library.records.asset('demo', 'shoes/red'))?.published, false)
    await library.assets.patch('demo', 'shoes/red', { published: false }, 'anna')
    await library.assets.patch('demo', 'shoes/red', { published: true }, 'anna')
    assert.deepEqual(
      library.changes.map(({ cause, asked }) => [cause, asked ?? false]),
      [
        ['Unpublished “shoes/red”', true],
        ['Published “shoes/red”', false],
      ],
    )
  })

  it('moves with old and new keys in the log itself, and keeps history and crops', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    await library.assets.put(upload, bodyOf(blue))
    const crop = { rect: { x: 0, y: 0, width: 0.5, height: 0.5 }, width: 10, height: 10 }
    await library.assets.putCrop('demo', 'shoes/red', 'Large', crop)
    const logged = await since(library)
    const moved = await library.assets.patch('demo', 'shoes/red', { id: 'boots/blue' }, 'anna')
    assert.equal(moved.version, 2)
    assert.deepEqual(
      await logged(),
      [
        assetRecordKey('demo', 'shoes/red'),
        assetRecordKey('demo', 'boots/blue'),
        ...assetKeys('demo', 'shoes/red'),
        ...assetKeys('demo', 'boots/blue'),
      ].sort(),
    )
    assert.equal(await library.records.asset('demo', 'shoes/red'), null)
    assert.deepEqual((await library.records.asset('demo', 'boots/blue'))?.crops, { Large: crop })
    assert.equal((await library.assets.versions('demo', 'boots/blue')).length, 2)
    await library.assets.put(upload, bodyOf(red))
    await assert.rejects(library.assets.patch('demo', 'shoes/red', { id: 'boots/blue' }, 'anna'), {
      code: 'asset-exists',
      status: 409,
    })
  })

  it('is deleted with its record; the versions of a new one count on', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    const logged = await since(library)
    await library.assets.remove('demo', 'shoes/red', 'anna')
    const gone = [assetRecordKey('demo', 'shoes/red'), ...assetKeys('demo', 'shoes/red')]
    assert.deepEqual(await logged(), gone.sort(), 'at once')
    assert.equal(library.changes.at(-1)?.asked, true)
    assert.equal(await library.records.asset('demo', 'shoes/red'), null)
    assert.equal(await library.assets.get('demo', 'shoes/red'), null)
    await assert.rejects(library.assets.remove('demo', 'shoes/red', 'anna'), {
      code: 'unknown-asset',
    })
    const { asset } = await library.assets.put(upload, bodyOf(blue))
    assert.equal(asset.version, 2)
  })

  it('is restored to an older version as a new one', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    await library.assets.put(upload, bodyOf(blue))
    const restored = await library.assets.restore('demo', 'shoes/red', 1, 'anna')
    assert.deepEqual([restored.version, restored.hash, restored.width], [3, sha256(red), 40])
    await assert.rejects(library.assets.restore('demo', 'shoes/red', 9, 'anna'), {
      code: 'unknown-version',
    })
  })

  it('gives a part of its bytes, and refuses a part that it does not have', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put({ ...upload, id: 'a.txt' }, bodyOf('0123456789'))
    const content = await library.assets.content('demo', 'a.txt', { range: { start: 3, end: 5 } })
    assert.equal((await buffer(content.stream)).toString(), '345')
    assert.deepEqual([content.size, content.mediaType], [10, 'text/plain'])
    await assert.rejects(
      library.assets.content('demo', 'a.txt', { range: { start: 3, end: 10 } }),
      { code: 'bad-range', status: 416 },
    )
  })
})

describe('crops and presets', () => {
  it('a crop edit reaches that crop alone', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    library.changes.length = 0
    const crop = { rect: { x: 0.1, y: 0, width: 0.9, height: 1 }, width: 10, height: 10 }
    await library.assets.putCrop('demo', 'shoes/red', 'Large', crop)
    assert.deepEqual(library.changes[0]?.keys, [
      keyHash(keyText.crop('demo', 'shoes/red', 'Large')),
    ])
    await library.assets.removeCrop('demo', 'shoes/red', 'Large')
    const crops = await library.assets.crops('demo', 'shoes/red')
    assert.ok(crops.every(({ computed }) => computed))
    await assert.rejects(library.assets.removeCrop('demo', 'shoes/red', 'Large'), {
      code: 'unknown-crop',
    })
  })

  it('a crop beyond the picture, of no size or with a bad name is refused by name', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    const put = (name: string, rect: object, width = 10) =>
      library.assets.putCrop('demo', 'shoes/red', name, {
        rect: { x: 0, y: 0, width: 1, height: 1, ...rect },
        width,
        height: 10,
      })
    await assert.rejects(put('L', { x: 0.5 }), { code: 'bad-crop', status: 422 })
    await assert.rejects(put('L', { width: 0 }), { code: 'bad-crop' })
    await assert.rejects(put('L', { x: Number.NaN }), { code: 'bad-crop' })
    await assert.rejects(put('L', {}, 0), { code: 'bad-crop' })
    await assert.rejects(put('a:b', {}), { code: 'bad-crop' })
    await assert.rejects(put('', {}), { code: 'bad-crop' })
  })

  it('a preset edit reaches its renditions, in whatever case it is written', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.putPreset('demo', 'Thumb', 'wid=100')
    await library.assets.putPreset('demo', 'THUMB', 'wid=200')
    assert.deepEqual(await library.assets.presets('demo'), { THUMB: 'wid=200' })
    assert.deepEqual(await library.records.presets('demo'), { presets: { thumb: 'wid=200' } })
    const keys = library.changes.map((change) => change.keys)
    const preset = keyHash(keyText.preset('demo', 'thumb'))
    assert.deepEqual(keys, [[preset], [preset]])
    await library.assets.removePreset('demo', 'thumb')
    assert.deepEqual(await library.assets.presets('demo'), {})
    await assert.rejects(library.assets.removePreset('demo', 'thumb'), { code: 'unknown-preset' })
  })

  for (const [name, modifiers] of [
    ['a$b', 'wid=1'],
    ['', 'wid=1'],
    ['ok', ''],
    ['ok', '?wid=1'],
    ['ok', '$other$'],
    ['ok', 'a\nb'],
    ['ok', 'x'.repeat(2049)],
  ] as const) {
    it(`the preset ${JSON.stringify(name)} = ${JSON.stringify(modifiers.slice(0, 9))} is refused`, async (t) => {
      const library = await withProject(await testLibrary(t))
      await assert.rejects(library.assets.putPreset('demo', name, modifiers), {
        code: 'bad-preset',
        status: 422,
      })
    })
  }
})

describe('a crash between the records and the commit', () => {
  it('is healed: the record is that of the store again, and its keys go into the log', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    const record = await library.records.asset('demo', 'shoes/red')
    // What a crash leaves: the note of a change, a record of a version that was never committed, half a file.
    const note = { project: 'demo', records: [recordName.asset('demo', 'shoes/red')] }
    await writeFile(join(library.originFolder, 'intents/0.json'), JSON.stringify(note))
    await library.records.write(note.records[0]!, { ...record, version: 2, hash: 'f'.repeat(64) })
    await writeFile(join(library.originFolder, 'blobs/.unfinished-1'), 'half')
    const logged = await since(library)
    await library.again()
    assert.deepEqual(await library.records.asset('demo', 'shoes/red'), record)
    assert.deepEqual(
      await logged(),
      [assetRecordKey('demo', 'shoes/red'), ...assetKeys('demo', 'shoes/red')].sort(),
    )
    assert.deepEqual(await readdir(join(library.originFolder, 'intents')), [])
    assert.ok(!(await readdir(join(library.originFolder, 'blobs'))).includes('.unfinished-1'))
  })

  it('of a new asset removes its record; of settings brings names and presets back', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.putPreset('demo', 'thumb', 'wid=100')
    const names = [
      recordName.asset('demo', 'new'),
      recordName.names(),
      recordName.project('demo'),
      recordName.presets('demo'),
    ]
    const note = JSON.stringify({ project: 'demo', records: names })
    await writeFile(join(library.originFolder, 'intents/0.json'), note)
    for (const name of names) await library.records.write(name, { presets: {}, projects: [] })
    await library.again()
    assert.equal(await library.records.read(names[0]!), null)
    assert.equal((await library.records.names())?.projects[0]?.project, 'demo')
    assert.equal((await library.records.presets('demo'))?.presets['thumb'], 'wid=100')
  })

  it('in the middle of a large change of a folder invalidates the whole project', async (t) => {
    const library = await withProject(await testLibrary(t))
    const project = keyHash(keyText.project('demo'))
    const change = { cause: 'cut short', keys: [project] }
    const note = JSON.stringify({ project: 'demo', records: [], change })
    await writeFile(join(library.originFolder, 'intents/0.json'), note)
    const logged = await since(library)
    await library.again()
    assert.deepEqual(await logged(), [project])
    assert.deepEqual(library.changes, [{ project: 'demo', ...change }])
  })

  it('a commit that fails at once puts the record back and loses nothing', async (t) => {
    const library = await withProject(await testLibrary(t))
    await library.assets.put(upload, bodyOf(red))
    library.changes.push = () => {
      throw new Error('the store is full')
    }
    await assert.rejects(library.assets.put(upload, bodyOf(blue)), /the store is full/)
    assert.equal((await library.records.asset('demo', 'shoes/red'))?.hash, sha256(red))
    assert.equal((await library.assets.get('demo', 'shoes/red'))?.version, 1)
    assert.deepEqual(await readdir(join(library.originFolder, 'intents')), [])
  })
})
