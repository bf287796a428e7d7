import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { negotiateFormat } from './negotiate-format.ts'
import { parseDeliveryUrl } from './parse-delivery-url.ts'
import type { Recipe } from './recipe.ts'
import { recipeText } from './recipe.ts'
import { resolveRecipe } from './resolve-recipe.ts'

const project = { project: 'demo', companies: [], tokens: ['doc'], hosts: [], originAliases: {} }
const PRESETS: Readonly<Record<string, string>> = {
  thumbnail: 'wid=150&hei=150&fit=constrain,1&fmt=jpeg&qlt=75,0&iccEmbed=0&op_usm=1.1,1,5',
  shares: 'cropN=0,0,.5,.5',
  pixels: 'crop=0,0,10,10',
  reset: 'qlt=80&fit=fit,1',
  outer: '$thumbnail$&wid=90',
  circle: '$round$',
  round: '$circle$',
  broken: 'qlt=0',
  asking: 'req=exists&id=4&wid=7',
}

function parsed(target: string) {
  const where = target.startsWith('?') ? `/is/image/demo/a${target}` : target
  const result = parseDeliveryUrl({ host: 'h.li', target: where }, { projects: [project] })
  assert.ok(result.ok, JSON.stringify(result))
  return result.url
}

function resolved(target: string, format: string | null = null) {
  return resolveRecipe(parsed(target), { presets: PRESETS, crop: null, format })
}

function recipe(target: string, format: string | null = null): Recipe {
  const result = resolved(target, format)
  assert.ok(result.ok, JSON.stringify(result))
  return result.recipe
}

const text = (target: string) => recipeText(recipe(target))

describe('presets in a recipe', () => {
  it('stand for their text at their place', () => {
    assert.equal(text('?$thumbnail$'), text(`?${PRESETS['thumbnail']}`))
    assert.equal(text('?$Thumbnail$&wid=480'), text(`?${PRESETS['thumbnail']}&wid=480`))
    assert.equal(text('?wid=480&$thumbnail$'), text('?$thumbnail$'))
  })

  it('override with defaults too', () => {
    assert.equal(text('?qlt=40&fit=crop&wid=9&$reset$'), text('?wid=9'))
  })

  it('replace the other kind of crop', () => {
    assert.equal(text('?crop=1,1,2,2&$shares$'), text('?$shares$'))
    assert.equal(text('?$shares$&$pixels$'), text('?crop=0,0,10,10'))
    assert.equal(text('?$pixels$&cropN=0,0,1,1'), text('?'))
  })

  it('may use others, which are told as well', () => {
    const result = resolved('?$outer$&hei=9')
    assert.ok(result.ok)
    assert.deepEqual(result.presets, ['outer', 'thumbnail'])
    assert.equal(recipeText(result.recipe), text('?$thumbnail$&wid=90&hei=9'))
  })

  it('mean what their text means where it stands, whatever is around them', () => {
    const commands =
      'wid=9 wid=8 hei=7 fit=fit,1 fit=crop qlt=80 qlt=40 fmt=jpeg fmt=png crop=1,1,2,2 ' +
      'cropN=0,0,1,1 cropN=0,0,.1,1 rotate=0 rotate=9 align=1,1'
    const command = fc.constantFrom(...commands.split(' '))
    const preset = fc.constantFrom('$thumbnail$', '$shares$', '$pixels$', '$reset$')
    fc.assert(
      fc.property(fc.array(fc.oneof(command, preset), { maxLength: 8 }), (parts) => {
        const written = parts.map((part) => PRESETS[part.replaceAll('$', '')] ?? part)
        assert.equal(text(`?${parts.join('&')}`), text(`?${written.join('&')}`))
      }),
      { numRuns: 1000 },
    )
  })

  it('cannot change what is asked for', () => {
    assert.equal(text('?$asking$'), text('?wid=7'))
  })

  it('that do not exist, are wrong or go in circles are refused by name', () => {
    for (const [name, status] of [
      ['nothing', 404],
      ['constructor', 404],
      ['broken', 400],
      ['circle', 400],
    ] as const) {
      const result = resolved(`?$${name}$`)
      assert.ok(!result.ok)
      assert.equal(result.problem.status, status)
      assert.match(result.problem.reason, new RegExp(name))
    }
  })
})

describe('one meaning', () => {
  it('has one text', () => {
    for (const [one, other] of [
      ['?', '?fit=crop'],
      ['?fmt=png', '?fmt=png&qlt=30'],
      ['?rotate=-90', '?rotate=270'],
      ['?wid=9&align=1,1', '?wid=9'],
      ['?op_usm=0,3', '?'],
      ['/_t/doc/s.li/a?w=3&gravity=north', '/_t/doc/s.li/a?w=3'],
      ['/_t/doc/s.li/a?w=3&h=4&func=face', '/_t/doc/s.li/a?w=3&h=4&gravity=face'],
      ['/_t/doc/s.li/a?w=3&h=4&gravity=50p,0p', '/_t/doc/s.li/a?w=3&h=4&gravity=north'],
    ] as const) {
      assert.equal(text(one), text(other), `${one} and ${other}`)
    }
  })

  it('has one text whatever the order in which the recipe was built', () => {
    const made = recipe('?wid=3&hei=4')
    const turned = Object.fromEntries(Object.entries(made).toReversed()) as unknown as Recipe
    assert.equal(recipeText(turned), recipeText(made))
  })

  it('differs from another', () => {
    const targets = ['?', '?wid=3', '?hei=3', '?scl=3', '?fmt=png', '?fmt=png-alpha', '?flip=lr']
    const others = ['?qlt=79', '?qlt=80,1', '?bgc=0', '?rgn=0,0,1,1', '?crop=0,0,1,1', '?fmt=pjpeg']
    const texts = [...targets, ...others, '/_t/doc/s.li/a'].map(text)
    assert.equal(new Set(texts).size, texts.length)
  })
})

describe('a negotiated format', () => {
  const list = parsed('/_t/doc/s.li/a?force_format=webp,png,jpg')

  it('is the first that the client names, and one that everybody knows without being named', () => {
    assert.equal(negotiateFormat(list, 'image/avif,image/webp,image/*,*/*;q=0.8'), 'webp')
    assert.equal(negotiateFormat(list, 'image/webp;q=0, */*'), 'png')
    assert.equal(negotiateFormat(list, '*/*'), 'png')
    assert.equal(negotiateFormat(list, null), 'png')
    assert.equal(negotiateFormat(parsed('?fmt=webp'), 'image/png'), null)
    const newest = parsed('/_t/doc/s.li/a?force_format=avif,webp')
    assert.equal(negotiateFormat(newest, '*/*'), 'webp')
  })

  it('is what the recipe says', () => {
    const target = '/_t/doc/s.li/a?force_format=webp,jpg'
    assert.equal(recipe(target, 'webp').output.format, 'webp')
    assert.equal(recipe(target, 'jpeg').output.format, 'jpeg')
    assert.equal(recipe(target, 'gif').output.format, 'webp')
    assert.equal(recipe(target).output.format, 'jpeg')
  })
})

describe('any query', () => {
  it('is resolved or refused, never thrown at', () => {
    const name = fc.constantFrom(
      'wid',
      'hei',
      'scl',
      'fit',
      'align',
      'fmt',
      'qlt',
      'bgc',
      'crop',
      'cropN',
      'rgn',
      'rotate',
      'flip',
      'resMode',
      'op_usm',
      'w',
      'h',
      'func',
      'gravity',
      'q',
      'force_format',
    )
    const value = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom(
        'constructor',
        '__proto__',
        '1,1,1,1',
        '-0',
        '.',
        '0x',
        '1e3',
        ',,,',
        'NaN',
        '١',
        '1,1,x',
      ),
    )
    const item = fc.tuple(name, value).map(([key, typed]) => `${key}=${encodeURIComponent(typed)}`)
    const prefix = fc.constantFrom('/is/image/demo/a?', '/_t/doc/s.li/a?')
    fc.assert(
      fc.property(prefix, fc.array(item, { maxLength: 4 }), (start, items) => {
        const target = start + items.join('&')
        const result = parseDeliveryUrl({ host: 'h.li', target }, { projects: [project] })
        if (!result.ok) return
        const made = resolveRecipe(result.url, { presets: {}, crop: null, format: null })
        if (made.ok) assert.doesNotMatch(recipeText(made.recipe), /NaN|undefined/)
      }),
      { numRuns: 1000 },
    )
  })
})
