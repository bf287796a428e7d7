import { isDeepStrictEqual } from 'node:util'
import { recordName } from '../contract/records.ts'
import type { AssetsOrigin } from '../origin/assets-origin.ts'
import { openRecords, removeOtherRecords } from '../origin/records.ts'
import type { RecordChange, RecordStore } from '../origin/records.ts'
import type { Store } from '../store/store.ts'
import { assetRecord, namesRecord, presetsRecord, projectRecord } from './asset-rows.ts'

/**
 * A library whose store is a copy that was put back. What delivery reads, the records, may be of another time or not there at all:
 * they are made again from the store. Bytes cannot be made again.
 */

/** Records compared and written at a time. */
const BATCH = 500

export interface Remade {
  readonly written: number
  readonly removed: number
}

/** Makes every record what the store says, and removes those of which it knows nothing. What is right already is left alone. */
export async function remakeRecords(store: Store, originFolder: string): Promise<Remade> {
  const records = openRecords(originFolder)
  const rows = await store.tables.projects.list()
  const names: string[] = []
  let written = 0
  for await (const batch of documents(store, rows)) {
    names.push(...batch.map(({ name }) => name))
    const wrong = await differing(records, batch)
    await records.apply(wrong)
    written += wrong.length
  }
  return { written, removed: await removeOtherRecords(originFolder, names) }
}

type Projects = Parameters<typeof namesRecord>[0]

async function* documents(
  store: Store,
  projects: Projects,
): AsyncIterable<readonly RecordChange[]> {
  yield [
    { name: recordName.names(), document: namesRecord(projects) },
    ...projects.flatMap((project) => [
      { name: recordName.project(project.id), document: projectRecord(project) },
      { name: recordName.presets(project.id), document: presetsRecord(project) },
    ]),
  ]
  for (const { id: project } of projects) {
    for await (const assets of assetPages(store, project)) {
      yield assets.map((asset) => ({
        name: recordName.asset(project, asset.id),
        document: assetRecord(asset),
      }))
    }
  }
}

async function* assetPages(store: Store, project: string) {
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof store.tables.assets.list>> =
      await store.tables.assets.list(
        project,
        {},
        { limit: BATCH, ...(cursor === null ? {} : { cursor }) },
      )
    yield page.items
    cursor = page.nextCursor
  } while (cursor !== null)
}

async function differing(
  records: RecordStore,
  wanted: readonly RecordChange[],
): Promise<readonly RecordChange[]> {
  // What is no JSON is not what it should be.
  const found = await Promise.all(
    wanted.map(({ name }) => records.read(name).catch(() => undefined)),
  )
  return wanted.filter(({ document }, at) => {
    const asWritten: unknown = JSON.parse(JSON.stringify(document))
    return !isDeepStrictEqual(found[at], asWritten)
  })
}

/** Assets whose bytes are not there: `project/id`. */
export async function assetsWithoutBytes(
  store: Store,
  origin: AssetsOrigin,
): Promise<readonly string[]> {
  const there = new Set(await origin.blobs())
  const lost: string[] = []
  for (const { id: project } of await store.tables.projects.list()) {
    for await (const assets of assetPages(store, project)) {
      const without = assets.filter(
        ({ location, hash }) => location.kind === 'blob' && !there.has(hash),
      )
      lost.push(...without.map(({ id }) => `${project}/${id}`))
    }
  }
  return lost
}
