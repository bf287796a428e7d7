import { parseArgs } from 'node:util'
import { runSeed } from './run.ts'
import type { Report } from './run.ts'

/** `npm run sim -- --seeds N --seed S`: runs N seeds from S on; exits 1 at the first that breaks a promise, and shows it. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
})

/** Enough to see how it came about; `--trace` shows all. */
const TRACE_LINES = 150

function show({ seed, violations, trace }: Report, whole: boolean): void {
  const lines = whole ? trace : trace.slice(-TRACE_LINES)
  process.stdout.write(`${lines.join('\n')}\n`)
  for (const { kind, at, text } of violations)
    process.stdout.write(`\nseed ${seed}, ${at.toFixed(0)} ms: ${kind}: ${text}\n`)
}

const first = Number(values.seed)
const count = Number(values.seeds)
const began = performance.now()
const sums = { events: 0, answers: 0, hits: 0, unavailable: 0, done: 0 }
for (let seed = first; seed < first + count; seed++) {
  const report = await runSeed(seed)
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name]
  if (values.trace || report.violations.length > 0) show(report, values.trace)
  if (report.violations.length > 0) process.exit(1)
}
const seconds = (performance.now() - began) / 1000
process.stdout.write(
  `${count} seeds from ${first}: nothing stale, everything ended. ${(count / seconds).toFixed(1)} seeds/s; ` +
    `${sums.events} events, ${sums.answers} answers (${sums.hits} hits, ${sums.unavailable} unavailable), ` +
    `${sums.done} invalidations Done\n`,
)
