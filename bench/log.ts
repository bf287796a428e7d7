import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { Figure } from './figure.ts'
import { seedLog } from './log-entries.ts'
import { pageQueries, searchQueries } from './log-queries.ts'
import type { Log } from './log-queries.ts'
import { delayFigure, requestsOf, startMeasured, timeFigure } from './measured-control.ts'
import { residentMegabytes } from './process.ts'

/**
 * The invalidation log at a million entries, asked over HTTP as the console asks: pages with and without filters, and searches of every
 * kind, each a different one. Measured at the client, so the server's time is below it. How late control's event loop was meanwhile is
 * measured inside: whoever renews a lease waits for that.
 */
const ENTRIES = Number(process.env['BENCH_LOG_ENTRIES'] ?? 1_000_000)
const QUERIES = 200

/** A folder that is kept, for another run over the same log: writing a million entries takes a minute. */
const KEPT = process.env['BENCH_LOG_DATA']

export async function logFigures(): Promise<readonly Figure[]> {
  const data = KEPT ?? (await mkdtemp(path.join(tmpdir(), 'sluice-log-')))
  try {
    await (await startMeasured(data)).stop()
    const log = await writtenLog(data)
    const control = await startMeasured(data)
    try {
      const ask = (queries: Iterable<string>) =>
        control.ask(requestsOf('/invalidations?limit=50&', queries))
      await ask(['', 'q=nothing'])
      await control.loopDelay()
      const pages = await ask(pageQueries(log, QUERIES))
      const besidePages = await control.loopDelay()
      const before = residentMegabytes(control.pid)
      const searches = await ask(searchQueries(log, QUERIES))
      const besideSearches = await control.loopDelay()
      const grown = Math.max(0, residentMegabytes(control.pid) - before)
      const name = `log of ${log.entries.toLocaleString('en')} entries`
      return [
        timeFigure(`${name}, a page of 50`, pages, 'by status, source, scope, time, cursor'),
        timeFigure(`${name}, a search`, searches, `every kind; ${grown.toFixed(0)} MB more`),
        delayFigure('pages of the log', besidePages),
        delayFigure('searches of the log', besideSearches),
      ]
    } finally {
      await control.stop()
    }
  } finally {
    if (KEPT === undefined) await rm(data, { recursive: true, force: true })
  }
}

async function writtenLog(data: string): Promise<Log> {
  const kept = path.join(data, 'written.json')
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8')) as Log
  const log = { entries: ENTRIES, now: Date.now() }
  await seedLog(path.join(data, 'control.sqlite'), log.entries, log.now)
  writeFileSync(kept, JSON.stringify(log))
  return log
}

if (import.meta.main) console.table(await logFigures())
