import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { CLOUDIMAGE_QUERY } from '../contract/cloudimage.ts'
import { IMAGE_QUERY } from '../contract/dynamic-media.ts'
import { createQuickKeys, urlKeys } from './quick-keys.ts'
import { deliveryNames } from './url-check.ts'
import { PROJECT } from './workbench-suite.ts'

const EDGE = 'http://127.0.0.1:8081'
const NAMES = deliveryNames(PROJECT, [EDGE])

/** One for all texts of a property, as for all lines of a list. */
function assertSame(text: fc.Arbitrary<string>, numRuns: number): void {
  const quick = createQuickKeys(NAMES)
  assert.equal(quick(`${EDGE}/is/image/demo/a`).ok, true)
  fc.assert(
    fc.property(text, (url) => assert.deepEqual(quick(url), urlKeys(url, NAMES))),
    { numRuns },
  )
}

const hosts = fc.constantFrom(
  '127.0.0.1:8081',
  'doc.localhost',
  'doc.cdn.example',
  'img.shop.example',
  'LOCALHOST',
)
const paths = fc.constantFrom(
  '/is/image/demo/shoes/red',
  '/is/image/alias/shoes/red',
  '/is/image/demo/shoes/red:top',
  '/is/image/other/shoes/red',
  '/is/image/demo/a%2Fb',
  '/is/image/demo/',
  '/is/content/demo/manual.pdf',
  '/is/content/demo/shoes/red',
  '/sample.li/a.jpg',
  '/v7/sample.li/a.jpg',
  '/v7/https://sample.li/a.jpg',
  '/sample.li/a%2Fb.jpg%3Fv%3D1',
  '/_t/doc/sample.li/a.jpg',
  '/_x_/a.jpg',
  '/shoes/red.jpg',
)

const PARAMETERS = [
  ...Object.keys(IMAGE_QUERY.grammars),
  ...Object.keys(CLOUDIMAGE_QUERY.grammars),
  ...Object.keys(CLOUDIMAGE_QUERY.synonyms),
  'layer',
  'utm_source',
  '$small$',
  '$Small$',
]
const VALUES = ['', '1', '100', 'webp', 'props', 'imageprops,json', 'exists', 'fit,1', '0,0,10,10']

const parameter = fc
  .tuple(fc.constantFrom(...PARAMETERS), fc.constantFrom(...VALUES))
  .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
/** What changes how a path is read. */
const encoded = fc.constantFrom(
  'ci_url_encoded=1',
  'CI_URL_encoded=1',
  'ci%5Furl_encoded=1',
  'ci_url_encoded=0',
)
const item = fc.oneof({ weight: 7, arbitrary: parameter }, { weight: 1, arbitrary: encoded })
const query = fc
  .array(item, { maxLength: 3 })
  .map((items) => (items.length === 0 ? '' : `?${items.join('&')}`))

describe('the keys of a URL, as long lists are read', () => {
  test('are those of short lists, for any picture with any query, whatever came before', () => {
    const url = fc
      .tuple(hosts, paths, query)
      .map(([host, path, behind]) => `https://${host}${path}${behind}`)
    assertSame(url, 6000)
  })

  test('are those of short lists, or the same refusal, for any text', () => {
    const host = fc.constantFrom('127.0.0.1:8081', '127.0.0.1', 'evil.example', 'a@b', '')
    const path = fc.constantFrom('/is/image/demo/', '/is/image/other/', '/_t/doc/sample.li/', '/')
    const odd = fc.constantFrom(
      ...'#<> %\\@:,ü"?&=$'.split(''),
      '%2F',
      '..',
      '\u0001',
      '?wid=1',
      '$p$',
    )
    const tail = fc.array(fc.oneof(odd, fc.string({ maxLength: 5 })), { maxLength: 5 })
    const text = fc
      .tuple(fc.constantFrom('http://', 'https://', 'HTTP://', 'ftp://', ''), host, path, tail)
      .map(([scheme, on, at, rest]) => `${scheme}${on}${at}${rest.join('')}`)
    assertSame(text, 2000)
  })

  test('of a picture and a query that are each short enough, but not together, are none', () => {
    const quick = createQuickKeys(NAMES)
    // Escaped, each of these takes three characters.
    const [path, behind] = [`/is/image/demo/${'^'.repeat(2000)}`, `$${'^'.repeat(900)}$`]
    for (const url of [
      `${EDGE}${path}`,
      `${EDGE}/is/image/demo/a?${behind}`,
      `${EDGE}${path}?${behind}`,
    ])
      assert.deepEqual(quick(url), urlKeys(url, NAMES))
    assert.equal(quick(`${EDGE}${path}?${behind}`).ok, false)
  })

  test('of more pictures than are remembered are right all the same', () => {
    const quick = createQuickKeys(NAMES)
    for (let at = 0; at < 5_000; at++) {
      const url = `${EDGE}/is/image/demo/p${at % 1_700}?wid=${1 + (at % 1_100)}`
      assert.deepEqual(quick(url), urlKeys(url, NAMES))
    }
  })
})
