import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { INVALIDATION_STATUSES, isFinal } from '../contract/invalidation.ts'
import type { MemberProgress } from '../targets/target.ts'
import { begunAnew, moved, progressed, waitingAgain } from './timeline.ts'

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`

describe('the way of an invalidation', () => {
  test('goes forward only, whatever is asked for, and never beyond a final status', () => {
    const status = fc.constantFrom(...INVALIDATION_STATUSES)
    fc.assert(
      fc.property(fc.array(status, { maxLength: 12 }), (asked) => {
        let row = { status: 'Received', timeline: [] } as Parameters<typeof moved>[0]
        for (const each of asked) {
          const next = moved(row, each, at(1))
          if (isFinal(row.status)) assert.deepEqual(next, row)
          row = next
        }
        const ranks = row.timeline.map((entry) => INVALIDATION_STATUSES.indexOf(entry.status))
        assert.deepEqual(
          ranks,
          [...new Set(ranks)].sort((a, b) => a - b),
        )
        assert.equal(row.timeline.at(-1)?.status ?? 'Received', row.status)
      }),
    )
  })

  test('a retry begins below what happened before', () => {
    const failed = { status: 'ERROR', timeline: [{ status: 'ERROR', at: at(1) }] } as const
    assert.deepEqual(begunAnew(failed, at(2)), {
      status: 'Received',
      timeline: [
        { status: 'ERROR', at: at(1) },
        { status: 'Received', at: at(2) },
      ],
    })
  })
})

function member(state: MemberProgress['state']): MemberProgress {
  return { id: 'e1', tier: 'cdn', state, detail: null }
}

describe('what targets show', () => {
  test('the first report begins an attempt, the end is kept, another attempt is counted', () => {
    const begun = progressed([], [member('running')], at(1))
    assert.deepEqual(
      [begun[0]?.attempts, begun[0]?.startedAt, begun[0]?.finishedAt],
      [1, at(1), null],
    )
    const done = progressed(begun, [member('done')], at(2))
    assert.deepEqual(
      [done[0]?.attempts, done[0]?.startedAt, done[0]?.finishedAt],
      [1, at(1), at(2)],
    )
    const told = progressed(done, [member('done')], at(3))
    assert.equal(told[0]?.finishedAt, at(2))
    const again = progressed(waitingAgain(told), [member('done')], at(4))
    assert.deepEqual(
      [again[0]?.attempts, again[0]?.startedAt, again[0]?.finishedAt],
      [2, at(4), at(4)],
    )
  })

  test('who is not heard of stays as it was', () => {
    const one = progressed([], [member('done')], at(1))
    const both = progressed(one, [{ ...member('running'), id: 'e2' }], at(2))
    assert.deepEqual(
      both.map(({ id, state }) => [id, state]),
      [
        ['e1', 'done'],
        ['e2', 'running'],
      ],
    )
  })
})
