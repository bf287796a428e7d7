import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { cacheStatus } from './answer.ts'
import { parseCacheControl } from './cache-control.ts'
import type { CacheDirectives } from './cache-control.ts'
import { notModified, rangeOf } from './conditional.ts'
import { initialAgeSeconds, lifetimeSeconds, storability } from './lifetime.ts'
import { endToEnd } from './upstream.ts'

const NOTHING: CacheDirectives = {
  noStore: false,
  noCache: false,
  private: false,
  public: false,
  mustRevalidate: false,
  onlyIfCached: false,
  maxAge: null,
  sharedMaxAge: null,
}

describe('Cache-Control', () => {
  const table: readonly (readonly [string, Partial<CacheDirectives>])[] = [
    ['', {}],
    ['max-age=60', { maxAge: 60 }],
    ['MAX-AGE=60', { maxAge: 60 }],
    ['max-age="60"', { maxAge: 60 }],
    ['  max-age = 60 ,, no-cache ', { maxAge: 60, noCache: true }],
    ['max-age=1, max-age=2', { maxAge: 2 }],
    ['max-age=', { maxAge: 0 }],
    ['max-age', { maxAge: 0 }],
    ['max-age=-1', { maxAge: 0 }],
    ['max-age=1.5', { maxAge: 0 }],
    ['max-age=1e9', { maxAge: 0 }],
    ['max-age=99999999999999999999', { maxAge: 2 ** 31 }],
    ['s-maxage=5, max-age=9', { sharedMaxAge: 5, maxAge: 9 }],
    ['no-store', { noStore: true }],
    ['private', { private: true }],
    ['private="set-cookie"', { private: true }],
    ['no-cache="x, no-store"', { noCache: true }],
    ['public', { public: true }],
    ['must-revalidate', { mustRevalidate: true }],
    ['proxy-revalidate', { mustRevalidate: true }],
    ['only-if-cached', { onlyIfCached: true }],
    ['community="UCI, no-store", max-age=3', { maxAge: 3 }],
    ['x="a\\", no-store", max-age=3', { maxAge: 3 }],
    ['no-storex, xno-store', {}],
  ]
  for (const [value, expected] of table) {
    test(`“${value}”`, () => {
      assert.deepEqual(parseCacheControl(value), { ...NOTHING, ...expected })
    })
  }

  test('is read, whatever it is', () => {
    const pieces = fc.constantFrom(',', '"', '\\', '=', ' ', 'max-age', 'no-store', '1', 'x')
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((parts) => parts.join('')),
    )
    const property = fc.property(texts, (value) => {
      const { maxAge, sharedMaxAge } = parseCacheControl(value)
      for (const seconds of [maxAge, sharedMaxAge])
        assert.equal(seconds === null || (Number.isInteger(seconds) && seconds >= 0), true)
    })
    fc.assert(property)
  })
})

const keeps = (headers: Record<string, string>, status = 200): boolean =>
  storability({ headers: {} }, status, headers).store

describe('lifetimes', () => {
  const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT'
  const LATER = 'Thu, 01 Jan 2026 00:01:00 GMT'
  const table: readonly (readonly [Record<string, string>, number])[] = [
    [{}, 0],
    [{ 'cache-control': 'max-age=60' }, 60],
    [{ 'cache-control': 's-maxage=5, max-age=60' }, 5],
    [{ 'cache-control': 'no-cache, max-age=60' }, 0],
    [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'max-age=7' }, 7],
    [{ 'cache-control': 'max-age=60', 'cdn-cache-control': '' }, 60],
    [{ 'cache-control': 'max-age=60', 'cdn-cache-control': 'no-cache' }, 0],
    [{ 'cdn-cache-control': 'public', expires: LATER, date: DATE }, 0],
    [{ expires: LATER, date: DATE }, 60],
    [{ expires: DATE, date: LATER }, 0],
    [{ expires: '0', date: DATE }, 0],
    [{ expires: LATER }, 0],
    [{ expires: LATER, date: DATE, 'cache-control': 'max-age=1' }, 1],
  ]
  for (const [headers, seconds] of table) {
    test(`${JSON.stringify(headers)} is ${seconds} s`, () =>
      assert.equal(lifetimeSeconds(headers), seconds))
  }

  test('an answer without lifetime is kept only if it can be asked after', () => {
    assert.equal(keeps({}), false)
    assert.equal(keeps({ etag: '"x"' }), true)
    assert.equal(keeps({ 'last-modified': DATE }), true)
    assert.equal(keeps({ 'cache-control': 'max-age=1' }, 404), true)
    assert.equal(keeps({ 'cache-control': 'max-age=1' }, 206), false)
    assert.equal(keeps({ 'cache-control': 'max-age=1' }, 500), false)
  })

  test('age is the larger of what is stated, with the delay, and what the date shows', () => {
    const wall = Date.parse(LATER)
    assert.equal(initialAgeSeconds({}, wall, 0), 0)
    assert.equal(initialAgeSeconds({ age: '7' }, wall, 500), 7.5)
    assert.equal(initialAgeSeconds({ date: DATE }, wall, 0), 60)
    assert.equal(initialAgeSeconds({ date: DATE, age: '90' }, wall, 0), 90)
    assert.equal(initialAgeSeconds({ date: LATER }, wall - 5_000, 0), 0, 'a clock that is behind')
    assert.equal(initialAgeSeconds({ age: '-3', date: 'yesterday' }, wall, 0), 0)
  })
})

describe('conditions and ranges', () => {
  test('If-None-Match decides alone, weakly; If-Modified-Since only without it', () => {
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
    const earlier = 'Wed, 31 Dec 2025 00:00:00 GMT'
    const holds = (request: Record<string, string>, etag: string | null = '"a"'): boolean =>
      notModified(request, etag, date)
    assert.equal(holds({ 'if-none-match': '"a"' }), true)
    assert.equal(holds({ 'if-none-match': 'W/"a"' }), true)
    assert.equal(holds({ 'if-none-match': '"b" , "a"' }), true)
    assert.equal(holds({ 'if-none-match': '"b,a"' }), false)
    assert.equal(holds({ 'if-none-match': 'a' }), false)
    assert.equal(holds({ 'if-none-match': '*' }, null), true)
    assert.equal(holds({ 'if-none-match': '"b"', 'if-modified-since': date }), false)
    assert.equal(holds({ 'if-modified-since': date }), true)
    assert.equal(holds({ 'if-modified-since': earlier }), false)
    assert.equal(holds({ 'if-modified-since': 'soon' }), false)
    assert.equal(holds({}), false)
  })

  test('whatever is asked for, a part lies within the content', () => {
    const pieces = fc.constantFrom('bytes', '=', '-', ',', '0', '5', '99', ' ', 'x')
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces).map((parts) => parts.join('')),
    )
    const property = fc.property(texts, fc.nat(20), (range, bytes) => {
      const verdict = rangeOf({ range }, bytes, '"a"', null)
      if (verdict.kind !== 'part') return
      assert.equal(0 <= verdict.start && verdict.start <= verdict.end, true)
      assert.equal(verdict.end < bytes, true)
    })
    fc.assert(property)
    const any = fc.property(fc.string(), fc.string(), (list, etag) => {
      notModified({ 'if-none-match': list, 'if-modified-since': etag }, etag, list)
    })
    fc.assert(any)
  })
})

describe('fields', () => {
  test('of one connection, and ours, are not forwarded', () => {
    const headers = {
      connection: 'close, X-Hop',
      'x-hop': '1',
      'transfer-encoding': 'chunked',
      'sluice-keys': 'k',
      age: '1',
      accept: 'x',
    }
    assert.deepEqual(endToEnd(headers), { accept: 'x' })
  })

  test('Cache-Status says what inner caches said first', () => {
    const outcome = { kind: 'hit', ttlSeconds: 59.9 } as const
    assert.equal(cacheStatus(outcome, undefined), 'sluice-edge; hit; ttl=59')
    assert.equal(cacheStatus(outcome, 'inner; hit'), 'inner; hit, sluice-edge; hit; ttl=59')
    const forwarded = {
      kind: 'forwarded',
      reason: 'stale',
      status: 304,
      stored: true,
      collapsed: true,
      detail: 'no-lease',
    } as const
    assert.equal(
      cacheStatus(forwarded, undefined),
      'sluice-edge; fwd=stale; fwd-status=304; stored; collapsed; detail=no-lease',
    )
  })
})
