import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DELIVERY_DEFAULTS } from './delivery-settings.ts'
import { parseDeliveryUrl } from './parse-delivery-url.ts'
import { answerKeyTexts, projectSourceKeyTexts, sourceKeyTexts } from './url-inputs.ts'
import type { ProjectInputs } from './url-inputs.ts'

/** Goal: who has a URL and its project knows every key that an answer to it may bear. */

const PROJECT = {
  project: 'demo',
  companies: ['Co'],
  tokens: ['doc'],
  hosts: [],
  originAliases: {},
}
const INPUTS: ProjectInputs = {
  presets: {
    branded: 'w=40&wat=1&wat_url=sample.li/preset.png',
    marked: 'wat=1',
    outer: '$inner$&wid=5',
    inner: 'hei=5',
  },
  delivery: {
    ...DELIVERY_DEFAULTS,
    watermarkImage: 'brand/mark',
    missingOriginal: 'default-image-200',
    missingImage: 'brand/none',
  },
}

function parsed(target: string) {
  const result = parseDeliveryUrl({ host: 'h.li', target }, { projects: [PROJECT] })
  assert.ok(result.ok, target)
  return result.url
}

const keysOf = (target: string, inputs = INPUTS) => answerKeyTexts(parsed(target), inputs)
const sourcesOf = (target: string, inputs = INPUTS) => sourceKeyTexts(parsed(target), inputs)

describe('what a project adds to its pictures', () => {
  it('are keys of their answers: the watermark of the URL, of the project, or of a preset', () => {
    const own = keysOf('/_t/doc/sample.li/a.jpg?wat=1&wat_url=sample.li/mark.png')
    assert.ok(own.includes('original:demo/sample.li/mark.png'))
    assert.ok(!own.includes('asset:demo/brand/mark'))
    for (const query of ['wat=1', 'p=marked']) {
      const keys = keysOf(`/_t/doc/sample.li/a.jpg?${query}`)
      assert.ok(keys.includes('asset:demo/brand/mark') && keys.includes('folder:demo/brand'), query)
    }
    const branded = keysOf('/_t/doc/sample.li/a.jpg?p=branded')
    assert.ok(branded.includes('original:demo/sample.li/preset.png'))
    assert.ok(branded.includes('path:demo|/~/original/demo/sample.li/preset.png'))
    assert.ok(!keysOf('/_t/doc/sample.li/a.jpg?w=5').includes('asset:demo/brand/mark'))
  })

  it('presets inside presets', () => {
    const keys = keysOf('/is/image/Co/shoes?$outer$')
    assert.ok(keys.includes('preset:demo/outer') && keys.includes('preset:demo/inner'))
  })

  it('and what may stand for the original, in the size of the URL; only where the project says so, and for Cloudimage', () => {
    const keys = keysOf('/_t/doc/sample.li/a.jpg?w=5&gray=1')
    assert.ok(keys.includes('asset:demo/brand/none'))
    assert.ok(
      keys.some((key) => key.endsWith('brand/none?w=5')),
      keys.join('\n'),
    )
    assert.ok(!keysOf('/is/image/Co/shoes?wid=5').includes('asset:demo/brand/none'))
    const delivery = { ...INPUTS.delivery, missingOriginal: 'empty-404' } as const
    const other = keysOf('/_t/doc/sample.li/a.jpg?w=5', { ...INPUTS, delivery })
    assert.ok(!other.includes('asset:demo/brand/none'))
  })

  it('are originals that a purge of such a URL names too', () => {
    assert.deepEqual(sourcesOf('/_t/doc/sample.li/a.jpg?p=branded'), [
      'src:demo/sample.li/a.jpg',
      'src:demo/sample.li/preset.png',
      'src:demo/brand/none',
    ])
    assert.deepEqual(sourcesOf('/is/image/Co/shoes?$outer$'), ['src:demo/shoes'])
  })

  it('are all of them for a list that nobody takes apart', () => {
    assert.deepEqual(projectSourceKeyTexts('demo', INPUTS), [
      'src:demo/brand/mark',
      'src:demo/brand/none',
      'src:demo/sample.li/preset.png',
    ])
    const bare = { presets: {}, delivery: DELIVERY_DEFAULTS }
    assert.deepEqual(projectSourceKeyTexts('demo', bare), [])
  })
})
