import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { startRole } from '../test/support/serve.ts'
import type { Started } from '../test/support/serve.ts'
import type { Figure } from './figure.ts'
import { percentile } from './figure.ts'

/**
 * The invalidation log at a million entries, asked over HTTP as the console asks: pages with and without filters, and URL searches of
 * every kind, each a different one. Measured at the client, so the server's time is below it.
 */
const ENTRIES = Number(process.env['BENCH_LOG_ENTRIES'] ?? 1_000_000)
const QUERIES = 200
/** Below the API's limit of 50 requests a second for a key. */
const EVERY_MS = 25
const PER_COMMIT = 10_000
/** Of the newest entry; older ones lie before it, two minutes apart: a million are nearly four years. */
const STEP_MS = 120_000

export async function logFigures(): Promise<readonly Figure[]> {
  const data = await mkdtemp(path.join(tmpdir(), 'sluice-log-'))
  // Nothing may be forgotten while it is measured.
  const options = { data, args: ['--port', '0'], env: { ...SECRET, SLUICE_LOG_DAYS: '36500' } }
  try {
    await (await startRole('control', options)).stop()
    const seconds = seed(path.join(data, 'control.sqlite'))
    const control = await startRole('control', options)
    try {
      const pages = await times(control, pageQueries())
      const searches = await times(control, searchQueries())
      const figure = (what: string, values: readonly number[], beside: string): Figure => ({
        what: `log of ${ENTRIES.toLocaleString('en')} entries, ${what}, p95`,
        value: `${percentile(values, 0.95).toFixed(1)} ms`,
        beside: `p50 ${percentile(values, 0.5).toFixed(1)}, worst ${percentile(values, 1).toFixed(1)} ms; ${beside}`,
      })
      return [
        figure(
          'a page of 50',
          pages,
          `${QUERIES} requests: plain, by status, source, time, cursor`,
        ),
        figure(
          'a URL search',
          searches,
          `${QUERIES} different ones; written in ${seconds.toFixed(0)} s`,
        ),
      ]
    } finally {
      await control.stop()
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

const SECRET = { SLUICE_NODE_SECRET: 'a secret of the bench, long enough for nodes' }

async function times(control: Started, queries: AsyncIterable<string> | Iterable<string>) {
  const api = `${control.consoleUrl}/api/v1/projects/demo/invalidations`
  const headers = { authorization: `Bearer ${await control.adminKey()}` }
  const measured: number[] = []
  let cursor: string | null = null
  for await (const query of queries) {
    const began = performance.now()
    const next = query.replace('{cursor}', cursor ?? '')
    const answer = await fetch(`${api}?limit=50&${next}`, { headers })
    const body = (await answer.json()) as { nextCursor: string | null; detail?: string }
    measured.push(performance.now() - began)
    if (answer.status !== 200) throw new Error(`${query}: ${answer.status} ${body.detail}`)
    cursor = body.nextCursor ?? cursor
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  return measured
}

function* pageQueries(): Generator<string> {
  const kinds = [
    '',
    'cursor={cursor}',
    'status=ERROR_CDN_NODE',
    'status=Done,ERROR',
    'source=automatic',
    'source=manual&scope=original',
  ]
  for (let at = 0; at < QUERIES; at++) {
    const kind = kinds[at % kinds.length]!
    const to = new Date(Date.now() - at * 3_600_000 * 24).toISOString()
    yield at % 4 === 3 ? `to=${to}&${kind.replace(/^cursor.*/, '')}` : kind
  }
}

function* searchQueries(): Generator<string> {
  for (let at = 0; at < QUERIES; at++) {
    const n = Math.floor((ENTRIES / QUERIES) * at)
    const texts = [
      urlOf(n),
      `product-${n}?`,
      `/catalogue/${at % 97}/product`,
      `wid=${100 + (at % 9)}`,
      `no such thing ${at}`,
      `PRODUCT-${at}`,
      `is/image/demo/catalogue/${at}`,
      `sale ${at}`,
    ]
    const filter = at % 5 === 4 ? '&status=ERROR_CDN_NODE' : at % 7 === 6 ? '&source=manual' : ''
    yield `q=${encodeURIComponent(texts[at % texts.length]!)}${filter}`
  }
}

function urlOf(n: number): string {
  return `https://img.shop.example/is/image/demo/catalogue/${n % 97}/product-${n}?wid=${100 + (n % 9)}`
}

/** Straight into the tables, as the store writes them: through the store it would take ten times as long. */
function seed(file: string): number {
  const began = performance.now()
  const db = new DatabaseSync(file)
  db.exec('pragma synchronous = off')
  const row =
    db.prepare(`insert into invalidations (id, project, status, scope, source, finished, finished_at,
    due_at, runner, runner_epoch, renewed_at, attempt, shown) values (?, 'demo', ?, 'original', ?, 1, ?, 0, null, 1, 0, 1, ?)`)
  const work = db.prepare(
    `insert into invalidation_work (n, selection, keys, observed) values (?, '{}', '', null)`,
  )
  const url = db.prepare('insert into invalidation_urls (n, position, url) values (?, ?, ?)')
  const search = db.prepare(
    'insert into invalidation_search (rowid, project, words) values (?, ?, ?)',
  )
  const counts: Record<string, number> = {}
  const first = Date.now() - ENTRIES * STEP_MS
  for (let at = 0; at < ENTRIES; at++) {
    if (at % PER_COMMIT === 0) db.exec('begin')
    const entry = entryOf(at, first + at * STEP_MS)
    const { id, status, source, createdBy, note } = entry
    const at2 = Date.parse(entry.finishedAt)
    const { lastInsertRowid: n } = row.run(id, status, source, at2, JSON.stringify(entry))
    work.run(n)
    const urls = [urlOf(at), urlOf(at + 1)].slice(0, 1 + (at % 2))
    for (const [position, each] of urls.entries()) url.run(n, position, each)
    search.run(n, '|demo|', [id, note, createdBy, ...urls].join('\n'))
    counts[status] = (counts[status] ?? 0) + 1
    if (at % PER_COMMIT === PER_COMMIT - 1 || at === ENTRIES - 1) db.exec('commit')
  }
  const count = db.prepare('insert or replace into invalidation_counts values (?, ?, ?)')
  for (const [status, many] of Object.entries(counts)) count.run('demo', status, many)
  db.close()
  return (performance.now() - began) / 1000
}

function entryOf(at: number, createdMs: number) {
  const createdAt = new Date(createdMs).toISOString()
  const finishedAt = new Date(createdMs + 120).toISOString()
  const hex = createdMs.toString(16).padStart(12, '0')
  const tail = at.toString(16).padStart(12, '0')
  const target = (id: string, tier: string) => ({
    id,
    tier,
    state: 'done',
    attempts: 1,
    detail: 'acknowledged',
    startedAt: createdAt,
    finishedAt,
  })
  return {
    id: `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${tail}`,
    project: 'demo',
    status: at % 100 === 0 ? 'ERROR_CDN_NODE' : at % 1000 === 1 ? 'ERROR' : 'Done',
    scope: 'original',
    source: (['manual', 'api', 'automatic'] as const)[at % 3]!,
    cause: null,
    mode: 'delete',
    createdAt,
    createdBy: at % 2 === 0 ? 'key shop' : 'ada@example.org',
    note: at % 50 === 0 ? `sale ${at}` : '',
    urlCount: 1 + (at % 2),
    seq: at + 1,
    scheduledAt: null,
    estimatedSeconds: 1,
    timeline: [
      'Received',
      'Preparing',
      'Flushing resizing servers',
      'Flushing CDN servers',
      'Done',
    ].map((status) => ({ status, at: createdAt })),
    targets: [target('r1', 'resizing'), target('e1', 'cdn'), target('e2', 'cdn')],
    evidence: { verdict: 'fresh', probes: [] },
    failure: null,
    finishedAt,
  }
}

if (import.meta.main) console.table(await logFigures())
