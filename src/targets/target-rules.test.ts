import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { secretProblems, settingsOf, settingsProblems } from './target-rules.ts'
import type { GivenTarget } from './target-rules.ts'

const GIVEN: GivenTarget = {
  kind: 'generic-http',
  purge: { method: 'PURGE', url: 'http://10.0.0.5:6081{target}', headers: {}, body: null },
}

function pointers(change: Partial<GivenTarget>): readonly string[] {
  return settingsProblems(settingsOf({ ...GIVEN, ...change }, undefined)).map(
    ({ pointer }) => pointer,
  )
}

describe('settings of a target', () => {
  test('what is left out has its default, and headers are compared without case', () => {
    const purge = { ...GIVEN.purge, headers: { Host: '{host}' } }
    const settings = settingsOf({ ...GIVEN, purge, hosts: ['WWW.Example.com'] }, undefined)
    assert.deepEqual(settings.purge.headers, { host: '{host}' })
    assert.deepEqual(settings.hosts, ['www.example.com'])
    assert.equal(settings.paused, false)
    assert.equal(settings.allowPrivate, false)
    assert.deepEqual(settingsProblems(settings), [])
  })

  const refused: readonly (readonly [string, Partial<GivenTarget>, string])[] = [
    ['a URL that is none', { purge: { ...GIVEN.purge, url: '{target}' } }, '/purge/url'],
    ['another scheme', { purge: { ...GIVEN.purge, url: 'ftp://x{target}' } }, '/purge/url'],
    ['a user name', { purge: { ...GIVEN.purge, url: 'http://a:b@x{target}' } }, '/purge/url'],
    ['an unknown placeholder', { purge: { ...GIVEN.purge, url: 'http://x/{uri}' } }, '/purge'],
    ['CONNECT', { purge: { ...GIVEN.purge, method: 'CONNECT' } }, '/purge/method'],
    [
      'a header of the connection',
      { purge: { ...GIVEN.purge, headers: { 'Content-Length': '5' } } },
      '/purge/headers/content-length',
    ],
    [
      'a password that everybody could read',
      { purge: { ...GIVEN.purge, headers: { Authorization: 'x' } } },
      '/purge/headers/authorization',
    ],
    ['a header with a line break', { secretHeaders: { a: 'b\nc' } }, '/secretHeaders/a'],
    ['a verify address with a query', { verifyAddress: 'http://x/?a' }, '/verifyAddress'],
    ['a host with a path', { hosts: ['example.com/a'] }, '/hosts/0'],
    [
      'an address that is none',
      { askers: { addresses: ['x'], header: null } },
      '/askers/addresses/0',
    ],
    [
      'tags that no answer bears',
      { purge: { ...GIVEN.purge, headers: { xkey: '{tag}' } } },
      '/tagHeader',
    ],
  ]
  for (const [what, change, pointer] of refused) {
    test(`${what} is refused by name`, () => assert.deepEqual(pointers(change), [pointer]))
  }

  test('a secret is kept by null, for the place that it was given for', () => {
    const before = settingsOf({ ...GIVEN, secretHeaders: { Authorization: 'Bearer x' } }, undefined)
    const again = { ...GIVEN, secretHeaders: { authorization: null } }
    assert.deepEqual(settingsOf(again, before).secretHeaders, { authorization: 'Bearer x' })
    assert.deepEqual(secretProblems(again, before), [])
    assert.equal(secretProblems(again, undefined).length, 1)
    const moved = { ...again, purge: { ...GIVEN.purge, url: 'http://thief.example{target}' } }
    assert.match(secretProblems(moved, before)[0]?.reason ?? '', /give the value again/)
    assert.deepEqual(settingsOf(GIVEN, before).secretHeaders, {})
  })
})
