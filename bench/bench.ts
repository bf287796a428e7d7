/**
 * `npm run bench [-- name…] [--write]`: figures of this machine beside the peers that are found on it, in one run. `--write` puts them
 * into docs/benchmarks.md.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

import { attackFigures } from './attack.ts'
import { bulkFigures } from './bulk.ts'
import { edgeFigures } from './edge-hits.ts'
import type { Bench, Figure } from './figure.ts'
import { invalidationFigures } from './invalidations.ts'
import { memoryFigures, startFigures } from './start.ts'

const PAGE = path.resolve(import.meta.dirname, '../docs/benchmarks.md')

const BENCHES: readonly Bench[] = [
  { name: 'start', run: startFigures },
  { name: 'memory', run: memoryFigures },
  { name: 'invalidations', run: invalidationFigures },
  { name: 'edge', run: edgeFigures },
  { name: 'attack', run: attackFigures },
  { name: 'bulk', run: bulkFigures },
]

function markdown(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, beside }) => `| ${what} | ${value} | ${beside} |`)
  return ['| figure | value | beside |', '| --- | --- | --- |', ...rows].join('\n')
}

function page(table: string): string {
  const machine = `${availableParallelism()} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, ${Math.round(totalmem() / 1024 ** 3)} GB, Node ${process.versions.node}`
  return `# Benchmarks

\`npm run bench -- --write\` wrote this on ${new Date().toISOString().slice(0, 10)}: ${machine}. Load and servers share the machine, so compare ratios,
not figures of different machines.

${table}

How they are made: \`bench/start.ts\` clones the repository and runs \`npm start\` twice; \`bench/invalidations.ts\` measures at the client, from
sending the request to reading "Done" in the stream of events; \`bench/edge-hits.ts\` asks one cached picture over and over, and reads the
servers' processor time from the kernel.
`
}

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
if (values.write === true && positionals.length > 0) {
  process.stderr.write('bench: --write is for all of them: leave the names out\n')
  process.exit(2)
}
const figures: Figure[] = []
for (const { name, run } of BENCHES) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  process.stderr.write(`bench: ${name}\n`)
  figures.push(...(await run()))
}
process.stdout.write(`${markdown(figures)}\n`)
if (values.write === true) {
  writeFileSync(PAGE, page(markdown(figures)))
  process.stderr.write(`bench: wrote ${path.relative(process.cwd(), PAGE)}\n`)
}
