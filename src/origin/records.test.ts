import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { recordName } from '../contract/records.ts'
import type { AssetRecord } from '../contract/records.ts'
import { recordPath } from './record-path.ts'
import { openRecords } from './records.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-records-'))
after(() => rm(folder, { recursive: true, force: true }))

function assetRecord(id: string): AssetRecord {
  return {
    id,
    kind: 'image',
    mediaType: 'image/jpeg',
    published: true,
    version: 1,
    hash: 'a'.repeat(64),
    bytes: 10,
    width: 4,
    height: 3,
    location: { kind: 'blob' },
    modifiedAt: '2026-01-01T00:00:00.000Z',
    crops: { Large: { rect: { x: 0, y: 0, width: 1, height: 0.5 }, width: 40, height: 20 } },
  }
}

describe('records', () => {
  const records = openRecords(folder)

  it('a record that was written is read back, and is null again after it was removed', async () => {
    const record = assetRecord('shoes/red')
    await records.write(recordName.asset('demo', 'shoes/red'), record)
    assert.deepEqual(await records.asset('demo', 'shoes/red'), record)
    await records.remove(recordName.asset('demo', 'shoes/red'))
    assert.equal(await records.asset('demo', 'shoes/red'), null)
  })

  it('a record that never was is null', async () => {
    assert.equal(await records.names(), null)
    assert.equal(await records.project('nobody'), null)
  })

  it('a and a/b, .. and ids of 2,000 characters live side by side inside the folder', async () => {
    const ids = ['a', 'a/b', 'a.json', '..', '../../etc/passwd', 'ü/ß', 'x'.repeat(2000), 'A']
    await records.apply(
      ids.map((id) => ({ name: recordName.asset('many', id), document: assetRecord(id) })),
    )
    for (const id of ids) assert.equal((await records.asset('many', id))?.id, id)
    assert.deepEqual((await readdir(folder)).sort(), ['records'])
    assert.equal((await readdir(join(folder, 'records/many/assets'))).length, ids.length)
  })

  it('a batch of 2,000 writes and removes leaves whole files only', async () => {
    const names = Array.from({ length: 2000 }, (_, at) => recordName.asset('batch', `f/${at}`))
    await records.apply(names.map((name) => ({ name, document: assetRecord(name) })))
    await records.apply(names.slice(500).map((name) => ({ name, document: null })))
    const files = await readdir(join(folder, 'records/batch/assets'))
    assert.equal(files.length, 500)
    assert.ok(files.every((file) => file.endsWith('.json')))
  })

  it('a record of another shape and a file that is no JSON are refused as malformed', async () => {
    await records.write(recordName.asset('demo', 'bad'), { ...assetRecord('bad'), hash: 'short' })
    await assert.rejects(records.asset('demo', 'bad'), { code: 'record-malformed', status: 503 })
    await writeFile(join(folder, 'records', recordPath(recordName.names())), '{"projects":')
    await assert.rejects(records.names(), { code: 'record-malformed' })
  })

  it('fields that this version does not know are no mistake', async () => {
    await records.write(recordName.presets('demo'), { presets: { a: 'wid=1' }, later: true })
    assert.equal((await records.presets('demo'))?.presets['a'], 'wid=1')
  })

  it('two names never share a file, and no file leaves the folder or has a long name', () => {
    const id = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(id, id, (one, other) => {
        const path = recordPath(recordName.asset('p', one))
        assert.match(path, /^p\/assets\/[A-Za-z0-9_%~-]{0,200}\.json$/)
        // Lone surrogates have no UTF-8 form; they cannot come from a URL or a file.
        if (one !== other && one.isWellFormed() && other.isWellFormed()) {
          assert.notEqual(path, recordPath(recordName.asset('p', other)))
        }
      }),
    )
  })
})
