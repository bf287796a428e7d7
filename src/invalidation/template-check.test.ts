import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'

import type { AssetRow, ProjectRow } from '../store/store.ts'
import { checkTemplateText, namedAssets } from './template-check.ts'
import { templateLines } from './template-lines.ts'
import { deliveryNames } from './url-check.ts'
import { PROJECT, image, pdf, word } from './workbench-suite.ts'

const SERVER = 'http://my.publishserver.com:8080'
const BASE = `${SERVER}/is/image/dms7snapshot`
const presets = { product: 'wid=400', 'pdp-main': 'wid=800', 'My Preset': 'wid=1' }

function check(
  text: string,
  {
    assets = [image('spinset')],
    named = [],
    project = {},
  }: {
    assets?: readonly AssetRow[]
    named?: readonly AssetRow[]
    project?: Partial<ProjectRow>
  } = {},
) {
  const row: ProjectRow = { ...PROJECT, presets, ...project }
  return checkTemplateText(text, { project: row, known: deliveryNames(row, []), assets, named })
}

function only(text: string, context: Parameters<typeof check>[1] = {}) {
  const problems = check(text, context).flatMap((line) => line.problems)
  assert.equal(problems.length, 1, `${text}: ${JSON.stringify(problems)}`)
  return problems[0]!
}

const levelOf = (text: string, context: Parameters<typeof check>[1] = {}) =>
  only(text, context).level

describe('the lines of a template', () => {
  test('CRLF, BOM, blank lines, tabs and trailing spaces are accepted', () => {
    const text = '\uFEFF<ID>\r\n\r\n\t<ID>?$product$  \r \t \n  <ID>?wid=1\t'
    const lines = check(text)
    assert.deepEqual(
      lines.map(({ line, text: shown, problems }) => [line, shown, problems.length]),
      [
        [1, '<ID>', 0],
        [3, '<ID>?$product$', 0],
        [5, '<ID>?wid=1', 0],
      ],
    )
    assert.deepEqual(lines[1]!.urls, [`${BASE}/spinset?$product$`])
  })

  test("%3CID%3E, a browser's paste, is <ID>, with a remark", () => {
    for (const spelling of ['%3CID%3E', '%3cID%3e']) {
      const [line] = check(`${BASE}/${spelling}?$product$`)
      assert.deepEqual(line!.urls, [`${BASE}/spinset?$product$`])
      const remark = only(`${BASE}/${spelling}?$product$`)
      assert.deepEqual([remark.column, remark.level], [BASE.length + 2, 'warning'])
      assert.match(remark.reason, /is read as <ID>/)
    }
  })

  test('ids are percent-encoded once, and a line is no URL before <ID> is substituted', () => {
    for (const [id, encoded] of [
      ['a b', 'a%20b'],
      ['ü', '%C3%BC'],
      ['#', '%23'],
      ['%', '%25'],
      ['?', '%3F'],
      ['shoes/50% off', 'shoes/50%25%20off'],
    ] as const) {
      const [line] = check('<ID>?$product$', { assets: [image(id)] })
      assert.deepEqual(line!.problems, [], id)
      assert.deepEqual(line!.urls, [`${BASE}/${encoded}?$product$`])
    }
  })

  test('is/content lines with and without <ID>, crop lines, several <ID>, ports, both schemes, several publish hosts', () => {
    const project = { hosts: ['img.shop.example', 'two.shop.example'] }
    const content = `${SERVER}/is/content/dms7snapshot`
    const text = [
      `${content}/<ID>`,
      `${content}/gspdf`,
      '<ID>:Large',
      `${BASE}/<ID>?$product$&id=<ID>`,
      `${BASE.replace('http:', 'https:')}/<ID>?x=1`,
      'http://img.shop.example:8081/is/image/alias/<ID>?y=1',
      'http://two.shop.example/is/image/alias/<ID>',
    ].join('\n')
    const lines = check(text, { project, named: [pdf('gspdf')] })
    const levels = lines.flatMap(({ problems }) => problems.map(({ level }) => level))
    assert.deepEqual(levels, ['warning'], 'the other scheme alone is remarked')
    assert.deepEqual(
      lines.map(({ urls }) => urls[0]),
      [
        `${content}/spinset`,
        `${content}/gspdf`,
        `${BASE}/spinset:Large`,
        `${BASE}/spinset?$product$&id=spinset`,
        'https://my.publishserver.com:8080/is/image/dms7snapshot/spinset?x=1',
        'http://img.shop.example:8081/is/image/alias/spinset?y=1',
        'http://two.shop.example/is/image/alias/spinset',
      ],
    )
  })

  test("a type that is never delivered is nobody's example", () => {
    const assets = [word('letter.doc'), image('b'), image('a')]
    assert.deepEqual(check('<ID>', { assets })[0]!.urls, [`${BASE}/a`, `${BASE}/b`])
  })

  test('any text makes lines whose places lie in it, and never an exception', () => {
    const piece = fc.constantFrom(
      '<ID>',
      '%3CID%3E',
      '\r\n',
      '\n',
      '\t',
      ' ',
      '?',
      '&',
      '$',
      '<',
      '>',
      BASE,
      'htp://',
      'é',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 }))), (pieces) => {
        const text = pieces.join('')
        const whole = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
        for (const { line, problems } of check(text)) {
          for (const { column } of problems) {
            assert.ok(column >= 1 && column <= whole[line - 1]!.length, `${column}`)
          }
        }
        assert.equal(check(text).length, templateLines(text).length)
      }),
    )
  })
})

describe('eight planted typos, each told once with its column and, where there is one, "did you mean"', () => {
  const cases: readonly (readonly [string, number, 'error' | 'warning', RegExp])[] = [
    ['<ID>?$prodct$', 6, 'warning', /no preset prodct .* Did you mean \$product\$\?/],
    [
      `${SERVER}/is/imgae/dms7snapshot/<ID>`,
      SERVER.length + 1,
      'error',
      /Did you mean \/is\/image\/\?/,
    ],
    [`${BASE}/<id>?$product$`, BASE.length + 2, 'error', /Did you mean <ID>\?/],
    [`${BASE}/<ID?$product$`, BASE.length + 2, 'error', /Did you mean <ID>\?/],
    [
      `htp://my.publishserver.com:8080/is/image/dms7snapshot/<ID>`,
      1,
      'error',
      /Did you mean http:\/\/\?/,
    ],
    ['<ID>?fmt=jpeg& wid=400', 15, 'warning', /Did you mean wid=\?/],
    [
      `${SERVER}/is/image/OtherCompany/<ID>`,
      `${SERVER}/is/image/`.length + 1,
      'error',
      /company "OtherCompany", which is not this project's/,
    ],
  ]
  for (const [line, column, level, reason] of cases) {
    test(line, () => {
      for (const indent of ['', '  ', '\t']) {
        const found = only(`${indent}${line}`)
        assert.deepEqual([found.column, found.level], [column + indent.length, level])
        assert.match(found.reason, reason)
      }
    })
  }

  test('a doubled line', () => {
    for (const again of ['<ID>?$prodct$', '%3CID%3E?$prodct$', `${BASE}/<ID>?$prodct$`]) {
      const [first, , doubled] = check(`<ID>?$prodct$\n\n<ID>\n ${again}`)
      assert.equal(first!.problems.length, 1)
      assert.equal(doubled!.problems.length, 1)
      assert.match(doubled!.problems[0]!.reason, /the same as line 1/)
      assert.deepEqual([doubled!.problems[0]!.column, doubled!.problems[0]!.level], [2, 'warning'])
    }
  })
})

describe('remarks and refusals', () => {
  test('unknown preset, crop or asset, and another scheme are remarks', () => {
    assert.equal(levelOf('<ID>?$nothing-like-it$'), 'warning')
    assert.match(only('<ID>:Lagre').reason, /Did you mean Large\?/)
    assert.match(only('<ID>:large?wid=5').reason, /Did you mean Large\?/)
    assert.equal(only('<ID>:large').column, 6)
    assert.match(only(`${BASE}/no/where?wid=1`).reason, /no asset no\/where/)
    assert.equal(levelOf(`${BASE.replace('http:', 'https:')}/<ID>`), 'warning')
  })

  test("the project's own smart crops and an asset's own are known", () => {
    const rect = { x: 0, y: 0, width: 1, height: 1 }
    const assets = [image('a', { crops: { Own: { rect, width: 1, height: 1 } } })]
    const project = { smartCrops: [{ name: 'Wide', width: 2, height: 1 }] }
    const lines = check('<ID>:Wide\n<ID>:Own\n<ID>:Large', { assets, project })
    assert.deepEqual(
      lines.map(({ problems }) => problems.length),
      [0, 0, 1],
    )
  })

  test('assets that lines name are looked for', () => {
    const known = deliveryNames(PROJECT, [])
    const text = `${BASE}/a\n${BASE}/b:Large?wid=1\n<ID>\nhttp://nobody.example/x\n${BASE}/a`
    assert.deepEqual(namedAssets(text, known), ['a', 'b'])
  })

  test('malformed lines and other companies are refusals', () => {
    for (const line of [
      '//host/is/image/dms7snapshot/<ID>',
      'my.publishserver.com/is/image/dms7snapshot/<ID>',
      'javascript:alert(1)',
      'ftp://my.publishserver.com/<ID>',
      'http://user@my.publishserver.com/is/image/dms7snapshot/<ID>',
      `${BASE}/<ID>#top`,
      `${SERVER}/is/image/dms7snapshot/`,
      `${SERVER}/is/image/`,
      `${SERVER}/is/../<ID>`,
      `${BASE}/<IDS>`,
      `${BASE}/ID>`,
      '<>',
      `http://elsewhere.example/is/image/dms7snapshot/<ID>`,
      `<ID>?wid=-1`,
      `<ID>?wid=${'9'.repeat(9000)}`,
    ]) {
      assert.equal(levelOf(line), 'error', line)
    }
  })

  test('the place of a refusal is where the offending piece stands', () => {
    assert.equal(only('<ID>?fmt=jpeg&wid=-1').column, 15)
    assert.equal(only('http://my.publishsrver.com:8080/is/image/dms7snapshot/<ID>').column, 8)
    assert.match(
      only('http://my.publishsrver.com:8080/is/image/dms7snapshot/<ID>').reason,
      /Did you mean my\.publishserver\.com\?/,
    )
  })

  test('a blank is at home in the name of a preset', () => {
    assert.deepEqual(check('<ID>?$My Preset$')[0]!.problems, [])
    assert.equal(only('<ID>? wid=1').column, 6)
    assert.equal(only('<ID>?wid =1').column, 9)
  })
})
