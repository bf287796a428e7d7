import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { LEASE_JUMP_MAX_MS } from '../contract/node-protocol.ts'
import { Leases } from './leases.ts'

const LEASE_MS = 5_000

function setUp() {
  const time = manualTime()
  const leases = new Leases(time.clock)
  const grantOf = (head: number): (() => void) => {
    const { clock } = time
    const asked = { head, leaseMs: LEASE_MS, sentAt: clock.now(), sentWall: clock.wall() }
    return () => leases.add(asked)
  }
  return {
    time,
    leases,
    /** Asked for now, granted now. */
    grant: (head: number) => grantOf(head)(),
    /** Asked for now, granted when the answer is called. */
    ask: grantOf,
  }
}

/** Freshness rule P3. */
describe('a lease', () => {
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
    const { time, leases, ask } = setUp()
    const answer = ask(0)
    await time.advance(3_000)
    answer()
    await time.advance(1_999)
    assert.equal(leases.held(0), true)
    await time.advance(1)
    assert.equal(leases.held(0), false)
  })

  test('whose answer came later than its length is never held', async () => {
    const { time, leases, ask } = setUp()
    const answer = ask(0)
    await time.advance(LEASE_MS)
    answer()
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

  test('is lost when the time of day moved further than the margin beyond the monotonic clock', async () => {
    const { time, leases, grant } = setUp()
    grant(0)
    time.jumpWall(LEASE_JUMP_MAX_MS + 1)
    assert.equal(leases.held(0), false, 'the machine was suspended')
    await time.advance(1)
    grant(0)
    assert.equal(leases.held(0), true, 'a grant asked for afterwards counts')
  })

  test('is kept when the wall clock is corrected by less than the margin, or backwards', async () => {
    const { time, leases, grant } = setUp()
    grant(0)
    time.jumpWall(LEASE_JUMP_MAX_MS)
    assert.equal(leases.held(0), true)
    time.jumpWall(-3_600_000)
    assert.equal(leases.held(0), true)
    await time.advance(LEASE_MS)
    assert.equal(leases.held(0), false)
  })

  test('is lost after several short suspends as after one long one, looked at in between or not', async () => {
    const { time, leases, grant } = setUp()
    grant(0)
    for (let naps = 0; naps < 3; naps++) {
      time.jumpWall(LEASE_JUMP_MAX_MS / 3)
      assert.equal(leases.held(0), true)
      await time.advance(1)
    }
    time.jumpWall(1)
    assert.equal(leases.held(0), false)
  })

  test('a time of day that is set back does not give back what a grant has lost to suspends', () => {
    const { time, leases, grant } = setUp()
    grant(0)
    time.jumpWall(LEASE_JUMP_MAX_MS)
    assert.equal(leases.held(0), true)
    time.jumpWall(-3_600_000)
    assert.equal(leases.held(0), true)
    time.jumpWall(1)
    assert.equal(leases.held(0), false)
  })

  test('is lost after a suspend that the time of day, set back in the same moment, does not show', () => {
    const { time, leases, grant } = setUp()
    grant(0)
    time.suspend(60_000)
    time.jumpWall(-60_020)
    assert.equal(leases.held(0), false)
    grant(0)
    assert.equal(leases.held(0), true, 'a grant asked for afterwards counts')
  })

  test('a grant is not taken when the machine slept while it was on its way, whatever the time of day says', () => {
    const { time, leases, ask } = setUp()
    const answer = ask(0)
    time.suspend(60_000)
    time.jumpWall(-60_000)
    answer()
    assert.equal(leases.held(0), false)
  })

  test('a grant is not taken when the time of day was set back while it was on its way', () => {
    const { time, leases, ask } = setUp()
    const answer = ask(0)
    time.jumpWall(-1_000)
    answer()
    assert.equal(leases.held(0), false)
  })

  test('a grant that arrives after the jump, for a question sent before it, does not hide the jump', () => {
    const { time, leases, ask } = setUp()
    const answer = ask(0)
    answer()
    time.jumpWall(60_000)
    answer()
    assert.equal(leases.held(0), false)
  })

  test('a jump is noticed also while no grant is held and the first one is on its way', () => {
    const { time, leases, ask } = setUp()
    const answer = ask(0)
    time.jumpWall(60_000)
    assert.equal(leases.held(0), false)
    answer()
    assert.equal(leases.held(0), false)
  })

  test('without end needs no clock', () => {
    const { time, leases } = setUp()
    leases.add({ head: 0, leaseMs: Number.POSITIVE_INFINITY, sentAt: 0, sentWall: 0 })
    time.jumpWall(3_600_000)
    assert.equal(leases.held(0), true)
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
