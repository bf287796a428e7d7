import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LEASE_MS, cuttable, purgeBench } from '../../test/support/purge-bench.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'
import type { ControlLink, Peek } from '../contract/node-protocol.ts'

const never = new AbortController().signal
const GRACE_MS = LEASE_MS + leaseMarginMs(LEASE_MS)

function holding(mark: number): (targets: readonly string[]) => readonly Peek[] {
  return (targets) =>
    targets.map((target) => ({ target, state: 'usable', mark, applied: mark, inputHash: null }))
}

/** A link whose answers to renewals take as long as the test says. */
function slowRenewals(): {
  hold: boolean
  free: () => void
  through: (link: ControlLink) => ControlLink
} {
  let waiting: (() => void)[] = []
  const state = {
    hold: false,
    free: () => {
      for (const go of waiting) go()
      waiting = []
    },
    through: (link: ControlLink): ControlLink => ({
      register: (hello, signal) => link.register(hello, signal),
      follow: (request, signal) => link.follow(request, signal),
      answerPeeks: (...args) => link.answerPeeks(...args),
      reportServed: (...args) => link.reportServed(...args),
      async renew(request, signal) {
        const answer = await link.renew(request, signal)
        if (state.hold) await new Promise<void>((resolve) => waiting.push(resolve))
        return answer
      },
    }),
  }
  return state
}

describe('peeks', () => {
  test('are asked of every node that is in, and come back with who answered', async () => {
    const bench = purgeBench()
    const nodes = [
      bench.node('edge', { peek: holding(3) }),
      bench.node('resizer', { role: 'resizer', peek: holding(4) }),
    ]
    await bench.time.settle()
    const asked = bench.authority.peek(['/~/image/demo/red'], 1_000, never)
    await bench.time.settle()
    assert.deepEqual(
      (await asked).map(({ node, role, peeks }) => [node, role, peeks[0]?.mark]),
      [
        ['edge', 'edge', 3],
        ['resizer', 'resizer', 4],
      ],
    )
    await Promise.all(nodes.map(({ follower }) => follower.stop()))
  })

  test('leave out a node that does not answer in time', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', { ...line, peek: holding(1) })
    const good = bench.node('good', { peek: holding(2) })
    await bench.time.settle()
    line.cut = true
    const asked = bench.authority.peek(['/x'], 1_000, never)
    await bench.time.advance(1_000)
    assert.deepEqual(
      (await asked).map(({ node }) => node),
      ['good'],
    )
    await Promise.all([silent.follower.stop(), good.follower.stop()])
  })

  test('whose answer was lost are asked again', async () => {
    const bench = purgeBench()
    let lost = 0
    const through = (link: ControlLink): ControlLink => ({
      register: (hello, signal) => link.register(hello, signal),
      follow: (request, signal) => link.follow(request, signal),
      renew: (request, signal) => link.renew(request, signal),
      reportServed: (...args) => link.reportServed(...args),
      async answerPeeks(...args) {
        lost += 1
        if (lost > 1) await link.answerPeeks(...args)
      },
    })
    const edge = bench.node('edge', { through, peek: holding(1) })
    await bench.time.settle()
    const asked = bench.authority.peek(['/x'], 5_000, never)
    await bench.time.advance(1_500)
    assert.equal((await asked).length, 1)
    assert.equal(lost, 2)
    await bench.authority.answerPeeks('edge-1', 'an ask that nobody made', [])
    await edge.follower.stop()
  })

  test('end when whoever asked is stopped', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', line)
    await bench.time.settle()
    line.cut = true
    const stop = new AbortController()
    const asked = bench.authority.peek(['/x'], 60_000, stop.signal)
    await bench.time.settle()
    stop.abort()
    assert.deepEqual(await asked, [])
    await silent.follower.stop()
  })
})

describe('dismissing a node', () => {
  test('gives it no grants from then on, and forgets it once its leases are over', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const edge = bench.node('edge', line)
    await bench.time.settle()
    line.cut = true
    const dismissed = bench.authority.dismiss('edge-1', never)
    await bench.time.advance(GRACE_MS - 1)
    assert.deepEqual(
      (await bench.store.tables.nodes.list()).map(({ state }) => state),
      ['out'],
    )
    await bench.time.advance(1)
    await dismissed
    assert.deepEqual(await bench.store.tables.nodes.list(), [])
    await edge.follower.stop()
  })

  test('lets it come back if it still runs', async () => {
    const bench = purgeBench()
    const edge = bench.node('edge')
    await bench.time.settle()
    const dismissed = bench.authority.dismiss('edge-1', never)
    await bench.time.advance(GRACE_MS)
    await dismissed
    assert.deepEqual(
      (await bench.store.tables.nodes.list()).map(({ state }) => state),
      ['in'],
    )
    await edge.follower.stop()
  })
})

test('a node that came back and is out once more is not forgotten by its first dismissal', async () => {
  const bench = purgeBench()
  const edge = bench.node('edge')
  await bench.time.settle()
  const dismissed = bench.authority.dismiss('edge-1', never)
  await bench.time.advance(GRACE_MS - 500)
  await bench.store.transaction('durable', (tx) => tx.nodes.markOut('edge-1'))
  await edge.follower.stop()
  await bench.time.advance(500)
  await dismissed
  assert.deepEqual(
    (await bench.store.tables.nodes.list()).map(({ state }) => state),
    ['out'],
  )
})

describe('a slow control', () => {
  test('shortens leases and never lengthens them: time counts from the sending', async () => {
    const bench = purgeBench()
    const slow = slowRenewals()
    const edge = bench.node('edge', slow)
    await bench.time.settle()
    slow.hold = true
    await bench.time.advance(LEASE_MS - 100)
    slow.hold = false
    // Sent a third of a lease after the first, answered only now.
    slow.free()
    await bench.time.settle()
    assert.equal(edge.freshness.holdsLease(), true)
    await bench.time.advance(100)
    assert.equal(edge.freshness.holdsLease(), true, 'by the later grant')
    await edge.follower.stop()
    await bench.time.advance(LEASE_MS)
    assert.equal(edge.freshness.holdsLease(), false)
  })

  test('whose answer to a renewal never comes costs the lease, and then it is asked again', async () => {
    const bench = purgeBench()
    const slow = slowRenewals()
    const edge = bench.node('edge', slow)
    await bench.time.settle()
    slow.hold = true
    await bench.time.advance(LEASE_MS)
    assert.equal(edge.freshness.holdsLease(), false)
    slow.hold = false
    slow.free()
    await bench.time.advance(LEASE_MS)
    assert.equal(edge.freshness.holdsLease(), true)
    await edge.follower.stop()
  })

  test('stopping a node in the middle of everything ends both of its loops', async () => {
    const bench = purgeBench()
    const edge = bench.node('edge')
    await edge.follower.stop()
    await bench.time.advance(60_000)
    assert.equal(edge.freshness.holdsLease(), false)
  })
})
