import { DatabaseSync } from 'node:sqlite'

import type { Invalidation } from '../src/contract/invalidation.ts'
import { systemRandom } from '../src/kernel/random.ts'
import { indexedWords } from '../src/store/search-words.ts'
import { openSqliteStore } from '../src/store/sqlite-store.ts'
import type { InvalidationRow } from '../src/store/store.ts'

/** A log as a shop has it after years: pictures by name, a handful of presets, few failures, people and scripts. */

/** Of the newest entry; older ones lie before it, two minutes apart: a million are nearly four years. */
const STEP_MS = 120_000
const PER_COMMIT = 10_000
/** The newest, written one by one through the store as in life: they lie in many small parts of the search index. */
const ONE_BY_ONE = 2000
const URLS_MAX = 3

const CATEGORIES = ['shoes', 'bags', 'coats', 'lamps', 'chairs', 'garden', 'kids', 'sale', 'spring']
const BRANDS = ['acme', 'borealis', 'cirrus', 'delta', 'ember', 'fjord', 'granite', 'halo', 'iris']
const KINDS = ['runner', 'classic', 'light', 'urban', 'trail', 'studio', 'travel', 'mini', 'grand']
const PRESETS = ['$product$', '$thumb$', '$zoom$', 'wid=400', 'wid=1200&fmt=webp', 'qlt=70', '']
const PEOPLE = ['ada@example.org', 'key shop import', 'grace@example.org', 'key deploy']
const STATUSES = ['Received', 'Preparing', 'Flushing resizing servers', 'Done'] as const

export function assetOf(n: number): string {
  return `${pick(CATEGORIES, n)}/${pick(BRANDS, n + 1)}/${pick(KINDS, n + 2)}-${n}`
}

export function urlOf(n: number, variant: number): string {
  const preset = pick(PRESETS, n + variant)
  const query = preset === '' ? '' : `?${preset}`
  return `https://img.shop.example/is/image/demo/${assetOf(n)}${query}`
}

/** Not in the order of the list, and the same in each run (Knuth's multiplicative hash). */
function pick<T>(from: readonly T[], n: number): T {
  return from[((Math.imul(n, 2_654_435_761) >>> 0) >>> 8) % from.length]!
}

export function entryId(at: number, entries: number, now: number): string {
  const hex = (now - (entries - at) * STEP_MS).toString(16).padStart(12, '0')
  const tail = at.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${tail}`
}

/** Straight into the tables, as the store writes them: through the store it would take ten times as long. */
export async function seedLog(file: string, entries: number, now: number): Promise<void> {
  const db = new DatabaseSync(file)
  db.exec('pragma synchronous = off')
  const row =
    db.prepare(`insert into invalidations (id, project, status, scope, source, finished, finished_at,
    due_at, runner, runner_epoch, renewed_at, attempt, shown) values (?, 'demo', ?, ?, ?, 1, ?, 0, null, 1, 0, 1, ?)`)
  const work = db.prepare(
    `insert into invalidation_work (n, selection, keys, observed) values (?, '{}', '', null)`,
  )
  const url = db.prepare('insert into invalidation_urls (n, position, url) values (?, ?, ?)')
  const search = db.prepare('insert into invalidation_search (rowid, words) values (?, ?)')
  const counts: Record<string, number> = {}
  const bulk = Math.max(0, entries - ONE_BY_ONE)
  for (let at = 0; at < bulk; at++) {
    if (at % PER_COMMIT === 0) db.exec('begin')
    const { row: entry, urls } = entryOf(at, entries, now)
    const { id, status, scope, source, finishedAt } = entry
    const finished = Date.parse(finishedAt!)
    const written = row.run(id, status, scope, source, finished, JSON.stringify(shown(entry)))
    const n = written.lastInsertRowid
    work.run(n)
    for (const [position, each] of urls.entries()) url.run(n, position, each)
    search.run(n, indexedWords(entry, urls))
    counts[status] = (counts[status] ?? 0) + 1
    if (at % PER_COMMIT === PER_COMMIT - 1 || at === bulk - 1) db.exec('commit')
  }
  const count = db.prepare('insert or replace into invalidation_counts values (?, ?, ?)')
  for (const [status, many] of Object.entries(counts)) count.run('demo', status, many)
  db.close()
  const store = await openSqliteStore(file, { random: systemRandom })
  for (let at = bulk; at < entries; at++) {
    const { row: entry, urls } = entryOf(at, entries, now)
    await store.transaction('volatile', (tx) => tx.invalidations.insert(entry, urls))
  }
  await store.close()
}

function entryOf(at: number, entries: number, now: number) {
  const createdMs = now - (entries - at) * STEP_MS
  const createdAt = new Date(createdMs).toISOString()
  const finishedAt = new Date(createdMs + 120).toISOString()
  const urls = Array.from({ length: 1 + (at % URLS_MAX) }, (_, variant) => urlOf(at, variant))
  const automatic = at % 3 === 2
  const target = (id: string, tier: 'resizing' | 'cdn') => ({
    id,
    tier,
    state: 'done' as const,
    attempts: 1,
    detail: 'acknowledged',
    startedAt: createdAt,
    finishedAt,
  })
  const row: InvalidationRow = {
    id: entryId(at, entries, now),
    project: 'demo',
    status: at % 100 === 17 ? 'ERROR_CDN_NODE' : at % 2500 === 1 ? 'ERROR' : 'Done',
    scope: at % 20_000 === 5 ? 'all' : 'original',
    source: automatic ? 'automatic' : at % 3 === 1 ? 'api' : 'manual',
    cause: automatic ? `${assetOf(at)} was replaced` : null,
    mode: 'delete',
    createdAt,
    createdBy: automatic ? 'Sluice' : pick(PEOPLE, at),
    note: at % 50 === 0 ? `campaign ${Math.floor(at / 500)}` : null,
    urlCount: urls.length,
    seq: at + 1,
    scheduledAt: null,
    estimatedSeconds: 1,
    timeline: STATUSES.map((status) => ({ status, at: createdAt })),
    targets: [target('r1', 'resizing'), target('e1', 'cdn'), target('e2', 'cdn')],
    evidence: { verdict: 'fresh', probes: [] },
    failure: null,
    finishedAt,
    selection: { ...NOTHING, assets: [assetOf(at)] },
    keys: [],
    runner: null,
    runnerEpoch: 1,
    renewedAt: 0,
    attempt: 1,
  }
  return { row, urls }
}

const NOTHING: InvalidationRow['selection'] = {
  assets: [],
  folders: [],
  renditions: true,
  presets: false,
  template: false,
  crops: false,
  served: false,
  content: false,
  urls: [],
  originals: [],
  everything: false,
  exclude: [],
}

function shown(row: InvalidationRow): Invalidation {
  const { selection: _, keys: _keys, runner: _runner, runnerEpoch: _epoch, ...rest } = row
  const { renewedAt: _renewed, attempt: _attempt, ...invalidation } = rest
  return invalidation
}
