import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { parseCanonicalTarget, parseDeliveryUrl } from './parse-delivery-url.ts'
import { presetProblem } from './presets.ts'
import type { Recipe } from './recipe.ts'
import { recipeText } from './recipe.ts'
import type { ProjectNames } from './records.ts'
import { resolveRecipe } from './resolve-recipe.ts'
import { urlKeyTexts } from './url-keys.ts'

/** Which operations of Cloudimage are understood, and how they are spelled once. */

const PROJECT: ProjectNames = {
  project: 'demo',
  companies: [],
  tokens: ['doc'],
  hosts: [],
  originAliases: { _x_: 'sample.li' },
}
const PRESETS = {
  small_img: 'w=200',
  gallery_thumb: 'w=250&h=250&f=gray',
  gallery_medium: 'w=450&h=300&force_format=webp,jpeg&q=85&radius=10',
  for_the_other_dialect: 'wid=150&hei=150',
  broken: 'w=250&radius=x',
  untouched: 'func=proxy&w=3',
  everything: 'w=10&vh=1&ci_cache=7&p=small_img',
}

function parse(query: string, project = PROJECT) {
  const address = { host: 'doc.cloudimg.io', target: `/sample.li/a.jpg?${query}` }
  return parseDeliveryUrl(address, { projects: [project] })
}

function parsed(query: string, project = PROJECT) {
  const result = parse(query, project)
  assert.ok(result.ok, `${query}: ${JSON.stringify(result)}`)
  return result.url
}

function canonical(query: string): string {
  return parsed(query).target.replace('/~/original/demo/sample.li/a.jpg', '').replace(/^\?/, '')
}

function refusal(query: string, project = PROJECT) {
  const result = parse(query, project)
  assert.ok(!result.ok, `${query} was taken`)
  return result.problem
}

function resolved(query: string) {
  return resolveRecipe(parsed(query), { presets: PRESETS, crop: null, format: null })
}

function recipe(query: string): Recipe {
  const result = resolved(query)
  assert.ok(result.ok, JSON.stringify(result))
  return result.recipe
}

describe('an operation', () => {
  const SPELLINGS: readonly (readonly [canonical: string, ...others: string[]])[] = [
    ['aspect_ratio=1.777778&w=400', 'w=400&aspect_ratio=16:9', 'width=400&aspect_ratio=1.777778'],
    ['aspect_ratio=1.333333,1.777778', 'aspect_ratio=16:9,4:3', 'aspect_ratio=4%3A3,16%3A9'],
    ['bg_color=10100e&func=fit', 'func=fit&bg_colour=10100E', 'bg_color=%2310100e&func=fit'],
    ['bg_color=000000', 'bg_colour=black', 'bg_color=000', 'bg_color=Black&r=360'],
    ['bg_color=auto', 'bg_colour=AUTO'],
    ['bg_colorize=ff0000', 'bg_colourise=red', 'bg_colorize=F00'],
    ['br_px=420,530&tl_px=20,30', 'tl_px=20,30&br_px=420%2C530', 'tl_px=20.2,29.8&br_px=420,530'],
    ['colorize=ff0000,0.5', 'colorize=red', 'colorize=red,.50', 'f=colorize:red'],
    ['flip=hv', 'flip=vh', 'FLIP=HV'],
    ['gravity=0.2c,0.3c&h=4&w=3', 'w=3&h=4&gravity=20p,30p', 'w=3&h=4&gravity=20s,30s'],
    ['margin=10', 'margin=10,10', 'margin=10,10,10,10'],
    ['margin=10,20', 'margin=10,20,10,20'],
    ['margin=1,2,3,4', 'margin=01,2,3,4'],
    ['r=270', 'r=-90', 'r=630'],
    ['radius=max', 'radius=max,max,max,max', 'radius=MAX'],
    ['radius=max,0,0,0', 'radius=max,00,0,0'],
    [
      'bright=15&contrast=30&gray=1',
      'f=bright:15,contrast:30,grey',
      'f=bright%3A15%2Ccontrast%3A30%2Cgrey',
    ],
    ['blur=3&colorize=ff0000,0.3', 'f=colorize:red,0.3,blur:3', 'f=blur:3&f=colorize:f00,.3'],
    ['bright=100', 'bright=255', '%66=bright:255'],
    ['pixelate=5', 'pixellate=5', 'f=pixellate:5,unknown:3'],
    ['saturate=-20', 'saturation=-20'],
    ['w=300', 'w=150&dpr=2', 'w=200&dpr=1.5', 'w=300&dpr=1', 'dpr=3&w=100'],
    ['h=100&w=300', 'w=300&h=100&aspect_ratio=16:9', 'w=150&h=50&dpr=2&aspect_ratio=1'],
    ['func=proxy', 'func=proxy&w=300&q=3&force_format=webp', 'func=PROXY&p=small_img&dpr=2'],
    ['p=small_img', 'p=Small_IMG', 'p=small_img&dpr=0.9'],
    ['dpr=1.5&p=small_img', 'p=small_img&dpr=1.3'],
    [
      'wat=1&wat_url=sample.li%2Fmark.png',
      'wat=1&wat_url=sample.li/mark.png',
      'wat=1&wat_url=https%3A%2F%2Fsample.li%2Fmark.png',
      'wat_url=SAMPLE.LI:443/mark.png&wat=1&wat_opacity=1&wat_gravity=centre',
      'wat=1&wat_url=_x_/mark.png&wat_pad=0',
    ],
    ['wat=1&wat_url=Backpack_B', 'wat=1&wat_url=/Backpack_B.png'],
    ['wat=1&wat_scale=31p', 'wat=1&wat_scale=31p,20p'],
    ['wat=1&wat_pad=10,5p', 'wat=1&wat_pad=10%2C5p'],
    ['wat=1&wat_gravity=absolute&wat_pos=12,30', 'wat=1&wat_gravity=absolute&wat_pos=12p,30p'],
    ['', 'ci_info=1&optipress=2&bg_remove=1&dpr=2&blur_faces=0&flip=&f=unknown'],
    ['', 'wat=0&wat_url=sample.li/mark.png&wat_scale=3&wat_gravity=north'],
  ]
  for (const [one, ...others] of SPELLINGS) {
    it(`is ${one || 'nothing'}, however it is written`, () => {
      for (const query of [one, ...others]) assert.equal(canonical(query), one, query)
    })
  }

  const WRONG: readonly (readonly [query: string, parameter: string])[] = [
    ['aspect_ratio=0', 'aspect_ratio'],
    ['aspect_ratio=1,2,3', 'aspect_ratio'],
    ['bg_color=nocolor', 'bg_color'],
    ['br_px=1', 'br_px'],
    ['tl_px=-1,2', 'tl_px'],
    ['margin=1,2,3', 'margin'],
    ['radius=1,2', 'radius'],
    ['radius=-1', 'radius'],
    ['r=upside', 'r'],
    ['flip=hh', 'flip'],
    ['trim=101', 'trim'],
    ['bright=256', 'bright'],
    ['f=contrast:x', 'contrast'],
    ['blur=1e3', 'blur'],
    ['pixelate=501', 'pixelate'],
    ['sepia=2', 'sepia'],
    ['dpr=0', 'dpr'],
    ['w=2501&dpr=2', 'dpr'],
    ['fit_enlarge=yes', 'fit_enlarge'],
    ['p=', 'p'],
    ['wat=1&wat_url=ftp://sample.li/mark.png', 'wat_url'],
    ['wat=1&wat_url=data:image/png;base64,AA', 'wat_url'],
    ['wat=1&wat_text=Hello', 'wat_text'],
    ['wat=1&wat_scale=0', 'wat_scale'],
    ['wat=1&wat_pad=1,2,3', 'wat_pad'],
    ['wat=1&wat_gravity=up', 'wat_gravity'],
    ['wat=1&wat_opacity=2', 'wat_opacity'],
    ['p=%00', 'p'],
  ]
  for (const [query, parameter] of WRONG) {
    it(`${query} is refused by name`, () => {
      const problem = refusal(query)
      assert.equal(problem.status, 400)
      assert.equal(problem.parameter, parameter)
      assert.ok(problem.reason.startsWith(parameter), problem.reason)
    })
  }

  it('that hides faces is refused, because the picture would show them', () => {
    for (const query of [
      'blur_faces=1',
      'blur_faces=1,30,1000',
      'f=grey,blur_faces',
      'f=blur_faces:1,30',
    ]) {
      assert.equal(refusal(query).parameter, 'blur_faces', query)
    }
    assert.equal(refusal('func=facehide').parameter, 'func')
  })

  it('makes pixels that the project’s rule for sizes sees', () => {
    const sizes = { step: 100, allowed: [] }
    assert.equal(parsed('w=149&dpr=2', { ...PROJECT, sizes }).rendition.split('?')[1], 'w=300')
    const listed = { ...PROJECT, sizes: { step: null, allowed: [200] } }
    assert.equal(parsed('w=100&dpr=2', listed).rendition.split('?')[1], 'w=200')
    assert.equal(refusal('w=200&dpr=2', listed).parameter, 'w')
  })
})

describe('a preset', () => {
  it('“cannot be overridden in the URL … will still yield a 200-pixel-wide image”', () => {
    assert.equal(recipeText(recipe('p=small_img&w=400')), recipeText(recipe('w=200')))
    assert.equal(recipeText(recipe('w=400&p=small_img')), recipeText(recipe('w=200')))
  })

  it('stands for its operations, with those of the URL that it says nothing of', () => {
    const text = recipeText(recipe('p=gallery_thumb&blur=3'))
    assert.equal(text, recipeText(recipe('w=250&h=250&gray=1&blur=3')))
    assert.equal(recipeText(recipe('p=small_img&dpr=2')), recipeText(recipe('w=400')))
    assert.equal(recipe('p=untouched&w=9').untouched, true)
  })

  it('of several formats gives the one that all clients show', () => {
    assert.equal(recipe('p=gallery_medium').output.format, 'jpeg')
    assert.deepEqual(parsed('p=gallery_medium').negotiates, [])
  })

  it('is a key of the answer, and keeps it from living for a year', () => {
    const url = parsed('p=Small_img&w=3')
    assert.deepEqual(url.presets, ['small_img'])
    assert.ok(urlKeyTexts(url).includes('preset:demo/small_img'))
    const made = resolved('p=Small_img&w=3')
    assert.deepEqual(made.ok && made.presets, ['small_img'])
  })

  it('says nothing of lifetimes, versions and other presets', () => {
    assert.equal(recipeText(recipe('p=everything')), recipeText(recipe('w=10')))
    const { versionToken, cacheSeconds } = parsed('p=everything')
    assert.deepEqual([versionToken, cacheSeconds], [null, null])
  })

  it('that does not exist, is wrong or of the other dialect is refused by name', () => {
    for (const [name, status, words] of [
      ['nothing', 404, /nothing does not exist/],
      ['constructor', 404, /does not exist/],
      ['broken', 400, /broken is wrong: radius must be/],
      ['for_the_other_dialect', 400, /no operations of Cloudimage/],
    ] as const) {
      const result = resolved(`p=${name}`)
      assert.ok(!result.ok, name)
      assert.equal(result.problem.status, status)
      assert.equal(result.problem.parameter, 'p')
      assert.match(result.problem.reason, words)
    }
  })

  it('can be saved in the words of either dialect, and is judged by those that it uses', () => {
    for (const text of ['w=250&h=250&f=gray', 'func=crop&flip=h', 'wid=4&flip=lr', 'q=3']) {
      assert.equal(presetProblem(text), null, text)
    }
    for (const [text, words] of [
      ['w=0', /^w must be/],
      ['func=crop&flip=lr', /^flip must be h, v or hv/],
      ['f=blur_faces:1', /^blur_faces/],
      ['wid=4&flip=h', /^flip must be one of lr/],
    ] as const) {
      assert.match(presetProblem(text) ?? '', words, text)
    }
  })
})

describe('any query', () => {
  const name = fc.constantFrom(
    ...'w h dpr func gravity aspect_ratio tl_px br_px org_if_sml margin bg_color bg_img_fit r flip trim'.split(
      ' ',
    ),
    ...'wat wat_url wat_gravity wat_pos wat_scale wat_pad radius f bright gray colorize blur pixelate sharp q force_format p vh ci_cache blur_faces x'.split(
      ' ',
    ),
  )
  const value = fc.oneof(
    fc.constantFrom(
      '1',
      '0',
      '20',
      '4:3',
      '1,2',
      'max',
      'auto',
      'red',
      '%23f00',
      'h',
      'proxy',
      'fit',
      'grey,bright:3',
      'sample.li/mark.png',
      '10p',
      '.9',
      '2.7',
      '33.333,12.3456789',
      '0.1p',
      '12.5p,3',
      '.333333:7',
      'absolute',
    ),
    fc
      .string({ unit: 'grapheme', maxLength: 8 })
      .map((text) => encodeURIComponent(text.toWellFormed())),
  )
  it('is refused by name or has one target, which is read back as itself and makes a recipe', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 7 }), (pairs) => {
        const result = parse(pairs.map(([key, text]) => `${key}=${text}`).join('&'))
        if (!result.ok) {
          assert.equal(result.problem.status, 400)
          return
        }
        assert.deepEqual(parseCanonicalTarget(result.url.target), result)
        const made = resolveRecipe(result.url, { presets: PRESETS, crop: null, format: null })
        assert.ok(made.ok || made.problem.parameter === 'p')
      }),
      { numRuns: 3000 },
    )
  })
})
