import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  appendFile,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { sha256 } from '../kernel/hash.ts'
import { openAssetsOrigin } from './assets-origin.ts'
import type { StoredAsset } from './assets-origin.ts'
import { fileIdentity } from './file-identity.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-origin-'))
after(() => rm(folder, { recursive: true, force: true }))

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half')
  throw new Error('reset')
}

async function fileAsset(path: string, settled = true): Promise<StoredAsset> {
  const identity = fileIdentity(await stat(path, { bigint: true }))
  return { hash: 'f'.repeat(64), location: { kind: 'file', path, identity, settled } }
}

describe('blobs', () => {
  const origin = openAssetsOrigin(folder)

  it('a stream becomes a blob named by its hash and is read back', async () => {
    const put = await origin.putBlob(pieces('hello ', 'world'), 100)
    assert.deepEqual([put.hash, put.bytes], [sha256('hello world'), 11])
    const asset: StoredAsset = { hash: put.hash, location: { kind: 'blob' } }
    const read = await origin.readAsset(asset)
    assert.equal(Buffer.from(read.bytes).toString(), 'hello world')
    assert.deepEqual([read.hash, read.stable], [put.hash, true])
    assert.equal(await origin.unchanged(asset), true)
    const part = await origin.openAsset(asset, { start: 6, end: 8 })
    assert.equal((await buffer(part.stream)).toString(), 'wor')
    assert.equal(part.size, 11)
  })

  it('over the limit it is refused and nothing is left', async () => {
    const before = await readdir(join(folder, 'blobs'), { recursive: true })
    await assert.rejects(origin.putBlob(pieces('12345', '678901'), 10), { code: 'blob-too-large' })
    assert.deepEqual(await readdir(join(folder, 'blobs'), { recursive: true }), before)
  })

  it('a stream that breaks off leaves nothing', async () => {
    const before = await readdir(join(folder, 'blobs'), { recursive: true })
    await assert.rejects(origin.putBlob(broken(), 100), /reset/)
    assert.deepEqual(await readdir(join(folder, 'blobs'), { recursive: true }), before)
  })

  it('a blob that is gone is missing, not a crash', async () => {
    const asset: StoredAsset = { hash: '0'.repeat(64), location: { kind: 'blob' } }
    assert.equal(await origin.unchanged(asset), false)
    await assert.rejects(origin.readAsset(asset), { code: 'original-missing', status: 404 })
    await assert.rejects(origin.openAsset(asset), { code: 'original-missing' })
  })

  it('an empty blob streams nothing', async () => {
    const put = await origin.putBlob(pieces(), 10)
    const open = await origin.openAsset({ hash: put.hash, location: { kind: 'blob' } })
    assert.deepEqual([(await buffer(open.stream)).length, open.size], [0, 0])
  })
})

describe('files of a watched folder', () => {
  const origin = openAssetsOrigin(folder)
  const path = join(folder, 'picture.jpg')

  it('a file is unchanged only while identity holds and it had settled', async () => {
    await writeFile(path, 'one')
    assert.equal(await origin.unchanged(await fileAsset(path)), true)
    assert.equal(await origin.unchanged(await fileAsset(path, false)), false)
    const before = await fileAsset(path)
    await appendFile(path, 'two')
    assert.equal(await origin.unchanged(before), false)
    await unlink(path)
    assert.equal(await origin.unchanged(before), false)
  })

  it('a file that grows during the read is told as unstable', async () => {
    const size = 8 * 1024 * 1024
    await writeFile(path, Buffer.alloc(size, 1))
    const asset = await fileAsset(path)
    const [read] = await Promise.all([origin.readAsset(asset), appendFile(path, 'more')])
    // Whichever came first: bytes of the whole old or new file are stable, anything else is not.
    const whole = read.bytes.length === size || read.bytes.length === size + 4
    assert.ok(whole || !read.stable)
    assert.equal(read.hash, sha256(read.bytes))
  })

  it('a link or a pipe put in the place of a file is not followed', async () => {
    await writeFile(path, 'one')
    const asset = await fileAsset(path)
    await unlink(path)
    await symlink('/etc/hostname', path)
    await assert.rejects(origin.readAsset(asset), { code: 'original-missing' })
    await unlink(path)
    await promisify(execFile)('mkfifo', [path])
    await assert.rejects(origin.readAsset(asset), { code: 'original-missing' })
  })
})
