import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { attemptsOf } from '../../console/src/pages/log/attempts.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'

/** The history of one invalidation, as its page tells it. */

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
  pastAttempts: [
    {
      attempt: 1,
      status: 'ERROR_CDN_NODE',
      seq: 8,
      failure: 'varnish-1: no answer',
      finishedAt: '2026-01-01T10:00:02.000Z',
      targets: [],
      verdict: null,
    },
  ],
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

  test('the attempt that a Retry followed says how it ended; the last one is the invalidation itself', () => {
    const attempts = attemptsOf(FAILED)
    assert.deepEqual(
      attempts.map(({ past }) => past?.failure ?? null),
      ['varnish-1: no answer', null],
    )
  })

  test('one that still runs has no time yet', () => {
    assert.equal(attemptsOf({ timeline: FAILED.timeline.slice(0, 1) })[0]?.tookMs, null)
  })
})
