import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { soundBuild } from './build.ts'
import { TO_MEET } from './coverage.ts'
import { CRASH_PLACES, dyingAt } from './crash-points.ts'
import { DEPARTURES } from './departures.ts'
import { CALM_PROFILE } from './profile.ts'
import { runSeed } from './run.ts'

/**
 * The production code of caches, fills, leases, log, grants, acknowledgements and invalidations, in one thread, under seeded faults.
 * Goal: nothing stale after Done, no mark that claims what the bytes do not keep, everything ends once faults stop; and a simulator
 * that would notice. A failing seed is shown with `npm run sim -- --seeds 1 --seed <seed> --trace`.
 */
const SEEDS = 200

/** In a process of its own: the test runner follows every promise, which makes a run three times as slow. */
async function sim(...args: readonly string[]): Promise<{ code: number; output: string }> {
  const program = fileURLToPath(new URL('sim.ts', import.meta.url))
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (piece: Buffer): void => void (output += piece.toString())
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

/** On another processor meanwhile. */
const departures = sim('--mutants')
const crashes = sim('--crashes', '8')
const everyFault = sim('--seeds', String(SEEDS), '--coverage')

describe('the simulator', () => {
  test('makes the same run of the same seed', async () => {
    const first = await runSeed(7)
    const again = await runSeed(7)
    const other = await runSeed(8)
    assert.equal(again.traceHash, first.traceHash)
    assert.deepEqual(again.trace, first.trace)
    assert.notEqual(other.traceHash, first.traceHash)
  })

  test('answers mostly from caches while nothing goes wrong', async () => {
    const sums = { hits: 0, answers: 0, done: 0 }
    // One alone may move its pictures away and ask for what is not there.
    for (const seed of [1, 2, 3, 4]) {
      const report = await runSeed(seed, soundBuild, CALM_PROFILE)
      assert.deepEqual(report.violations, [])
      for (const name of ['hits', 'answers', 'done'] as const) sums[name] += report[name]
    }
    assert.ok(sums.hits > sums.answers / 2, `${sums.hits} hits of ${sums.answers}`)
    assert.ok(sums.done > 20, `${sums.done} Done`)
  })

  test(`finds nothing stale and nothing unfinished in ${SEEDS} seeds of every fault`, async () => {
    const { code, output } = await everyFault
    assert.equal(code, 0, output)
    const [, answers, done] = /, (\d+) answers.*, (\d+) invalidations Done/.exec(output) ?? []
    assert.ok(Number(answers) > SEEDS * 100, output)
    assert.ok(Number(done) > SEEDS * 5, output)
  })

  test(`meets each fault and each branch in those ${SEEDS} seeds`, async () => {
    const { output } = await everyFault
    for (const name of TO_MEET) assert.match(output, new RegExp(`^ +[1-9]\\d*  ${name}$`, 'm'))
  })

  test('lets each program die before one in eight of its effects, and nothing is lost or old', async () => {
    const { code, output } = await crashes
    assert.equal(code, 0, output)
    const died = [...output.matchAll(/^(.+) died before (\d+) of its \d+ effects/gm)]
    assert.deepEqual(
      died.map(([, who]) => who),
      CRASH_PLACES.map(({ host }) => host),
    )
    assert.ok(
      died.every(([, , times]) => Number(times) >= 9),
      output,
    )
  })

  test('would notice: an invalidation that is accepted before it is on the disk does not outlive its process', async () => {
    const name = 'an invalidation that is accepted before it is on the disk'
    const { build } = DEPARTURES.find((departure) => departure.name === name)!
    const place = CRASH_PLACES.find(({ host, power }) => host === 'control-1' && power)!
    const reports = await Promise.all(
      [1, 2, 3, 4].map((at) => dyingAt(place, at, { effects: 0 }, build)),
    )
    assert.ok(reports.some(({ violations }) => violations.length > 0))
  })

  test('ends with 1 at a broken promise, and shows the seed, the few steps that break it, and what happened', async () => {
    const { code, output } = await sim('--seeds', '20', '--mutant', '1')
    assert.equal(code, 1, output)
    assert.match(output, /^seed \d+, \d+ ms: stale: edge-\d answered .* is Done/m)
    assert.match(output, /^ +\d+\.\d\d {2}store +inv-.* accepted, seq \d+/m)
    const [, few, all, args = ''] =
      /^(\d+) of (\d+) steps are enough \(npm run sim -- (.*)\):$/m.exec(output) ?? []
    assert.ok(Number(few) < Number(all) / 3, `${few} of ${all}`)
    const again = await sim('--mutant', '1', ...args.split(' '))
    assert.equal(again.code, 1)
    assert.equal(
      again.output.slice(again.output.indexOf('\n')),
      output.slice(output.indexOf('\n')),
      'it is the same run',
    )
  })

  test('refuses what is no number with the way to say it', async () => {
    assert.equal((await sim('--seeds', 'many')).code, 2)
    assert.equal((await sim('--mutant', '99')).code, 2)
  })
})

describe('the simulator finds', () => {
  for (const { name } of DEPARTURES) {
    test(`${name}; and nothing in the same seeds without it`, async () => {
      const { output } = await departures
      const lines = output.split('\n')
      const at = lines.findIndex((line) => line.endsWith(`: ${name}`))
      const found = /^found by seed \d+ in [\d.]+ s, and the sound code passes: /
      assert.match(lines[at] ?? 'nothing was said', found, output)
    })
  }
})
