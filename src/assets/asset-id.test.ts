import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { encodeAssetPath } from '../contract/asset-path.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { folderAssetId, idProblem } from './asset-id.ts'

describe('asset ids', () => {
  for (const [path, id] of [
    ['shoes/red.jpg', 'shoes/red'],
    ['Shoes/Red.JPEG', 'Shoes/Red'],
    ['docs/manual.pdf', 'docs/manual.pdf'],
    ['a.tar.gz', 'a.tar.gz'],
    ['a.jpg.png', 'a.jpg'],
    ['noextension', 'noextension'],
    ['a/.jpg', 'a/.jpg'],
  ] as const) {
    it(`the file ${path} is ${id}`, () => assert.equal(folderAssetId(path), id))
  }

  for (const [id, code] of [
    ['a,b', 'comma'],
    ['a:b', 'colon'],
    ['a\\b', 'backslash'],
    ['a/../b', 'dots'],
    ['a/./b', 'dot-file'],
    ['', 'dots'],
    ['a\u007fb', 'control-character'],
    ['a\u0085b', 'control-character'],
    ['\udc00', 'not-utf-8'],
    ['x'.repeat(513), 'too-long'],
  ] as const) {
    it(`${JSON.stringify(id.slice(0, 9))} is refused: ${code}`, () => {
      assert.equal(idProblem(id)?.code, code)
    })
  }

  it('every id that is accepted can be asked for at an edge, and is then that very id', () => {
    const names = {
      projects: [{ project: 'demo', companies: [], tokens: [], hosts: [], originAliases: {} }],
    }
    const piece = fc.constantFrom(
      'a',
      'B',
      '/',
      '.',
      ',',
      ':',
      ' ',
      'ü',
      '%',
      '?',
      '#',
      '$',
      '+',
      '&',
      '~',
      '\\',
    )
    const id = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(id, (text) => {
        if (idProblem(text)) return
        for (const kind of ['image', 'content']) {
          const target = `/is/${kind}/demo/${encodeAssetPath(text)}`
          const parsed = parseDeliveryUrl({ host: '127.0.0.1', target }, names)
          assert.ok(parsed.ok, target)
          assert.ok(parsed.url.subject.kind !== 'original')
          assert.equal(parsed.url.subject.asset, text)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
