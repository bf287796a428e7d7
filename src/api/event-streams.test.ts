import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'

const EVENTS = '/api/v1/projects/demo/events'

describe('event streams', () => {
  let control: ControlApi
  before(async () => {
    control = await startControlApi()
  })
  after(() => control.stop())

  test('one key may hold 50, and another key is not held back', async () => {
    const [greedy, modest] = [
      await control.key('demo', 'viewer'),
      await control.key('demo', 'editor'),
    ]
    const enough = new AbortController()
    const { signal } = enough
    // Held, because a response that is collected as garbage ends its stream.
    const held: Response[] = []
    while (held.length < 50) held.push(await control.open(EVENTS, { key: greedy, signal }))
    const refused = await control.open(EVENTS, { key: greedy })
    assert.equal(refused.status, 429)
    assert.equal(((await refused.json()) as { code: string }).code, 'too-many-streams')
    held.push(await control.open(EVENTS, { key: modest, signal }))
    assert.deepEqual(new Set(held.map(({ status }) => status)), new Set([200]))
    enough.abort()
    const deadline = performance.now() + 5000
    for (;;) {
      const gauge = (await control.call('GET', '/metrics', { key: null })).text
      if (gauge.includes('sluice_api_event_streams 0')) break
      assert.ok(performance.now() < deadline, 'streams are let go when their client is')
      await control.parts.timers.sleep(10)
    }
  })

  test('a connection on which nothing was asked yet does not hold a stop up', async () => {
    const other = await startControlApi()
    const { hostname, port } = new URL(await other.url())
    const socket = connect(Number(port), hostname)
    socket.resume()
    await once(socket, 'connect')
    const began = performance.now()
    await other.stop()
    assert.ok(performance.now() - began < 3000)
    socket.destroy()
  })

  test('stopping ends them at once', async () => {
    const other = await startControlApi()
    const stream = await other.open(EVENTS)
    const began = performance.now()
    await other.stop()
    await stream.text()
    assert.ok(performance.now() - began < 3000)
  })
})
