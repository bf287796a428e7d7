import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { purgeOf } from '../../test/support/purge-of.ts'
import { TARGET_DEFAULTS } from '../contract/targets.ts'
import type { OuterTarget } from '../contract/targets.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { systemClock } from '../kernel/clock.ts'
import { systemTimers } from '../kernel/timers.ts'
import { TargetError } from './errors.ts'
import { createGenericHttp } from './generic-http.ts'
import type { OuterParts } from './generic-http.ts'
import { Outside } from './outside.ts'
import type { MemberProgress, Purge, Target } from './target.ts'

const { signal } = new AbortController()
const SECRET = 'Bearer something-nobody-else-knows'

const URLS = ['http://a.example/x?w=1', 'http://b.example/y']

function purge(urls: readonly string[], change: Partial<Purge> = {}): Purge {
  async function* pieces() {
    yield urls
    yield urls
  }
  return purgeOf({ urls: pieces, ...change })
}

async function flush(it: Target, what = purge(URLS)): Promise<MemberProgress> {
  const [member] = await it.flush(what, () => undefined, signal)
  return member!
}

async function failure(it: Target, what = purge(URLS)): Promise<TargetError> {
  const error = await flush(it, what).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof TargetError, String(error))
  return error
}

describe('a target asked over HTTP', () => {
  const outside = new Outside()
  let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[]
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let base: string
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      asked.push({ method, url, headers, body })
      answer(request, response)
    })
  })
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    server.close()
    server.closeAllConnections()
    await outside.close()
  })
  beforeEach(() => {
    asked = []
    answer = (_, response) => response.end('ok')
  })

  function target(change: Partial<OuterTarget> = {}, parts: Partial<OuterParts> = {}): Target {
    const request = {
      method: 'PURGE',
      url: `${base}{target}`,
      headers: { host: '{host}' },
      body: null,
    }
    const settings: OuterTarget = {
      ...TARGET_DEFAULTS,
      kind: 'generic-http',
      purge: request,
      allowPrivate: true,
      fillBoundSeconds: 0,
      timeoutSeconds: 5,
      ...change,
    }
    return createGenericHttp(
      { id: 'cdn', settings },
      {
        clock: systemClock,
        timers: systemTimers,
        outside,
        drain: { drain: async () => [] },
        reference: async () => null,
        ...parts,
      },
    )
  }

  test('is asked once for each URL, with its own Host and the secret headers', async () => {
    const done = await flush(target({ secretHeaders: { authorization: SECRET } }))
    assert.deepEqual([done.state, done.detail], ['done', '2 requests'])
    const seen = asked.map(({ method, url, headers }) => `${method} ${headers.host} ${url}`)
    assert.deepEqual(seen.toSorted(), ['PURGE a.example /x?w=1', 'PURGE b.example /y'])
    assert.ok(asked.every(({ headers }) => headers.authorization === SECRET))
  })

  test('only for its own hosts', async () => {
    await flush(target({ hosts: ['b.example'] }))
    assert.deepEqual(
      asked.map(({ url }) => url),
      ['/y'],
    )
  })

  test('of a long list piece by piece, and of no URL twice', async () => {
    let read = 0
    const what = purge([], {
      async *urls() {
        for (; read < 20; read++) {
          assert.ok(asked.length >= (read - 1) * 50, 'the next piece is read when it is needed')
          yield Array.from({ length: 60 }, (_, at) => `http://a.example/${read * 50 + at}`)
        }
      },
    })
    const done = await flush(target(), what)
    assert.deepEqual([asked.length, done.detail], [1010, '1010 requests'])
  })

  test('in the form that a body states', async () => {
    const body = '{"files":["{url|json}"]}'
    const request = { method: 'POST', url: `${base}/purge`, headers: {}, body }
    await flush(target({ purge: request }), purge([URLS[0]!]))
    assert.deepEqual(
      asked.map((each) => each.body),
      ['{"files":["http://a.example/x?w=1"]}'],
    )
  })

  test('once for everything, where it has a request for that', async () => {
    const everything = { method: 'POST', url: `${base}/all`, headers: {}, body: null }
    const keys = [keyHash(keyText.project('demo'))]
    await flush(target({ everything }), purge(URLS, { keys }))
    assert.deepEqual(
      asked.map(({ url }) => url),
      ['/all'],
    )
    asked = []
    await flush(target({ everything }))
    assert.equal(asked.length, 2)
  })

  test('once for each tag, where it knows tags', async () => {
    const keys = [keyHash('a'), keyHash('b')]
    const request = { method: 'PURGE', url: `${base}/`, headers: { xkey: '{tag}' }, body: null }
    await flush(target({ purge: request, tagHeader: 'xkey' }), purge(URLS, { keys }))
    assert.deepEqual(asked.map(({ headers }) => String(headers['xkey'])).sort(), keys.toSorted())
  })

  test('again after its fill bound, with what was served meanwhile', async () => {
    let served = [URLS[0]!]
    const what = purge([], {
      async *urls() {
        yield served
      },
    })
    const told: (string | null)[] = []
    const it = target({ fillBoundSeconds: 0.01 })
    const ended = await it.flush(
      what,
      (members) => {
        told.push(members[0]!.detail)
        if (/once more in/.test(members[0]!.detail ?? '')) served = URLS
      },
      signal,
    )
    assert.equal(ended[0]?.detail, '1 request, and again after 0.01 s')
    assert.equal(asked.length, 3)
    assert.ok(told.some((detail) => /once more in 0\.01 s/.test(detail ?? '')))
  })

  test('only when what it had asked of our edges is answered, and the log names silent edges', async () => {
    const steps: string[] = []
    const drain = {
      async drain() {
        steps.push(`drained before ${asked.length}`)
        return [
          { node: 'e1', outcome: 'drained' },
          { node: 'e2', outcome: 'silent' },
        ] as const
      },
    }
    const askers = { addresses: ['10.0.0.5'], header: null }
    const done = await flush(target({ askers }, { drain }))
    assert.deepEqual(steps, ['drained before 0'])
    assert.match(done.detail ?? '', /^2 requests; e2 did not say/)
  })

  for (const [name, outcome, requests] of [
    ['while an edge is silent, a list that is empty at first is formed again', 'silent', 2],
    ['when every edge has said so, a list that is empty is formed once', 'drained', 0],
  ] as const) {
    test(name, async () => {
      let served: readonly string[] = []
      const what = purge([], {
        async *urls() {
          yield served
          // What it was asked before, an edge answers only now, in spellings that are recorded only now.
          served = URLS
        },
      })
      const drain = { drain: async () => [{ node: 'e1', outcome }] }
      const askers = { addresses: ['10.0.0.5'], header: null }
      const done = await flush(target({ askers, fillBoundSeconds: 0.01 }, { drain }), what)
      assert.equal(done.state, 'done')
      assert.equal(asked.length, requests)
    })
  }

  test('a refusal names the request and what it said, without secrets and markup', async () => {
    answer = (_, response) => {
      response.writeHead(403)
      response.end(`<html><style>a{}</style><h1>Not you,</h1> ${SECRET}</html>`)
    }
    const it = target({ secretHeaders: { authorization: SECRET }, concurrency: 1 })
    const error = await failure(it, purge([URLS[0]!]))
    assert.equal(error.code, 'refused')
    assert.equal(
      error.publicMessage,
      'PURGE for http://a.example/x?w=1: it answered 403, “Not you, …”.',
    )
  })

  test('an answer that is not the one agreed on is a refusal', async () => {
    const it = target({ success: { statuses: [200], bodyHolds: '"success":true' } })
    assert.match((await failure(it)).publicMessage, /but not with “"success":true”/)
    answer = (_, response) => response.end('{"success":true}')
    assert.equal((await flush(it)).state, 'done')
  })

  test('after a few failures the others are not sent', async () => {
    answer = (_, response) => response.writeHead(500).end()
    const many = Array.from({ length: 100 }, (_, at) => `http://a.example/${at}`)
    const error = await failure(target({ concurrency: 1 }), purge(many))
    assert.equal(asked.length, 3)
    assert.match(error.publicMessage, /100 of 100 requests failed or were not sent/)
  })

  test('one that asks for a rest gets it', async () => {
    answer = (_, response) => {
      if (asked.length === 1) response.writeHead(429, { 'retry-after': '0' }).end()
      else response.end()
    }
    assert.equal((await flush(target(), purge([URLS[0]!]))).state, 'done')
    assert.equal(asked.length, 2)
  })

  test('one that is slow is late, one that is gone cannot be reached', async () => {
    answer = () => undefined
    assert.equal((await failure(target({ timeoutSeconds: 0.1 }))).code, 'late')
    const request = { method: 'PURGE', url: 'http://127.0.0.1:9{target}', headers: {}, body: null }
    const error = await failure(target({ purge: request }))
    assert.equal(error.code, 'unreachable')
    assert.match(error.publicMessage, /^127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)/)
  })

  test('a private address is not asked unless that is permitted', async () => {
    const error = await failure(target({ allowPrivate: false }))
    assert.equal(error.code, 'address-not-public')
    assert.match(error.publicMessage, /allowPrivate/)
    assert.deepEqual(asked, [])
  })

  test('redirects are not followed', async () => {
    answer = (_, response) => response.writeHead(302, { location: `${base}/elsewhere` }).end()
    assert.match((await failure(target())).publicMessage, /answered 302/)
    assert.ok(asked.every(({ url }) => url !== '/elsewhere'))
  })

  test('a paused one is asked nothing, and says so', async () => {
    const it = target({ paused: true })
    assert.match((await flush(it)).detail ?? '', /paused/)
    const seen = await it.verify({ ...purge(URLS), places: [] }, signal)
    assert.equal(seen.verdict, 'unverifiable')
    assert.match(seen.notes?.[0] ?? '', /paused/)
    assert.deepEqual(asked, [])
  })

  test('is looked at where it says, and judged by the mark', async () => {
    answer = (request, response) => {
      response.setHeader('sluice-mark', request.url === '/y' ? '6' : '7')
      response.end('bytes')
    }
    const it = target({ verifyAddress: base })
    const probes = URLS.map((url) => ({ url, target: null }))
    const first = await it.verify({ ...purge(URLS), places: [], probes: [probes[0]!] }, signal)
    assert.equal(first.verdict, 'fresh')
    assert.deepEqual(
      first.probes.map(({ via, mark }) => [via, mark]),
      [['cdn', 7]],
    )
    assert.equal(asked[0]?.headers.host, 'a.example')
    const both = await it.verify({ ...purge(URLS), places: [], probes }, signal)
    assert.equal(both.verdict, 'stale')
    assert.match(
      both.notes?.[0] ?? '',
      /cdn: 1 of 2 URLs still serve old bytes: http:\/\/b\.example/,
    )
  })

  test('is unverifiable when it does not answer, never fresh', async () => {
    answer = (_, response) => response.writeHead(503).end()
    const probes = [{ url: URLS[0]!, target: null }]
    const what = { ...purge(URLS), places: [], probes }
    const seen = await target({ verifyAddress: base }).verify(what, signal)
    assert.equal(seen.verdict, 'unverifiable')
    const nowhere = await target({ verifyAddress: base }).verify({ ...what, probes: [] }, signal)
    assert.equal(nowhere.verdict, 'unverifiable')
  })
})
