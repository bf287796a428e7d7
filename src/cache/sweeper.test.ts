import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { Freshness, STAMPS_BEFORE_SWEEP } from './freshness.ts'
import { MarkedCache, memoryBodies } from './marked-cache.ts'
import { STAMPS_MAX, Sweeper } from './sweeper.ts'

const PROJECT = keyHash(keyText.project('demo'))
const RED = keyHash(keyText.asset('demo', 'red'))

/** Distinct, and cheaper than hashing. */
const manyKeys = (count: number, from = 0): KeyHash[] =>
  Array.from({ length: count }, (_, at) => {
    const bytes = Buffer.alloc(16)
    // Spread like hashes, and faster made.
    bytes.writeUInt32BE(Math.imul(from + at, 0x9e3779b1) >>> 0, 0)
    bytes.writeUInt32BE(Math.imul(from + at, 0x85ebca6b) >>> 0, 4)
    return bytes.toString('base64url') as KeyHash
  })

function setUp() {
  const time = manualTime()
  const freshness = new Freshness(time.clock)
  freshness.startEmpty('log', 0)
  const cache = new MarkedCache<null, Uint8Array>({
    freshness,
    bodies: memoryBodies,
    bytesMax: 100_000_000,
  })
  const keep = (key: string, keys: readonly KeyHash[] = [PROJECT]): void =>
    void cache.store(
      key,
      { keys, mark: freshness.applied, meta: null, body: new Uint8Array(1), bodyBytes: 1 },
      freshness.epoch,
    )
  const purge = (keys: readonly KeyHash[]): void =>
    freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys })
  const sweeper = new Sweeper(freshness, [cache], time.timers)
  return { time, freshness, cache, keep, purge, sweeper }
}

describe('the sweeper', () => {
  test('forgets stamps once there are many, and raises the floor to where it began', async () => {
    const { time, freshness, cache, keep, purge, sweeper } = setUp()
    keep('/red', [PROJECT, RED])
    keep('/other')
    purge([RED, ...manyKeys(STAMPS_BEFORE_SWEEP)])
    sweeper.start()
    await time.advance(1_100)
    assert.deepEqual([freshness.stampCount, freshness.floor, cache.count], [0, 1, 1])
    assert.equal(cache.lookup('/other', 0)?.mark, 1)
    await sweeper.stop()
  })

  test('leaves a long soft list alone until its window is over, because a sweep makes it a hard one', async () => {
    const { time, freshness, cache, keep, sweeper } = setUp()
    keep('/red', [PROJECT, RED])
    const { clock } = time
    freshness.grant({ head: 0, leaseMs: 60_000, sentAt: clock.now(), sentWall: clock.wall() })
    const keys = [RED, ...manyKeys(STAMPS_BEFORE_SWEEP)]
    const packed = Buffer.concat(keys.map((key) => Buffer.from(key, 'base64url')))
    freshness.apply({
      seq: 1,
      project: 'demo',
      kind: 'packed',
      keys: [],
      packed,
      softMs: 10_000,
    })
    sweeper.start()
    await time.advance(9_000)
    assert.deepEqual([freshness.floor, cache.count], [0, 1])
    assert.equal(cache.lookupStale('/red', 0)?.staleness?.seq, 1)
    await time.advance(3_000)
    assert.deepEqual([freshness.floor, cache.count], [1, 0])
    await sweeper.stop()
  })

  test('leaves few stamps alone', async () => {
    const { time, freshness, purge, sweeper } = setUp()
    purge(manyKeys(100))
    sweeper.start()
    await time.advance(5_000)
    assert.equal(freshness.stampCount, 100)
    await sweeper.stop()
  })

  test('does not forget a purge that was applied while it judged', async () => {
    const { time, freshness, cache, keep, purge, sweeper } = setUp()
    for (let at = 0; at < 5_000; at++) keep(`/${at}`, [PROJECT, RED])
    purge(manyKeys(10))
    const swept = sweeper.sweep()
    purge([RED])
    await time.advance(100)
    await swept
    assert.deepEqual([freshness.floor, freshness.stampCount], [1, 1])
    assert.equal(cache.lookup('/0', 0), undefined)
    assert.equal(cache.lookup('/4999', 0), undefined)
  })

  test('gives up when the purge log becomes another one under it', async () => {
    const { time, freshness, keep, sweeper } = setUp()
    for (let at = 0; at < 5_000; at++) keep(`/${at}`)
    freshness.apply({ seq: 1, project: 'demo', kind: 'purge', keys: [RED] })
    const swept = sweeper.sweep()
    freshness.startEmpty('another', 0)
    await time.advance(100)
    await swept
    assert.equal(freshness.floor, 0)
  })

  test('folds the largest project when purges come faster than sweeps', async () => {
    const { time, freshness, cache, keep, sweeper } = setUp()
    keep('/red', [PROJECT, RED])
    const other = keyHash(keyText.project('other'))
    keep('/of another project', [other])
    let seq = 0
    const holder = {
      // Judging takes long, and all the while more is purged.
      *sweep(): Generator<void> {
        const keys = manyKeys(STAMPS_MAX + 1, STAMPS_MAX)
        freshness.apply({ seq: (seq += 1), project: 'demo', kind: 'purge', keys: [RED, ...keys] })
        yield
      },
    }
    freshness.apply({
      seq: (seq += 1),
      project: 'demo',
      kind: 'purge',
      keys: manyKeys(STAMPS_BEFORE_SWEEP + 1),
    })
    const busy = new Sweeper(freshness, [holder, cache], time.timers)
    busy.start()
    await time.advance(1_100)
    assert.equal(freshness.stampCount <= 2, true)
    assert.equal(cache.lookup('/red', 0), undefined)
    assert.notEqual(cache.lookup('/of another project', 0), undefined)
    await Promise.all([busy.stop(), sweeper.stop()])
  })

  test('stops in the middle of its work', async () => {
    const { time, freshness, keep, sweeper } = setUp()
    for (let at = 0; at < 5_000; at++) keep(`/${at}`)
    freshness.apply({ seq: 1, project: 'demo', kind: 'purge', keys: [RED] })
    const swept = sweeper.sweep()
    await sweeper.stop()
    await time.settle()
    await swept
    assert.equal(freshness.floor, 0, 'an unfinished sweep earns no floor')
  })
})
