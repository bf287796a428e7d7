import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, describe, test } from 'node:test'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type { NodeHello } from '../contract/node-protocol.ts'
import { HttpLink, NODE_PATHS } from './http-link.ts'

const SECRET = 'a-node-secret-of-at-least-32-characters'
const never = new AbortController().signal
const HELLO: NodeHello = {
  id: 'edge',
  incarnation: 'edge-1',
  role: 'edge',
  version: '0.0.0-test',
  urls: ['http://127.0.0.1:1'],
}
const FOLLOW = { id: 'edge', incarnation: 'edge-1', logId: 'log', applied: 0, waitMs: 20_000 }
const STATS = { entries: 0, bytes: 0, stamps: 0, floor: 0, hits: 0, misses: 0 }
const RENEW = { id: 'edge', incarnation: 'edge-1', applied: 0, stats: STATS }

interface Heard {
  readonly path: string
  readonly secret: string | undefined
  readonly body: unknown
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A control that answers everything alike. */
async function control(answer: (response: ServerResponse, heard: Heard) => void) {
  const heard: Heard[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const secret = request.headers[NODE_HEADERS.secret]
    const each = { path: request.url ?? '', secret: String(secret), body: await json(request) }
    heard.push(each)
    answer(response, each)
  }
  const server: Server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const link = new HttpLink(`${url}/`, SECRET)
  closing.push(async () => {
    await link.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { link, heard, server, url }
}

const saying =
  (body: unknown, status = 200) =>
  (response: ServerResponse): void =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(body))

describe('a link to control over HTTP', () => {
  test('shows the node secret and says who it is', async () => {
    const origin = { kind: 'folder', path: '/data/origin' }
    const registration = { logId: 'log', head: 4, leaseMs: 5_000, origin }
    const { link, heard } = await control(saying(registration))
    assert.deepEqual(await link.register(HELLO, never), registration)
    assert.deepEqual(heard, [{ path: NODE_PATHS.register, secret: SECRET, body: HELLO }])
  })

  test('brings entries, or the order to start empty, or to register', async () => {
    const entries = [{ seq: 1, project: 'demo', kind: 'purge', keys: ['k'] }]
    const answers = [
      { kind: 'entries', logId: 'log', head: 1, entries, asks: [{ id: 'a', targets: ['/x'] }] },
      { kind: 'start-empty', logId: 'other', head: 9 },
      { kind: 'register' },
    ]
    for (const answer of answers) {
      const { link } = await control(saying(answer))
      assert.deepEqual(await link.follow(FOLLOW, never), answer)
    }
  })

  test('brings grants, and carries peeks and served URLs', async () => {
    const { link } = await control(saying({ kind: 'grant', logId: 'log', head: 3, leaseMs: 5_000 }))
    const grant = await link.renew(RENEW, never)
    assert.deepEqual(grant, { kind: 'grant', logId: 'log', head: 3, leaseMs: 5_000 })
    const other = await control(saying({}))
    await other.link.answerPeeks('edge-1', 'ask', [], never)
    await other.link.reportServed('edge-1', [], never)
    assert.deepEqual(
      other.heard.map(({ path }) => path),
      [NODE_PATHS.peeks, NODE_PATHS.served],
    )
  })

  const wrong: readonly (readonly [string, unknown])[] = [
    ['no object', 7],
    ['nothing', null],
    ['an unknown kind', { kind: 'dance' }],
    ['a negative head', { kind: 'entries', logId: 'log', head: -1, entries: [], asks: [] }],
    ['no entries', { kind: 'entries', logId: 'log', head: 1, asks: [] }],
    ['no log', { kind: 'start-empty', head: 1 }],
    ['a broken number', { kind: 'start-empty', logId: 'log', head: '1' }],
  ]
  for (const [what, answer] of wrong) {
    test(`refuses an answer that is ${what}`, async () => {
      const { link } = await control(saying(answer))
      await assert.rejects(link.follow(FOLLOW, never), { code: 'bad-answer' })
    })
  }

  test('refuses a registration or grant with a part missing', async () => {
    const { link } = await control(saying({ logId: 'log', head: 1, leaseMs: 5_000 }))
    await assert.rejects(link.register(HELLO, never), { code: 'bad-answer' })
    const other = await control(saying({ kind: 'grant', logId: 'log', leaseMs: 5_000 }))
    await assert.rejects(other.link.renew(RENEW, never), { code: 'bad-answer' })
  })

  test('says which setting is wrong when control does not know the secret', async () => {
    const { link } = await control(saying({ code: 'unauthorized' }, 401))
    await assert.rejects(link.renew(RENEW, never), {
      code: 'control-refused',
      message: /SLUICE_NODE_SECRET/,
    })
  })

  test('says that control cannot be reached: nobody listens, it fails, it breaks off', async () => {
    const { link, server } = await control((response) => response.destroy())
    await assert.rejects(link.renew(RENEW, never), { code: 'control-unreachable' })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await assert.rejects(link.renew(RENEW, never), { code: 'control-unreachable' })
    const failing = await control(saying({ code: 'internal' }, 500))
    await assert.rejects(failing.link.renew(RENEW, never), {
      code: 'bad-answer',
      message: /with status 500$/,
    })
  })

  test('never hangs past the signal', async () => {
    const { link } = await control(() => undefined)
    const late = AbortSignal.timeout(50)
    await assert.rejects(link.follow(FOLLOW, late), { code: 'control-unreachable' })
  })
})
