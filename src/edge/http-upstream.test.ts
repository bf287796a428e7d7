import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, test } from 'node:test'
import { serveHttp } from '../../test/support/http.ts'
import { HttpUpstream } from './http-upstream.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function before(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = await serveHttp(handler)
  const upstream = new HttpUpstream(server.url, null)
  closing.push(
    () => server.stop(),
    () => upstream.close(),
  )
  const ask = async (method = 'GET', signal = new AbortController().signal) => {
    const answer = await upstream.ask({ method, target: '/a', headers: {} }, signal)
    return { ...answer, text: (await buffer(answer.body)).toString() }
  }
  return { upstream, heard: server.heard, ask }
}

describe('an upstream over HTTP', () => {
  test('is asked again when a kept connection turns out to be closed', async () => {
    let count = 0
    const { ask, heard } = await before((request, response) => {
      count += 1
      if (count === 2) request.socket.destroy()
      else response.end('page')
    })
    assert.equal((await ask()).text, 'page')
    assert.equal((await ask()).text, 'page')
    assert.equal(heard.length, 3)
  })

  test('is asked no third time, and a change is never repeated', async () => {
    const { ask, heard } = await before((request) => void request.socket.destroy())
    await assert.rejects(ask(), { code: 'upstream-unreachable', status: 502 })
    assert.equal(heard.length, 2)
    await assert.rejects(ask('POST'), { code: 'upstream-unreachable' })
    assert.equal(heard.length, 3)
  })

  test('joins repeated fields, and follows no redirect', async () => {
    const { ask, heard } = await before((_request, response) => {
      response.writeHead(302, { location: '/b', 'x-many': ['one', 'two'] }).end()
    })
    const answer = await ask()
    assert.deepEqual([answer.status, answer.headers['x-many']], [302, 'one, two'])
    assert.equal(heard.length, 1)
  })

  test('that breaks off in the middle says so to whoever reads', async () => {
    const { ask, heard } = await before((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('01234')
      setImmediate(() => response.destroy())
    })
    await assert.rejects(ask(), { code: 'upstream-unreachable' })
    assert.equal(heard.length, 1, 'part of an answer had come')
  })

  test('is let go when nobody wants the answer any more', async () => {
    const { ask } = await before(() => undefined)
    await assert.rejects(ask('GET', AbortSignal.timeout(30)), { name: 'EdgeError' })
  })
})
