import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { DeliveryProblem, DeliveryUrl } from './delivery-url.ts'
import { parseCanonicalTarget, parseDeliveryUrl } from './parse-delivery-url.ts'
import type { NamesRecord } from './records.ts'

const NAMES: NamesRecord = {
  projects: [
    {
      project: 'demo',
      companies: ['DemoCo', 'DemoAlias'],
      tokens: ['doc'],
      hosts: ['img.example.com'],
      originAliases: {
        _x_: 'sample.li',
        _demo_: 'https://sample.li/short',
        '_demo_/long': 'sample.li/longer/',
      },
    },
    { project: 'other', companies: [], tokens: ['oth'], hosts: [], originAliases: {} },
  ],
}

/** `where` is `host/path?query`. */
function parsed(where: string): DeliveryUrl {
  const result = parseAt(where)
  assert.ok(result.ok, `${where}: ${JSON.stringify(result)}`)
  return result.url
}

function problem(where: string): DeliveryProblem {
  const result = parseAt(where)
  assert.ok(!result.ok, `${where} was taken`)
  return result.problem
}

function parseAt(where: string) {
  const slash = where.indexOf('/')
  return parseDeliveryUrl({ host: where.slice(0, slash), target: where.slice(slash) }, NAMES)
}

const target = (where: string) => parsed(where).target

describe('which project and original a URL names', () => {
  it('a Dynamic Media path names its project by company or alias on any host', () => {
    for (const company of ['demo', 'DemoCo', 'DemoAlias', '%44emoCo']) {
      assert.equal(target(`any.where:81/is/image/${company}/shoes/red`), '/~/image/demo/shoes/red')
    }
    assert.equal(target('oth.localhost/is/image/demo/a'), '/~/image/demo/a')
  })

  it('a crop stands behind a colon', () => {
    const { subject } = parsed('h.li/is/image/demo/shoes/red:Large?wid=10')
    assert.deepEqual(subject, { kind: 'image', asset: 'shoes/red', crop: 'Large' })
    assert.equal(target('h.li/is/image/demo/a%3aLarge'), target('h.li/is/image/demo/a:Large'))
  })

  it('content is another subject than the image of that id', () => {
    assert.equal(
      target('h.li/is/content/demo/docs/manual.pdf?wid=3'),
      '/~/content/demo/docs/manual.pdf',
    )
  })

  it('a host names its project by token or as its own', () => {
    const expected = '/~/original/demo/sample.li/flat.jpg?w=500'
    for (const where of [
      'doc.localhost:8081/sample.li/flat.jpg?w=500',
      'DOC.cloudimg.io/v7/sample.li/flat.jpg?w=500',
      'img.example.com/v7/https://sample.li/flat.jpg?w=500',
      'img.example.com:443/http://SAMPLE.LI:80/flat.jpg?width=500',
      'anything/_t/doc/sample.li/flat.jpg?&w=500',
      'anything/_t/doc/v7/https:/sample.li/flat.jpg?w=500&org_if_sml=0',
      'doc.x.y/https%3A%2F%2Fsample.li%2Fflat.jpg?w=500',
      'doc.x.y/sample.li%2Fflat.jpg?ci_url_encoded=1&w=500',
      'doc.x.y/_x_/flat.jpg?w=500',
      'doc.x.y/sample.li./fl%61t.jpg?w=500&utm_source=x&ts=4',
    ]) {
      assert.equal(target(where), expected, where)
    }
  })

  it('the longest alias wins', () => {
    assert.equal(target('doc.x/_demo_/a.jpg'), '/~/original/demo/sample.li/short/a.jpg')
    assert.equal(target('doc.x/_demo_/long/a.jpg'), '/~/original/demo/sample.li/longer/a.jpg')
  })

  it('the query of an encoded original belongs to it', () => {
    const url = parsed('doc.x/sample.li%2Fa.php%3Fv%3D1%26w%3D9?ci_url_encoded=1&w=50')
    assert.deepEqual(url.subject, { kind: 'original', original: 'sample.li/a.php?v=1&w=9' })
    assert.equal(url.target, '/~/original/demo/sample.li/a.php%3Fv=1&w=9?w=50')
    assert.notEqual(target('doc.x/sample.li/a.php%3Fv=1&w=9?w=50'), url.target)
  })

  it('a path without a host is an asset, with or without the extension of an image', () => {
    assert.equal(target('doc.x/Backpack_B?w=40'), '/~/asset/demo/Backpack_B?w=40')
    assert.equal(target('doc.x/shoes/red.jpg?w=40'), '/~/asset/demo/shoes/red?w=40')
    assert.equal(target('doc.x/flat1.jpg'), '/~/asset/demo/flat1')
  })

  it('nothing is delivered at other hosts, paths, companies and tokens', () => {
    for (const where of [
      'localhost/sample.li/a.jpg',
      '10.0.0.1/sample.li/a.jpg',
      'h.li/is/image/nobody/a',
      'h.li/is/image/demo',
      'h.li/is/image/demo/',
      'h.li/_t/nobody/sample.li/a.jpg',
      'h.li/~/image/demo/a',
    ]) {
      assert.equal(problem(where).status, 404, where)
    }
  })

  it('a path that could name another file than it seems to is refused', () => {
    for (const where of [
      'h.li/is/image/demo/../a',
      'h.li/is/image/demo/%2e%2e/a',
      'h.li/is/image/demo/a%2Fb',
      'h.li/is/image/demo/a%5Cb',
      'h.li/is/image/demo/a%00b',
      'h.li/is/image/demo/a%0Ab',
      'h.li/is/image/demo/a%ffb',
      'h.li/is/image/demo/a%b',
      'h.li/is/image/demo/a//b',
      'h.li/is/image/demo/a,b',
      'h.li/is/image/demo/a:b:c',
      'h.li/is/image/demo/a:b/c',
      'h.li/is/image/demo/a:',
      'doc.x/sample.li/../a.jpg',
      'doc.x/sample.li/%2e%2e%2fa.jpg',
      'doc.x/sample.li/a%00.jpg',
      'doc.x/sample.li/a%ff.jpg',
      'doc.x/user@sample.li/a.jpg',
      'doc.x/ftp://sample.li/a.jpg',
      'doc.x/sample.li/',
      'doc.x/',
      `h.li/is/image/demo/${'a'.repeat(9000)}`,
      // Five characters each in canonical form.
      `doc.x/sample.li/${'%20'.repeat(2000)}a.jpg`,
      `h.li/is/image/demo/${'ü'.repeat(3000)}`,
    ]) {
      assert.equal(problem(where).status, 400, where)
    }
  })
})

const query = (text: string) =>
  parsed(`h.li/is/image/demo/a?${text}`).target.slice('/~/image/demo/a'.length)

describe('which rendition a Dynamic Media query names', () => {
  it('order, case, defaults and encoding make no second one', () => {
    const expected = '?fmt=png&hei=300&wid=400'
    for (const text of [
      'wid=400&hei=300&fmt=png',
      'FMT=PNG&hei=300&Wid=400',
      'hei=300&fmt=png,rgb,none&wid=0400&qlt=80,0&align=0,0',
      'w%69d=%3400&hei=300&fmt=png&fit=fit,1&resMode=sharp&bgc=255,255,255',
      'wid=1&wid=400&hei=300&fmt=png&foo=bar&ts=1&.ts=2&utm_source=%ff&&cropN=0,0,1,1',
    ]) {
      assert.equal(query(text), expected, text)
    }
  })

  it('a preset stays where it stands among the commands', () => {
    assert.equal(query('$Thumbnail$&wid=480'), '?$thumbnail$&wid=480')
    assert.equal(query('wid=480&$thumbnail$'), '?wid=480&$thumbnail$')
    assert.equal(query('wid=480&$thumbnail$&wid=30'), '?$thumbnail$&wid=30')
    assert.equal(query('%24a%24&$b$&$A$'), '?$b$&$a$')
  })

  it('a default behind a preset stays, because it may undo what the preset says', () => {
    assert.equal(query('$a$&fmt=jpeg&qlt=80'), '?$a$&fmt=jpeg&qlt=80')
    assert.equal(query('fmt=jpeg&$a$'), '?$a$')
  })

  it('the version token is part of the target and not of the rendition', () => {
    const url = parsed('h.li/is/image/demo/a?id=x%20y&wid=4')
    assert.equal(url.target, '/~/image/demo/a?wid=4&id=x%20y')
    assert.equal(url.rendition, '/~/image/demo/a?wid=4')
    assert.equal(url.versionToken, 'x y')
    assert.equal(parsed('doc.x/sample.li/a.jpg?vh=f6080d').versionToken, 'f6080d')
  })

  it('a request for properties is another rendition, of which only what matters is kept', () => {
    assert.equal(query('req=exists,json&wid=3&id=7&handler=cb'), '?req=exists,json&handler=cb&id=7')
    assert.equal(query('req=props&wid=3&handler=cb'), '?wid=3&req=props')
    assert.equal(query('req=img&wid=3'), '?wid=3')
  })

  it('a bad value is refused by the name of its parameter', () => {
    const bad: readonly (readonly [string, string])[] = [
      ['wid=-1', 'wid'],
      ['wid=1e9', 'wid'],
      ['wid=3001', 'wid'],
      ['wid=', 'wid'],
      ['hei=0', 'hei'],
      ['qlt=0', 'qlt'],
      ['qlt=101', 'qlt'],
      ['crop=1,2,3', 'crop'],
      ['cropN=0,0,0,1', 'cropN'],
      ['fmt=nonsense', 'fmt'],
      ['fmt=jpeg,rgb,zip', 'fmt'],
      ['scl=0', 'scl'],
      ['fit=constrain,2', 'fit'],
      ['align=2,0', 'align'],
      ['bgc=zz', 'bgc'],
      ['rotate=x', 'rotate'],
      ['flip=up', 'flip'],
      ['resMode=best', 'resMode'],
      ['op_usm=6', 'op_usm'],
      ['op_sharpen=2', 'op_sharpen'],
      ['rgn=1', 'rgn'],
      ['req=nothing', 'req'],
      ['id=%ff', 'id'],
      ['layer=1', 'layer'],
    ]
    for (const [text, parameter] of bad) {
      const found = problem(`h.li/is/image/demo/a?${text}`)
      assert.equal(found.status, 400, text)
      assert.equal(found.parameter, parameter, text)
      assert.match(found.reason, new RegExp(parameter), text)
    }
    for (const text of ['w=0', 'w=1e9', 'h=-1', 'func=x', 'gravity=up', 'q=0', 'force_format=x']) {
      assert.equal(problem(`doc.x/sample.li/a.jpg?${text}`).parameter, text.split('=')[0])
    }
  })
})

const negotiates = (text: string) => parsed(`doc.x/sample.li/a.jpg?${text}`).negotiates

describe('which formats are negotiated', () => {
  it('only several of them', () => {
    assert.deepEqual(negotiates('force_format=webp,jpg,png'), ['webp', 'jpeg', 'png'])
    assert.deepEqual(negotiates('force_format=webp'), [])
    assert.deepEqual(negotiates('force_format=_webp,jpg'), [])
    assert.deepEqual(negotiates('w=3'), [])
  })
})

const command = fc.constantFrom(
  'wid=400',
  'hei=30',
  'fit=crop,1',
  'align=-1,.50',
  'fmt=png-alpha',
  'qlt=75,1',
  'bgc=0xFF0000',
  'crop=-1,2,30,40',
  'rotate=-90',
  'resMode=bicub',
  'op_usm=1.1,0.5,1',
  'id=v1',
)
const ignored = fc.constantFrom('ts=1', '.c=2', 'utm_medium=%ff', 'qlt=80', 'op_sharpen=0', 'x', '')
const recased = (text: string, upper: boolean) => {
  const [name = '', value = ''] = text.split('=')
  return `${upper ? name.toUpperCase() : name.toLowerCase()}=${value}`
}
const escaped = (text: string) =>
  text.replace(/[a-z]/i, (char) => `%${char.charCodeAt(0).toString(16)}`)

describe('canonical URLs, for any input', () => {
  it('every spelling of a set of commands has one target', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(command, { selector: (text) => text.split('=')[0] }),
        fc.array(ignored),
        fc.infiniteStream(fc.nat(99)),
        (commands, noise, chance) => {
          const next = () => chance.next().value as number
          const spelled = commands.map((text) => {
            const cased = recased(text, next() < 50)
            return next() < 50 ? escaped(cased) : cased
          })
          const free = noise.filter(
            (text) => !commands.some((each) => each.startsWith(text.slice(0, 3))),
          )
          const mixed = [...spelled, ...free]
            .map((text) => ({ text, at: next() }))
            .sort((one, other) => one.at - other.at)
            .map(({ text }) => text)
          assert.equal(query(mixed.join('&')), query(commands.join('&')))
        },
      ),
    )
  })

  it('are read back as themselves', () => {
    const part = fc.oneof(
      command,
      ignored,
      fc.constantFrom(
        '$a$',
        '$B c$',
        'req=props,json',
        'w=4',
        'gravity=25p,3.5p',
        'vh=%2B%26',
        'force_format=webp,jpg',
      ),
    )
    const path = fc.oneof(
      fc.constantFrom(
        'is/image/demo/',
        'is/content/demo/',
        '_t/doc/',
        '_t/doc/v7/https://sample.li/',
      ),
    )
    const object = fc.webPath()
    fc.assert(
      fc.property(path, object, fc.array(part), (prefix, name, parts) => {
        const where = `/${prefix}${name.slice(1)}?${parts.join('&')}`
        const first = parseDeliveryUrl({ host: 'h.li', target: where }, NAMES)
        if (!first.ok) return
        const again = parseCanonicalTarget(first.url.target)
        assert.deepEqual(again, first)
      }),
      { numRuns: 500 },
    )
  })

  it('never throw, whatever is asked', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 60 })
    const prefix = fc.constantFrom(
      '',
      '/',
      '/is/image/demo/',
      '/_t/doc/',
      '/_t/doc/https:/',
      '/~/original/demo/',
      '/is/image/demo/a?',
    )
    fc.assert(
      fc.property(prefix, anything, anything, (start, rest, host) => {
        parseDeliveryUrl({ host, target: start + rest }, NAMES)
        const back = parseCanonicalTarget(start + rest)
        if (back.ok) assert.deepEqual(parseCanonicalTarget(back.url.target), back)
      }),
      { numRuns: 2000 },
    )
  })
})
