import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Compile } from 'typebox/compile'
import type { TSchema } from 'typebox'

import { ADMIN_KEY, NODE_SECRET, startControlApi } from '../../test/support/control-api.ts'
import type { Answer, CallOptions, ControlApi } from '../../test/support/control-api.ts'
import { JSON_BODY_BYTES_MAX } from '../contract/api/shapes.ts'
import { rawRequest } from '../../test/support/raw-request.ts'
import type { RouteEntry } from './open-api.ts'

/**
 * Every field of every route: wrong type, too long, unknown; and bodies, queries and paths that are no text at all. The answer
 * is a problem document that names the field, nothing has changed, and the process goes on.
 */
const CANDIDATES: readonly unknown[] = [
  null,
  7,
  -1,
  0.5,
  'x',
  '',
  true,
  [],
  {},
  [[]],
  [7],
  { a: 1 },
]
const HOSTILE_PARTS = [
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fetc',
  '%00',
  'a%00b',
  '%ff',
  '%c0%af',
  '%',
  'x'.repeat(3000),
]
const HOSTILE_QUERIES = [
  'unknown=1',
  'a%00=1',
  'limit=%ff',
  'q=%00',
  '__proto__=1',
  'limit=1&limit=2',
]

describe('bad input', () => {
  let control: ControlApi
  let untouched: string
  before(async () => {
    control = await startControlApi()
    // An automatic invalidation would come a second later, and look like a change.
    const body = { automaticInvalidation: false }
    await control.call('PATCH', '/api/v1/projects/demo', { body })
    await control.call('PUT', '/api/v1/projects/demo/assets/flat', { raw: Buffer.from('text') })
    untouched = await state()
  })
  after(() => control.stop())

  /** Everything that a request could have changed. */
  async function state(): Promise<string> {
    const { accounts, assets, invalidations, log, nodes, projects } = control.store.tables
    return JSON.stringify([
      await log.head(),
      await projects.list(),
      await assets.list('demo', {}, { limit: 100 }),
      await invalidations.list('demo', {}, { limit: 100 }),
      await accounts.keys('demo'),
      await accounts.accounts(),
      await nodes.list(),
    ])
  }

  async function send(route: RouteEntry, options: CallOptions, url = concrete(route)) {
    // Each call is another second, so that the limits of requests are not what answers.
    control.advance(1000)
    const answer = await control.call(asMethod(route.method), url, {
      key: null,
      ...options,
      headers: { ...credentials(route), ...options.headers },
    })
    const what = `${route.method} ${url.slice(0, 200)} ${JSON.stringify(options).slice(0, 300)}`
    assertRefused(answer, what)
    return { answer, what }
  }

  const routes = () => control.api.routes
  const withBody = () => routes().filter(({ schema }) => isObject(schema.body))

  test('a field of a wrong type is named, in every body', async () => {
    for (const route of withBody()) {
      for (const [field, schema] of Object.entries(fieldsOf(route.schema.body))) {
        const validator = Compile(schema)
        for (const value of CANDIDATES.filter((candidate) => !validator.Check(candidate))) {
          const { answer, what } = await send(route, { body: { [field]: value } })
          assertNames(route, answer, field, what)
        }
      }
    }
    assert.equal(await state(), untouched)
  })

  test('a field that is too long or too many is named, in every body', async () => {
    for (const route of withBody()) {
      for (const [field, schema] of Object.entries(fieldsOf(route.schema.body))) {
        for (const value of tooLong(schema)) {
          const { answer, what } = await send(route, { body: { [field]: value } })
          assertNames(route, answer, field, what)
        }
      }
    }
    assert.equal(await state(), untouched)
  })

  test('an unknown field is named, also where no body is expected', async () => {
    for (const route of routes().filter(
      ({ method, url }) => method !== 'GET' && !isUpload(method, url),
    )) {
      const { answer, what } = await send(route, { body: { colour: 'red' } })
      assertNames(route, answer, 'colour', what)
    }
    assert.equal(await state(), untouched)
  })

  test('what is no JSON object is refused by every route with a body', async () => {
    const json = { 'content-type': 'application/json' }
    for (const route of withBody()) {
      for (const raw of [
        '',
        '{',
        'null',
        '7',
        '"x"',
        '[]',
        '{"a":"\\u0000"}',
        '{"a":"\\ud800"}',
        '{"__proto__":{}}',
      ]) {
        await send(route, { raw, headers: json })
      }
      await send(route, {
        raw: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        headers: json,
      })
      const { answer } = await send(route, { raw: '<a/>', headers: { 'content-type': 'text/xml' } })
      assert.ok([400, 415].includes(answer.status))
    }
    assert.equal(await state(), untouched)
  })

  test('a body that declares more than the limit is refused unread', async () => {
    const headers = {
      'content-type': 'application/json',
      'content-length': String(JSON_BODY_BYTES_MAX + 1),
    }
    for (const route of withBody()) {
      const { answer } = await send(route, { raw: '{}', headers })
      assert.equal(answer.status, 413)
    }
  })

  test('a body over the limit is refused while it is read', async () => {
    const route = withBody().find(({ url }) => url.endsWith('/invalidations/preview'))!
    const raw = `{"urls":["${'x'.repeat(JSON_BODY_BYTES_MAX)}"]}`
    const { answer } = await send(route, { raw, headers: { 'content-type': 'application/json' } })
    assert.equal(answer.status, 413)
    assert.equal(answer.json.code, 'too-large')
  })

  test('a path that is no text, leaves its place or is endless is refused everywhere', async () => {
    const base = await control.url()
    for (const route of routes().filter(({ url }) => /:(?!project)/.test(url))) {
      for (const part of HOSTILE_PARTS) {
        const path = route.url.replace(':project', 'demo').replaceAll(/:\w+/g, part)
        control.advance(1000)
        const { status, headers, text } = await rawRequest(base, path, {
          method: route.method,
          headers: credentials(route),
        })
        const json = JSON.parse(text) as unknown
        assertRefused({ status, headers, text, json, raw: Buffer.from(text) }, path)
      }
    }
    assert.equal(await state(), untouched)
  })

  test('a query that is unknown, doubled or no text is refused everywhere it is read', async () => {
    for (const route of routes().filter(({ schema }) => isObject(schema.querystring))) {
      for (const query of HOSTILE_QUERIES) {
        const { answer } = await send(route, {}, `${concrete(route)}?${query}`)
        assert.equal(answer.status, 400, query)
      }
      for (const [name, schema] of Object.entries(fieldsOf(route.schema.querystring))) {
        const values = [...tooLong(schema), ...('maxLength' in schema ? [] : ['nonsense'])]
        for (const value of values) {
          const url = `${concrete(route)}?${name}=${encodeURIComponent(String(value))}`
          const { answer } = await send(route, {}, url)
          assert.equal(answer.status, 400, name)
        }
      }
    }
    assert.equal(await state(), untouched)
  })

  test('cursors that nobody gave out are refused by every list', async () => {
    const lists = routes().filter(({ schema }) => 'cursor' in fieldsOf(schema.querystring))
    assert.ok(lists.length >= 4)
    for (const route of lists.filter(({ url }) => !url.includes('/:id/urls'))) {
      for (const cursor of ['x', Buffer.from('[{}]').toString('base64url'), 'W10']) {
        const { answer } = await send(route, {}, `${concrete(route)}?cursor=${cursor}`)
        assert.equal(answer.json.code, 'bad-cursor')
      }
    }
  })

  test('after all that the process is alive', async () => {
    assert.equal((await control.call('GET', '/healthz', { key: null })).status, 200)
    assert.equal((await control.call('GET', '/api/v1/projects/demo/assets')).status, 200)
  })
})

/** What lets everybody in, so that the input is what is refused. */
function credentials({ url }: RouteEntry): Record<string, string> {
  if (url.startsWith('/internal/')) return { 'sluice-node-secret': NODE_SECRET }
  if (url.startsWith('/invalidate')) return { 'x-client-key': ADMIN_KEY }
  return { authorization: `Bearer ${ADMIN_KEY}` }
}

function asMethod(method: string): 'GET' {
  return method as 'GET'
}

function concrete(route: RouteEntry): string {
  return route.url.replace(':project', 'demo').replace(':version', '1').replaceAll(/:\w+/g, 'flat')
}

function isUpload(method: string, url: string): boolean {
  return method === 'PUT' && url.endsWith('/assets/:id')
}

function isObject(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'properties' in schema
}

function fieldsOf(schema: unknown): Record<string, TSchema> {
  return isObject(schema) ? (schema as { properties: Record<string, TSchema> }).properties : {}
}

/** One more than each limit that the schema states, at the top of the field. */
function tooLong(schema: TSchema): readonly unknown[] {
  const limits = schema as {
    maxLength?: number
    maxItems?: number
    anyOf?: TSchema[]
    maximum?: number
  }
  return [
    ...(limits.maxLength === undefined ? [] : ['x'.repeat(limits.maxLength + 1)]),
    ...(limits.maxItems === undefined
      ? []
      : [Array.from({ length: limits.maxItems + 1 }, () => 'x')]),
    ...(limits.maximum === undefined || limits.maximum > 1e15 ? [] : [limits.maximum + 1]),
    ...(limits.anyOf ?? []).flatMap(tooLong),
  ]
}

function assertRefused(answer: Answer, what: string): void {
  assert.ok(
    answer.status >= 400 && (answer.status < 500 || answer.status === 501),
    `${answer.status} ${what}`,
  )
  const type = String(answer.headers['content-type'])
  if (answer.json?.status === 'error') return
  assert.match(type, /^application\/problem\+json/, what)
  assert.equal(answer.json.status, answer.status)
  for (const part of ['code', 'title', 'detail']) assert.ok(answer.json[part].length > 0, what)
}

function assertNames(route: RouteEntry, answer: Answer, field: string, what: string): void {
  if (route.url === '/invalidate') {
    assert.match(answer.json.msg, /\//, what)
    return
  }
  assert.equal(answer.status, 400, `${answer.text} ${what}`)
  const pointers = answer.json.errors.map(({ pointer }: { pointer: string }) => pointer)
  const named = pointers.some(
    (pointer: string) => pointer === `/${field}` || pointer.startsWith(`/${field}/`),
  )
  assert.ok(named, `${pointers} ${what}`)
}
