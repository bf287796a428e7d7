import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { existsProperties, imageProperties, propertiesAnswer } from './properties.ts'

const modifiedAtMs = Date.UTC(2026, 10, 20, 4, 13, 1)
const text = {
  kind: 'properties',
  of: 'exists',
  as: 'text',
  handler: 's7jsonResponse',
  id: '',
} as const

describe('an answer of properties', () => {
  it('as text is a Java properties file', () => {
    const answer = propertiesAnswer({
      asks: text,
      properties: existsProperties(true),
      modifiedAtMs,
    })
    assert.equal(answer.mediaType, 'text/plain; charset=utf-8')
    assert.equal(answer.body, '#S7Z OK\n#Fri Nov 20 04:13:01 UTC 2026\ncatalogRecord.exists=1\n')
  })

  it('as JSON is a function call', () => {
    const properties = existsProperties(false)
    const json = { ...text, as: 'json' } as const
    const answer = propertiesAnswer({ asks: json, properties, modifiedAtMs })
    assert.equal(answer.mediaType, 'text/javascript; charset=utf-8')
    assert.equal(answer.body, '/*jsonp*/s7jsonResponse({"catalogRecord.exists":"0"},"");')
    const asks = { ...json, handler: 'cb', id: '</script>"' }
    const echoed = propertiesAnswer({ asks, properties, modifiedAtMs })
    assert.equal(
      echoed.body,
      String.raw`/*jsonp*/cb({"catalogRecord.exists":"0"},"\u003c/script>\"");`,
    )
  })

  it('escapes what would end a line', () => {
    const properties = { path: ' a\nb\\ü' }
    const { body } = propertiesAnswer({ asks: text, properties, modifiedAtMs })
    assert.match(body, /^path=\\ a\\u000ab\\\\\\u00fc$/m)
  })

  it('tells size, color and version of an original', () => {
    const facts = {
      width: 16,
      height: 12,
      alpha: true,
      space: 'cmyk',
      icc: false,
      version: 'v',
      modifiedAtMs,
    }
    const properties = imageProperties(facts)
    assert.equal(properties['image.width'], '16')
    assert.equal(properties['image.mask'], '1')
    assert.equal(properties['image.pixTyp'], 'CMYK')
    assert.equal(properties['image.version'], 'v')
  })
})
