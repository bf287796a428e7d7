import { parseArgs } from 'node:util'
import { soundBuild } from './build.ts'
import { Coverage } from './coverage.ts'
import { ECONOMY_MUTANTS } from './economy.ts'
import { MUTANTS } from './mutants.ts'
import { OUTER_MUTANTS } from './outer-mutants.ts'
import { PROTOCOL_MUTANTS } from './protocol-mutants.ts'
import type { Violation } from './safety.ts'
import { inWords } from './report.ts'
import { runSeed } from './run.ts'

const DEPARTURES = [...MUTANTS, ...PROTOCOL_MUTANTS, ...ECONOMY_MUTANTS, ...OUTER_MUTANTS]
const UNSAFE: readonly Violation['kind'][] = ['stale', 'false mark']

const SEEDS = 200
const SEEDS_MAX = 1e9

const USAGE = `npm run sim -- [--seeds N | --minutes M] [--seed S] [--trace] [--coverage] [--mutant M | --mutants]

Runs production code under N seeds of faults (${SEEDS}), or as many as M minutes allow, from seed S (1) on. Ends with 1 at the first seed that breaks a promise, and shows
how it came about; --trace shows all of each run. --coverage shows how often each fault and each branch was met, and ends with 1 if one
was not. --mutant runs a departure from the freshness rules, under the faults that show it;
--mutants looks for each of them, and at the sound code in the same place:
${DEPARTURES.map(({ name }, at) => `  ${at + 1}  ${name}`).join('\n')}
`

function count(text: string, name: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value
  process.stderr.write(`--${name} must be a whole number from 1 to ${max}.\n\n${USAGE}`)
  return process.exit(2)
}

/** Each departure is looked for in so many seeds; most are found in the first. */
const DEPARTURE_SEEDS = 30

async function findAll(): Promise<boolean> {
  let all = true
  for (const { name, build, profile, script, by } of DEPARTURES) {
    const kinds = by === undefined ? UNSAFE : [by]
    let found = 0
    for (let seed = 1; found === 0 && seed <= DEPARTURE_SEEDS; seed++) {
      const { violations } = await runSeed(seed, build, profile, script)
      if (violations.some(({ kind }) => kinds.includes(kind))) found = seed
    }
    const sound = await runSeed(Math.max(1, found), soundBuild, profile, script)
    const verdict = found === 0 ? 'NOT FOUND' : `found by seed ${found}`
    process.stdout.write(`${verdict}: ${name}\n`)
    if (sound.violations.length > 0) process.stdout.write(`${inWords(sound)}\n`)
    all &&= found > 0 && sound.violations.length === 0
  }
  return all
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    coverage: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}

if (values.mutants) process.exit((await findAll()) ? 0 : 1)

const first = count(values.seed, 'seed')
const minutes =
  values.minutes === undefined ? Number.POSITIVE_INFINITY : count(values.minutes, 'minutes')
const seedsMax = count(
  values.seeds ?? String(values.minutes === undefined ? SEEDS : SEEDS_MAX),
  'seeds',
  SEEDS_MAX,
)
const mutant =
  values.mutant === undefined
    ? undefined
    : DEPARTURES[count(values.mutant, 'mutant', DEPARTURES.length) - 1]
const began = performance.now()
const coverage = new Coverage()
const sums = { events: 0, answers: 0, hits: 0, unavailable: 0, done: 0 }
const end = began + minutes * 60_000
let seeds = 0
for (; seeds < seedsMax && performance.now() < end; seeds++) {
  const seed = first + seeds
  const report = await runSeed(seed, mutant?.build ?? soundBuild, mutant?.profile, mutant?.script)
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name]
  coverage.add(report.met)
  const isBad = report.violations.length > 0
  if (isBad || values.trace)
    process.stdout.write(
      `${inWords(report, values.trace ? Number.POSITIVE_INFINITY : undefined)}\n`,
    )
  if (isBad) process.exit(1)
}
const seconds = (performance.now() - began) / 1000
process.stdout.write(
  `${seeds} seeds from ${first}: nothing stale, everything ended. ${(seeds / seconds).toFixed(1)} seeds/s; ` +
    `${sums.events} events, ${sums.answers} answers (${sums.hits} hits, ${sums.unavailable} unavailable), ` +
    `${sums.done} invalidations Done\n`,
)
if (values.coverage) {
  process.stdout.write(coverage.inWords())
  process.exitCode = coverage.missing().length === 0 ? 0 : 1
}
