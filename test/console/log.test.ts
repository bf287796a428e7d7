import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { attemptsOf } from '../../console/src/pages/log/attempts.ts'
import { csvOf } from '../../console/src/pages/log/csv.ts'
import { reportOf } from '../../console/src/pages/log/report.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'

/** What the log hands over: attempts, files and reports. */

const FAILED: Invalidation = {
  id: '0192f0c1-0000-7000-8000-000000000000',
  project: 'demo',
  status: 'ERROR_CDN_NODE',
  scope: 'original',
  source: 'manual',
  cause: null,
  mode: 'delete',
  createdAt: '2026-01-01T10:00:00.000Z',
  createdBy: 'admin@localhost',
  note: '=HYPERLINK("http://evil.example")',
  urlCount: 2,
  seq: 9,
  scheduledAt: null,
  estimatedSeconds: 1,
  timeline: [
    { status: 'Received', at: '2026-01-01T10:00:00.000Z' },
    { status: 'ERROR_CDN_NODE', at: '2026-01-01T10:00:02.000Z' },
    { status: 'Received', at: '2026-01-01T11:00:00.000Z' },
    { status: 'Preparing', at: '2026-01-01T11:00:00.010Z' },
    { status: 'ERROR_CDN_NODE', at: '2026-01-01T11:00:01.000Z' },
  ],
  targets: [
    {
      id: 'varnish-1',
      tier: 'cdn',
      state: 'failed',
      attempts: 2,
      detail: 'answered 403',
      startedAt: '2026-01-01T11:00:00.100Z',
      finishedAt: '2026-01-01T11:00:00.900Z',
    },
  ],
  evidence: null,
  failure: 'varnish-1: answered 403',
  finishedAt: '2026-01-01T11:00:01.000Z',
}

describe('attempts', () => {
  test('a retry keeps the history: each attempt has its own entries and its own time', () => {
    const attempts = attemptsOf(FAILED)
    assert.deepEqual(
      attempts.map(({ number, entries, tookMs }) => [number, entries.length, tookMs]),
      [
        [1, 2, 2000],
        [2, 3, 1000],
      ],
    )
  })

  test('one that still runs has no time yet', () => {
    assert.equal(attemptsOf({ timeline: FAILED.timeline.slice(0, 1) })[0]?.tookMs, null)
  })
})

describe('the exported log', () => {
  test('is one line of names and one an entry, with links, targets and duration', () => {
    const [names, entry, end] = csvOf([FAILED]).split('\r\n')
    assert.match(names ?? '', /^id,status,.*,seconds,links,targets,targets done,/)
    assert.match(entry ?? '', /,1,2,1,0,delete,9,/)
    assert.equal(end, '')
  })

  test('quotes what needs it, and no note is run as a formula', () => {
    assert.match(csvOf([FAILED]), /,"'=HYPERLINK\(""http:\/\/evil\.example""\)"\r\n$/)
  })
})

describe('the report', () => {
  const report = reportOf({
    invalidation: FAILED,
    version: '0.1.0',
    supportUrl: 'https://support.example.com',
    address: 'https://sluice.example.com/projects/demo/invalidations/x',
  })

  test('names id, attempts, targets, reasons, version and where help is', () => {
    for (const part of [
      FAILED.id,
      'Attempt 2',
      'varnish-1 (cdn): failed, attempts 2, 800 ms: answered 403',
      'Sluice 0.1.0',
      'https://support.example.com',
    ]) {
      assert.ok(report.includes(part), part)
    }
  })
})
