/**
 * Runs every test and ends with one line, `N passed, N failed, N skipped`. Arguments after `--` choose files by the beginning of
 * their path: `npm test -- src/cache`.
 */
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import type { TestEvent } from 'node:test/reporters'

const ROOT = path.resolve(import.meta.dirname, '..')
const PATTERNS = ['src/**/*.test.ts', 'test/**/*.test.ts']
/** At least two, for most tests wait; no more than eight, for each file is a process. */
const CONCURRENCY = Math.min(8, Math.max(2, availableParallelism()))
/** No file takes longer, even on a busy machine: beyond it something that the file opened keeps its process alive. */
const FILE_MS_MAX = 300_000
/** What node:test sums up for each file; the sum of all is ours. */
const SUMS = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /

interface Totals {
  passed: number
  failed: number
  skipped: number
}

function chosenFiles(prefixes: readonly string[]): string[] {
  const all = globSync(PATTERNS, { cwd: ROOT }).sort()
  const chosen =
    prefixes.length === 0
      ? all
      : all.filter((file) => prefixes.some((prefix) => file.startsWith(prefix)))
  return chosen.map((file) => path.join(ROOT, file))
}

/** The events of one file, all of them, once it has ended or was stopped. */
function runFile(file: string): Promise<readonly TestEvent[]> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), FILE_MS_MAX)
  const stream = run({ files: [file], signal: stop.signal })
  const events: TestEvent[] = []
  stream.on('data', (event: TestEvent) => events.push(event))
  return new Promise((resolve) => {
    stream.once('close', () => {
      clearTimeout(timer)
      if (stop.signal.aborted) process.stdout.write(overdue(file))
      resolve(events)
    })
  })
}

function overdue(file: string): string {
  const name = path.relative(ROOT, file)
  return `${name} did not end within ${FILE_MS_MAX / 1000} s: what did it leave open?\n`
}

/** Runs some at a time, and hands on the events of one after the other, so that no two are mixed. */
async function runFiles(files: readonly string[]): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const skips: string[] = []
  const events = new PassThrough({ objectMode: true })
  const printed = events.compose(spec)
  printed.pipe(process.stdout, { end: false })
  const waiting = [...files]
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      for (const event of await runFile(file)) {
        if (isSum(event)) continue
        count(event, totals, skips)
        events.write(event)
      }
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  events.end()
  await once(printed, 'end')
  report(totals, skips)
  return totals
}

function isSum(event: TestEvent): boolean {
  if (event.type === 'test:diagnostic') return SUMS.test(event.data.message)
  return event.type === 'test:summary'
}

function count(event: TestEvent, totals: Totals, skips: string[]): void {
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return
  const { name, file = '', skip, todo, details } = event.data
  if (details.type === 'suite') return
  if (event.type === 'test:fail') totals.failed += 1
  else if (skip === undefined && todo === undefined) totals.passed += 1
  else {
    totals.skipped += 1
    skips.push(`${path.relative(ROOT, file)}: ${name}: ${String(skip ?? todo)}`)
  }
}

function report(totals: Totals, skips: readonly string[]): void {
  for (const skip of skips) process.stdout.write(`skipped ${skip}\n`)
  const { passed, failed, skipped } = totals
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
}

const files = chosenFiles(process.argv.slice(2))
const totals = await runFiles(files)
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
