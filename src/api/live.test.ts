import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { keyText } from '../contract/keys.ts'
import type { Peek } from '../contract/node-protocol.ts'
import { sha256 } from '../kernel/hash.ts'
import { countCopies } from './copies.ts'
import { newestInput } from './live.ts'

const P = '/api/v1/projects/demo'
const NEW = Buffer.from('new text')
const OLD = Buffer.from('old text')
const TARGET = '/is/content/demo/note'

/** An HTTP server in an edge's place that holds what a test tells it, and says through control what it is made of. */
interface TestEdge {
  readonly url: string
  readonly asked: { readonly url: string; readonly headers: IncomingHttpHeaders }[]
  held: { readonly bytes: Buffer; readonly type: string; readonly inputHash: string } | null
  stop(): Promise<void>
}

async function startEdge(control: ControlApi, id: string): Promise<TestEdge> {
  const asked: TestEdge['asked'] = []
  const server: Server = createServer((request, response) => {
    asked.push({ url: request.url!, headers: request.headers })
    const onlyCached = request.headers['cache-control'] === 'only-if-cached'
    if (edge.held === null && onlyCached) {
      response.writeHead(504, { 'cache-status': 'sluice-edge; fwd=request' }).end('not cached')
      return
    }
    const held = edge.held ?? { bytes: NEW, type: 'text/plain', inputHash: sha256(NEW) }
    const status =
      edge.held === null ? 'sluice-edge; fwd=uri-miss; stored' : 'sluice-edge; hit; ttl=9'
    edge.held = held
    const headers = { 'cache-status': status, age: '7', 'sluice-mark': '3', etag: '"tag"' }
    response.writeHead(200, { ...headers, 'content-type': held.type }).end(held.bytes)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stopFollowing = new AbortController()
  const edge: TestEdge = {
    url,
    asked,
    held: null,
    async stop() {
      stopFollowing.abort()
      await following
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
  const { authority } = control.parts
  const incarnation = `incarnation of ${id}`
  const { logId } = await authority.register({
    id,
    incarnation,
    role: 'edge',
    version: '0',
    urls: [url],
  })
  const following = follow()
  return edge

  async function follow(): Promise<void> {
    const { signal } = stopFollowing
    let applied = 0
    while (!signal.aborted) {
      const request = { id, incarnation, logId, applied, waitMs: 1000 }
      const answer = await authority.follow(request, signal).catch(() => null)
      if (answer?.kind !== 'entries') continue
      applied = answer.entries.at(-1)?.seq ?? applied
      for (const ask of answer.asks) {
        const peeks = ask.targets.map((target): Peek => {
          const { held } = edge
          const state = held === null ? 'absent' : 'usable'
          return { target, state, mark: held && 3, applied, inputHash: held?.inputHash ?? null }
        })
        await authority.answerPeeks(incarnation, ask.id, peeks)
      }
    }
  }
}

describe('live view', () => {
  let control: ControlApi
  let edges: TestEdge[]
  before(async () => {
    control = await startControlApi()
    edges = [await startEdge(control, 'e1'), await startEdge(control, 'e2')]
    // Else an automatic invalidation would find the edge that does not follow, and put it out.
    await control.call('PATCH', P, { body: { automaticInvalidation: false } })
    await control.call('PUT', `${P}/assets/note`, { raw: NEW })
  })
  after(async () => {
    await Promise.all(edges.map((edge) => edge.stop()))
    await control.stop()
  })

  const live = (url: string) => control.call('GET', `${P}/live?url=${encodeURIComponent(url)}`)

  test('says of each edge what it would give, and changes nothing by looking', async () => {
    edges[0]!.held = { bytes: OLD, type: 'text/plain', inputHash: sha256(OLD) }
    edges[1]!.held = null
    const { status, json } = await live(`${edges[0]!.url}${TARGET}`)
    assert.equal(status, 200)
    assert.deepEqual([json.asset.hash, json.original], [sha256(NEW), null])
    const [first, second] = json.edges
    assert.equal(first.verdict, 'stale')
    assert.equal(first.hit, true)
    assert.equal(first.ageSeconds, 7)
    assert.equal(first.mark, 3)
    assert.equal(first.sha256, sha256(OLD))
    assert.equal(first.bytes, OLD.length)
    assert.equal(second.verdict, 'absent')
    assert.equal(second.status, 504)
    assert.equal(second.sha256, null)
    assert.equal(edges[1]!.held, null)
    for (const edge of edges) {
      assert.equal(edge.asked.at(-1)!.headers['cache-control'], 'only-if-cached')
      assert.equal(edge.asked.at(-1)!.headers['sluice-node-secret'], undefined)
    }
  })

  test('of a remote original it says which one, in the form of which its hash can be asked', async () => {
    await control.call('PATCH', P, {
      body: {
        tokens: ['doc'],
        origins: [{ host: 'sample.li' }],
        originAliases: { _x_: 'sample.li/y' },
      },
    })
    const { json } = await live(`${edges[0]!.url}/_t/doc/_x_/a.jpg?w=5`)
    assert.deepEqual([json.asset, json.original], [null, 'sample.li/y/a.jpg'])
  })

  test('a visit fetches as a visitor does, at that edge alone', async () => {
    edges[1]!.held = null
    const body = { url: `${edges[1]!.url}${TARGET}`, node: 'e2' }
    const { json } = await control.call('POST', `${P}/live/visit`, { body })
    assert.equal(json.verdict, 'fresh')
    assert.equal(json.hit, false)
    assert.equal(edges[1]!.asked.at(-1)!.headers['cache-control'], undefined)
    const again = (await live(body.url)).json.edges[1]
    assert.equal(again.hit, true)
    assert.equal(again.verdict, 'fresh')
  })

  test('those very bytes come as data that cannot script the console', async () => {
    const html = Buffer.from('<script>alert(1)</script>')
    edges[0]!.held = { bytes: html, type: 'text/html', inputHash: sha256(OLD) }
    const query = `url=${encodeURIComponent(edges[0]!.url + TARGET)}&node=e1`
    const shown = await control.call('GET', `${P}/live/bytes?${query}`)
    assert.deepEqual(shown.raw, html)
    assert.match(String(shown.headers['content-security-policy']), /^sandbox/)
    assert.match(String(shown.headers['content-disposition']), /^attachment/)
    edges[0]!.held = null
    assert.equal((await control.call('GET', `${P}/live/bytes?${query}`)).status, 404)
    const nobody = await control.call('GET', `${P}/live/bytes?${query.replace('e1', 'e9')}`)
    assert.equal(nobody.json.code, 'unknown-node')
  })

  test('only URLs of this project may be asked, and only at our edges', async () => {
    const counts = edges.map(({ asked }) => asked.length)
    for (const url of [
      'http://169.254.169.254/latest/meta-data/',
      `${edges[0]!.url}/is/content/other/note`,
      `${edges[0]!.url}/metrics`,
      'http://user:pass@127.0.0.1/is/content/demo/note',
      'file:///etc/passwd',
      '//127.0.0.1/is/content/demo/note',
      `${edges[0]!.url}${TARGET}#x`,
      `${edges[0]!.url}${TARGET}\r\nx: y`,
      'demo',
    ]) {
      const answer = await live(url)
      assert.equal(answer.json.code, 'foreign-url', url)
    }
    assert.deepEqual(
      edges.map(({ asked }) => asked.length),
      counts,
    )
    // What a person pastes is sent as a browser would send it.
    const accented = await live(`${edges[0]!.url}/is/content/demo/caf\u00e9`)
    assert.equal(accented.status, 200)
    assert.equal(edges[0]!.asked.at(-1)!.url, '/is/content/demo/caf%C3%A9')
    // Any host will do in Dynamic Media's dialect, but it is the registered edge that is asked.
    const elsewhere = await live(`http://169.254.169.254${TARGET}`)
    assert.equal(elsewhere.status, 200)
    assert.equal(elsewhere.json.edges[0].url, edges[0]!.url + TARGET)
  })

  test('copies counts what edges hold of the URLs known to have been served', async () => {
    const url = `${edges[0]!.url}${TARGET}?x=1`
    const subject = keyText.asset('demo', 'note')
    const served = { project: 'demo', subject, url, target: '/~/content/demo/note' }
    await control.parts.authority.reportServed('x', [served])
    edges[0]!.held = { bytes: OLD, type: 'text/plain', inputHash: sha256(OLD) }
    edges[1]!.held = { bytes: NEW, type: 'text/plain', inputHash: sha256(NEW) }
    const { json } = await control.call('GET', `${P}/assets/note/copies`)
    assert.equal(json.edgesWithOld, 1)
    assert.deepEqual(
      json.edges.map(({ node, old, current }: Record<string, unknown>) => [node, old, current]),
      [
        ['e1', 1, 0],
        ['e2', 0, 1],
      ],
    )
  })

  test('an edge that is gone is said to be unknown, and the others are still shown', async () => {
    const gone = { id: 'e3', incarnation: 'i3', role: 'edge', version: '0' } as const
    await control.parts.authority.register({ ...gone, urls: ['http://127.0.0.1:1'] })
    const { json } = await live(`${edges[0]!.url}${TARGET}`)
    assert.equal(json.edges.length, 3)
    assert.equal(json.edges[2].verdict, 'unknown')
    assert.match(json.edges[2].detail, /e3 does not answer/)
    const body = { url: `${edges[0]!.url}${TARGET}`, node: 'e3' }
    assert.equal((await control.call('POST', `${P}/live/visit`, { body })).json.verdict, 'unknown')
  })
})

test('a silent edge is not counted as one without old copies', () => {
  const edges = [{ node: 'e1', incarnation: 'i', url: 'http://x' }]
  const asset = { id: 'a', version: 2, hash: 'new' }
  const counted = countCopies({ asset, asked: 3, edges, answers: [] })
  assert.deepEqual(counted.edges[0], {
    node: 'e1',
    url: 'http://x',
    asked: 3,
    old: 0,
    current: 0,
    silent: true,
  })
})

test('of a remote original the copy with the highest mark knows most', () => {
  assert.equal(newestInput([peek(1, 'old'), peek(7, 'new'), peek(9, null), peek(null, 'x')]), 'new')
  assert.equal(newestInput([]), null)
})

function peek(mark: number | null, inputHash: string | null): Peek {
  return { target: 't', state: 'usable', mark, applied: 9, inputHash }
}
