import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { manualTime } from '../../test/support/manual-time.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { recordName } from '../contract/records.ts'
import { Freshness } from './freshness.ts'
import type { Marked } from './freshness.ts'

const PROJECT = keyHash(keyText.project('demo'))
const RED = keyHash(keyText.asset('demo', 'red'))
const BLUE = keyHash(keyText.asset('demo', 'blue'))
const NAMES = keyHash(keyText.record(recordName.names()))

function following(): { freshness: Freshness; purge: (...keys: KeyHash[]) => number } {
  const freshness = new Freshness(manualTime().clock)
  freshness.startEmpty('log', 0)
  return {
    freshness,
    purge(...keys) {
      freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys })
      return freshness.applied
    },
  }
}

const red = (mark: number): Marked => ({ keys: [PROJECT, RED], mark })

describe('a cached thing is judged', () => {
  test('usable while no purge of any of its keys is newer than its mark', () => {
    const { freshness, purge } = following()
    purge(BLUE)
    assert.deepEqual(freshness.judge(red(0), 0), { usable: true, mark: 1 })
    purge(RED)
    assert.deepEqual(freshness.judge(red(1), 0), { usable: false })
    assert.deepEqual(freshness.judge(red(2), 0), { usable: true, mark: 2 })
  })

  test('usable by its own mark where the asker needs more than is applied here', () => {
    const { freshness, purge } = following()
    purge(BLUE)
    assert.deepEqual(freshness.judge(red(5), 5), { usable: true, mark: 5 })
    assert.deepEqual(freshness.judge(red(5), 6), { usable: false })
    assert.deepEqual(freshness.judge(red(1), 2), { usable: false })
    assert.deepEqual(freshness.judge(red(0), 2), { usable: false })
  })

  test('usable for an asker whose need is applied here and not purged', () => {
    const { freshness, purge } = following()
    purge(BLUE)
    purge(BLUE)
    assert.deepEqual(freshness.judge(red(0), 2), { usable: true, mark: 2 })
  })

  test('and its mark is raised to what is applied, so that the next hit is one comparison', () => {
    const { freshness, purge } = following()
    const thing = red(0)
    purge(BLUE)
    freshness.judge(thing, 0)
    assert.equal(thing.mark, 1)
    const condemned = red(0)
    purge(RED)
    freshness.judge(condemned, 0)
    assert.equal(condemned.mark, 0, 'what is condemned stays condemned')
  })

  test('but never raised beyond what was applied for an asker who needs more', () => {
    const { freshness, purge } = following()
    purge(BLUE)
    const thing = red(0)
    freshness.judge(thing, 9)
    assert.equal(thing.mark <= 1, true)
  })

  test('unusable although it was read late, if it was begun before the purge (the race in flight)', () => {
    const { freshness, purge } = following()
    const markAtTheBeginning = freshness.applied
    purge(RED)
    assert.equal(freshness.judge(red(markAtTheBeginning), 0).usable, false)
  })
})

describe('applying a purge', () => {
  test('is in order: a gap or a repetition is a programmer’s error', () => {
    const { freshness, purge } = following()
    purge(RED)
    const entry = { project: 'demo', kind: 'purge', keys: [RED] }
    assert.throws(() => freshness.apply({ ...entry, seq: 3 }), /purge 3 applied after 1/)
    assert.throws(() => freshness.apply({ ...entry, seq: 1 }), /purge 1 applied after 1/)
    assert.equal(freshness.applied, 1)
  })

  test('of a kind from the future purges the whole project, its records and the names', () => {
    const { freshness } = following()
    const other = { keys: [keyHash(keyText.project('other'))], mark: 0 }
    const names = { keys: [NAMES], mark: 0 }
    freshness.apply({ seq: 1, project: 'demo', kind: 'rebind', keys: [BLUE] })
    assert.equal(freshness.judge(red(0), 0).usable, false)
    assert.equal(freshness.judge(names, 0).usable, false)
    assert.equal(freshness.judge(other, 0).usable, true)
  })

  test('of packed keys stamps each of them; one whose keys were lost purges the whole project', () => {
    const { freshness } = following()
    const packed = Buffer.concat([RED, NAMES].map((key) => Buffer.from(key, 'base64url')))
    freshness.apply({ seq: 1, project: 'demo', kind: 'packed', keys: [], packed })
    assert.equal(freshness.judge(red(0), 0).usable, false)
    assert.equal(freshness.judge({ keys: [PROJECT, BLUE], mark: 0 }, 0).usable, true)
    freshness.apply({ seq: 2, project: 'demo', kind: 'packed', keys: [] })
    assert.equal(freshness.judge({ keys: [PROJECT, BLUE], mark: 1 }, 0).usable, false)
  })

  test('lets nobody keep a mark that control has not announced (P10)', () => {
    const { freshness, purge } = following()
    assert.equal(freshness.mayKeep(0), true)
    assert.equal(freshness.mayKeep(1), false)
    freshness.heard(3)
    assert.equal(freshness.mayKeep(3), true)
    assert.equal(freshness.mayKeep(4), false)
    purge(RED)
    freshness.heard(1)
    assert.equal(freshness.headHeard, 3, 'an old head that comes late changes nothing')
  })
})

/** One by one, or as a long list. */
const SOFT_FORMS = [
  ['a soft purge', (...keys: KeyHash[]) => ({ kind: 'soft', keys })],
  [
    'a soft list',
    (...keys: KeyHash[]) => ({
      kind: 'packed',
      keys: [],
      packed: Buffer.concat(keys.map((key) => Buffer.from(key, 'base64url'))),
    }),
  ],
] as const

for (const [name, formOf] of SOFT_FORMS)
  describe(`applying ${name}`, () => {
    const WINDOW_MS = 5_000
    function softly() {
      const time = manualTime()
      const freshness = new Freshness(time.clock)
      freshness.startEmpty('log', 0)
      const lease = (): void =>
        freshness.grant({
          head: freshness.applied,
          leaseMs: 60_000,
          sentAt: time.clock.now(),
          sentWall: time.clock.wall(),
        })
      return {
        freshness,
        lease,
        time,
        soften: (...keys: KeyHash[]): void =>
          freshness.apply({
            seq: freshness.applied + 1,
            project: 'demo',
            softMs: WINDOW_MS,
            ...formOf(...keys),
          }),
      }
    }

    test('makes stale what it names, until its window ends, and condemns nothing', () => {
      const { freshness, lease, soften, time } = softly()
      lease()
      soften(RED, BLUE)
      assert.deepEqual(freshness.judge(red(0), 0), { usable: false })
      assert.equal(freshness.reflects(red(0).keys, 0), true)
      const staleness = freshness.staleness(red(0))!
      assert.equal(staleness.seq, 1)
      assert.equal(staleness.until, time.clock.now() + WINDOW_MS)
      assert.deepEqual(freshness.judge({ keys: [PROJECT], mark: 0 }, 0), { usable: true, mark: 1 })
      assert.equal(freshness.needOf(red(0).keys), 1)
    })

    test('is a hard purge at a node without a lease, which nobody waited for', () => {
      const { freshness, soften } = softly()
      soften(RED)
      assert.equal(freshness.staleness(red(0)), undefined)
      assert.equal(freshness.reflects(red(0).keys, 0), false)
    })

    test('never weakens a hard one of the same key, before it or after it', () => {
      for (const hardFirst of [true, false]) {
        const { freshness, lease, soften } = softly()
        lease()
        const harden = (): void =>
          freshness.apply({
            seq: freshness.applied + 1,
            project: 'demo',
            kind: 'purge',
            keys: [RED],
          })
        if (hardFirst) harden()
        soften(RED)
        if (!hardFirst) harden()
        assert.equal(freshness.reflects(red(0).keys, 0), false)
      }
    })

    test('is a hard one after a restart', () => {
      const { freshness, lease, soften } = softly()
      lease()
      soften(RED)
      const later = new Freshness(manualTime().clock)
      later.restore(freshness.capture())
      assert.equal(later.reflects(red(0).keys, 0), false)
      assert.equal(later.staleness(red(0)), undefined)
      assert.equal(later.reflects([PROJECT], 0), true)
      assert.equal(later.foldLargestProject(), false, 'it is of no project, and so not folded')
      assert.equal(later.reflects(red(0).keys, 0), false)
    })
  })

test('a soft list whose keys were lost on the way is a hard purge of the project', () => {
  const { freshness } = following()
  freshness.apply({ seq: 1, project: 'demo', kind: 'packed', keys: [], softMs: 1_000 })
  assert.equal(freshness.reflects([PROJECT], 0), false)
})

describe('what to ask for', () => {
  test('is the highest stamp of the keys, not what is applied (P8)', () => {
    const { freshness, purge } = following()
    const seq = purge(RED)
    for (let at = 0; at < 20; at++) purge(BLUE)
    assert.equal(freshness.stampOf([PROJECT, RED]), seq)
    assert.equal(freshness.needOf([PROJECT, RED]), seq)
    assert.equal(freshness.needOf([PROJECT]), 0)
  })

  test('is at least the floor once stamps are forgotten', () => {
    const { freshness, purge } = following()
    purge(RED)
    freshness.forgetStampsUpTo(1)
    assert.equal(freshness.needOf([PROJECT]), 1)
  })
})

describe('starting empty', () => {
  test('forgets stamps, grants and whatever holds marked things, and begins an epoch', () => {
    const { freshness, purge } = following()
    let forgotten = 0
    freshness.whenEmptied({ forgetAll: () => (forgotten += 1) })
    purge(RED)
    freshness.grant({ head: 1, leaseMs: Number.POSITIVE_INFINITY, sentAt: 0, sentWall: 0 })
    assert.equal(freshness.holdsLease(), true)
    const { epoch } = freshness
    freshness.startEmpty('another', 40)
    assert.equal(forgotten, 1)
    assert.equal(freshness.holdsLease(), false)
    assert.notEqual(freshness.epoch, epoch)
    assert.deepEqual([freshness.logId, freshness.applied, freshness.stampCount], ['another', 40, 0])
  })

  test('makes everything from before unusable, whatever it is', () => {
    const { freshness } = following()
    freshness.startEmpty('another', 40)
    assert.equal(freshness.judge(red(39), 0).usable, false)
    assert.equal(freshness.judge(red(40), 0).usable, true)
  })
})

describe('forgetting stamps', () => {
  test('raises the floor, so that what no sweep judged is unusable (P14)', () => {
    const { freshness, purge } = following()
    const missed = red(0)
    purge(RED)
    purge(BLUE)
    freshness.forgetStampsUpTo(1)
    assert.equal(freshness.stampCount, 1)
    assert.equal(freshness.floor, 1)
    assert.equal(freshness.judge(missed, 0).usable, false)
    freshness.forgetStampsUpTo(0)
    assert.equal(freshness.floor, 1, 'the floor never falls')
  })

  test('folds the project with most stamps into its key, and no other', () => {
    const { freshness, purge } = following()
    purge(RED)
    purge(BLUE)
    const other = keyHash(keyText.asset('other', 'x'))
    freshness.apply({ seq: 3, project: 'other', kind: 'purge', keys: [other] })
    freshness.foldLargestProject()
    assert.equal(freshness.stampCount, 2)
    assert.equal(freshness.judge({ keys: [PROJECT], mark: 1 }, 0).usable, false)
    const elsewhere = { keys: [keyHash(keyText.project('other'))], mark: 0 }
    assert.equal(freshness.judge(elsewhere, 0).usable, true)
    assert.equal(freshness.judge({ keys: [other], mark: 2 }, 0).usable, false)
  })

  test('never folds the stamp of the names, which belong to no one project', () => {
    const { freshness, purge } = following()
    purge(NAMES, RED, BLUE)
    freshness.foldLargestProject()
    assert.equal(freshness.judge({ keys: [NAMES], mark: 0 }, 0).usable, false)
  })

  test('of nothing is nothing', () => {
    const { freshness } = following()
    freshness.foldLargestProject()
    assert.equal(freshness.stampCount, 0)
  })
})

describe('capture and restore', () => {
  test('give back stamps, applied and floor as of one moment, in a new epoch and without leases', () => {
    const { freshness, purge } = following()
    purge(BLUE)
    freshness.forgetStampsUpTo(1)
    purge(RED)
    const state = JSON.parse(JSON.stringify(freshness.capture())) as ReturnType<
      Freshness['capture']
    >
    purge(BLUE)
    const later = new Freshness(manualTime().clock)
    later.restore(state)
    assert.deepEqual(later.capture(), state)
    assert.deepEqual([later.applied, later.floor, later.logId], [2, 1, 'log'])
    assert.equal(later.judge(red(1), 0).usable, false)
    assert.equal(later.holdsLease(), false)
  })
})

describe('whatever happens', () => {
  const KEYS = [RED, BLUE, keyHash('c'), keyHash('d')]
  const someKeys = fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1 })
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('purge' as const), keys: someKeys }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const), keys: someKeys }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fold' as const), keys: someKeys }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), keys: someKeys }) },
  )

  test('nothing is judged usable that a purge of one of its keys condemns', () => {
    const property = fc.property(fc.array(step, { maxLength: 30 }), fc.nat(3), (steps, need) => {
      let { freshness } = following()
      const things: Marked[] = KEYS.map((key) => ({ keys: [PROJECT, key], mark: 0 }))
      const lastPurge = new Map<KeyHash, number>()
      const readAt = new Map(things.map((thing) => [thing, 0]))
      for (const { do: what, keys } of steps) {
        if (what === 'purge') {
          const seq = freshness.applied + 1
          freshness.apply({ seq, project: 'demo', kind: 'purge', keys })
          for (const key of keys) lastPurge.set(key, seq)
        } else if (what === 'fold') freshness.foldLargestProject()
        else if (what === 'restart') {
          const state = freshness.capture()
          freshness = new Freshness(manualTime().clock)
          freshness.restore(state)
        } else {
          for (const thing of things) freshness.judge(thing, 0)
          freshness.forgetStampsUpTo(freshness.applied)
        }
        for (const thing of things) {
          const judged = freshness.judge(thing, need)
          const condemned = (lastPurge.get(thing.keys[1]!) ?? 0) > readAt.get(thing)!
          assert.equal(judged.usable && condemned, false)
          if (judged.usable) assert.equal(judged.mark >= need, true)
        }
      }
    })
    fc.assert(property, { numRuns: 300 })
  })
})
