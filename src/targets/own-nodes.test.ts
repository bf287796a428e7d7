import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { purgeOf } from '../../test/support/purge-of.ts'
import type { Peek } from '../contract/node-protocol.ts'
import type { NodeBarrier, NodeProgress } from '../purgelog/barrier.ts'
import { createOwnNodes } from './own-nodes.ts'
import type { MemberProgress } from './target.ts'

const clock = { now: () => 0, wall: () => Date.parse('2026-01-01T00:00:00Z') }
const signal = new AbortController().signal

const PURGE = purgeOf()

function node(part: Partial<NodeProgress>): NodeProgress {
  return { node: 'e1', incarnation: 'x', role: 'edge', outcome: null, ...part }
}

const NODES = [
  { id: 'r1', role: 'resizer', state: 'in' },
  { id: 'e1', role: 'edge', state: 'in' },
  { id: 'e1', role: 'edge', state: 'in' },
  { id: 'e9', role: 'edge', state: 'out' },
] as const

/** A barrier that reports these states one after the other, and finds these peeks. */
function ownNodes(states: readonly (readonly NodeProgress[])[], peeks: readonly Peek[] = []) {
  const barrier: NodeBarrier = {
    async waitFor(seq, onProgress) {
      assert.equal(seq, PURGE.seq)
      for (const state of states) onProgress(state)
      return states.at(-1) ?? []
    },
    peek: async () => [{ node: 'e1', role: 'edge', peeks }],
  }
  return createOwnNodes({ barrier, clock, list: async () => NODES })
}

describe('our own nodes as a target', () => {
  test('each node that is in is a member of its tier, asked once for each 4096 keys', async () => {
    const planned = await ownNodes([]).describe({ keysCount: 4097, urlsCount: 1 })
    assert.deepEqual(
      planned.map(({ id, tier, requests }) => [id, tier, requests]),
      [
        ['r1', 'resizing', 2],
        ['e1', 'cdn', 2],
      ],
    )
    assert.ok(planned.every(({ defaultSeconds }) => defaultSeconds > 0))
  })

  test('progress is told as the nodes acknowledge, and how each one ended', async () => {
    const told: (readonly MemberProgress[])[] = []
    const target = ownNodes([
      [node({}), node({ node: 'e2', outcome: 'acknowledged' })],
      [node({ outcome: 'lease-expired' }), node({ node: 'e2', outcome: 'acknowledged' })],
    ])
    const ended = await target.flush(PURGE, (members) => told.push(members), signal)
    assert.deepEqual(
      told[0]?.map(({ id, state }) => [id, state]),
      [
        ['e1', 'running'],
        ['e2', 'done'],
      ],
    )
    assert.deepEqual(ended, told[1])
    assert.match(ended[0]?.detail ?? '', /lease has surely ended/)
  })

  test('two starts of one node are one member, done when both are', async () => {
    const half = [node({ outcome: 'acknowledged' }), node({ incarnation: 'y' })]
    const [member, ...others] = await ownNodes([half]).flush(PURGE, () => undefined, signal)
    assert.deepEqual([member?.state, others], ['running', []])
    const both = [node({ outcome: 'replaced' }), node({ outcome: 'acknowledged' })]
    const [done] = await ownNodes([both]).flush(PURGE, () => undefined, signal)
    assert.deepEqual([done?.state, done?.detail], ['done', 'acknowledged'])
  })

  const verdicts = [
    ['absent', null, 'fresh'],
    ['unusable', 3, 'fresh'],
    ['usable', 7, 'fresh'],
    ['usable', 8, 'fresh'],
    ['usable', 6, 'stale'],
    ['usable', null, 'stale'],
  ] as const
  for (const [state, mark, verdict] of verdicts) {
    test(`a copy that is ${state} with mark ${mark} after purge 7 is ${verdict}`, async () => {
      const peek = { target: '/~/image/demo/a', state, mark, applied: 7, inputHash: null }
      const target = ownNodes([], [peek])
      const found = await target.verify(
        { ...PURGE, places: [{ url: 'http://x/a', target: peek.target }] },
        signal,
      )
      assert.equal(found.verdict, verdict)
      assert.deepEqual(found.probes, [
        {
          url: 'http://x/a',
          via: 'e1',
          mark,
          cacheStatus: state,
          at: '2026-01-01T00:00:00.000Z',
        },
      ])
      assert.deepEqual(found.peeks[0]?.peeks, [peek])
    })
  }

  test('without anything to look at, the acknowledgements are the evidence', async () => {
    const found = await ownNodes([]).verify({ ...PURGE, places: [] }, signal)
    assert.deepEqual(found, { verdict: 'fresh', probes: [], peeks: [] })
  })
})
