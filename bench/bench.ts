/**
 * `npm run bench [-- name…] [--write]`: figures of this machine beside the peers that are found on it, in one run. `--write` puts those
 * that ran into docs/benchmarks.md, each with its date.
 */
import { parseArgs } from 'node:util'

import { attackFigures } from './attack.ts'
import { bulkFigures } from './bulk.ts'
import { edgeFigures } from './edge-hits.ts'
import type { Bench, Figure } from './figure.ts'
import { invalidationFigures } from './invalidations.ts'
import { libraryFigures } from './library.ts'
import { logFigures } from './log.ts'
import { markdown, writeSection } from './page.ts'
import { purgeFigures } from './purge.ts'
import { raceFigures } from './race.ts'
import { memoryFigures, startFigures } from './start.ts'

const BENCHES: readonly Bench[] = [
  { name: 'start', run: startFigures },
  { name: 'memory', run: memoryFigures },
  { name: 'invalidations', run: invalidationFigures },
  { name: 'edge', run: edgeFigures },
  { name: 'attack', run: attackFigures },
  { name: 'purge', run: purgeFigures },
  { name: 'bulk', run: bulkFigures },
  { name: 'log', run: logFigures },
  { name: 'library', run: libraryFigures },
  { name: 'race', run: raceFigures },
]

const { values, positionals } = parseArgs({
  options: { write: { type: 'boolean' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `bench: no ${unknown.join(', ')}; there are ${BENCHES.map(({ name }) => name).join(', ')}\n`,
  )
  process.exit(2)
}
const figures: Figure[] = []
for (const { name, run } of BENCHES) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  process.stderr.write(`bench: ${name}\n`)
  const found = await run()
  figures.push(...found)
  if (values.write === true) writeSection(name, found)
}
process.stdout.write(`${markdown(figures)}\n`)
