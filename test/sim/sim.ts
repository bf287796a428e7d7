import { parseArgs } from 'node:util'
import { BREAKAGES } from './breakages.ts'
import { soundBuild } from './build.ts'
import { breakAll } from './claims.ts'
import { Coverage } from './coverage.ts'
import { dieEverywhere } from './crash-points.ts'
import { DEPARTURES } from './departures.ts'
import type { Mutant } from './mutants.ts'
import type { Violation } from './safety.ts'
import { inWords, stepsInWords } from './report.ts'
import type { Report } from './report.ts'
import { runSeed } from './run.ts'
import { shortest } from './shortest.ts'

const UNSAFE: readonly Violation['kind'][] = ['stale', 'false mark']

const SEEDS = 200
const SEEDS_MAX = 1e9

const USAGE = `npm run sim -- [--seeds N | --minutes M] [--seed S] [--only STEPS] [--trace] [--coverage] [--mutant M | --mutants | --crashes N | --claims [CLAIM…]]

Runs production code under N seeds of faults (${SEEDS}), or as many as M minutes allow, from seed S (1) on. Ends with 1 at the first seed
that breaks a promise, and shows how it came about, with as few steps as show it; --only 3,17 (or none) takes only these steps of seed S;
--trace shows all of each run. --coverage shows how often each fault and each branch was met, and ends with 1 if one
was not. --crashes lets each program die before every Nth of its effects on one way from a change to Done; --crashes 1: before each.
--claims breaks what ordinary tests watch, in a copy of the code, and looks whether they fail; all, or those of the
claims that are named (--claims 13 soft). --mutant runs a departure from the freshness rules, under the faults that show it;
--mutants looks for each of them, and at the sound code in the same place:
${DEPARTURES.map(({ name }, at) => `  ${at + 1}  ${name}`).join('\n')}
`

function count(text: string, name: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value
  process.stderr.write(`--${name} must be a whole number from 1 to ${max}.\n\n${USAGE}`)
  return process.exit(2)
}

/** Each departure is looked for in so many seeds, and for so long; most are found in the first. */
const DEPARTURE_SEEDS = 2_000
const DEPARTURE_SECONDS = 60

/** In processor time: what else the machine does is no matter. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** The seed that finds it; 0 when none does. */
async function findOne({ build, profile, script, by }: Mutant): Promise<number> {
  const kinds = by === undefined ? UNSAFE : [by]
  const end = processorSeconds() + DEPARTURE_SECONDS
  for (let seed = 1; seed <= DEPARTURE_SEEDS && processorSeconds() < end; seed++) {
    const { violations } = await runSeed(seed, build, profile, script)
    if (violations.some(({ kind }) => kinds.includes(kind))) return seed
  }
  return 0
}

/** The sound code, in all the places where the departure was looked for. */
async function isSound(seeds: number, { profile, script }: Mutant): Promise<boolean> {
  for (let seed = 1; seed <= seeds; seed++) {
    const sound = await runSeed(seed, soundBuild, profile, script)
    if (sound.violations.length === 0) continue
    process.stdout.write(`${inWords(sound)}\n`)
    return false
  }
  return true
}

async function findAll(): Promise<boolean> {
  let all = true
  for (const departure of DEPARTURES) {
    const began = processorSeconds()
    const found = await findOne(departure)
    const seconds = (processorSeconds() - began).toFixed(1)
    const sound = await isSound(Math.max(1, found), departure)
    const verdict = found === 0 ? 'NOT FOUND' : `found by seed ${found} in ${seconds} s`
    const rest = sound ? 'and the sound code passes' : 'BUT THE SOUND CODE DOES NOT PASS'
    process.stdout.write(`${verdict}, ${rest}: ${departure.name}\n`)
    all &&= found > 0 && sound
  }
  return all
}

const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    coverage: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    crashes: { type: 'string' },
    claims: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}

if (positionals.length > 0 && !values.claims) {
  process.stderr.write(USAGE)
  process.exit(2)
}

if (values.claims) {
  const known = new Set(BREAKAGES.map(({ claim }) => claim))
  const unknown = positionals.filter((claim) => !known.has(claim))
  if (unknown.length > 0) {
    process.stderr.write(`no claim ${unknown.join(', ')}; there are ${[...known].join(', ')}\n`)
    process.exit(2)
  }
  const all = await breakAll((line) => void process.stdout.write(`${line}\n`), new Set(positionals))
  process.exit(all ? 0 : 1)
}

if (values.crashes !== undefined) {
  const every = count(values.crashes, 'crashes')
  const sound = await dieEverywhere(every, (line) => void process.stdout.write(`${line}\n`))
  process.exit(sound ? 0 : 1)
}

if (values.mutants) process.exit((await findAll()) ? 0 : 1)

const first = count(values.seed, 'seed')
const minutes =
  values.minutes === undefined ? Number.POSITIVE_INFINITY : count(values.minutes, 'minutes')
const only =
  values.only === undefined
    ? undefined
    : new Set(
        values.only === 'none' ? [] : values.only.split(',').map((text) => count(text, 'only')),
      )
const seedsMax = count(
  only ? '1' : (values.seeds ?? String(values.minutes === undefined ? SEEDS : SEEDS_MAX)),
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
  const run = (steps: ReadonlySet<number> | undefined): Promise<Report> =>
    runSeed(seed, mutant?.build ?? soundBuild, mutant?.profile, mutant?.script, steps)
  const report = await run(only)
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name]
  coverage.add(report.met)
  if (values.trace) process.stdout.write(`${inWords(report, Number.POSITIVE_INFINITY)}\n`)
  if (report.violations.length === 0) continue
  // A script has no steps to leave out.
  const short = only || report.steps.length === 0 ? report : await shortest(report, run)
  if (short.steps.length > 0) process.stdout.write(`${stepsInWords(short, report.steps.length)}\n`)
  process.stdout.write(`${inWords(short)}\n`)
  process.exit(1)
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
