import { parseArgs } from 'node:util'
import { inWords } from './report.ts'
import { runSeed } from './run.ts'

/** `npm run sim -- --seeds N --seed S`: runs N seeds from S on; exits 1 at the first that breaks a promise, and shows it. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
})

const first = Number(values.seed)
const count = Number(values.seeds)
const began = performance.now()
const sums = { events: 0, answers: 0, hits: 0, unavailable: 0, done: 0 }
for (let seed = first; seed < first + count; seed++) {
  const report = await runSeed(seed)
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name]
  const isBad = report.violations.length > 0
  if (isBad || values.trace)
    process.stdout.write(
      `${inWords(report, values.trace ? Number.POSITIVE_INFINITY : undefined)}\n`,
    )
  if (isBad) process.exit(1)
}
const seconds = (performance.now() - began) / 1000
process.stdout.write(
  `${count} seeds from ${first}: nothing stale, everything ended. ${(count / seconds).toFixed(1)} seeds/s; ` +
    `${sums.events} events, ${sums.answers} answers (${sums.hits} hits, ${sums.unavailable} unavailable), ` +
    `${sums.done} invalidations Done\n`,
)
