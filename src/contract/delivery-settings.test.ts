import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { originRuleFor } from './origin-rules.ts'
import { parseCanonicalTarget, parseDeliveryUrl } from './parse-delivery-url.ts'
import type { ProjectNames } from './records.ts'
import { urlKeyTexts } from './url-keys.ts'

const NAMES: ProjectNames = {
  project: 'demo',
  companies: ['demo'],
  tokens: ['doc'],
  hosts: ['img.example.com'],
  originAliases: {
    _a_: 'sample.li/one',
    _a_b_: 'sample.li/two',
  },
}

function parse(target: string, change: Partial<ProjectNames> = {}, host = 'doc.cloudimg.io') {
  return parseDeliveryUrl({ host, target }, { projects: [{ ...NAMES, ...change }] })
}

function read(target: string, change: Partial<ProjectNames> = {}, host?: string) {
  const parsed = parse(target, change, host)
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problem.reason)
  return parsed.url
}

const pathOf = (target: string, change: Partial<ProjectNames> = {}) => read(target, change).path

describe('one original', () => {
  it('has one name in every spelling', () => {
    const prefixed = { originPrefix: 'sample.li/pictures/' }
    const spellings = [
      '/sample.li/pictures/a.jpg',
      '/v7/sample.li/pictures/a.jpg',
      '/http://sample.li/pictures/a.jpg',
      '/https://sample.li/pictures/a.jpg',
      '/https://SAMPLE.LI:443/pictures/a.jpg',
      '/sample.li%2Fpictures%2Fa.jpg?ci_url_encoded=1',
      '/http%3A%2F%2Fsample.li%2Fpictures%2Fa.jpg',
      '/pictures/a.jpg',
      '/v7/pictures/a.jpg',
      '/_t/doc/pictures/a.jpg?&w=500',
    ]
    for (const target of spellings) {
      const prefix =
        target.includes('sample.li') || target.includes('SAMPLE')
          ? {}
          : { originPrefix: 'sample.li' }
      assert.equal(pathOf(target, prefix), '/~/original/demo/sample.li/pictures/a.jpg', target)
    }
    assert.equal(pathOf('/a.jpg', prefixed), '/~/original/demo/sample.li/pictures/a.jpg')
    assert.equal(pathOf('/a.jpg'), '/~/asset/demo/a')
  })

  it('a path below the prefix is never another host, nor leaves the prefix', () => {
    const prefixed = { originPrefix: 'sample.li/pictures' }
    assert.equal(pathOf('/deep/a.jpg', prefixed), '/~/original/demo/sample.li/pictures/deep/a.jpg')
    assert.equal(parse('/deep/../../a.jpg', prefixed).ok, false)
    assert.equal(parse('/deep/%2e%2e/a.jpg', prefixed).ok, false)
  })

  it('of overlapping aliases the longest wins', () => {
    assert.equal(pathOf('/_a_/x.jpg'), '/~/original/demo/sample.li/one/x.jpg')
    assert.equal(pathOf('/_a_b_/x.jpg'), '/~/original/demo/sample.li/two/x.jpg')
  })

  it('with a query of its own is another original', () => {
    const own = pathOf('/sample.li%2Fa.jpg%3Fv%3D13?ci_url_encoded=1')
    assert.notEqual(own, pathOf('/sample.li/a.jpg'))
  })
})

describe('ci_cache', () => {
  it('makes another URL of the same rendition, which one purge reaches', () => {
    const plain = read('/sample.li/a.jpg?w=500')
    const short = read('/sample.li/a.jpg?ci_cache=060&w=500')
    assert.equal(short.cacheSeconds, 60)
    assert.notEqual(short.target, plain.target)
    assert.equal(short.rendition, plain.rendition)
    assert.deepEqual(urlKeyTexts(short), urlKeyTexts(plain))
    const back = parseCanonicalTarget(short.target)
    assert.deepEqual(back.ok && back.url, short)
  })

  it('with vh both are kept', () => {
    const url = read('/sample.li/a.jpg?vh=abc&ci_cache=5')
    assert.equal(url.target, '/~/original/demo/sample.li/a.jpg?ci_cache=5&vh=abc')
  })

  it('is a whole number of seconds up to a year', () => {
    for (const wrong of ['-1', '1e3', 'x', '31536001', '']) {
      const parsed = parse(`/sample.li/a.jpg?ci_cache=${wrong}`)
      assert.equal(!parsed.ok && parsed.problem.parameter, 'ci_cache', wrong)
    }
  })
})

describe('sizes', () => {
  const rounded = { sizes: { step: 100, allowed: [] } }
  const listed = { sizes: { step: null, allowed: [200, 400] } }

  it('are rounded up, width and height each, and never past what is rendered', () => {
    assert.equal(
      read('/sample.li/a.jpg?w=401&h=1', rounded).rendition,
      read('/sample.li/a.jpg?w=500&h=100').rendition,
    )
    assert.equal(
      read('/sample.li/a.jpg?w=500', rounded).rendition,
      read('/sample.li/a.jpg?w=500').rendition,
    )
    assert.equal(
      read('/sample.li/a.jpg?w=4999', { sizes: { step: 300, allowed: [] } }).rendition,
      read('/sample.li/a.jpg?w=5000').rendition,
    )
    assert.equal(
      read('/is/image/demo/flat?wid=401', rounded).rendition,
      read('/is/image/demo/flat?wid=500').rendition,
    )
    assert.equal(
      read('/is/image/demo/flat?wid=2999', { sizes: { step: 1000, allowed: [] } }).rendition,
      read('/is/image/demo/flat?wid=3000').rendition,
    )
  })

  it('that are listed are taken, others refused by name', () => {
    assert.equal(parse('/sample.li/a.jpg?w=400&h=200', listed).ok, true)
    assert.equal(parse('/sample.li/a.jpg', listed).ok, true)
    const refused = parse('/sample.li/a.jpg?w=401', listed)
    assert.equal(!refused.ok && refused.problem.parameter, 'w')
    const refusedDm = parse('/is/image/demo/flat?hei=401', listed)
    assert.equal(!refusedDm.ok && refusedDm.problem.parameter, 'hei')
  })
})

const rule = (host: string) => ({ host, scheme: 'https' }) as const

describe('the rule of an origin', () => {
  const rules = [rule('*.sample.li'), rule('a.sample.li'), rule('*.b.sample.li')]

  it('is its own, else the longest wildcard above it; none without being asked for', () => {
    assert.equal(originRuleFor('a.sample.li', rules)?.host, 'a.sample.li')
    assert.equal(originRuleFor('x.sample.li', rules)?.host, '*.sample.li')
    assert.equal(originRuleFor('x.y.sample.li', rules)?.host, '*.sample.li')
    assert.equal(originRuleFor('x.b.sample.li', rules)?.host, '*.b.sample.li')
    assert.equal(originRuleFor('sample.li', rules), null)
    assert.equal(originRuleFor('evilsample.li', rules), null)
    assert.equal(originRuleFor('x.a.sample.li', [rule('a.sample.li')]), null)
  })
})
