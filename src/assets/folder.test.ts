import assert from 'node:assert/strict'
import { copyFile, mkdir, open, rename, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { bodyOf, keysAfter, picture, testLibrary, until } from '../../test/support/asset-library.ts'
import { watched } from '../../test/support/watched-folder.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { sha256 } from '../kernel/hash.ts'
import { assetKeys, assetRecordKey } from './asset-rows.ts'

/** Goal: a real folder, changed by the real commands that people use, is what the project's assets are. */

const red = await picture('red')
const blue = await picture('blue')
const green = await picture('green')

/** Most of the time of these tests is waiting for files to stand still. */
const TOGETHER = { concurrency: 8 } as const

describe('a watched folder', TOGETHER, () => {
  it('is known when it was started: ids, types, sizes and records', async (t) => {
    const watch = await watched(t, { 'shoes/red.JPG': red, 'docs/manual.pdf': '%PDF-1.7\n' })
    const page = await watch.assets.list('demo', {}, { limit: 10 })
    assert.deepEqual(
      page.items.map((row) => [row.id, row.mediaType, row.width, row.version, row.hash]),
      [
        ['docs/manual.pdf', 'application/pdf', null, 1, sha256('%PDF-1.7\n')],
        ['shoes/red', 'image/jpeg', 40, 1, sha256(red)],
      ],
    )
    const record = await watch.records.asset('demo', 'shoes/red')
    assert.equal(
      record?.location.kind === 'file' && record.location.path,
      join(watch.root, 'shoes/red.JPG'),
    )
    assert.deepEqual(await watch.assets.folders('demo', ''), [
      { path: 'docs', assets: 1 },
      { path: 'shoes', assets: 1 },
    ])
  })

  it('read for the first time leaves the invalidation log empty, and one purge of the project', async (t) => {
    const watch = await watched(t, { 'a.jpg': red, 'b.jpg': red })
    assert.deepEqual(watch.changes, [])
    const keys = await keysAfter(watch.store, 0)
    assert.equal(keys.at(-1), keyHash(keyText.project('demo')))
  })

  it('cp adds and replaces; the keys of the asset go to an automatic invalidation', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const outside = join(watch.folder, 'new.jpg')
    await writeFile(outside, blue)
    watch.changes.length = 0
    watch.run('cp', outside, 'a.jpg')
    watch.run('cp', outside, 'b.jpg')
    await until('both are taken', async () => (await watch.hash('b')) === sha256(blue))
    await until('a has version 2', async () => (await watch.version('a')) === 2)
    assert.equal((await watch.records.asset('demo', 'a'))?.hash, sha256(blue))
    const keys = new Set(watch.changes.flatMap((change) => change.keys))
    assert.deepEqual(keys, new Set([...assetKeys('demo', 'a'), ...assetKeys('demo', 'b')]))
  })

  it('mv over a file is a new version, without a moment in which it is gone', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const outside = join(watch.folder, 'new.jpg')
    await writeFile(outside, blue)
    watch.changes.length = 0
    watch.run('mv', outside, 'a.jpg')
    await until('version 2', async () => {
      assert.notEqual(await watch.hash('a'), undefined)
      return (await watch.version('a')) === 2
    })
    assert.deepEqual(
      watch.changes.map((change) => change.cause),
      ['New version of “a” in the folder'],
    )
  })

  it('rsync --inplace is one new version', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const from = join(watch.folder, 'from')
    await mkdir(from)
    await writeFile(join(from, 'a.jpg'), blue)
    watch.changes.length = 0
    watch.run('rsync', '--inplace', '--checksum', '-r', `${from}/`, `${watch.root}/`)
    await until('version 2', async () => (await watch.version('a')) === 2)
    assert.equal(await watch.hash('a'), sha256(blue))
    assert.equal(watch.changes.length, 1)
  })

  it('rsync with its hidden unfinished files is one new version too', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const from = join(watch.folder, 'from')
    await mkdir(from)
    await writeFile(join(from, 'a.jpg'), blue)
    watch.run('rsync', '--checksum', '-r', `${from}/`, `${watch.root}/`)
    await until('version 2', async () => (await watch.version('a')) === 2)
    await watch.assets.settle('demo', 'all')
    assert.deepEqual(watch.assets.problems('demo'), [])
  })

  it('touch makes no version and nothing to invalidate, but the record knows the new times', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const before = await watch.records.asset('demo', 'a')
    watch.changes.length = 0
    const head = await watch.store.tables.log.head()
    watch.run('touch', 'a.jpg')
    await until('the record has new times', async () => {
      const now = await watch.records.asset('demo', 'a')
      // The record is written first, the log entry that tells of it a moment later.
      const told = (await watch.store.tables.log.head()) > head
      return told && JSON.stringify(now?.location) !== JSON.stringify(before?.location)
    })
    assert.deepEqual([await watch.version('a'), watch.changes.length], [1, 0])
    const keys = new Set(await keysAfter(watch.store, head))
    assert.deepEqual(keys, new Set([assetRecordKey('demo', 'a')]))
  })

  it('a file becomes settled by being hashed once more after two seconds', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const settled = async () => {
      const location = (await watch.records.asset('demo', 'a'))?.location
      return location?.kind === 'file' && location.settled
    }
    // On a slow machine two seconds may have passed when it is read first: then it is settled from the start.
    await until('it is settled', settled)
    assert.equal(await watch.version('a'), 1)
  })

  it('a file that is being written is taken once, when it stands still', async (t) => {
    const watch = await watched(t, {})
    const handle = await open(join(watch.root, 'slow.jpg'), 'w')
    const cut = Math.floor(red.length / 16)
    for (let at = 0; at < red.length; at += cut) {
      await handle.write(red.subarray(at, at + cut))
      const written = Date.now()
      await until('a moment passes', () => Date.now() - written > 30)
      assert.equal(await watch.version('slow'), undefined)
    }
    await handle.close()
    await until('it is taken', async () => (await watch.hash('slow')) === sha256(red))
    assert.equal(await watch.version('slow'), 1)
  })

  it('delete and recreate: gone when it stays away, a new version when it comes back other', async (t) => {
    const watch = await watched(t, { 'a.jpg': red, 'b.jpg': red })
    await watch.assets.patch('demo', 'b', { published: false }, 'anna')
    await unlink(join(watch.root, 'a.jpg'))
    await unlink(join(watch.root, 'b.jpg'))
    await writeFile(join(watch.root, 'b.jpg'), blue)
    await until('a is gone', async () => (await watch.hash('a')) === undefined)
    await until('b is new', async () => (await watch.version('b')) === 2)
    assert.equal(await watch.records.asset('demo', 'a'), null)
    assert.equal((await watch.assets.get('demo', 'b'))?.published, false)
    await writeFile(join(watch.root, 'a.jpg'), green)
    await until('a is back, counting on', async () => (await watch.version('a')) === 2)
  })

  it('a folder of 1,000 files is renamed: old and new keys in the log, nothing read again', async (t) => {
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [`old/${at}.txt`, `file ${at}`]),
    )
    const watch = await watched(t, files)
    await watch.assets.patch('demo', 'old/7.txt', { published: false }, 'anna')
    const head = await watch.store.tables.log.head()
    watch.changes.length = 0
    await rename(join(watch.root, 'old'), join(watch.root, 'new'))
    await until('all are moved', async () => {
      const [folder, ...others] = await watch.assets.folders('demo', '')
      return folder?.path === 'new' && folder.assets === 1000 && others.length === 0
    })
    await watch.assets.settle('demo', 'all')
    assert.equal((await watch.assets.get('demo', 'new/7.txt'))?.published, false)
    assert.equal((await watch.records.asset('demo', 'new/8.txt'))?.hash, sha256('file 8'))
    assert.equal(await watch.records.asset('demo', 'old/8.txt'), null)
    const logged = new Set(await keysAfter(watch.store, head))
    const changed = new Set(watch.changes.flatMap((change) => change.keys))
    for (const at of [0, 7, 500, 999]) {
      const keys = [...assetKeys('demo', `old/${at}.txt`), ...assetKeys('demo', `new/${at}.txt`)]
      for (const key of keys) assert.ok(logged.has(key) && changed.has(key))
    }
    assert.equal(watch.changes.length, 1, 'one automatic invalidation for all of it')
  })

  it('settle makes true what was written a moment before, and comes back when nothing was', async (t) => {
    const watch = await watched(t, { 'sub/a.jpg': red })
    await writeFile(join(watch.root, 'sub/a.jpg'), blue)
    await watch.assets.settle('demo', ['sub/a'])
    assert.equal(await watch.hash('sub/a'), sha256(blue))
    await mkdir(join(watch.root, 'fresh/deep'), { recursive: true })
    await copyFile(join(watch.root, 'sub/a.jpg'), join(watch.root, 'fresh/deep/b.jpg'))
    await watch.assets.settle('demo', ['fresh/deep/b'])
    assert.equal(await watch.hash('fresh/deep/b'), sha256(blue))
    await unlink(join(watch.root, 'sub/a.jpg'))
    await watch.assets.settle('demo', 'all')
    assert.equal(await watch.hash('sub/a'), undefined)
    await watch.assets.settle('demo', [])
    await watch.assets.settle('nobody', 'all')
  })

  it('refuses upload, delete, restore and move, and says where to change the files', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const refused = (error: Error & { code?: string; status?: number; publicMessage?: string }) => {
      assert.deepEqual([error.code, error.status], ['read-only-source', 409])
      return error.publicMessage?.includes(watch.root) ?? false
    }
    const { assets } = watch
    const upload = { project: 'demo', id: 'a', by: 'anna' }
    await assert.rejects(assets.put(upload, bodyOf(blue)), refused)
    await assert.rejects(assets.remove('demo', 'a', 'anna'), refused)
    await assert.rejects(assets.restore('demo', 'a', 1, 'anna'), refused)
    await assert.rejects(assets.patch('demo', 'a', { id: 'b' }, 'anna'), refused)
    const crop = { rect: { x: 0, y: 0, width: 1, height: 1 }, width: 4, height: 4 }
    await assets.putCrop('demo', 'a', 'Large', crop)
    const drawn = (await assets.crops('demo', 'a')).filter(({ computed }) => !computed)
    assert.deepEqual(drawn, [{ name: 'Large', ...crop, computed: false }])
  })

  it('keeps crops through new versions', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    const crop = { rect: { x: 0, y: 0, width: 1, height: 1 }, width: 4, height: 4 }
    await watch.assets.putCrop('demo', 'a', 'Large', crop)
    await writeFile(join(watch.root, 'a.jpg'), blue)
    await watch.assets.settle('demo', ['a'])
    assert.deepEqual((await watch.records.asset('demo', 'a'))?.crops, { Large: crop })
  })

  it('does not take the place of uploaded assets, nor a folder that is not there', async (t) => {
    const library = await testLibrary(t)
    await library.assets.createProject('demo', {})
    await assert.rejects(library.assets.useFolder('demo', '/does/not/exist'), {
      code: 'bad-settings',
    })
    for (const folder of [library.folder, join(library.folder, 'origin')]) {
      await assert.rejects(library.assets.useFolder('demo', folder), /own data folder/)
    }
    await library.assets.put({ project: 'demo', id: 'mine', by: 'anna' }, bodyOf(red))
    await assert.rejects(library.assets.useFolder('demo', tmpdir()), { code: 'bad-settings' })
  })
})

describe('a second start', () => {
  it('takes what changed meanwhile, and only that', async (t) => {
    const watch = await watched(t, { 'a.jpg': red, 'b.jpg': red, 'c.jpg': red })
    await watch.assets.stop()
    await writeFile(join(watch.root, 'a.jpg'), blue)
    await unlink(join(watch.root, 'b.jpg'))
    watch.changes.length = 0
    await watch.again()
    assert.equal(await watch.hash('a'), sha256(blue))
    assert.equal(await watch.hash('b'), undefined)
    const keys = new Set(watch.changes.flatMap((change) => change.keys))
    assert.deepEqual(keys, new Set([...assetKeys('demo', 'a'), ...assetKeys('demo', 'b')]))
  })
})
