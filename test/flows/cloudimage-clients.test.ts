import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { serveHttp, until } from '../support/http.ts'
import { colorOf, DEMO_PROJECT, startOriginalDelivery } from '../support/original-delivery.ts'
import type { OriginalDelivery } from '../support/original-delivery.ts'
import { exchange } from '../support/raw-exchange.ts'
import type { Exchanged } from '../support/raw-exchange.ts'

/**
 * Goal: clients of Cloudimage's Invalidation API work unchanged. Requests are the bytes that they send, `Host` included, and answers
 * are compared as text: from the documentation's page "Invalidation API", Scaleflex's Postman collection, the gem `cloudimage`
 * (lib/cloudimage/invalidation.rb), and programs that call the API without one.
 */

let whole: OriginalDelivery
let key: string

before(async () => {
  whole = await startOriginalDelivery({ delivery: { originPrefix: 'sample.li' } })
  key = await whole.sluice.adminKey()
})
after(() => whole.stop())

const send = (request: string): Promise<Exchanged> => exchange(whole.sluice.consoleUrl, request)

/** `head` without its last empty line; the key stands where clients have theirs. */
function posted(head: readonly string[], body: string): Promise<Exchanged> {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  const lines = [...head, length, 'Connection: close', '', body]
  return send(lines.join('\r\n').replace('API_KEY', key))
}

/** As the page and the Postman collection have it. */
const documented = (body: string) =>
  posted(
    [
      'POST /invalidate HTTP/1.1',
      'Host: api.cloudimage.com',
      'X-Client-Key: API_KEY',
      'Content-Type: application/json',
    ],
    body,
  )

const stateOf = (uuid: string) =>
  send(
    [
      `GET /invalidate/${uuid} HTTP/1.1`,
      'Host: api.cloudimage.com',
      `X-Client-Key: ${key}`,
      'Connection: close',
      '\r\n',
    ].join('\r\n'),
  )

const UUID = /"uuid":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"/
const ADDED_AT = /"added_at":"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})"/

/** What differs from one answer to the next is replaced by what stands in the documentation. */
function likeDocumented({ body }: Exchanged): string {
  return body
    .replace(UUID, '"uuid":"4fc96d31-9815-4021-830a-ca6d96c514a5"')
    .replace(ADDED_AT, '"added_at":"2023-08-08 13:39:52.636426"')
}

const CREATED =
  '{"status":"success","msg":"Your invalidation request has been received","invalidation":{"status":"RECEIVED","uuid":"4fc96d31-9815-4021-830a-ca6d96c514a5","added_at":"2023-08-08 13:39:52.636426"}}'

function uuidOf({ body }: Exchanged): string {
  return UUID.exec(body)?.[1] ?? ''
}

/** Rarely enough that the limit on requests is not met. */
const LOOK_MS = 50

/** The state's answer once it says so. */
async function reaches(uuid: string, status: string): Promise<Exchanged> {
  let answer = await stateOf(uuid)
  const reached = () => answer.body.includes(`"status":"${status}"`)
  await until(
    status,
    async () => reached() || ((answer = await stateOf(uuid)), reached()),
    10_000,
    LOOK_MS,
  )
  return answer
}

const done = (uuid: string) => reaches(uuid, 'DONE')

function accepted(answer: Exchanged): string {
  assert.equal(answer.statusLine, 'HTTP/1.1 201 Created', answer.body)
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  assert.equal(likeDocumented(answer), CREATED)
  return uuidOf(answer)
}

describe('as documented', () => {
  it('POST {"scope":"original"} is 201 with the documented body, and ends as DONE with its paths', async () => {
    const body = '{ "scope": "original", "urls": ["/sample.li/birds.jpg", "/sample.li/boat.jpg"] }'
    const state = await done(accepted(await documented(body)))
    assert.equal(state.statusLine, 'HTTP/1.1 200 OK')
    assert.equal(
      likeDocumented(state),
      '{"status":"success","invalidation":{"status":"DONE","uuid":"4fc96d31-9815-4021-830a-ca6d96c514a5","added_at":"2023-08-08 13:39:52.636426","urls":{"received":["/sample.li/birds.jpg","/sample.li/boat.jpg"],"invalidated":["/sample.li/birds.jpg","/sample.li/boat.jpg"],"failed":[]},"scope":"original"}}',
    )
  })

  it('POST {"scope":"all"} is 201, and its state the documented one', async () => {
    const state = await done(accepted(await documented('{ "scope": "all" }')))
    assert.equal(
      likeDocumented(state),
      '{"status":"success","invalidation":{"status":"DONE","uuid":"4fc96d31-9815-4021-830a-ca6d96c514a5","added_at":"2023-08-08 13:39:52.636426","urls":{"received":null,"invalidated":["/*"],"failed":[]},"scope":"all"}}',
    )
  })

  it('what it purges is gone: a visitor sees the new picture once the state is DONE', async () => {
    whole.newClient()
    await whole.origin.put('/now.png', 'red')
    assert.equal(await colorOf(await whole.get('/sample.li/now.png?w=50')), 'red')
    await whole.origin.put('/now.png', 'blue')
    assert.equal(await colorOf(await whole.get('/sample.li/now.png?w=50')), 'red')
    await done(accepted(await documented('{"scope":"original","urls":["/sample.li/now.png"]}')))
    assert.equal(await colorOf(await whole.get('/sample.li/now.png?w=50')), 'blue')
  })
})

describe('a CDN step that fails', () => {
  it('is ERROR_CDN_NODE with its paths under failed, and DONE after a Retry that succeeds', async () => {
    whole.newClient()
    await whole.origin.put('/outer.png', 'red')
    const outer = await serveHttp((_, response) => response.writeHead(403).end())
    const target = `${DEMO_PROJECT}/targets/outer`
    await whole.api('PUT', target, {
      kind: 'generic-http',
      purge: { method: 'PURGE', url: `${outer.url}{target}`, headers: {}, body: null },
      allowPrivate: true,
      verifyAddress: null,
      timeoutSeconds: 2,
      fillBoundSeconds: 0.1,
      askers: { addresses: [], header: null },
    })
    // Whatever comes later in the purge log than the target, edges know that there is one.
    await whole.invalidate({ originals: ['/sample.li/never-served.png'] })
    await whole.get('/sample.li/outer.png?w=50')
    const uuid = accepted(await documented('{"scope":"original","urls":["/sample.li/outer.png"]}'))
    const state = await reaches(uuid, 'ERROR_CDN_NODE')
    const failed = `"status":"ERROR_CDN_NODE","uuid":"4fc96d31-9815-4021-830a-ca6d96c514a5","added_at":"2023-08-08 13:39:52.636426","urls":{"received":["/sample.li/outer.png"],"invalidated":[],"failed":["/sample.li/outer.png"]},"scope":"original"`
    assert.equal(likeDocumented(state), `{"status":"success","invalidation":{${failed}}}`)
    await whole.api('DELETE', target)
    await whole.api('POST', `${DEMO_PROJECT}/invalidations/${uuid}/retry`)
    await outer.stop()
    const { body } = await done(uuid)
    assert.ok(body.includes('"invalidated":["/sample.li/outer.png"],"failed":[]'), body)
  })
})

/** `Net::HTTP::Post` with the gem's two headers. */
const fromTheGem = (body: string) =>
  posted(
    [
      'POST /invalidate HTTP/1.1',
      'X-Client-Key: API_KEY',
      'Content-Type: application/json',
      'Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3',
      'Accept: */*',
      'User-Agent: Ruby',
      'Host: api.cloudimage.com',
    ],
    body,
  )

describe('the gem', () => {
  it('invalidate_original sends its paths, with /v7/, and reads them back as it wrote them', async () => {
    const body = '{"scope":"original","urls":["/v7/image.jpg","/v7/image.png"]}'
    const state = await done(accepted(await fromTheGem(body)))
    assert.ok(state.body.includes('"received":["/v7/image.jpg","/v7/image.png"]'), state.body)
  })

  it('invalidate_all sends the scope alone', async () => {
    accepted(await fromTheGem('{"scope":"all"}'))
  })

  it('invalidate_urls is refused, with what to send instead', async () => {
    const answer = await fromTheGem('{"scope":"urls","urls":["/v7/image.jpg"]}')
    assert.equal(answer.statusLine, 'HTTP/1.1 400 Bad Request')
    assert.match(answer.body, /withdrawn.*\{\\"scope\\":\\"original\\"/)
  })
})

describe('programs without one', () => {
  it('Laravel’s Http::withHeaders, in its spelling of the header', async () => {
    const head = [
      'POST /invalidate HTTP/1.1',
      'User-Agent: GuzzleHttp/7',
      'X-Client-key: API_KEY',
      'Content-Type: application/json',
      'Host: api.cloudimage.com',
    ]
    accepted(await posted(head, '{"scope":"original","urls":["\\/sample.li\\/photo.jpg"]}'))
  })

  it('a scanner that checks a leaked key purges nothing by it', async () => {
    const earlier = await invalidationsCount()
    const head = [
      'POST /invalidate HTTP/1.1',
      'Host: api.cloudimage.com',
      'User-Agent: Go-http-client/1.1',
      'Content-Type: application/json',
      'X-Client-Key: API_KEY',
      'Accept-Encoding: gzip',
    ]
    const body =
      '{"scope":"urls","urls":["/sample.li/paris.jpg?width=400","/sample.li/flat.jpg?width=400"]}'
    assert.equal((await posted(head, body)).statusLine, 'HTTP/1.1 400 Bad Request')
    assert.equal(await invalidationsCount(), earlier)
  })
})

async function invalidationsCount(): Promise<number> {
  const list = (await whole.api('GET', `${DEMO_PROJECT}/invalidations?limit=200`)) as {
    items: unknown[]
  }
  return list.items.length
}

describe('what Cloudimage takes without a word and purges nothing by', () => {
  const json = 'Content-Type: application/json'
  const elevenPaths = Array.from({ length: 11 }, (_, at) => `"/sample.li/${at}.jpg"`).join(',')
  const SILENT: readonly (readonly [what: string, type: string, body: string, says: RegExp])[] = [
    [
      'a bare path, as fetch sends a string',
      'Content-Type: text/plain;charset=UTF-8',
      'dir/a-1.jpg',
      /Send .*application\/json/,
    ],
    ['a bare path without a type', 'Accept: */*', 'dir/a-1.jpg', /Send .*application\/json/],
    ['nothing', json, '', /Send .*application\/json/],
    [
      '“url” for “urls”, as the help page once had it',
      json,
      '{"scope":"original","url":["/sample.li/a.jpg"]}',
      /The list is called urls/,
    ],
    [
      'curly quotes',
      json,
      '{“scope”:“original”,“urls”:[“/sample.li/a.jpg”]}',
      /Send .*application\/json/,
    ],
    [
      'one string for the list',
      json,
      '{"scope":"original","urls":"/sample.li/a.jpg"}',
      /urls is a list/,
    ],
    ['an empty list', json, '{"scope":"original","urls":[]}', /urls names no original/],
    ['no list', json, '{"scope":"original"}', /urls names no original/],
    ['an empty path', json, '{"scope":"original","urls":[""]}', /It is empty/],
    [
      'a list beside scope all',
      json,
      '{"scope":"all","urls":["/sample.li/a.jpg"]}',
      /takes no urls/,
    ],
    ['another scope', json, '{"scope":"ALL"}', /one of original, all/],
    [
      'Filerobot’s older form',
      json,
      '{"invalidation":{"token":"t","scope":"original","urls":["/sample.li/a.jpg"]}}',
      /scope and urls themselves/,
    ],
    [
      'a query, which “will be ignored”',
      json,
      '{"scope":"original","urls":["/sample.li/flat1.jpg?w=500"]}',
      /write \/sample\.li\/flat1\.jpg\./,
    ],
    [
      'the delivery host',
      json,
      '{"scope":"original","urls":["doc.cloudimg.io/sample.li/flat1.jpg"]}',
      /alone, \/sample\.li\/flat1\.jpg\./,
    ],
    [
      'a wildcard of older versions',
      json,
      '{"scope":"original","urls":["/sample.li/avatars/*"]}',
      /name each original/,
    ],
    [
      'a host that is not delivered',
      json,
      '{"scope":"original","urls":["https://img.domain.com/image2.jpg"]}',
      /not an allowed origin/,
    ],
    ['more than ten', json, `{"scope":"original","urls":[${elevenPaths}]}`, /at most 10/],
  ]
  for (const [what, type, body, says] of SILENT) {
    it(`${what}: 400 that says what to do, and nothing is purged`, async () => {
      const earlier = await invalidationsCount()
      const head = [
        'POST /invalidate HTTP/1.1',
        'Host: api.cloudimage.com',
        'X-Client-Key: API_KEY',
        type,
      ]
      const answer = await posted(head, body)
      assert.equal(answer.statusLine, 'HTTP/1.1 400 Bad Request', answer.body)
      const { status, msg, ...more } = JSON.parse(answer.body) as Record<string, unknown>
      assert.deepEqual([status, more], ['error', {}])
      assert.match(String(msg), says)
      assert.equal(await invalidationsCount(), earlier)
    })
  }

  it('without a key or with a wrong one: 401 in their form', async () => {
    for (const header of ['Accept: */*', 'X-Client-Key: client_000000000000000000000000']) {
      const head = ['POST /invalidate HTTP/1.1', 'Host: api.cloudimage.com', header, json]
      const answer = await posted(head, '{"scope":"all"}')
      assert.equal(answer.statusLine, 'HTTP/1.1 401 Unauthorized')
      assert.equal((JSON.parse(answer.body) as { status: string }).status, 'error')
    }
  })

  it('an unknown uuid: 404 in their form', async () => {
    const answer = await stateOf('8f98c3b8-0d0f-4a55-9ad7-5b1cf9f7b6ac')
    assert.equal(answer.statusLine, 'HTTP/1.1 404 Not Found')
    assert.equal((JSON.parse(answer.body) as { status: string }).status, 'error')
  })
})
