import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LEASE_MS, cuttable, purgeBench } from '../../test/support/purge-bench.ts'
import type { PurgeBench } from '../../test/support/purge-bench.ts'
import { keyHash } from '../contract/keys.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'
import type { ControlLink } from '../contract/node-protocol.ts'
import type { NodeProgress } from './barrier.ts'

const GRACE_MS = LEASE_MS + leaseMarginMs(LEASE_MS)
const never = new AbortController().signal

/** Waits for a purge without moving time. */
function waiting(bench: PurgeBench, seq: number, signal: AbortSignal = never) {
  const told: (readonly NodeProgress[])[] = []
  const state = { told, done: undefined as readonly NodeProgress[] | undefined }
  void bench.authority
    .waitFor(seq, (nodes) => told.push(nodes), signal)
    .then(
      (nodes) => (state.done = nodes),
      () => undefined,
    )
  return state
}

const outcomes = (nodes: readonly NodeProgress[] | undefined) =>
  nodes?.map(({ node, outcome }) => [node, outcome])

describe('a node that follows', () => {
  test('joins at the head, applies each purge at once, and acknowledges by following on', async () => {
    const bench = purgeBench()
    await bench.purge('before')
    const edge = bench.node('edge')
    await bench.time.settle()
    assert.equal(edge.freshness.applied, 1, 'it starts empty, so it owes nothing to the past')
    const seq = await bench.purge('red')
    await bench.time.settle()
    assert.equal(edge.freshness.applied, seq)
    assert.equal(edge.freshness.stampOf([keyHash('red')]), seq)
    const [row] = await bench.store.tables.nodes.list()
    assert.equal(row?.applied, seq)
    await edge.follower.stop()
  })

  test('holds a lease from its first renewal, as long as control answers', async () => {
    const bench = purgeBench()
    const edge = bench.node('edge')
    await bench.time.settle()
    assert.equal(edge.freshness.holdsLease(), true)
    await bench.time.advance(10 * LEASE_MS)
    assert.equal(edge.freshness.holdsLease(), true)
    await edge.follower.stop()
  })

  test('loses it one lease after the last answered question, and has it back soon after control is', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const edge = bench.node('edge', line)
    await bench.time.settle()
    line.cut = true
    await bench.time.advance(LEASE_MS)
    assert.equal(edge.freshness.holdsLease(), false)
    assert.equal(edge.follower.connected, false)
    await bench.time.advance(60_000)
    line.cut = false
    await bench.time.advance(2_000)
    assert.equal(edge.freshness.holdsLease(), true)
    assert.equal(edge.follower.connected, true)
    await edge.follower.stop()
  })

  test('is told of what another control process committed, a moment later', async () => {
    const bench = purgeBench()
    const edge = bench.node('edge')
    await bench.time.settle()
    const seq = await bench.purgeElsewhere('red')
    await bench.time.advance(500)
    assert.equal(edge.freshness.applied, seq)
    await edge.follower.stop()
  })

  test('catches up in order when it was away, however much it missed', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const edge = bench.node('edge', line)
    await bench.time.settle()
    line.cut = true
    for (let at = 0; at < 600; at++) await bench.purge(`key ${at}`)
    line.cut = false
    await bench.time.advance(3_000)
    assert.equal(edge.freshness.applied, 600)
    assert.equal(edge.freshness.stampOf([keyHash('key 299')]), 300)
    await edge.follower.stop()
  })

  test('ignores what it was told twice or out of order, and asks for the gap', async () => {
    const bench = purgeBench()
    let mangled = 0
    const through = (link: ControlLink): ControlLink => ({
      register: (hello, signal) => link.register(hello, signal),
      renew: (request, signal) => link.renew(request, signal),
      answerPeeks: (...args) => link.answerPeeks(...args),
      reportServed: (...args) => link.reportServed(...args),
      async follow(request, signal) {
        const answer = await link.follow(request, signal)
        if (answer.kind !== 'entries' || mangled++ > 4) return answer
        const { entries } = answer
        return { ...answer, entries: [...entries.slice(1), ...entries.slice(1), ...entries] }
      },
    })
    const edge = bench.node('edge', { through })
    await bench.time.settle()
    for (let at = 0; at < 5; at++) await bench.purgeElsewhere(`key ${at}`)
    await bench.time.advance(3_000)
    assert.equal(edge.freshness.applied, 5)
    assert.equal(edge.freshness.stampOf([keyHash('key 1')]), 2)
    await edge.follower.stop()
  })

  test('starts empty when the log no longer reaches back to it', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const edge = bench.node('edge', line)
    await bench.time.settle()
    const { epoch } = edge.freshness
    line.cut = true
    for (let at = 0; at < 10; at++) await bench.purge(`key ${at}`)
    await bench.store.transaction('durable', (tx) => tx.log.trim(5))
    line.cut = false
    await bench.time.advance(3_000)
    assert.deepEqual([edge.freshness.applied, edge.freshness.floor], [10, 10])
    assert.notEqual(edge.freshness.epoch, epoch)
    await edge.follower.stop()
  })

  test('starts empty when the purge log is another one, and when it is ahead of the log', async () => {
    const first = purgeBench()
    const edge = first.node('edge')
    await first.time.settle()
    await edge.follower.stop()
    const restored = purgeBench()
    const { freshness } = edge
    const later = restored.node('edge', { freshness })
    await restored.time.settle()
    assert.equal(freshness.logId, await restored.store.tables.log.id())
    await later.follower.stop()
    freshness.startEmpty(freshness.logId, 77)
    const ahead = restored.node('edge', { freshness, incarnation: 'edge-2' })
    await restored.time.settle()
    assert.equal(freshness.applied, 0)
    await ahead.follower.stop()
  })

  test('goes on where it was when its stamps lived through a restart', async () => {
    const bench = purgeBench()
    const edge = bench.node('edge')
    await bench.time.settle()
    await bench.purge('red')
    await bench.time.settle()
    await edge.follower.stop()
    await bench.purge('blue')
    const { epoch } = edge.freshness
    const again = bench.node('edge', {
      freshness: edge.freshness,
      incarnation: 'edge-2',
      predecessor: 'edge-1',
    })
    await bench.time.settle()
    assert.equal(edge.freshness.epoch, epoch, 'nothing was forgotten')
    assert.equal(edge.freshness.applied, 2)
    const nodes = await bench.store.tables.nodes.list()
    assert.deepEqual(
      nodes.map((node) => node.incarnation),
      ['edge-2'],
      'its predecessor is dead',
    )
    await again.follower.stop()
  })
})

describe('a grant', () => {
  test('names the head that was read after the renewal arrived (P3)', async () => {
    const bench = purgeBench()
    const edge = bench.node('edge')
    await bench.time.settle()
    const stats = { entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }
    const request = { id: 'edge', incarnation: 'edge-1', applied: 0, stats }
    await bench.purgeElsewhere('red')
    const answer = await bench.authority.renew(request)
    assert.equal(answer.kind === 'grant' && answer.head, 1)
    assert.deepEqual(bench.authority.statsOf('edge-1'), stats)
    await edge.follower.stop()
  })

  test('acknowledges nothing when the renewal speaks of a log that was replaced', async () => {
    const bench = purgeBench()
    const edge = bench.node('edge')
    await bench.time.settle()
    const stats = { entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }
    const request = { id: 'edge', incarnation: 'edge-1', applied: 50, stats }
    const answer = await bench.authority.renew({ ...request, logId: 'the log before' })
    assert.equal(answer.kind === 'grant' && answer.logId, await bench.store.tables.log.id())
    const [node] = await bench.store.tables.nodes.list()
    assert.equal(node!.applied, 0)
    await edge.follower.stop()
  })

  test('is refused to a node that nobody knows, or that is out, until it registers', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const edge = bench.node('edge', line)
    await bench.time.settle()
    line.cut = true
    await bench.store.transaction('durable', (tx) => tx.nodes.markOut('edge-1'))
    const stats = { entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }
    for (const incarnation of ['edge-1', 'stranger']) {
      const request = { id: 'edge', incarnation, applied: 0, stats }
      assert.deepEqual(await bench.authority.renew(request), { kind: 'register' })
      const logId = await bench.store.tables.log.id()
      const follow = { id: 'edge', incarnation, logId, applied: 0, waitMs: 0 }
      assert.deepEqual(await bench.authority.follow(follow, never), { kind: 'register' })
    }
    line.cut = false
    await bench.time.advance(2_000)
    assert.equal(edge.registrations() >= 2, true)
    assert.equal(edge.freshness.holdsLease(), true, 'it registered again by itself')
    await edge.follower.stop()
  })
})

describe('waiting for a purge', () => {
  test('ends at once when every node acknowledged it', async () => {
    const bench = purgeBench()
    const nodes = [bench.node('e1'), bench.node('e2'), bench.node('r', { role: 'resizer' })]
    await bench.time.settle()
    const wait = waiting(bench, await bench.purge('red'))
    await bench.time.settle()
    assert.deepEqual(outcomes(wait.done), [
      ['e1', 'acknowledged'],
      ['e2', 'acknowledged'],
      ['r', 'acknowledged'],
    ])
    await Promise.all(nodes.map(({ follower }) => follower.stop()))
  })

  test('without any node ends at once', async () => {
    const bench = purgeBench()
    const wait = waiting(bench, await bench.purge('red'))
    await bench.time.settle()
    assert.deepEqual(wait.done, [])
  })

  test('waits for a silent node until its last lease is surely over, then puts it out', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', line)
    const good = bench.node('good')
    await bench.time.settle()
    line.cut = true
    const wait = waiting(bench, await bench.purge('red'))
    await bench.time.advance(GRACE_MS - 1)
    assert.equal(wait.done, undefined)
    assert.deepEqual(outcomes(wait.told.at(-1)), [
      ['good', 'acknowledged'],
      ['silent', null],
    ])
    assert.equal(silent.freshness.holdsLease(), false, 'the node stopped using its cache before')
    await bench.time.advance(1)
    assert.deepEqual(outcomes(wait.done), [
      ['good', 'acknowledged'],
      ['silent', 'lease-expired'],
    ])
    const row = (await bench.store.tables.nodes.list()).find(({ id }) => id === 'silent')
    assert.equal(row?.state, 'out')
    line.cut = false
    await bench.time.advance(2_000)
    assert.equal(silent.freshness.applied, 1, 'it applied the purge before it got a lease again')
    assert.equal(silent.freshness.holdsLease(), true)
    await Promise.all([silent.follower.stop(), good.follower.stop()])
  })

  test('does not wait for a node whose successor holds its data folder', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const first = bench.node('edge', line)
    await bench.time.settle()
    line.cut = true
    const wait = waiting(bench, await bench.purge('red'))
    await bench.time.settle()
    assert.equal(wait.done, undefined)
    const second = bench.node('edge', { incarnation: 'edge-2', predecessor: 'edge-1' })
    await bench.time.settle()
    assert.deepEqual(outcomes(wait.done), [['edge', 'replaced']])
    await Promise.all([first.follower.stop(), second.follower.stop()])
  })

  test('counts from the wait’s own beginning, so that a taken-over invalidation is safe', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', line)
    await bench.time.settle()
    line.cut = true
    const seq = await bench.purge('red')
    await bench.time.advance(GRACE_MS / 2)
    const taken = waiting(bench, seq)
    await bench.time.advance(GRACE_MS - 1)
    assert.equal(taken.done, undefined)
    await bench.time.advance(1)
    assert.deepEqual(outcomes(taken.done), [['silent', 'lease-expired']])
    await silent.follower.stop()
  })

  test('may ignore a node that is out only lease + margin after the mark was first seen', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', line)
    await bench.time.settle()
    line.cut = true
    // Another control process found it silent, and this one sees the mark only now.
    await bench.store.transaction('durable', (tx) => tx.nodes.markOut('silent-1'))
    const first = waiting(bench, await bench.purge('one'))
    await bench.time.advance(GRACE_MS - 1)
    assert.equal(first.done, undefined)
    await bench.time.advance(1)
    assert.deepEqual(outcomes(first.done), [['silent', 'lease-expired']])
    const second = waiting(bench, await bench.purge('two'))
    await bench.time.settle()
    assert.deepEqual(outcomes(second.done), [['silent', 'lease-expired']], 'known to be out')
    await silent.follower.stop()
  })

  test('waits anew for a node that was out, came back elsewhere, and is out again', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', line)
    await bench.time.settle()
    line.cut = true
    await bench.store.transaction('durable', (tx) => tx.nodes.markOut('silent-1'))
    const first = waiting(bench, await bench.purge('one'))
    await bench.time.advance(GRACE_MS)
    assert.notEqual(first.done, undefined)
    // Through another control process: this one saw neither the registration nor the second mark being made.
    const [row] = await bench.store.tables.nodes.list()
    const seenAt = bench.time.clock.wall()
    await bench.store.transaction('durable', async (tx) => {
      await tx.nodes.register({ ...row!, state: 'in', applied: 0, seenAt }, undefined)
      await tx.nodes.markOut('silent-1')
    })
    const second = waiting(bench, await bench.purge('two'))
    await bench.time.advance(GRACE_MS - 1)
    assert.equal(second.done, undefined, 'it may hold a lease of the other process')
    await bench.time.advance(1)
    assert.deepEqual(outcomes(second.done), [['silent', 'lease-expired']])
    await silent.follower.stop()
  })

  test('waits for all nodes that were there at the commit, and for nobody who joins later', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', line)
    await bench.time.settle()
    line.cut = true
    const wait = waiting(bench, await bench.purge('red'))
    await bench.time.settle()
    const late = bench.node('late')
    await bench.time.advance(GRACE_MS)
    assert.deepEqual(outcomes(wait.done), [['silent', 'lease-expired']])
    assert.equal(late.freshness.applied, 1)
    await Promise.all([silent.follower.stop(), late.follower.stop()])
  })

  test('ends when it is told to', async () => {
    const bench = purgeBench()
    const line = cuttable()
    const silent = bench.node('silent', line)
    await bench.time.settle()
    line.cut = true
    const stop = new AbortController()
    const seq = await bench.purge('red')
    const ended = bench.authority.waitFor(seq, () => undefined, stop.signal)
    stop.abort(new RangeError('stopped'))
    await assert.rejects(ended, /stopped/)
    await silent.follower.stop()
  })
})
