import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { ask, serveHttp, until } from '../support/http.ts'
import type { TestServer } from '../support/http.ts'
import { startRole } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/** Goal: a plain cache before any HTTP server, started as people start it, holds the race that other caches lose. */

let site: TestServer
let edge: Started
let page: (response: ServerResponse) => void

before(async () => {
  site = await serveHttp((_request, response) => page(response))
  const args = ['--upstream', site.url, '--edge-ports', '0', '--purge-from', '127.0.0.1']
  edge = await startRole('edge', { args })
})
after(async () => {
  await edge?.stop()
  await site?.stop()
})

const FRESH = { 'cache-control': 'max-age=600' }
const saying = (body: string) => (response: ServerResponse) =>
  void response.writeHead(200, FRESH).end(body)
const get = (target: string) => ask(edge.edges[0]! + target)
const purge = (target: string) => ask(edge.edges[0]! + target, { method: 'PURGE' })

describe('a plain edge', () => {
  test('needs no control and no data folder, and says where it is', () => {
    assert.match(edge.output.stdout, /^sluice ready edges=http:\/\/127\.0\.0\.1:\d+$/m)
    assert.equal(edge.consoleUrl, '')
  })

  test('miss, hit, replace, still old, purge, fresh', async () => {
    page = saying('version 1')
    assert.equal((await get('/a')).text, 'version 1')
    page = saying('version 2')
    const hit = await get('/a')
    assert.equal(hit.text, 'version 1')
    assert.match(hit.headers['cache-status'] ?? '', /^sluice-edge; hit/)
    assert.equal((await purge('/a')).status, 200)
    assert.equal((await get('/a')).text, 'version 2')
  })

  test('a late fill does not come back after a purge, fifty times of fifty', async () => {
    let stale = 0
    for (let at = 0; at < 50; at++) {
      const target = `/race/${at}`
      const gate = Promise.withResolvers<void>()
      const asked = site.heard.length
      page = (response) => {
        response.writeHead(200, FRESH).write('old ')
        void gate.promise.then(() => response.end('page'))
      }
      const slow = get(target)
      await until('the site was asked', () => site.heard.length > asked)
      await purge(target)
      page = saying('new page')
      gate.resolve()
      await slow
      if ((await get(target)).text !== 'new page') stale += 1
    }
    assert.equal(stale, 0)
  })

  test('stops when told, with nothing left over', async () => {
    const args = ['--upstream', site.url, '--edge-ports', '0,0', '--purge-from', '127.0.0.1']
    const other = await startRole('edge', { args })
    assert.equal(other.edges.length, 2)
    page = saying('page')
    for (const url of other.edges) assert.equal((await ask(url)).text, 'page')
    assert.equal(await other.stop(), 0)
  })
})
