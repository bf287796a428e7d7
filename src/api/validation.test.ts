import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TSchema } from 'typebox'

import { AssetQuery } from '../contract/api/assets.ts'
import { SubmitBody } from '../contract/api/invalidations.ts'
import { ProjectPatch } from '../contract/api/projects.ts'
import { RequestInvalid, compileValidator } from './validation.ts'

type Outcome = { value: unknown } | { error: unknown }

function check(schema: TSchema, httpPart: string, input: unknown): Outcome {
  const validate = compileValidator({ schema, httpPart, method: 'POST', url: '/' })
  return validate(input) as Outcome
}

function reasons(outcome: Outcome): Record<string, string> {
  assert.ok('error' in outcome && outcome.error instanceof RequestInvalid)
  return Object.fromEntries(outcome.error.items.map(({ pointer, reason }) => [pointer, reason]))
}

test('every mistake is named by a pointer, each once', () => {
  const body = { company: 5, cdnTtlSeconds: '60', colour: 'red', hosts: ['ok', 7], 'a/b': 1 }
  assert.deepEqual(reasons(check(ProjectPatch, 'body', body)), {
    '/company': 'must be string or null',
    '/cdnTtlSeconds': 'must be integer',
    '/colour': 'is not a known field',
    '/a~1b': 'is not a known field',
    '/hosts/1': 'must be string',
  })
})

test('a header whose name could break out of its line is refused', () => {
  assert.ok('value' in check(ProjectPatch, 'body', origins({ 'X-Key': 'a b' })))
  for (const headers of [
    { 'x\r\ny': 'a' },
    { 'a b': 'c' },
    { '': 'c' },
    { ok: 'a\r\nb' },
    { ok: 5 },
  ]) {
    assert.ok('error' in check(ProjectPatch, 'body', origins(headers)), JSON.stringify(headers))
  }
})

test('of a hundred mistakes and more, the first hundred are named', () => {
  const unknown = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`field${at}`, 1]))
  const named = Object.keys(reasons(check(ProjectPatch, 'body', unknown)))
  assert.ok(named.length >= 100, String(named.length))
  const hosts = Array.from({ length: 50 }, (_, at) => at)
  assert.equal(Object.keys(reasons(check(ProjectPatch, 'body', { hosts }))).length, 50)
})

test('a closed set of words is told', () => {
  assert.match(reasons(check(SubmitBody, 'body', { mode: 'hard' }))['/mode']!, /delete, soft/)
})

test('a body takes nothing for something else: "1" is not 1, 1 is not true', () => {
  assert.ok('error' in check(SubmitBody, 'body', { renditions: 1 }))
  assert.ok('error' in check(SubmitBody, 'body', { renditions: 'true' }))
})

test('a query string is text: numbers and booleans are read out of it in their plain spelling', () => {
  const outcome = check(AssetQuery, 'querystring', { limit: '20', published: 'false', q: '12' })
  assert.deepEqual(outcome, { value: { limit: 20, published: false, q: '12' } })
  for (const limit of ['1e2', '0x10', ' 5', '5.0', '', '999999999999999999']) {
    assert.ok('error' in check(AssetQuery, 'querystring', { limit }), limit)
  }
  assert.ok('error' in check(AssetQuery, 'querystring', { limit: ['1', '2'] }))
})

function origins(headers: object): object {
  return { origins: [{ host: 'a.example', headers }] }
}
