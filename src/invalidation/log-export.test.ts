import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toInvalidation } from '../store/invalidation-rows.ts'
import { invalidationRow } from '../store/store-suite-rows.ts'
import { EXPORT_ROWS_MAX, exportLog } from './log-export.ts'
import type { ExportFormat } from './log-export.ts'

const ITEM = toInvalidation(invalidationRow())
/** Just behind it, so that nothing of the same moment is left out. */
const TO = new Date(Date.parse(ITEM.createdAt) + 1).toISOString()

/** A log of so many entries, all alike: only their number matters here. */
function logOf(count: number) {
  return async (_filter: object, page: { readonly limit: number; readonly cursor?: string }) => {
    const from = Number(page.cursor ?? 0)
    const to = Math.min(count, from + page.limit)
    const items = Array.from({ length: to - from }, () => ITEM)
    return { items, nextCursor: to < count ? String(to) : null, totalEstimate: count }
  }
}

async function exported(
  count: number,
  format: ExportFormat,
): Promise<{ rows: number; end: string }> {
  let rows = 0
  let end = ''
  for await (const piece of exportLog(logOf(count), {}, format)) {
    rows += piece.split('\n').length - 1
    end = piece
  }
  return { rows, end }
}

describe('a log that is longer than one file', () => {
  test('is cut in CSV with a line that says how to get the rest', async () => {
    const { rows, end } = await exported(EXPORT_ROWS_MAX + 1, 'csv')
    assert.equal(rows, 1 + EXPORT_ROWS_MAX + 1, 'a head, the rows, and that line')
    assert.equal(end, `cut after 1000000 rows: export what is older with to=${TO}\r\n`)
  })

  test('is cut in JSON with the time before which the rest was created', async () => {
    const { end } = await exported(EXPORT_ROWS_MAX + 1, 'json')
    assert.equal(end, `\n],"cutAt":"${TO}"}\n`)
  })

  test('says nothing of it where it just fits', async () => {
    const { rows, end } = await exported(EXPORT_ROWS_MAX, 'csv')
    assert.equal(rows, 1 + EXPORT_ROWS_MAX)
    assert.doesNotMatch(end, /cut/)
  })
})
