import type { Selection } from '../contract/invalidation.ts'
import { keyText } from '../contract/keys.ts'
import { folderAncestors } from '../contract/url-keys.ts'
import type { Timers } from '../kernel/timers.ts'
import type { AssetRow, Page, PageRequest, ProjectRow, Store, Tables } from '../store/store.ts'
import { InvalidationError, SENTENCES } from './errors.ts'
import { FORMED_MAX } from './formation.ts'
import { ORIGINALS_READ_MAX, checkOriginal, splitOriginals } from './originals.ts'
import { FOLDERS_MAX, URLS_READ_MAX, folderName } from './plan.ts'
import type { PlanInput } from './plan.ts'
import { checkServedUrl, deliveryNames } from './url-check.ts'
import type { DeliveryNames } from './url-check.ts'

/** Rows asked for at a time while walking through a list. */
const WALK_PAGE = 500

/** Reads what planning a selection needs. Between two pages of a long walk others get their turn: `parts.timers`. */
export async function gather(
  parts: { readonly store: Pick<Store, 'tables'>; readonly timers: Timers },
  project: ProjectRow,
  selection: Selection,
): Promise<PlanInput> {
  const { tables } = parts.store
  try {
    const known = deliveryNames(project, await edgeUrls(tables))
    const ids = [...new Set(selection.assets)]
    const assets = await tables.assets.getMany(project.id, ids)
    const named = originalIds(project, selection, known)
    const originals = await tables.assets.getMany(project.id, named)
    return {
      project,
      selection,
      known,
      assets,
      served: selection.served ? await servedUrls(tables, project.id, ids) : new Map(),
      folderAssets: await folderAssets(parts, project.id, selection.folders),
      originalAssets: new Set(originals.map((asset) => asset.id)),
    }
  } catch (cause) {
    throw unreadable(cause)
  }
}

/**
 * Which assets a selection is about, so that a watched folder can make their pending changes true first: those selected, and
 * those that its URLs and originals name.
 */
export function assetsToSettle(
  project: ProjectRow,
  selection: Selection,
): readonly string[] | 'all' {
  if (selection.everything || selection.folders.length > 0) return 'all'
  const known = deliveryNames(project, [])
  const named = selection.urls.slice(0, URLS_READ_MAX).flatMap((text) => {
    const checked = checkServedUrl(text.trim(), known)
    if (!checked.ok || checked.url.subject.kind === 'original') return []
    return [checked.url.subject.asset]
  })
  return [...new Set([...selection.assets, ...named, ...originalIds(project, selection, known)])]
}

export async function projectRow(tables: Tables, id: string): Promise<ProjectRow> {
  const row = await readable(() => tables.projects.get(id))
  if (row) return row
  throw new InvalidationError('unknown-project', {
    title: 'Unknown project.',
    publicMessage: `There is no project ${id}.`,
  })
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw unreadable(cause)
  }
}

function unreadable(cause: unknown): InvalidationError {
  return new InvalidationError('store-unreadable', {
    title: SENTENCES.retrieve,
    publicMessage: 'The store cannot be read at the moment. Nothing was purged: try again.',
    cause,
  })
}

export async function edgeUrls(tables: Tables): Promise<readonly string[]> {
  const nodes = await tables.nodes.list()
  return nodes.filter((node) => node.role === 'edge').flatMap((node) => node.urls)
}

function originalIds(
  project: ProjectRow,
  selection: Selection,
  known: DeliveryNames,
): readonly string[] {
  const written = splitOriginals(selection.originals).slice(0, ORIGINALS_READ_MAX)
  return written.flatMap(({ text }) => {
    const checked = checkOriginal(text, known, project.origins)
    return checked.ok && checked.kind === 'asset' ? [checked.asset] : []
  })
}

async function servedUrls(
  tables: Tables,
  project: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const subjects = new Map(ids.map((id) => [keyText.asset(project, id), id]))
  // One more than may be formed: then the plan says so.
  const rows = await tables.served.urls(project, [...subjects.keys()], FORMED_MAX + 1)
  const served = new Map<string, string[]>()
  for (const { subject, url } of rows) {
    const id = subjects.get(subject)!
    const known = served.get(id)
    if (known) known.push(url)
    else served.set(id, [url])
  }
  return served
}

async function folderAssets(
  { store, timers }: Parameters<typeof gather>[0],
  project: string,
  folders: readonly string[],
): Promise<readonly string[]> {
  const { assets } = store.tables
  const ids: string[] = []
  // More are refused by the plan, which needs nothing of them.
  const named = new Set(folders.slice(0, FOLDERS_MAX).map(folderName))
  for (const folder of named) {
    // What lies below another one of them was met there.
    if (folder === '' || folderAncestors(folder).some((above) => named.has(above))) continue
    let cursor: string | null = null
    do {
      const page: Page<AssetRow> = await assets.list(project, { folder }, pageAt(cursor))
      for (const { id } of page.items) ids.push(id)
      cursor = page.nextCursor
      if (cursor !== null) await timers.sleep(0)
    } while (cursor !== null)
  }
  return ids
}

function pageAt(cursor: string | null): PageRequest {
  return { limit: WALK_PAGE, ...(cursor === null ? {} : { cursor }) }
}
