import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { bodyOf, keysAfter, picture, testLibrary, until } from '../../test/support/asset-library.ts'
import type { TestLibrary } from '../../test/support/asset-library.ts'
import { sha256 } from '../kernel/hash.ts'
import { assetKeys, assetRecordKey } from './asset-rows.ts'

/** Goal: a real folder, changed by the real commands that people use, is what the project's assets are. */

const red = await picture('red')
const blue = await picture('blue')
const green = await picture('green')

interface Watched extends TestLibrary {
  readonly root: string
  run(command: string, ...args: readonly string[]): void
  hash(id: string): Promise<string | undefined>
  version(id: string): Promise<number | undefined>
}

async function watched(
  t: TestContext,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Watched> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-folder-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), bytes)
  }
  const library = await testLibrary(t)
  await library.assets.createProject('demo', {})
  await library.assets.useFolder('demo', root)
  return Object.assign(library, {
    root,
    run: (command: string, ...args: readonly string[]) => runCommand(root, command, args),
    hash: async (id: string) => (await library.assets.get('demo', id))?.hash,
    version: async (id: string) => (await library.assets.get('demo', id))?.version,
  })
}

function runCommand(cwd: string, command: string, args: readonly string[]): void {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (missing)
      assert.fail(`${command} is not installed: this test needs it (apt install ${command})`)
    throw error
  }
}

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
      return JSON.stringify(now?.location) !== JSON.stringify(before?.location)
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
    assert.equal(await settled(), false)
    await until('it is settled', settled)
    assert.equal(await watch.version('a'), 1)
  })

  it('a file that is being written is taken once, when it stands still', async (t) => {
    const watch = await watched(t, {})
    const handle = await open(join(watch.root, 'slow.jpg'), 'w')
    const cut = Math.floor(red.length / 8)
    for (let at = 0; at < red.length; at += cut) {
      await handle.write(red.subarray(at, at + cut))
      const written = Date.now()
      await until('a moment passes', () => Date.now() - written > 100)
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
    assert.equal((await watch.assets.get('demo', 'new/7.txt'))?.published, false)
    assert.equal((await watch.records.asset('demo', 'new/8.txt'))?.hash, sha256('file 8'))
    assert.equal(await watch.records.asset('demo', 'old/8.txt'), null)
    const logged = new Set(await keysAfter(watch.store, head))
    const changed = new Set(watch.changes.flatMap((change) => change.keys))
    for (const at of [0, 7, 500, 999]) {
      const keys = [...assetKeys('demo', `old/${at}.txt`), ...assetKeys('demo', `new/${at}.txt`)]
      for (const key of keys) assert.ok(logged.has(key) && changed.has(key))
    }
    assert.ok(watch.changes.length <= 20, 'the changes come in few batches')
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
    assert.deepEqual(await assets.crops('demo', 'a'), { Large: crop })
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
    await library.assets.put({ project: 'demo', id: 'mine', by: 'anna' }, bodyOf(red))
    await assert.rejects(library.assets.useFolder('demo', tmpdir()), { code: 'bad-settings' })
  })
})

async function codes(watch: Watched): Promise<Record<string, string>> {
  await watch.assets.settle('demo', 'all')
  const problems = watch.assets.problems('demo')
  return Object.fromEntries(problems.map((problem) => [problem.path, problem.code]))
}

describe('problems of a watched folder', TOGETHER, () => {
  it('names that no URL can carry are listed, each with its reason; the others are served', async (t) => {
    const watch = await watched(t, {
      'fine.jpg': red,
      'a,b.jpg': red,
      'a:b.jpg': red,
      'a..b.jpg': red,
      'tab\there.jpg': red,
      '.hidden.jpg': red,
      'c,d/1.jpg': red,
      'c,d/2.jpg': red,
      '.git/config': 'x',
      [`${'x'.repeat(200)}/${'y'.repeat(200)}/${'z'.repeat(200)}`]: red,
    })
    const bytes = Buffer.concat([Buffer.from(`${watch.root}/bad-`), Buffer.from([0xff, 0xfe])])
    await writeFile(bytes, red)
    assert.deepEqual(await codes(watch), {
      'a,b.jpg': 'comma',
      'a:b.jpg': 'colon',
      'a..b.jpg': 'dots',
      'tab\there.jpg': 'control-character',
      '.hidden.jpg': 'dot-file',
      'c,d': 'comma',
      '.git': 'dot-file',
      'bad-\ufffd\ufffd': 'not-utf-8',
      [`${'x'.repeat(200)}/${'y'.repeat(200)}/${'z'.repeat(200)}`]: 'too-long',
    })
    const page = await watch.assets.list('demo', {}, { limit: 10 })
    assert.deepEqual(
      page.items.map((row) => row.id),
      ['fine'],
    )
  })

  it('two files of one id clash: neither is served until one is renamed', async (t) => {
    const watch = await watched(t, { 'red.jpg': red })
    assert.equal(await watch.version('red'), 1)
    await writeFile(join(watch.root, 'red.png'), blue)
    assert.deepEqual(await codes(watch), { 'red.jpg': 'clash', 'red.png': 'clash' })
    assert.equal(await watch.version('red'), undefined)
    assert.match(watch.assets.problems('demo')[0]!.reason, /red\.(png|jpg): rename one/)
    await rename(join(watch.root, 'red.png'), join(watch.root, 'blue.png'))
    assert.deepEqual(await codes(watch), {})
    assert.equal(await watch.hash('red'), sha256(red))
    assert.equal(await watch.hash('blue'), sha256(blue))
  })

  it('links inside the folder are followed, links out of it, to nowhere and in circles are not', async (t) => {
    const watch = await watched(t, { 'real/a.jpg': red, 'next/a.jpg': blue })
    const link = (target: string, path: string) => symlink(target, join(watch.root, path))
    await link('real', 'current')
    await link('real/a.jpg', 'alias.jpg')
    await link('/etc/hostname', 'out.jpg')
    await link('/etc', 'etc')
    await link('nowhere', 'lost.jpg')
    await link('..', 'real/up')
    assert.deepEqual(await codes(watch), {
      'out.jpg': 'escaping-link',
      etc: 'escaping-link',
      'lost.jpg': 'escaping-link',
      'real/up': 'escaping-link',
      'current/up': 'escaping-link',
    })
    assert.equal(await watch.hash('current/a'), sha256(red))
    assert.equal(await watch.hash('alias'), sha256(red))
    const record = await watch.records.asset('demo', 'alias')
    assert.equal(
      record?.location.kind === 'file' && record.location.path,
      join(watch.root, 'real/a.jpg'),
    )
    // A release is switched by its link, atomically.
    await symlink('next', join(watch.root, 'switch'))
    await rename(join(watch.root, 'switch'), join(watch.root, 'current'))
    await until('the other release is served', async () => {
      return (await watch.hash('current/a')) === sha256(blue)
    })
    await writeFile(join(watch.root, 'real/a.jpg'), green)
    await until('the alias follows', async () => (await watch.hash('alias')) === sha256(green))
  })

  it('the whole folder gone keeps what was known and says so; back again, it goes on', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    await rename(watch.root, `${watch.root}-away`)
    await watch.assets.settle('demo', 'all')
    assert.deepEqual(await codes(watch), { '': 'unreadable' })
    assert.equal(await watch.version('a'), 1)
    await rename(`${watch.root}-away`, watch.root)
    await appendFile(join(watch.root, 'a.jpg'), 'more')
    await until('it goes on', async () => {
      await watch.assets.settle('demo', 'all')
      return (await watch.version('a')) === 2
    })
    assert.deepEqual(await codes(watch), {})
  })

  it('a pipe is no file, and nobody waits for it', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    watch.run('mkfifo', 'pipe.jpg')
    assert.deepEqual(await codes(watch), { 'pipe.jpg': 'unreadable' })
    assert.equal(await watch.version('a'), 1)
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
