import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { testLibrary } from '../../test/support/asset-library.ts'
import { sha256 } from '../kernel/hash.ts'
import { fileIdentity } from '../origin/file-identity.ts'
import type { AssetRow } from '../store/store.ts'

const FOLDERS = 200
const FILES_PER_FOLDER = 100

/** Real files, with the rows that a first start has made of them: that start itself takes as long as the disk takes to sync. */
async function knownFile(root: string, folder: string, name: string): Promise<AssetRow> {
  const path = join(root, folder, name)
  const text = `${folder} ${name}`
  await writeFile(path, text)
  const identity = fileIdentity(await stat(path, { bigint: true }))
  return {
    project: 'demo',
    id: `${folder}/${name}`,
    kind: 'document',
    mediaType: 'text/plain',
    published: true,
    version: 1,
    hash: sha256(text),
    bytes: text.length,
    width: null,
    height: null,
    location: { kind: 'file', path, identity, settled: true },
    crops: {},
    modifiedAt: 1,
  }
}

it('20,000 known files start in under 5 s, and only the changed one is read', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-many-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const library = await testLibrary(t)
  await library.assets.createProject('demo', {})
  const rows: AssetRow[] = []
  for (let at = 0; at < FOLDERS; at++) {
    await mkdir(join(root, `folder-${at}`))
    const names = Array.from({ length: FILES_PER_FOLDER }, (_, file) => `${file}.txt`)
    rows.push(...(await Promise.all(names.map((name) => knownFile(root, `folder-${at}`, name)))))
  }
  await library.store.transaction('volatile', async (tx) => {
    for (const row of rows) await tx.assets.put(row)
    await tx.projects.update('demo', { assetSource: { kind: 'folder', path: root } })
  })
  await writeFile(join(root, 'folder-7/7.txt'), 'changed')
  const head = await library.store.tables.log.head()
  const begun = performance.now()
  await library.again()
  const tookMs = performance.now() - begun
  t.diagnostic(`${rows.length} files: ${Math.round(tookMs)} ms`)
  assert.ok(tookMs < 5000, `${tookMs} ms`)
  assert.equal((await library.assets.get('demo', 'folder-7/7.txt'))?.hash, sha256('changed'))
  assert.equal(await library.store.tables.log.head(), head + 1)
})
