import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { api } from '../../api.ts'
import type { LogSearch } from '../../api.ts'
import { runSeconds } from '../../words.ts'

/** The log as a file for a spreadsheet or a script: what the filters let through, newest first. */

export const FORMATS = ['csv', 'json'] as const
export type Format = (typeof FORMATS)[number]

/** As many as a spreadsheet opens without delay; who wants more narrows the dates, or asks the API. */
export const ENTRIES_MAX = 50_000
const ENTRIES_PER_PAGE = 500

export interface LogFile {
  readonly text: string
  readonly entries: number
  /** There were more than a file holds. */
  readonly isCut: boolean
}

export async function logFile(
  project: string,
  search: LogSearch,
  format: Format,
): Promise<LogFile> {
  const entries: Invalidation[] = []
  let cursor: string | undefined
  do {
    const page = await api.invalidations(
      project,
      { ...search, limit: ENTRIES_PER_PAGE, cursor },
      undefined,
    )
    entries.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && entries.length < ENTRIES_MAX)
  const text = format === 'csv' ? csvOf(entries) : `${JSON.stringify(entries, null, 2)}\n`
  return { text, entries: entries.length, isCut: cursor !== undefined }
}

const COLUMNS: readonly (readonly [string, (entry: Invalidation) => string | number])[] = [
  ['id', ({ id }) => id],
  ['status', ({ status }) => status],
  ['scope', ({ scope }) => scope],
  ['source', ({ source }) => source],
  ['cause', ({ cause }) => cause ?? ''],
  ['by', ({ createdBy }) => createdBy],
  ['created', ({ createdAt }) => createdAt],
  ['finished', ({ finishedAt }) => finishedAt ?? ''],
  ['seconds', (entry) => runSeconds(entry) ?? ''],
  ['links', ({ urlCount }) => urlCount],
  ['targets', ({ targets }) => targets.length],
  ['targets done', ({ targets }) => targets.filter(({ state }) => state === 'done').length],
  ['mode', ({ mode }) => mode],
  ['seq', ({ seq }) => seq ?? ''],
  ['reason', ({ failure }) => failure ?? ''],
  ['note', ({ note }) => note ?? ''],
]

/** RFC 4180. */
export function csvOf(entries: readonly Invalidation[]): string {
  const rows = [
    COLUMNS.map(([name]) => name),
    ...entries.map((entry) => COLUMNS.map(([, value]) => cellOf(value(entry)))),
  ]
  return rows.map((row) => `${row.join(',')}\r\n`).join('')
}

/** A note that begins like a formula would be run by a spreadsheet: a quote before it makes it text. */
function cellOf(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
