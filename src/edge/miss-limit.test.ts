import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { sluiceBench } from '../../test/support/edge-bench.ts'
import { fakeResizer } from '../../test/support/fake-resizer.ts'
import { silentLog } from '../kernel/log.ts'
import { MissLimit } from './miss-limit.ts'

function limit(perSecond = 20, burst = 60) {
  let now = 0
  const clock = { now: () => now, wall: () => now }
  return {
    misses: new MissLimit(clock, silentLog, { perSecond, burst }),
    pass: (ms: number) => {
      now += ms
    },
  }
}

describe('new pictures for one client', () => {
  it('are 60 at once and 20 a second', () => {
    const { misses, pass } = limit()
    const taken = () => Array.from({ length: 100 }, () => misses.take('192.0.2.1'))
    assert.equal(taken().filter((wait) => wait === 0).length, 60)
    pass(1000)
    assert.equal(taken().filter((wait) => wait === 0).length, 20)
    pass(10_000)
    assert.equal(taken().filter((wait) => wait === 0).length, 60, 'never more than the burst')
  })

  it('refused ones are told after how many seconds, and cost nothing', () => {
    const { misses, pass } = limit(1, 1)
    assert.equal(misses.take('192.0.2.1'), 0)
    for (let at = 0; at < 50; at++) assert.equal(misses.take('192.0.2.1'), 1)
    pass(1000)
    assert.equal(misses.take('192.0.2.1'), 0)
  })

  it('are known to be refused before one is taken, and as long as they would be', () => {
    const { misses, pass } = limit(1, 2)
    assert.equal(misses.isSpent('192.0.2.1'), false, 'who was never seen')
    misses.take('192.0.2.1')
    assert.equal(misses.isSpent('192.0.2.1'), false)
    misses.take('192.0.2.1')
    assert.equal(misses.isSpent('192.0.2.1'), true)
    assert.equal(misses.isSpent('192.0.2.2'), false)
    pass(999)
    assert.equal(misses.isSpent('192.0.2.1'), true)
    pass(1)
    assert.equal(misses.isSpent('192.0.2.1'), false)
    assert.equal(misses.take('192.0.2.1'), 0)
  })

  it('do not count for another client', () => {
    const { misses } = limit(1, 1)
    assert.equal(misses.take('192.0.2.1'), 0)
    assert.equal(misses.take('192.0.2.2'), 0)
    assert.equal(misses.take('::ffff:192.0.2.1'), 1, 'the same client in IPv6 clothes')
  })

  it('count for a whole IPv6 network of 64 bits, because one subscriber has all of its addresses', () => {
    const { misses } = limit(1, 1)
    assert.equal(misses.take('2001:db8:1:2:3::1'), 0)
    assert.equal(misses.take('2001:db8:1:2:ffff::9'), 1)
    assert.equal(misses.take('2001:db8:1:3::1'), 0)
  })

  it('are never more than the burst and the rate together, however they are asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 300 }), (pauses) => {
        const { misses, pass } = limit(10, 5)
        let passed = 0
        let taken = 0
        for (const pause of pauses) {
          pass(pause)
          passed += pause
          if (misses.take('192.0.2.1') === 0) taken += 1
          assert.ok(taken <= 5 + (passed / 1000) * 10 + 0.001)
        }
      }),
    )
  })
})

describe('an edge that limits new pictures', () => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close()
  })

  async function edgeWith(misses: MissLimit) {
    const resizer = await fakeResizer()
    const edge = await sluiceBench(resizer.server.url, { missLimit: misses })
    closing.push(
      () => resizer.server.stop(),
      () => edge.stop(),
    )
    const statusOf = async (width: number): Promise<number> =>
      (await edge.get(`/is/image/demo/shoes/red?wid=${width}`)).status
    return { edge, statusOf }
  }

  it('refuses what is new and not what it holds', async () => {
    const { statusOf } = await edgeWith(limit(1, 2).misses)
    const statuses = [
      await statusOf(10),
      await statusOf(20),
      await statusOf(30),
      await statusOf(10),
    ]
    assert.deepEqual(statuses, [200, 200, 429, 200])
  })

  it('without a lease refuses nobody: everything is asked inward then, and visitors are not to blame', async () => {
    const { edge, statusOf } = await edgeWith(limit(1, 1).misses)
    edge.clock.advance(3_600_001)
    for (let width = 10; width < 20; width++) assert.equal(await statusOf(width), 200)
  })
})
