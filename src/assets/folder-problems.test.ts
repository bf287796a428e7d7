import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { picture, testLibrary, until } from '../../test/support/asset-library.ts'
import { watched } from '../../test/support/watched-folder.ts'
import type { Watched } from '../../test/support/watched-folder.ts'
import { sha256 } from '../kernel/hash.ts'

/** Goal: what of a watched folder cannot be served is told, with its reason, and harms nothing else. */

const red = await picture('red')
const blue = await picture('blue')
const green = await picture('green')

/** Most of the time of these tests is waiting for files to stand still. */
const TOGETHER = { concurrency: 8 } as const

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

  it('our own data inside the folder is never served, also not through a link', async (t) => {
    const outer = await mkdtemp(join(tmpdir(), 'sluice-outer-'))
    t.after(() => rm(outer, { recursive: true, force: true }))
    const data = join(outer, 'data')
    await mkdir(data)
    const library = await testLibrary(t, data)
    await writeFile(join(data, 'admin-key'), 'secret')
    await writeFile(join(outer, 'a.jpg'), red)
    await symlink('data/admin-key', join(outer, 'key.txt'))
    await symlink('data', join(outer, 'also'))
    await library.assets.createProject('demo', {})
    await library.assets.useFolder('demo', outer)
    const page = await library.assets.list('demo', {}, { limit: 10 })
    assert.deepEqual(
      page.items.map((row) => row.id),
      ['a'],
    )
    const problems = library.assets.problems('demo').map(({ path, code }) => `${path} ${code}`)
    const found = new Set(problems)
    assert.deepEqual(found, new Set(['also own-data', 'data own-data', 'key.txt own-data']))
  })

  it('a pipe is no file, and nobody waits for it', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    watch.run('mkfifo', 'pipe.jpg')
    assert.deepEqual(await codes(watch), { 'pipe.jpg': 'unreadable' })
    assert.equal(await watch.version('a'), 1)
  })

  it('a disk that is unmounted leaves an empty folder: nothing is forgotten', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    await rename(watch.root, `${watch.root}-away`)
    await mkdir(watch.root)
    assert.deepEqual(await codes(watch), { '': 'unreadable' })
    assert.equal(await watch.version('a'), 1)
    // Mounted again, and changed meanwhile.
    await writeFile(join(`${watch.root}-away`, 'a.jpg'), blue)
    await rm(watch.root, { recursive: true })
    await rename(`${watch.root}-away`, watch.root)
    assert.deepEqual(await codes(watch), {})
    assert.equal(await watch.hash('a'), sha256(blue))
    await writeFile(join(watch.root, 'a.jpg'), green)
    await until('it is watched again', async () => (await watch.hash('a')) === sha256(green))
  })

  it('another folder put in its place is followed', async (t) => {
    const watch = await watched(t, { 'a.jpg': red })
    await rename(watch.root, `${watch.root}-away`)
    await mkdir(watch.root)
    await writeFile(join(watch.root, 'b.jpg'), blue)
    await watch.assets.settle('demo', 'all')
    assert.equal(await watch.hash('a'), undefined)
    await writeFile(join(watch.root, 'c.jpg'), green)
    await until('it is watched', async () => (await watch.hash('c')) === sha256(green))
    await rm(`${watch.root}-away`, { recursive: true })
  })
})
