import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { keyHash } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { silentLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { DiskBodies, openDisk } from './disk-bodies.ts'
import type { DiskBody } from './disk-bodies.ts'
import { Freshness } from './freshness.ts'
import { MarkedCache } from './marked-cache.ts'
import { restoreState, saveState, savedCache, stateFile } from './saved-state.ts'

const root = await mkdtemp(join(tmpdir(), 'sluice-state-'))
after(() => rm(root, { recursive: true, force: true }))

const RED = keyHash('asset:demo/red')
const BLUE = keyHash('asset:demo/blue')

interface Meta {
  readonly etag: string
}

/** One start of a node over a folder: what an earlier one saved comes back. */
async function start(folder: string) {
  await mkdir(folder, { recursive: true })
  const freshness = new Freshness(manualTime().clock)
  const disk = await openDisk(join(folder, 'bodies'))
  const bodies = new DiskBodies({ disk, random: systemRandom, log: silentLog })
  const cache = new MarkedCache<Meta, DiskBody>({ freshness, bodies, bytesMax: 1_000_000 })
  const parseMeta = (meta: unknown): Meta | undefined =>
    typeof (meta as Partial<Meta>).etag === 'string' ? (meta as Meta) : undefined
  const saved = [savedCache('renditions', cache, freshness, parseMeta)]
  const path = join(folder, 'state.ndjson')
  const back = await restoreState(stateFile(path), freshness, saved, bodies, silentLog)
  return {
    freshness,
    cache,
    disk,
    path,
    back,
    save: () => saveState(stateFile(path), freshness, saved),
    async keep(key: string, text: string, keys: readonly KeyHash[] = [RED]) {
      const body = await bodies.write(Buffer.from(text))
      const entry = { keys, mark: freshness.applied, meta: { etag: key }, body }
      cache.store(key, { ...entry, bodyBytes: body.bytes }, freshness.epoch)
      return body
    },
    async serve(key: string) {
      const found = cache.lookup(key, 0)
      const data = found && (await bodies.read(found.entry.body))
      return data && Buffer.from(data).toString()
    },
    purge: (...keys: KeyHash[]) =>
      freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys }),
  }
}

let folders = 0
const newFolder = (): string => join(root, String((folders += 1)))

/** Freshness rule P13. */
describe('a disk cache after a restart', () => {
  test('has what it had, judged by the stamps that it had', async () => {
    const folder = newFolder()
    const before = await start(folder)
    before.freshness.startEmpty('log', 0)
    await before.keep('/red', 'red')
    await before.keep('/blue', 'blue', [BLUE])
    before.purge(RED)
    await before.save()
    const later = await start(folder)
    assert.deepEqual([later.freshness.logId, later.freshness.applied], ['log', 1])
    assert.equal(await later.serve('/red'), undefined, 'purged before, purged after')
    assert.equal(await later.serve('/blue'), 'blue')
    assert.equal(later.cache.lookup('/blue', 0)?.entry.meta.etag, '/blue')
  })

  test('holds no lease, and applies what was purged while it was down', async () => {
    const folder = newFolder()
    const before = await start(folder)
    before.freshness.startEmpty('log', 0)
    await before.keep('/red', 'red')
    await before.save()
    const later = await start(folder)
    assert.equal(later.freshness.holdsLease(), false)
    assert.equal(await later.serve('/red'), 'red')
    later.purge(RED)
    assert.equal(await later.serve('/red'), undefined)
  })

  test('is as of the moment of saving: what came later is gone, and so are its files', async () => {
    const folder = newFolder()
    const before = await start(folder)
    before.freshness.startEmpty('log', 0)
    await before.keep('/early', 'early')
    await before.save()
    before.purge(BLUE)
    await before.keep('/late', 'late')
    assert.equal((await before.disk.list()).length, 2)
    const later = await start(folder)
    assert.equal(later.back, 1)
    assert.equal(later.freshness.applied, 0, 'stamps and applied are of the same moment')
    assert.equal(await later.serve('/late'), undefined)
    assert.equal((await later.disk.list()).length, 1)
  })

  test('a raised mark is never ahead of the stamps that it was saved with', async () => {
    const folder = newFolder()
    const before = await start(folder)
    before.freshness.startEmpty('log', 0)
    await before.keep('/red', 'red')
    const saving = before.save()
    before.purge(BLUE)
    before.cache.lookup('/red', 0)
    await saving
    const later = await start(folder)
    const found = later.cache.peek('/red')
    assert.ok(found, 'a mark that is ahead is not put back')
    assert.equal(found.entry.mark <= later.freshness.applied, true)
  })

  test('does not serve a torn, altered or missing body', async () => {
    const folder = newFolder()
    const before = await start(folder)
    before.freshness.startEmpty('log', 0)
    const torn = await before.keep('/torn', 'a long text')
    const altered = await before.keep('/altered', 'a long text')
    const missing = await before.keep('/missing', 'a long text')
    await before.save()
    const place = (body: DiskBody): string =>
      join(folder, 'bodies', body.file.slice(0, 1), body.file)
    await writeFile(place(torn), 'a long')
    await writeFile(place(altered), 'a wrong text')
    await rm(place(missing))
    const later = await start(folder)
    for (const key of ['/torn', '/altered', '/missing'])
      assert.equal(await later.serve(key), undefined, key)
  })

  const damages: readonly (readonly [string, (text: string) => string])[] = [
    ['cut in the middle of a line', (text) => text.slice(0, -20)],
    ['cut between lines', (text) => `${text.split('\n').slice(0, 2).join('\n')}\n`],
    ['empty', () => ''],
    ['not JSON', () => 'nonsense\n'],
    ['of another format', (text) => text.replace('sluice-cache-3', 'sluice-cache-9')],
    ['holding a key that is none', (text) => text.replace(String(RED), 'x')],
    ['saying nothing about stamps', (text) => text.replace('"stamps"', '"stumps"')],
  ]
  for (const [how, damage] of damages) {
    test(`starts empty when the saved state is ${how}`, async () => {
      const folder = newFolder()
      const before = await start(folder)
      before.freshness.startEmpty('log', 0)
      await before.keep('/red', 'red')
      await before.keep('/blue', 'blue', [BLUE])
      before.purge(BLUE)
      await before.save()
      await writeFile(before.path, damage(await readFile(before.path, 'utf8')))
      const later = await start(folder)
      assert.deepEqual([later.back, later.cache.count], [0, 0])
      assert.deepEqual([later.freshness.logId, later.freshness.applied], ['', 0])
      assert.deepEqual(await later.disk.list(), [], 'files of nobody are removed')
    })
  }

  test('drops an entry whose meta cannot be read, and its file', async () => {
    const folder = newFolder()
    const before = await start(folder)
    before.freshness.startEmpty('log', 0)
    await before.keep('/red', 'red')
    await before.keep('/blue', 'blue')
    await before.save()
    const text = await readFile(before.path, 'utf8')
    await writeFile(before.path, text.replace('{"etag":"/red"}', '{"tag":"/red"}'))
    const later = await start(folder)
    assert.equal(await later.serve('/red'), undefined)
    assert.equal(await later.serve('/blue'), 'blue')
    assert.equal((await later.disk.list()).length, 1)
  })

  test('a save that fails says so, and leaves the one before', async () => {
    const folder = newFolder()
    const before = await start(folder)
    before.freshness.startEmpty('log', 0)
    await before.keep('/red', 'red')
    await before.save()
    await mkdir(`${before.path}.partial`)
    await assert.rejects(before.save())
    const later = await start(folder)
    assert.equal(await later.serve('/red'), 'red')
  })

  test('a write that was cut leaves no file under its name', async () => {
    const folder = newFolder()
    const { disk } = await start(folder)
    await mkdir(join(folder, 'bodies', 'x'), { recursive: true })
    await writeFile(join(folder, 'bodies', 'x', 'xyz.partial'), 'half')
    assert.equal(await disk.read('xyz'), undefined)
    await start(folder)
    assert.deepEqual(await readdir(join(folder, 'bodies', 'x')), [])
  })
})
