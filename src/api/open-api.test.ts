import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { startControlApi } from '../../test/support/control-api.ts'
import type { ControlApi } from '../../test/support/control-api.ts'
import { ROUTE_ACCESS } from './access.ts'
import { PROBLEM_CODES } from './problems.ts'

describe('the description of the API', () => {
  let control: ControlApi
  let document: {
    openapi: string
    paths: Record<string, Record<string, { operationId: string; summary: string }>>
  }
  before(async () => {
    control = await startControlApi()
    document = (await control.call('GET', '/api/v1/openapi.json', { key: null })).json
  })
  after(() => control.stop())

  test('ROUTE_ACCESS and the server have the same routes', () => {
    const served = control.api.routes.map(({ method, url }) => `${method} ${url}`)
    assert.deepEqual(served.toSorted(), Object.keys(ROUTE_ACCESS).toSorted())
  })

  test('OpenAPI 3.1 lists every route that people may call, each with a sentence', () => {
    assert.match(document.openapi, /^3\.1/)
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const expected = Object.keys(ROUTE_ACCESS)
      .filter((route) => !/ \/internal\/| \/\*$| \/api\/docs$/.test(route))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'))
    assert.deepEqual(listed.toSorted(), expected.toSorted())
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    for (const { summary } of operations) assert.ok(summary.length > 0)
    const ids = operations.map(({ operationId }) => operationId)
    assert.equal(new Set(ids).size, ids.length, 'operation ids are unique')
  })

  test('a method that a path does not know is told which it knows', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/api/v1/me', 'GET'],
      ['POST', '/api/v1/projects/demo/assets/flat', 'GET, PATCH, DELETE, PUT'],
      ['GET', '/api/v1/session', 'POST, DELETE'],
      ['GET', '/invalidate', 'POST'],
      ['PUT', '/internal/nodes/follow', 'POST'],
    ] as const) {
      const answer = await control.call(method, path)
      assert.equal(answer.status, 405, path)
      assert.equal(answer.json.code, 'method-not-allowed')
      const offered = String(answer.headers['allow']).split(', ')
      assert.deepEqual(offered.toSorted(), allow.split(', ').toSorted())
    }
  })

  test('every reference inside the document leads somewhere', () => {
    const text = JSON.stringify(document)
    const references = new Set([...text.matchAll(/"\$ref":"#([^"]+)"/g)].map(([, path]) => path!))
    for (const reference of references) {
      const found = reference
        .split('/')
        .slice(1)
        .reduce<unknown>((value, part) => Reflect.get(value as object, part), document)
      assert.ok(found, reference)
    }
  })

  test('the readable page loads nothing, and has an anchor for every error code', async () => {
    const page = await control.call('GET', '/api/docs', { key: null })
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
    assert.doesNotMatch(page.text, /src=|<script|https?:\/\/[^<]*\.(js|css)/)
    for (const { code } of PROBLEM_CODES) assert.ok(page.text.includes(`id="error-${code}"`), code)
  })
})
