import type { Invalidation } from '../contract/invalidation.ts'
import type { InvalidationFilter, Page, PageRequest } from '../store/store.ts'
import { durationSeconds } from './report.ts'

/**
 * The log as a file, page by page, so that a million entries take no more memory than one page. One that is cut says so at its end: a last
 * line in CSV, `cutAt` in JSON, with the time before which the rest was created.
 */
export const EXPORT_FORMATS = ['csv', 'json'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** A few milliseconds; between two reads others are answered. */
const ROWS_PER_READ = 100
/** More than a spreadsheet opens; longer times are exported in parts by `from` and `to`. */
export const EXPORT_ROWS_MAX = 1_000_000

type List = (filter: InvalidationFilter, page: PageRequest) => Promise<Page<Invalidation>>

export async function* exportLog(
  list: List,
  filter: InvalidationFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  yield format === 'csv' ? csvLine(COLUMNS.map(([name]) => name)) : '{"items":['
  let rows = 0
  let last = ''
  let cursor: string | null = null
  do {
    const limit = Math.min(ROWS_PER_READ, EXPORT_ROWS_MAX - rows)
    const page: Page<Invalidation> = await list(filter, {
      limit,
      ...(cursor === null ? {} : { cursor }),
    })
    if (format === 'csv') yield page.items.map(csvRow).join('')
    else yield jsonRows(page.items, rows === 0)
    rows += page.items.length
    last = page.items.at(-1)?.createdAt ?? last
    cursor = page.nextCursor
  } while (cursor !== null && rows < EXPORT_ROWS_MAX)
  const isCut = cursor !== null
  // Others may have come in the same millisecond: rather twice than not at all.
  const to = isCut ? new Date(Date.parse(last) + 1).toISOString() : ''
  if (format === 'json') yield isCut ? `\n],"cutAt":${JSON.stringify(to)}}\n` : '\n]}\n'
  else if (isCut)
    yield csvLine([`cut after ${EXPORT_ROWS_MAX} rows: export what is older with to=${to}`])
}

function jsonRows(items: readonly Invalidation[], first: boolean): string {
  const texts = items.map((item) => `\n${JSON.stringify(item)}`)
  return (first || items.length === 0 ? '' : ',') + texts.join(',')
}

type Cell = string | number | null

const COLUMNS: readonly (readonly [string, (item: Invalidation) => Cell])[] = [
  ['id', ({ id }) => id],
  ['status', ({ status }) => status],
  ['scope', ({ scope }) => scope],
  ['source', ({ source }) => source],
  ['cause', ({ cause }) => cause],
  ['mode', ({ mode }) => mode],
  ['created at', ({ createdAt }) => createdAt],
  ['by', ({ createdBy }) => createdBy],
  ['note', ({ note }) => note],
  ['links', ({ urlCount }) => urlCount],
  ['targets', ({ targets }) => targets.map(({ id, state }) => `${id}: ${state}`).join('; ')],
  ['finished at', ({ finishedAt }) => finishedAt],
  ['duration in seconds', (item) => durationSeconds(item)],
  ['attempts', ({ pastAttempts }) => (pastAttempts?.length ?? 0) + 1],
  ['seq', ({ seq }) => seq],
  ['evidence', ({ evidence }) => evidence?.verdict ?? null],
  ['reason', ({ failure }) => failure],
]

function csvRow(item: Invalidation): string {
  return csvLine(COLUMNS.map(([, cell]) => cell(item)))
}

/** RFC 4180. */
function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** Spreadsheets take a cell that begins like a formula for one; an apostrophe makes it text. */
function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
