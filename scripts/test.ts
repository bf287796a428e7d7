/**
 * Runs every test and ends with one line, `N passed, N failed, N skipped`. Arguments after `--` choose files by the beginning of
 * their path: `npm test -- src/cache`.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const ROOT = path.resolve(import.meta.dirname, '..')
const PATTERNS = ['src/**/*.test.ts', 'test/**/*.test.ts']
/** At least two, for most tests wait; no more than eight, for each file is a process. */
const CONCURRENCY = Math.min(8, Math.max(2, availableParallelism()))
/** A file that says nothing for so long hangs: something it opened keeps its process alive. */
const SILENCE_MAX_MS = 180_000

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

function runFiles(files: string[]): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const skips: string[] = []
  const running = new Set(files)
  const stop = new AbortController()
  const stream = run({ files, concurrency: CONCURRENCY, signal: stop.signal })
  const giveUp = (): void => {
    totals.failed += running.size
    process.stdout.write(
      `no sign of life for ${SILENCE_MAX_MS / 1000} s, stopped: ${[...running].join(' ')}\n`,
    )
    report(totals, skips)
    stop.abort()
    process.exit(1)
  }
  let watchdog = setTimeout(giveUp, SILENCE_MAX_MS)
  stream.on('data', () => {
    clearTimeout(watchdog)
    watchdog = setTimeout(giveUp, SILENCE_MAX_MS)
  })
  stream.on('test:pass', ({ name, file, skip, todo, details }) => {
    if (details.type === 'suite') return
    if (skip === undefined && todo === undefined) totals.passed += 1
    else {
      totals.skipped += 1
      skips.push(`${path.relative(ROOT, file ?? '')}: ${name}: ${String(skip ?? todo)}`)
    }
  })
  stream.on('test:fail', ({ name, file, details }) => {
    if (name === file) running.delete(file)
    if (details.type !== 'suite') totals.failed += 1
  })
  stream.on('test:summary', ({ file }) => {
    if (file !== undefined) running.delete(file)
  })
  return new Promise((resolve) => {
    const printed = stream.compose(spec)
    printed.pipe(process.stdout, { end: false })
    printed.once('end', () => {
      clearTimeout(watchdog)
      report(totals, skips)
      resolve(totals)
    })
  })
}

function report(totals: Totals, skips: readonly string[]): void {
  for (const skip of skips) process.stdout.write(`skipped ${skip}\n`)
  const { passed, failed, skipped } = totals
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
}

const files = chosenFiles(process.argv.slice(2))
const totals = await runFiles(files)
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
