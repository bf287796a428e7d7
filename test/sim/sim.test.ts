import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { soundBuild } from './build.ts'
import { MUTANTS } from './mutants.ts'
import { CALM_PROFILE } from './profile.ts'
import { inWords } from './report.ts'
import { runSeed } from './run.ts'

/**
 * The production code of caches, fills, leases, log, grants, acknowledgements and invalidations, in one thread, under seeded faults.
 * Goal: nothing stale after Done, no mark that claims what the bytes do not keep, everything ends once faults stop; and a simulator
 * that would notice. A failing seed is shown with `npm run sim -- --seeds 1 --seed <seed> --trace`.
 */
const SEEDS = 200
/** A departure is to be found within so many seeds; most are by the first. */
const MUTANT_SEEDS = 15

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
    const report = await runSeed(1, soundBuild, CALM_PROFILE)
    assert.deepEqual(report.violations, [])
    assert.ok(report.hits > report.answers / 2, `${report.hits} hits of ${report.answers}`)
    assert.ok(report.done > 5, `${report.done} Done`)
  })

  test(`finds nothing stale and nothing unfinished in ${SEEDS} seeds of every fault`, async () => {
    let answers = 0
    let done = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await runSeed(seed)
      assert.equal(report.violations.length, 0, inWords(report))
      answers += report.answers
      done += report.done
    }
    assert.ok(answers > SEEDS * 100, `only ${answers} answers`)
    assert.ok(done > SEEDS * 5, `only ${done} invalidations Done`)
  })
})

describe('the simulator finds', () => {
  for (const { name, build, profile } of MUTANTS) {
    test(`${name}; and nothing without it`, async () => {
      const found = await firstFound()
      assert.ok(found > 0, `not found in ${MUTANT_SEEDS} seeds`)
      const sound = await runSeed(found, soundBuild, profile)
      assert.equal(sound.violations.length, 0, inWords(sound))
    })

    const firstFound = async (): Promise<number> => {
      for (let seed = 1; seed <= MUTANT_SEEDS; seed++) {
        const { violations } = await runSeed(seed, build, profile)
        if (violations.some(({ kind }) => kind === 'stale' || kind === 'false mark')) return seed
      }
      return 0
    }
  }
})
