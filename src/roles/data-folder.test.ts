import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { StartError } from '../kernel/http-server.ts'
import { systemRandom } from '../kernel/random.ts'
import { openDataFolder } from './data-folder.ts'

const root = await mkdtemp(join(tmpdir(), 'sluice-data-'))
after(() => rm(root, { recursive: true, force: true }))

let folders = 0
const newFolder = (): string => join(root, String((folders += 1)), 'data')

describe('the data folder', () => {
  test('is made where it is missing, and is one Sluice’s at a time', async () => {
    const path = newFolder()
    const first = await openDataFolder(path, systemRandom)
    await assert.rejects(openDataFolder(path, systemRandom), (error: unknown) => {
      assert.equal(error instanceof StartError, true)
      assert.match(String(error), /is in use by another Sluice; stop it or set SLUICE_DATA/)
      assert.match(String(error), new RegExp(path))
      return true
    })
    first.unlock()
    const second = await openDataFolder(path, systemRandom)
    second.unlock()
  })

  test('is free at once when the process that held it was killed', async () => {
    const path = newFolder()
    const script = `
      const { openDataFolder } = await import('${new URL('./data-folder.ts', import.meta.url).href}')
      const { systemRandom } = await import('${new URL('../kernel/random.ts', import.meta.url).href}')
      await openDataFolder(${JSON.stringify(path)}, systemRandom)
      process.stdout.write('held')
      setInterval(() => undefined, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    await once(child.stdout, 'data')
    await assert.rejects(openDataFolder(path, systemRandom), /in use by another Sluice/)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const data = await openDataFolder(path, systemRandom)
    data.unlock()
  })

  test('that cannot be a folder is refused with the thing and the cure', async () => {
    const path = newFolder()
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, 'a file')
    await assert.rejects(openDataFolder(path, systemRandom), /cannot be written; .*SLUICE_DATA/)
    await assert.rejects(openDataFolder(join(path, 'below'), systemRandom), /cannot be written/)
  })

  test('keeps a secret that it made for its owner’s eyes only', async () => {
    const path = newFolder()
    const data = await openDataFolder(path, systemRandom)
    const made = await data.secret('node-secret', null)
    assert.equal(made.made, true)
    assert.equal(made.value.length >= 32, true)
    const file = join(path, 'node-secret')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(await data.secret('node-secret', null), { value: made.value, made: false })
    data.unlock()
    const later = await openDataFolder(path, systemRandom)
    assert.equal((await later.secret('node-secret', null)).value, made.value)
    later.unlock()
  })

  test('keeps a secret private although a crash left a readable half of it', async () => {
    const path = newFolder()
    const data = await openDataFolder(path, systemRandom)
    await writeFile(join(path, 'admin-key.partial'), 'half', { mode: 0o644 })
    await data.secret('admin-key', null)
    assert.equal((await stat(join(path, 'admin-key'))).mode & 0o777, 0o600)
    data.unlock()
  })

  test('takes a secret that is given, and does not write it down', async () => {
    const path = newFolder()
    const data = await openDataFolder(path, systemRandom)
    assert.deepEqual(await data.secret('admin-key', 'given'), { value: 'given', made: false })
    await assert.rejects(readFile(join(path, 'admin-key')), { code: 'ENOENT' })
    data.unlock()
  })

  test('makes a secret anew where the file is empty', async () => {
    const path = newFolder()
    const data = await openDataFolder(path, systemRandom)
    await writeFile(join(path, 'admin-key'), '\n')
    await chmod(join(path, 'admin-key'), 0o600)
    assert.equal((await data.secret('admin-key', null)).made, true)
    data.unlock()
  })

  test('remembers which incarnations ran here, many at once', async () => {
    const path = newFolder()
    const data = await openDataFolder(path, systemRandom)
    assert.deepEqual(await data.predecessors(), {})
    const ids = ['edge-1', 'edge-2', 'resizer']
    await Promise.all(ids.map((id) => data.rememberNode(id, `${id} of today`)))
    data.unlock()
    const later = await openDataFolder(path, systemRandom)
    assert.deepEqual(
      await later.predecessors(),
      Object.fromEntries(ids.map((id) => [id, `${id} of today`])),
    )
    later.unlock()
  })

  test('starts although what it remembers of nodes is damaged', async () => {
    const path = newFolder()
    const data = await openDataFolder(path, systemRandom)
    for (const text of ['', '[', '7', '{"edge-1": 7}']) {
      await writeFile(join(path, 'nodes.json'), text)
      assert.deepEqual(await data.predecessors(), {}, text)
      await data.rememberNode('edge-1', 'x')
      assert.deepEqual(await data.predecessors(), { 'edge-1': 'x' })
    }
    data.unlock()
  })
})
