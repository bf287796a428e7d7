import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startRole } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'
import { prepareGround } from './cluster.ts'
import { planFaults } from './plan.ts'
import { inWords } from './report.ts'
import { runSoak } from './soak-run.ts'

/** Goal: half a minute of the soak, with another seed each day; `npm run soak -- --minutes N --seed S` runs it for longer. */

const TOTAL_MS = 30_000
const LEASE_MS = 1_000
const DAY_MS = 86_400_000
const SEED = Number(process.env['SLUICE_TEST_SOAK_SEED'] ?? Math.floor(Date.now() / DAY_MS))

// A runner that has lost patience ends this process so; what listens for its exit puts the small disks away.
process.once('SIGTERM', () => process.exit(143))

describe('a soak', () => {
  const options = { totalMs: TOTAL_MS, leaseMs: LEASE_MS, disks: true }

  test('has one schedule for one seed, and another for another', () => {
    const plan = planFaults({ ...options, seed: 7 })
    assert.deepEqual(planFaults({ ...options, seed: 7 }), plan)
    assert.notDeepEqual(planFaults({ ...options, seed: 8 }), plan)
  })

  test('meets every kind of fault within a few minutes, each over before the end', () => {
    const plan = planFaults({ ...options, totalMs: 300_000, seed: 7 })
    const kinds = new Set(plan.map(({ kind }) => kind))
    assert.deepEqual([...kinds].toSorted(), ['cut', 'delay', 'drop', 'full disk', 'kill', 'stop'])
    assert.equal(
      plan.every(({ atMs, forMs }) => atMs + forMs < 300_000),
      true,
    )
  })

  test('begins with this: control on a full disk says so in one line, and starts once there is room', async (t) => {
    const ground = await prepareGround()
    const disk = ground.disks.get('control')
    try {
      // Elsewhere nobody may mount a small disk, and the soak runs without full ones.
      if (disk === undefined) return t.diagnostic('not tried: a small disk cannot be mounted here')
      const start = (): Promise<Started> =>
        startRole('control', {
          data: join(disk.path, 'data'),
          args: ['--port', '0'],
          env: { SLUICE_NODE_SECRET: 'a-node-secret-of-at-least-32-characters' },
        })
      await (await start()).stop()
      await disk.fill()
      await assert.rejects(start(), (error: Error) => {
        assert.match(error.message, /^ended with 2 before it was ready\s+sluice: [^\n]*\s*$/)
        return true
      })
      await disk.empty()
      await (await start()).stop()
    } finally {
      await ground.clear()
    }
  })

  test(`shows nothing stale after Done and loses nothing (seed ${SEED})`, async (t) => {
    const report = await runSoak({
      seed: SEED,
      totalMs: TOTAL_MS,
      leaseMs: LEASE_MS,
      say: (line) => t.diagnostic(line),
    })
    t.diagnostic(inWords(report))
    assert.deepEqual(report.failures, [], `again with SLUICE_TEST_SOAK_SEED=${SEED}`)
    assert.equal(report.reading.answers > 100, true, 'edges were read')
    assert.equal(report.writing.done > 5, true, 'invalidations ended')
  })
})
