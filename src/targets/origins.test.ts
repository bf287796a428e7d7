import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { purgeOf } from '../../test/support/purge-of.ts'
import type { LookAtOriginal, OriginalLook } from '../contract/known-originals.ts'
import { systemTimers } from '../kernel/timers.ts'
import { createOrigins } from './origins.ts'

const RECEIVED_AT = Date.parse('2026-01-01T00:00:00Z')
/** The look comes two seconds after the invalidation. */
const clock = { now: () => 0, wall: () => RECEIVED_AT + 2_000 }
const signal = new AbortController().signal

const PURGE = purgeOf({ receivedAt: RECEIVED_AT })

const place = (target: string) => ({ url: `http://x${target}`, target })
const ORIGINAL = place('/~/original/demo/sample.li/a.jpg?w=100')

function origins(look: LookAtOriginal) {
  return createOrigins({ clock, timers: systemTimers, look })
}

const verify = (found: OriginalLook | null) =>
  origins(async () => found).verify({ ...PURGE, places: [ORIGINAL] }, signal)

describe('origins as a target', () => {
  test('have no members: nothing is purged there, and nobody waits for them', async () => {
    const target = origins(async () => null)
    assert.deepEqual(await target.describe({ keysCount: 1, urlsCount: 1 }), [])
    assert.deepEqual(await target.flush(PURGE, () => undefined, signal), [])
  })

  const verdicts = [
    [{ kind: 'read', originAgeMs: null }, 'fresh', 'read anew'],
    [{ kind: 'read', originAgeMs: 0 }, 'fresh', 'read anew'],
    [{ kind: 'read', originAgeMs: 2_000 }, 'fresh', 'read anew'],
    [
      { kind: 'read', originAgeMs: 2_001 },
      'unverifiable',
      'a cache before its origin answered with what it had kept for 2 s',
    ],
    [{ kind: 'missing', reason: 'The origin answered 404.' }, 'fresh', 'The origin answered 404.'],
    [{ kind: 'failed', reason: 'It rests.' }, 'fresh', 'It rests.'],
    [null, 'fresh', 'not read within 1 s: nobody looked at its origin'],
  ] as const
  for (const [found, verdict, detail] of verdicts) {
    test(`two seconds after the purge, ${JSON.stringify(found)} is ${verdict}`, async () => {
      const evidence = await verify(found)
      assert.equal(evidence.verdict, verdict)
      assert.equal(evidence.probes[0]?.detail, detail)
      assert.equal(evidence.probes[0]?.mark, found?.kind === 'read' ? 7 : null)
      assert.equal(evidence.notes?.length ?? 0, verdict === 'fresh' ? 0 : 1)
    })
  }

  test('each original is read once, five at most, and assets have none', async () => {
    const asked: string[] = []
    const target = origins(async ({ project, original }, mark) => {
      asked.push(`${project} ${original} ${mark}`)
      return { kind: 'read', originAgeMs: null }
    })
    const many = Array.from({ length: 9 }, (_, at) => place(`/~/original/demo/sample.li/${at}.jpg`))
    const places = [place('/~/image/demo/flat'), ORIGINAL, ORIGINAL, ...many]
    await target.verify({ ...PURGE, places }, signal)
    assert.equal(asked.length, 5)
    assert.equal(asked[0], 'demo sample.li/a.jpg 7')
  })

  test('a soft purge asks no origin past its caches', async () => {
    const target = origins(async () => assert.fail('asked'))
    const evidence = await target.verify({ ...PURGE, soft: true, places: [ORIGINAL] }, signal)
    assert.deepEqual(evidence, { verdict: 'fresh', probes: [], peeks: [] })
  })

  test('one that does not answer in time is left alone, and said to be', async () => {
    let told = false
    const target = origins(async (_place, _mark, late) => {
      await sleep(60_000, undefined, { signal: late }).catch(() => undefined)
      told = late.aborted
      return null
    })
    const evidence = await target.verify({ ...PURGE, places: [ORIGINAL] }, signal)
    assert.ok(told)
    assert.match(evidence.probes[0]?.detail ?? '', /not read within 1 s/)
  })
})
