import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  appendFile,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { watched } from '../../test/support/watched-folder.ts'
import type { Watched } from '../../test/support/watched-folder.ts'
import { sha256 } from '../kernel/hash.ts'
import { assetKeys, assetRecord } from './asset-rows.ts'
import { folderAssetId } from './asset-id.ts'

/**
 * Goal: whatever is done to a folder and in whatever order, after `settle` the assets are the files, the records are the assets, and
 * every asset that is another one than before was handed to an automatic invalidation. Method: random real operations, from a seed.
 */
const SEEDS = [1, 2, 3, 4]
const CHECKPOINTS = 5
const OPERATIONS = 12

const FOLDERS = ['a', 'b', 'a/c', 'd']
const NAMES = ['1.txt', '2.txt', '2.bin', 'x.jpg', 'x.png', 'y']

/** xorshift (Marsaglia 2003): the same operations for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed * 0x9e3779b9
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

async function operate(root: string, pick: (below: number) => number, at: number): Promise<void> {
  const folder = () => join(root, FOLDERS[pick(FOLDERS.length)]!)
  const file = () => join(folder(), NAMES[pick(NAMES.length)]!)
  const path = file()
  const attempts = [
    async () => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, `content ${pick(5)}`)
    },
    () => appendFile(path, ` more ${at}`),
    () => rename(path, file()),
    () => rm(path),
    () => utimes(path, at, at),
    () => rm(folder(), { recursive: true }),
    () => rename(folder(), folder()),
    () => promisify(execFile)('cp', ['-r', folder(), folder()]),
  ]
  // Half of all are plain writes, or nothing would be left; what cannot be done (no such file) is no operation.
  await attempts[pick(2) === 0 ? 0 : pick(attempts.length)]!().catch(() => undefined)
}

/** What the folder holds, told by reading all of it: id to hash, without ids that two files claim. */
async function truth(root: string): Promise<Map<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const claims = new Map<string, string[]>()
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const id = folderAssetId(path.slice(root.length + 1))
    claims.set(id, [...(claims.get(id) ?? []), sha256(await readFile(path))])
  }
  return new Map(
    [...claims].flatMap(([id, hashes]) => (hashes.length === 1 ? [[id, hashes[0]!]] : [])),
  )
}

async function checkpoint(
  watch: Watched,
  before: Map<string, string>,
): Promise<Map<string, string>> {
  await watch.assets.settle('demo', 'all')
  const expected = await truth(watch.root)
  const rows = await watch.store.tables.assets.all('demo')
  assert.deepEqual(new Map(rows.map((row) => [row.id, row.hash])), expected)
  for (const row of rows) {
    assert.deepEqual(await watch.records.asset('demo', row.id), assetRecord(row))
  }
  const told = new Set(watch.changes.splice(0).flatMap((change) => change.keys))
  for (const id of new Set([...before.keys(), ...expected.keys()])) {
    if (before.get(id) === expected.get(id)) continue
    for (const key of assetKeys('demo', id)) assert.ok(told.has(key), `${id} was not handed on`)
  }
  return expected
}

for (const seed of SEEDS) {
  it(`seed ${seed}: assets are the files, records are the assets, changes are told`, async (t) => {
    const watch = await watched(t, {})
    const pick = chance(seed)
    let state = new Map<string, string>()
    for (let round = 0; round < CHECKPOINTS; round++) {
      for (let at = 0; at < OPERATIONS; at++) await operate(watch.root, pick, round * 100 + at)
      state = await checkpoint(watch, state)
    }
  })
}
