/**
 * `npm run soak -- --minutes N [--seed S] [--write]`: real processes under faults for so long. Ends with 1 when anything stale was
 * shown after Done, anything accepted was lost, or a process ended by itself. `--write` puts the figures into docs/benchmarks.md.
 */
import { parseArgs } from 'node:util'

import { writeSection } from '../../bench/page.ts'
import { figuresOf, inWords } from './report.ts'
import { runSoak } from './soak-run.ts'

const LEASE_MS = 2_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    write: { type: 'boolean', default: false },
  },
})
const totalMs = Number(values.minutes) * 60_000
const seed = Number(values.seed)
if (!(totalMs > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('soak: --minutes must be a number above 0, and --seed a whole one\n')
  process.exit(2)
}
const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort())
const began = performance.now()
const say = (line: string): void => {
  process.stderr.write(`soak: ${((performance.now() - began) / 1_000).toFixed(1)} s: ${line}\n`)
}
say(`seed ${seed}`)
const interrupted = interrupt.signal
const report = await runSoak({ seed, totalMs, leaseMs: LEASE_MS, say, interrupted })
process.stdout.write(`${inWords(report)}\n`)
if (values.write && !interrupted.aborted) writeSection('soak', figuresOf(report))
// An interrupted one may leave clients that still wait.
process.exit(report.failures.length > 0 ? 1 : 0)
