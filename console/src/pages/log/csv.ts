import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { runSeconds } from '../../words.ts'

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
