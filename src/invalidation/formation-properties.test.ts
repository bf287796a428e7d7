import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Selection } from '../contract/invalidation.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import { formUrls } from './formation.ts'
import { PROJECT, image, pdf, selected } from './workbench-suite.ts'

/**
 * Goal: for any template, any assets and any ticks the list is exactly what Adobe's page says of each line and each box, taken one by
 * one. The second account of it here is written for reading, not for use.
 */

const BASE = 'http://my.publishserver.com:8080/is/image/dms7snapshot'

function form(
  part: Partial<Selection>,
  assets: readonly AssetRow[],
  project: Partial<ProjectRow> = {},
) {
  const formed = formUrls({
    project: { ...PROJECT, ...project },
    selection: selected({ assets: assets.map(({ id }) => id), ...part }),
    assets,
    served: new Map(),
  })
  assert.deepEqual(formed.refusals, [])
  return formed.urls
}

const urls = (...input: Parameters<typeof form>): readonly string[] =>
  form(...input).map(({ url }) => url)

interface Line {
  readonly text: string
  /** What stands behind an <ID> that is alone; null for a line of another kind. */
  readonly tail: string | null
}

const tails = fc.constantFrom('', '?$p$', ':Large', '?wid=1&qlt=100', '?$a b$%20')
const whole = fc.constantFrom(
  'http://x.example/is/content/C/<ID>',
  'https://x.example/<ID>?again=<ID>',
  'https://x.example/literal',
  'http://x.example:8080/is/content/C/gspdf',
  '',
  '  ',
  '\t',
)
const lines: fc.Arbitrary<readonly Line[]> = fc.array(
  fc.oneof(
    fc
      .tuple(fc.constantFrom('<ID>', '%3CID%3E', ' \t<ID>'), tails)
      .map(([id, tail]) => ({ text: id + tail, tail })),
    whole.map((text) => ({ text, tail: null })),
  ),
  { maxLength: 8 },
)
const id = fc.stringMatching(/^[A-Za-z0-9 _%ä#?-]{1,8}$/).filter((text) => text.trim() !== '')
const asset = fc.tuple(id, fc.boolean()).map(([name, isImage]) => (isImage ? image : pdf)(name))
const selection = fc.record({
  assets: fc.uniqueArray(asset, { maxLength: 4, selector: (each) => each.id }),
  lines,
  template: fc.boolean(),
  presets: fc.boolean(),
  urls: fc.array(fc.constantFrom('https://x.example/typed', ' http://x.example/b ', ''), {
    maxLength: 4,
  }),
  newline: fc.constantFrom('\n', '\r\n', '\r'),
})

function projectWith(written: readonly Line[], newline = '\n'): Partial<ProjectRow> {
  return { template: written.map(({ text }) => text).join(newline), presets: { p: '' } }
}

function encoded({ id: name }: AssetRow): string {
  return encodeURIComponent(name)
}

function ofLine({ text, tail }: Line, assets: readonly AssetRow[]): readonly string[] {
  if (text.trim() === '') return []
  if (tail !== null) return assets.map((each) => `${BASE}/${encoded(each)}${tail}`)
  if (!text.includes('<ID>')) return [text]
  return assets.map((each) => text.replaceAll('<ID>', encoded(each)))
}

type Chosen = Pick<Selection, 'template' | 'presets' | 'urls'>

function accounted(
  written: readonly Line[],
  assets: readonly AssetRow[],
  { template, presets, urls: typed }: Chosen,
): readonly string[] {
  const images = assets
    .filter(({ kind }) => kind === 'image')
    .map((each) => BASE + '/' + encoded(each))
  const all = [
    ...typed.map((url) => url.trim()).filter((url) => url !== ''),
    ...(presets || !template ? images : []),
    ...(presets ? images.map((base) => `${base}?$p$`) : []),
    ...(template ? written.flatMap((line) => ofLine(line, assets)) : []),
  ]
  return [...new Set(all)].sort()
}

describe('for any selection', () => {
  test('every line is accounted for, each for each asset; nothing else is formed; sorted by code unit, without doubles', () => {
    fc.assert(
      fc.property(selection, ({ assets, lines: written, newline, ...chosen }) => {
        const found = urls(chosen, assets, projectWith(written, newline))
        assert.deepEqual(found, accounted(written, assets, chosen))
      }),
      { numRuns: 300 },
    )
  })

  test('what was formed forms the same again, typed or beside its selection, in whatever order it is asked for', () => {
    fc.assert(
      fc.property(selection, ({ assets, lines: written, newline, ...chosen }) => {
        const project = projectWith(written, newline)
        const first = urls(chosen, assets, project)
        assert.deepEqual(urls({ urls: first }, [], project), first)
        const both = { ...chosen, urls: [...chosen.urls, ...first] }
        assert.deepEqual(urls(both, assets, project), first)
        const turned = { ...chosen, urls: chosen.urls.toReversed() }
        assert.deepEqual(urls(turned, assets.toReversed(), project), first)
      }),
      { numRuns: 100 },
    )
  })

  test('each row says where it comes from: its line, its asset, its box, or that it was added', () => {
    fc.assert(
      fc.property(selection, ({ assets, lines: written, newline, ...chosen }) => {
        for (const { url, from, place } of form(chosen, assets, projectWith(written, newline))) {
          if (from === 'added') {
            const at = Number(place.pointer?.slice('/urls/'.length))
            assert.equal(chosen.urls[at]?.trim(), url)
          } else if (from.startsWith('template line ')) {
            assert.ok(ofLine(written[place.line! - 1]!, assets).includes(url), `${from}: ${url}`)
            assert.ok(from === `template line ${place.line}` || from.includes(', asset '))
          } else assert.match(from, /^asset .+?(, preset p)?$/)
        }
      }),
      { numRuns: 100 },
    )
  })
})
