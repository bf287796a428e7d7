import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { DeliveryUrl } from './delivery-url.ts'
import { parseDeliveryUrl } from './parse-delivery-url.ts'
import {
  coverage,
  folderAncestors,
  formatFreeTarget,
  markSourceKeyText,
  sourceKeyText,
  urlKeyTexts,
} from './url-keys.ts'

const project = {
  project: 'demo',
  companies: ['Co'],
  tokens: ['doc'],
  hosts: [],
  originAliases: {},
}

function parsed(target: string): DeliveryUrl {
  const result = parseDeliveryUrl({ host: 'h.li', target }, { projects: [project] })
  assert.ok(result.ok, JSON.stringify(result))
  return result.url
}

function markSource(query: string): string | null {
  return markSourceKeyText(parsed(`/_t/doc/sample.li/a.jpg?${query}`))
}

describe('the keys of an answer', () => {
  it('to a crop with presets name all that it depends on', () => {
    const url = parsed('/is/image/Co/shoes/summer/red:Large?$Thumb$&wid=40&fmt=png&id=9')
    assert.deepEqual(urlKeyTexts(url), [
      'project:demo',
      'asset:demo/shoes/summer/red',
      'folder:demo/shoes',
      'folder:demo/shoes/summer',
      'crop:demo/shoes/summer/red:Large',
      'preset:demo/thumb',
      'path:demo|/~/image/demo/shoes/summer/red:Large',
      'url:demo|/~/image/demo/shoes/summer/red:Large?$thumb$&wid=40',
    ])
    assert.equal(sourceKeyText(url), 'src:demo/shoes/summer/red')
  })

  it('to a remote original name it', () => {
    const url = parsed('/_t/doc/https://SAMPLE.LI/a.jpg?w=40&force_format=webp,jpg&vh=3')
    assert.deepEqual(urlKeyTexts(url), [
      'project:demo',
      'original:demo/sample.li/a.jpg',
      'path:demo|/~/original/demo/sample.li/a.jpg',
      'url:demo|/~/original/demo/sample.li/a.jpg?w=40',
    ])
    assert.equal(sourceKeyText(url), 'src:demo/sample.li/a.jpg')
  })

  it('to a watermark name that too', () => {
    const keys = urlKeyTexts(
      parsed('/_t/doc/sample.li/a.jpg?wat=1&wat_url=https://sample.li/mark.png'),
    )
    assert.ok(keys.includes('original:demo/sample.li/mark.png'))
    const asset = urlKeyTexts(parsed('/_t/doc/sample.li/a.jpg?wat=1&wat_url=brand/mark'))
    assert.ok(asset.includes('asset:demo/brand/mark') && asset.includes('folder:demo/brand'))
  })

  it('of a watermark’s cached original follow from the URL', () => {
    assert.equal(markSource('wat=1&wat_url=sample.li/mark.png'), 'src:demo/sample.li/mark.png')
    assert.equal(markSource('wat=1'), null)
    assert.equal(markSource('w=3'), null)
  })

  it('to an asset in the other dialect are those of the asset', () => {
    assert.ok(urlKeyTexts(parsed('/_t/doc/shoes/red.jpg?w=40')).includes('asset:demo/shoes/red'))
  })

  it('hold every folder above an asset', () => {
    assert.deepEqual(folderAncestors('a'), [])
    assert.deepEqual(folderAncestors('a/b/c'), ['a', 'a/b'])
  })
})

describe('a purge by URL', () => {
  it('without a query, or with one that says nothing, covers the path', () => {
    for (const target of [
      '/is/image/demo/a',
      '/is/image/demo/a?',
      '/is/image/demo/a?ts=1&qlt=80',
    ]) {
      assert.deepEqual(coverage(parsed(target)), {
        covers: 'path',
        key: 'path:demo|/~/image/demo/a',
      })
    }
  })

  it('with a query covers that rendition', () => {
    assert.deepEqual(coverage(parsed('/is/image/Co/a?hei=2&wid=1')), {
      covers: 'rendition',
      key: 'url:demo|/~/image/demo/a?hei=2&wid=1',
    })
  })

  it('reaches the rendition in every format, quality and version', () => {
    const format = fc.constantFrom(
      '',
      '&fmt=png',
      '&fmt=webp,,lossless',
      '&qlt=40',
      '&id=7',
      '&FMT=avif&id=x',
    )
    const commands = fc.constantFrom(
      'wid=40',
      '$a$',
      'wid=40&$a$&hei=3',
      '$a$&rotate=0',
      'req=props',
    )
    fc.assert(
      fc.property(commands, format, format, (query, one, other) => {
        const purged = parsed(`/is/image/demo/a?${query}${one}`)
        const cached = parsed(`/is/image/demo/a?${query}${other}`)
        assert.ok(urlKeyTexts(cached).includes(coverage(purged).key))
      }),
    )
  })
})

describe('a target without its format', () => {
  const parameter = fc.constantFrom(
    'wid=40',
    'wid=41',
    'hei=9',
    'fmt=png',
    'fmt=webp-alpha',
    'qlt=80',
    '$Thumb$',
    '$id$',
    '$fmt$',
    'id=7',
    'id=8',
    'op_sharpen=1',
    'utm_source=x',
  )
  const spelling = fc
    .array(parameter, { maxLength: 4 })
    .map((parameters) => parsed(`/is/image/Co/a/b?${parameters.join('&')}`))

  it('is the same for two URLs exactly when one purge by URL covers both', () => {
    fc.assert(
      fc.property(spelling, spelling, (one, other) => {
        const same = formatFreeTarget(one.target) === formatFreeTarget(other.target)
        const keys = [one, other].map((url) => urlKeyTexts(url).at(-1))
        assert.equal(same, keys[0] === keys[1], `${one.target} ${other.target}`)
      }),
    )
  })

  it('is the same for a remote original in each of its formats', () => {
    const one = parsed('/_t/doc/sample.li/a.jpg?w=40&force_format=webp&vh=3&ci_cache=9')
    const other = parsed('/_t/doc/sample.li/a.jpg?width=40&q=7')
    assert.equal(formatFreeTarget(one.target), formatFreeTarget(other.target))
  })
})
