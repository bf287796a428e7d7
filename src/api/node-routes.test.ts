import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { NODE_SECRET, startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { NodeHello } from '../contract/node-protocol.ts'
import { HttpLink } from '../purgelog/http-link.ts'

const STATS = { entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }

function hello(incarnation: string): NodeHello {
  return { id: 'e1', incarnation, role: 'edge', version: '0', urls: ['http://127.0.0.1:1'] }
}

describe('nodes over HTTP', () => {
  let control: ControlApi
  let link: HttpLink
  const signal = AbortSignal.timeout(20_000)
  before(async () => {
    control = await startControlApi()
    link = new HttpLink(await control.url(), NODE_SECRET)
  })
  after(async () => {
    await link.close()
    await control.stop()
  })

  test('a node registers, gets a grant, follows the log and acknowledges', async () => {
    const { logId, head, leaseMs } = await link.register(hello('i1'), signal)
    assert.equal(leaseMs, 500)
    const grant = await link.renew(
      { id: 'e1', incarnation: 'i1', applied: head, stats: STATS },
      signal,
    )
    assert.deepEqual(grant, { kind: 'grant', logId, head, leaseMs })

    const follow = link.follow(
      { id: 'e1', incarnation: 'i1', logId, applied: head, waitMs: 5000 },
      signal,
    )
    const keys = [keyHash(keyText.asset('demo', 'flat'))]
    const seq = await control.store.transaction('durable', (tx) => tx.log.append('demo', keys))
    control.parts.authority.announce()
    const answer = await follow
    assert.equal(answer.kind, 'entries')
    assert.deepEqual(answer.kind === 'entries' && answer.entries.map((entry) => ({ ...entry })), [
      { seq, project: 'demo', kind: 'purge', keys },
    ])
    await link.renew({ id: 'e1', incarnation: 'i1', applied: seq, stats: STATS }, signal)
    const shown = await control.call('GET', '/api/v1/nodes/e1')
    assert.equal(shown.json.applied, seq)
    assert.equal(shown.json.lag, 0)
  })

  test('long entries travel as bytes, in answers of a bounded size; who asks for JSON gets none of their keys', async () => {
    const { logId, head } = await link.register({ ...hello('i9'), id: 'e9' }, signal)
    const keys = Buffer.alloc(4096 * 16, 7)
    const pieces = Array.from({ length: 20 }, () => keys)
    await control.store.transaction('durable', (tx) => tx.log.appendPacked('demo', pieces))
    const ask = { id: 'e9', incarnation: 'i9', logId, applied: head, waitMs: 0 }
    const first = await link.follow(ask, signal)
    assert.ok(first.kind === 'entries')
    assert.equal(first.entries.length, 16)
    assert.ok(first.entries.every(({ packed }) => Buffer.from(packed!).equals(keys)))
    const rest = await link.follow({ ...ask, applied: head + 16 }, signal)
    assert.equal(rest.kind === 'entries' && rest.entries.length, 4)
    const json = await control.open('/internal/nodes/follow', {
      method: 'POST',
      key: null,
      headers: { 'content-type': 'application/json', 'sluice-node-secret': NODE_SECRET },
      body: JSON.stringify({ ...ask, applied: head + 19 }),
    })
    const { entries } = (await json.json()) as { entries: unknown }
    assert.deepEqual(entries, [{ seq: head + 20, project: 'demo', kind: 'packed', keys: [] }])
  })

  test('peeks travel with following, served URLs are remembered', async () => {
    const { logId, head } = await link.register({ ...hello('i2'), predecessor: 'i1' }, signal)
    const url = 'http://127.0.0.1:1/is/image/demo/flat?wid=9'
    const subject = keyText.asset('demo', 'flat')
    await link.reportServed(
      'i2',
      [{ project: 'demo', subject, url, target: '/~/image/demo/flat?wid=9' }],
      signal,
    )
    const known = await control.call('GET', '/api/v1/projects/demo/assets/flat/renditions')
    assert.deepEqual(
      known.json.items.map((item: { url: string }) => item.url),
      [url],
    )

    const target = '/~/image/demo/flat?wid=9'
    const asked = control.parts.authority.peek([target], 5000, signal)
    const answer = await link.follow(
      { id: 'e1', incarnation: 'i2', logId, applied: head, waitMs: 5000 },
      signal,
    )
    assert.ok(answer.kind === 'entries')
    const peek = { target, state: 'usable', mark: 1, applied: 1, inputHash: 'abc' } as const
    await link.answerPeeks('i2', answer.asks[0]!.id, [peek], signal)
    assert.deepEqual((await asked).map(({ peeks }) => peeks).flat(), [peek])
  })

  test('a wrong secret is told so; an API key is none', async () => {
    const stranger = new HttpLink(await control.url(), 'wrong'.repeat(8))
    await assert.rejects(stranger.register(hello('i3'), signal), /SLUICE_NODE_SECRET/)
    await stranger.close()
    const byKey = await control.call('POST', '/internal/nodes/register', { body: hello('i3') })
    assert.equal(byKey.status, 401)
  })

  test('malformed messages are refused by name', async () => {
    for (const path of ['register', 'follow', 'renew', 'peeks', 'served']) {
      assert.equal((await send(control, path, {})).status, 400, path)
      assert.equal((await send(control, path, [])).status, 400, path)
    }
    const wrong = await send(control, 'register', { ...hello('i4'), role: 'king' })
    assert.deepEqual(wrong.json.errors[0].pointer, '/role')
  })

  test('a follow that nobody answers ends when control stops', async () => {
    const second = await startControlApi()
    const other = new HttpLink(await second.url(), NODE_SECRET)
    const { logId, head } = await other.register(hello('i5'), signal)
    const held = other.follow(
      { id: 'e1', incarnation: 'i5', logId, applied: head, waitMs: 30_000 },
      signal,
    )
    const refused = assert.rejects(held)
    const began = performance.now()
    await second.stop()
    await refused
    assert.ok(performance.now() - began < 4000)
    await other.close()
  })

  test('a node is drained, then forgotten when its last lease is over', async () => {
    await link.register({ ...hello('i6'), id: 'e6' }, signal)
    assert.equal((await control.call('DELETE', '/api/v1/nodes/e6')).status, 202)
    assert.equal((await control.call('GET', '/api/v1/nodes/e6')).json.state, 'out')
    const deadline = performance.now() + 5000
    for (;;) {
      const { status } = await control.call('GET', '/api/v1/nodes/e6')
      if (status === 404) break
      assert.ok(performance.now() < deadline, 'still there')
      control.advance(1000)
      await control.parts.timers.sleep(20)
    }
  })
})

function send(control: ControlApi, path: string, body: unknown) {
  const headers = { 'sluice-node-secret': NODE_SECRET }
  return control.call('POST', `/internal/nodes/${path}`, { key: null, body, headers })
}
