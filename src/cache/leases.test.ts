import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'
import { Leases } from './leases.ts'

const LEASE_MS = 5_000

/** Freshness rule P3. */
describe('a lease', () => {
  function setUp() {
    const time = manualTime()
    const leases = new Leases(time.clock)
    return {
      time,
      leases,
      grant: (head: number, sentAt = time.clock.now()) =>
        leases.add({ head, leaseMs: LEASE_MS, sentAt }),
    }
  }

  test('is not held before control granted one', () => {
    const { leases } = setUp()
    assert.equal(leases.held(1_000_000), false)
  })

  test('is held only once the head that it was granted for is applied', () => {
    const { leases, grant } = setUp()
    grant(7)
    assert.equal(leases.held(6), false)
    assert.equal(leases.held(7), true)
    assert.equal(leases.held(8), true)
  })

  test('ends at its last millisecond, counted from the sending of the question', async () => {
    const { time, leases, grant } = setUp()
    const sentAt = time.clock.now()
    await time.advance(3_000)
    grant(0, sentAt)
    await time.advance(1_999)
    assert.equal(leases.held(0), true)
    await time.advance(1)
    assert.equal(leases.held(0), false)
  })

  test('whose answer came later than its length is never held', async () => {
    const { time, leases, grant } = setUp()
    const sentAt = time.clock.now()
    await time.advance(LEASE_MS)
    grant(0, sentAt)
    assert.equal(leases.held(0), false)
  })

  test('is not weakened by a newer grant whose head is still to come', async () => {
    const { time, leases, grant } = setUp()
    grant(3)
    await time.advance(1_000)
    grant(4)
    assert.equal(leases.held(3), true)
    await time.advance(3_999)
    assert.equal(leases.held(3), true, 'the older grant lives to its own end')
    await time.advance(1)
    assert.equal(leases.held(3), false)
    assert.equal(leases.held(4), true, 'the newer one asks for more')
  })

  test('is dropped when the wall clock moved further than the margin beyond the monotonic one', async () => {
    const { time, leases, grant } = setUp()
    grant(0)
    time.jumpWall(leaseMarginMs(LEASE_MS) + 1)
    assert.equal(leases.held(0), false, 'the machine was suspended')
    await time.advance(1)
    grant(0)
    assert.equal(leases.held(0), true, 'a grant asked for afterwards counts')
  })

  test('is kept when the wall clock is corrected by less than the margin, or backwards', async () => {
    const { time, leases, grant } = setUp()
    grant(0)
    time.jumpWall(leaseMarginMs(LEASE_MS))
    assert.equal(leases.held(0), true)
    time.jumpWall(-3_600_000)
    assert.equal(leases.held(0), true)
    await time.advance(LEASE_MS)
    assert.equal(leases.held(0), false)
  })

  test('a grant that arrives after the jump, for a question sent before it, does not hide the jump', () => {
    const { time, leases, grant } = setUp()
    const sentAt = time.clock.now()
    grant(0, sentAt)
    time.jumpWall(60_000)
    grant(0, sentAt)
    assert.equal(leases.held(0), false)
  })

  test('a jump is noticed also while no grant is held and the first one is on its way', () => {
    const { time, leases, grant } = setUp()
    const sentAt = time.clock.now()
    time.jumpWall(60_000)
    assert.equal(leases.held(0), false)
    grant(0, sentAt)
    assert.equal(leases.held(0), false)
  })

  test('is dropped with all others when the purge log is another one', () => {
    const { leases, grant } = setUp()
    grant(0)
    grant(0)
    leases.dropAll()
    assert.equal(leases.held(0), false)
  })

  test('is found among many grants, of which only the latest are remembered', async () => {
    const { time, leases, grant } = setUp()
    for (let at = 0; at < 100; at++) {
      grant(at)
      await time.advance(1)
    }
    assert.equal(leases.held(99), true)
    assert.equal(leases.held(50), false)
  })
})
