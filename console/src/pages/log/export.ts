import type { Invalidation } from '../../../../src/contract/invalidation.ts'
import { api } from '../../api.ts'
import type { LogSearch } from '../../api.ts'
import { csvOf } from './csv.ts'

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
