import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualTime } from '../../test/support/manual-time.ts'
import { benchNode } from '../../test/support/purge-bench.ts'
import type { ControlLink, FollowRequest } from '../contract/node-protocol.ts'

const LEASE_MS = 1_000
const LOG = { logId: 'the-log', head: 0 }

/** A control whose follow calls never end by themselves, and whose log has this head. */
function setUp() {
  const time = manualTime()
  const follows: FollowRequest[] = []
  const control = { head: 0 }
  const link: ControlLink = {
    register: async () => ({ ...LOG, leaseMs: LEASE_MS, origin: { kind: 'folder', path: 'x' } }),
    renew: async () => ({ kind: 'grant', ...LOG, head: control.head, leaseMs: LEASE_MS }),
    follow: (request, signal) => {
      follows.push(request)
      const never = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => never.reject(signal.reason))
      return never.promise
    },
    answerPeeks: async () => undefined,
    reportServed: async () => undefined,
  }
  const { follower } = benchNode(time, link, 'e1', {})
  const advance = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) await time.advance(100)
  }
  return { follows, control, advance, follower }
}

test('a follow call on a dead connection is made anew once grants tell of purges that do not come', async () => {
  const { follows, control, advance, follower } = setUp()
  await advance(3_000)
  control.head = 1
  await advance(4_000)
  assert.equal(follows.length, 1, 'a large answer may be on its way')
  await advance(3_000)
  assert.equal(follows.length, 2)
  await follower.stop()
})

test('a follow call that waits for the next purge is left alone', async () => {
  const { follows, advance, follower } = setUp()
  await advance(15_000)
  assert.equal(follows.length, 1)
  await follower.stop()
})
