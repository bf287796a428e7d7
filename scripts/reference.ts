/**
 * The tables of docs/reference that are the code's own: settings and metrics. `node scripts/reference.ts` writes them between
 * their markers; test/docs.test.ts fails when they differ.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { SETTINGS } from '../src/config.ts'
import type { MetricTable } from '../src/kernel/metrics.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const MARKERS = { begin: '<!-- table: begin -->', end: '<!-- table: end -->' } as const

export interface ReferencePage {
  /** Relative to the checkout. */
  readonly file: string
  readonly table: () => Promise<string>
}

export const REFERENCE_PAGES: readonly ReferencePage[] = [
  { file: 'docs/reference/configuration.md', table: settingsTable },
  { file: 'docs/reference/metrics.md', table: metricsTable },
]

async function settingsTable(): Promise<string> {
  const rows = SETTINGS.map(({ env, flag, default: fallback, roles, meaning }) => [
    `\`${env}\``,
    `\`--${flag}\``,
    fallback === '' ? '' : `\`${fallback}\``,
    roles.join(', '),
    meaning,
  ])
  return markdownTable(['variable', 'flag', 'default', 'roles', 'meaning'], rows)
}

async function metricsTable(): Promise<string> {
  const rows = (await metricTables()).flatMap((table) =>
    Object.entries(table).map(([name, { kind, labels, help }]) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(' '),
      help,
    ]),
  )
  rows.sort(([a], [b]) => (a! < b! ? -1 : 1))
  return markdownTable(['metric', 'kind', 'labels', 'meaning'], rows)
}

/** Every room's table: an exported constant whose name ends in METRICS. */
async function metricTables(): Promise<readonly MetricTable[]> {
  const tables: MetricTable[] = []
  for (const file of globSync('src/**/*.ts', { cwd: ROOT }).sort()) {
    const text = readFileSync(path.join(ROOT, file), 'utf8')
    for (const [, name] of text.matchAll(/^export const ([A-Z_]*METRICS)\b/gm)) {
      const module = (await import(pathToFileURL(path.join(ROOT, file)).href)) as Record<
        string,
        unknown
      >
      tables.push(module[name!] as MetricTable)
    }
  }
  return tables
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}

/** The page with its table replaced; undefined if the markers are gone. */
export function withTable(page: string, table: string): string | undefined {
  const begin = page.indexOf(MARKERS.begin)
  const end = page.indexOf(MARKERS.end)
  if (begin < 0 || end < begin) return undefined
  return `${page.slice(0, begin + MARKERS.begin.length)}\n${table}\n${page.slice(end)}`
}

if (import.meta.main) {
  for (const { file, table } of REFERENCE_PAGES) {
    const full = path.join(ROOT, file)
    const page = withTable(readFileSync(full, 'utf8'), await table())
    if (page === undefined) throw new SyntaxError(`${file} has lost its table markers`)
    writeFileSync(full, page)
    process.stdout.write(`${file}\n`)
  }
}
