import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Selection } from '../contract/invalidation.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import { coverage, urlKeyTexts } from '../contract/url-keys.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import { makePlan } from './plan.ts'
import { checkUrl, deliveryNames } from './url-check.ts'
import { PROJECT, image, selected, word } from './workbench-suite.ts'

const EDGES = ['http://127.0.0.1:8081', 'http://127.0.0.1:8082']
const BASE = 'http://my.publishserver.com:8080/is/image/dms7snapshot'

interface Given {
  readonly assets?: readonly AssetRow[]
  readonly project?: Partial<ProjectRow>
  readonly folderAssets?: readonly string[]
  readonly originalAssets?: readonly string[]
}

function plan(part: Partial<Selection>, given: Given = {}) {
  const project = { ...PROJECT, ...given.project }
  const assets = given.assets ?? []
  return makePlan({
    project,
    selection: selected({ assets: assets.map((asset) => asset.id), ...part }),
    assets,
    served: new Map(),
    known: deliveryNames(project, EDGES),
    folderAssets: given.folderAssets ?? [],
    originalAssets: new Set(given.originalAssets),
  })
}

const suggestion = (text: string) => plan({ originals: [text] }).refusals[0]?.errors[0]?.suggestion

function sortedHashes(...texts: readonly string[]) {
  return [...texts].sort().map(keyHash)
}

describe('the keys of a selection', () => {
  test('an asset with all renditions goes by its key and its original', () => {
    const found = plan({ renditions: true }, { assets: [image('shoes/red')] })
    assert.deepEqual(
      found.keys,
      sortedHashes(keyText.asset('demo', 'shoes/red'), keyText.source('demo', 'shoes/red')),
    )
    const shown = found.entries.map(({ url, from, covers }) => ({ url, from, covers }))
    assert.deepEqual(shown, [{ url: `${BASE}/shoes/red`, from: 'asset shoes/red', covers: null }])
  })

  test('a URL without a query goes by its path, with one by its rendition, both with their original', () => {
    const found = plan({ urls: [`${BASE}/a`, `${BASE}/b?wid=9`] })
    assert.deepEqual(
      found.entries.map(({ covers }) => covers),
      ['this path with all its queries', 'this rendition in every spelling, format and host'],
    )
    assert.equal(found.keys.length, 4)
    assert.ok(found.keys.includes(keyHash(keyText.source('demo', 'a'))))
    assert.ok(found.keys.includes(keyHash(keyText.source('demo', 'b'))))
  })

  test('an original goes with every rendition of it', () => {
    const found = plan({ originals: ['sample.li/flat1.jpg'] })
    const original = 'sample.li/flat1.jpg'
    assert.deepEqual(
      found.keys,
      sortedHashes(keyText.original('demo', original), keyText.source('demo', original)),
    )
    assert.deepEqual(found.entries[0]?.covers, 'the original and every rendition of it')
  })

  test('a folder goes by its key, with the originals of what is below', () => {
    const found = plan({ folders: ['/shoes/'] }, { folderAssets: ['shoes/a', 'shoes/k/b'] })
    assert.deepEqual(
      found.keys,
      sortedHashes(
        keyText.folder('demo', 'shoes'),
        keyText.source('demo', 'shoes/a'),
        keyText.source('demo', 'shoes/k/b'),
      ),
    )
  })

  test('everything is one key', () => {
    assert.deepEqual(plan({ everything: true }).keys, [keyHash(keyText.project('demo'))])
  })

  test('a comma that was escaped stands for both spellings', () => {
    const found = plan({ originals: ['sample.li/a%2Cb.jpg'] })
    assert.deepEqual(found.entries.length, 1)
    assert.ok(found.keys.includes(keyHash(keyText.original('demo', 'sample.li/a,b.jpg'))))
    assert.ok(found.keys.includes(keyHash(keyText.original('demo', 'sample.li/a%2Cb.jpg'))))
  })

  test('an original of the asset store goes like the asset', () => {
    const found = plan({ originals: ['/shoes/red.jpg'] }, { originalAssets: ['shoes/red'] })
    assert.deepEqual(
      found.keys,
      sortedHashes(keyText.asset('demo', 'shoes/red'), keyText.source('demo', 'shoes/red')),
    )
  })

  test('a type that is not delivered has no key', () => {
    const found = plan({ renditions: true }, { assets: [word('letter.docx')] })
    assert.deepEqual(found.keys, [])
    assert.equal(found.refusals[0]?.code, 'no-urls')
    assert.equal(found.warnings.length, 1)
  })
})

describe('the digest of a plan', () => {
  test('is the same for the same list, whatever the order of asking', () => {
    const one = plan({ urls: [`${BASE}/a`, `${BASE}/b`] })
    const other = plan({ urls: [`${BASE}/b`, `${BASE}/a`, `${BASE}/b`] })
    assert.equal(one.digest, other.digest)
  })

  test('differs when the list or the keys differ', () => {
    const digests = [
      plan({ urls: [`${BASE}/a`] }),
      plan({ urls: [`${BASE}/b`] }),
      plan({}, { assets: [image('a')] }),
      plan({ renditions: true }, { assets: [image('a')] }),
      plan({ everything: true }),
    ].map(({ digest }) => digest)
    // The first and the third are the same list, typed and formed.
    assert.equal(new Set(digests).size, digests.length - 1)
  })
})

function manyUrls(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${BASE}/a?wid=${at + 1}`)
}

function manyOriginals(count: number): string {
  return Array.from({ length: count }, (_, at) => `sample.li/${at}.jpg`).join(',')
}

describe('limits', () => {
  test('1000 URLs pass, 1001 do not, doubles are not counted', () => {
    assert.deepEqual(plan({ urls: [...manyUrls(1000), ...manyUrls(5)] }).refusals, [])
    const [refusal] = plan({ urls: manyUrls(1001) }).refusals
    assert.equal(refusal?.code, 'too-many-urls')
  })

  test('formed and added URLs are counted together', () => {
    const project = { maxUrlsPerInvalidation: 2 }
    const given = { assets: [image('a'), image('b')], project }
    assert.deepEqual(plan({}, given).refusals, [])
    assert.equal(plan({ urls: [`${BASE}/c`] }, given).refusals[0]?.code, 'too-many-urls')
  })

  test('what goes by asset is not counted', () => {
    const assets = Array.from({ length: 1001 }, (_, at) => image(`a${at}`))
    assert.deepEqual(plan({ renditions: true }, { assets }).refusals, [])
    assert.equal(plan({}, { assets }).refusals[0]?.code, 'too-many-urls')
  })

  test('a list that is far too long is refused at once, and so are too many folders', () => {
    const started = performance.now()
    const urls = Array.from({ length: 100_000 }, (_, at) => `x${at}`)
    const [refusal, ...others] = plan({ urls }).refusals
    assert.deepEqual([refusal?.code, others], ['too-many-urls', []])
    const folders = Array.from({ length: 1001 }, (_, at) => `f${at}`)
    assert.equal(plan({ folders }).refusals[0]?.code, 'bad-selection')
    assert.ok(performance.now() - started < 2000)
  })

  test('what would form far too many is refused without being formed, by its number', () => {
    const lines = Array.from({ length: 1000 }, (_, at) => `<ID>?wid=${at + 1}`)
    const project = { template: [...lines, ...lines].join('\n') }
    const assets = Array.from({ length: 2000 }, (_, at) => image(`many/${at}`))
    const before = process.cpuUsage()
    const found = plan({ template: true, presets: true, crops: true }, { assets, project })
    const { user } = process.cpuUsage(before)
    assert.deepEqual([found.entries, found.refusals.length], [[], 1])
    // Each of two thousand: a base, three crops, and a thousand lines, which count once.
    assert.match(found.refusals[0]!.detail, /^The list has 2008000 URLs; at most 1000 /)
    assert.ok(user < 1_000_000, `${user} µs`)
    const [refusal] = plan({ template: true, renditions: true }, { assets, project }).refusals
    assert.match(refusal?.detail ?? '', /Untick what forms URLs: all renditions .* go without them/)
  })

  test('by asset there is no limit: fifty thousand assets go, and what is typed beside them is read all the same', () => {
    const assets = Array.from({ length: 50_000 }, (_, at) => image(`many/${at}`))
    const found = plan({ renditions: true, urls: [`${BASE}/other?wid=5`] }, { assets })
    assert.deepEqual(found.refusals, [])
    assert.equal(found.entries.length, 50_001)
    assert.equal(found.entries.filter(({ covers }) => covers !== null).length, 1)
    assert.equal(found.keys.length, 2 * 50_000 + 2)
    const [bad] = plan({ renditions: true, urls: ['nonsense'] }, { assets }).refusals
    assert.equal(bad?.errors[0]?.url, 'nonsense')
    assert.equal(plan({}, { assets }).refusals[0]?.code, 'too-many-urls', 'not by asset')
  })

  test('ten originals pass, eleven do not', () => {
    assert.deepEqual(plan({ originals: [manyOriginals(10)] }).refusals, [])
    assert.equal(plan({ originals: [manyOriginals(11)] }).refusals[0]?.code, 'too-many-originals')
  })
})

describe('originals as Cloudimage takes and refuses them', () => {
  const accepted = [
    ['/sample.li/flat1.jpg', '/sample.li/flat1.jpg'],
    ['sample.li/flat1.jpg', '/sample.li/flat1.jpg'],
    ['https://sample.li/flat1.jpg', '/sample.li/flat1.jpg'],
    ['http://SAMPLE.LI/flat1.jpg', '/sample.li/flat1.jpg'],
    ['/v7/sample.li/flat1.jpg', '/sample.li/flat1.jpg'],
    ['/v7/https://sample.li/flat1.jpg', '/sample.li/flat1.jpg'],
    ['_x_/flat1.jpg', '/sample.li/pictures/flat1.jpg'],
  ] as const
  for (const [text, entry] of accepted) {
    test(`${text} is accepted`, () => {
      const found = plan({ originals: [text] })
      assert.deepEqual(found.refusals, [])
      assert.deepEqual(
        found.entries.map(({ url }) => url),
        [entry],
      )
    })
  }

  const refused = [
    ['/sample.li/flat1.jpg?w=500', /query.*\/sample\.li\/flat1\.jpg/],
    ['doc.cloudimg.io/sample.li/flat1.jpg', /delivered.*\/sample\.li\/flat1\.jpg/],
    [
      'https://doc.cloudimg.io/v7/sample.li/flat1.jpg?w=5',
      /delivered.*\/sample\.li\/flat1\.jpg\.$/,
    ],
    ['img.shop.example/sample.li/flat1.jpg', /delivered/],
    ['http://127.0.0.1:8081/sample.li/flat1.jpg', /delivered/],
    ['other.example/flat1.jpg', /not an allowed origin \(sample\.li\)/],
    ['', /empty/],
    ['   ', /empty/],
    ['/', /names no original/],
    ['*', /each original/],
    ['/sample.li/avatars/*', /each original/],
    ['nothing.jpg', /neither an origin nor an asset/],
    ['sample.li/../x.jpg', /names no original/],
    ['ftp://sample.li/a.jpg', /http/],
  ] as const
  for (const [text, reason] of refused) {
    test(`"${text}" is refused with the right form`, () => {
      const found = plan({ originals: [text] })
      assert.equal(found.refusals[0]?.code, 'bad-originals')
      assert.equal(found.refusals[0]?.title, DEFINED)
      assert.match(found.refusals[0]?.errors[0]?.reason ?? '', reason)
      assert.equal(found.refusals[0]?.errors[0]?.pointer, '/originals/0')
    })
  }

  test('a refusal brings the right form along, as a program can take it, when it is one', () => {
    for (const wrong of [
      '/sample.li/flat1.jpg?w=500',
      'doc.cloudimg.io/sample.li/flat1.jpg',
      'doc.cloudimg.io/sample.li/flat1.jpg?w=500',
      'https://doc.cloudimg.io/v7/sample.li/flat1.jpg?w=500',
      'http://127.0.0.1:8081/_t/doc/v7/sample.li/flat1.jpg?w=500',
    ]) {
      assert.equal(suggestion(wrong), '/sample.li/flat1.jpg', wrong)
    }
    assert.equal(suggestion('doc.cloudimg.io/other.example/a.jpg?w=5'), undefined)
    assert.equal(suggestion('other.example/a.jpg'), undefined)
  })

  test('commas and line breaks separate; one bad one refuses all and is named', () => {
    const found = plan({ originals: ['sample.li/a.jpg, sample.li/b.jpg\nother.example/c.jpg,'] })
    assert.deepEqual(
      found.refusals[0]?.errors.map(({ item }) => item),
      ['other.example/c.jpg'],
    )
  })
})

const DEFINED = 'Some URLs are not defined correctly. Please correct and re-submit.'

describe('URLs that are refused', () => {
  const refused = [
    ['ftp://my.publishserver.com/is/image/demo/a', /http/],
    ['/is/image/demo/a', /full URL/],
    ['my.publishserver.com/is/image/demo/a', /full URL/],
    ['http://', /host/],
    ['http:///is/image/demo/a', /host/],
    ['http://me:secret@my.publishserver.com/is/image/demo/a', /user name/],
    [`${BASE}/a#top`, /fragment/],
    [`${BASE}/a\u0000`, /control/],
    [`${BASE}/a\nb`, /control/],
    [`${BASE}/a ${BASE}/b`, /one a line/],
    ['http://my.publishserver .com/is/image/demo/a', /host/],
    [`${BASE}/${'a'.repeat(8192)}`, /at most 8192/],
    ['http://my.publishserver.com/is/image/OtherCo/a', /company.*dms7snapshot/],
    ['http://127.0.0.1:8081/_t/other/sample.li/a.jpg', /token.*doc/],
    ['http://other.example/is/image/demo/a', /not a host of this project/],
    ['http://other.localhost/sample.li/a.jpg', /not a host of this project/],
    [`${BASE}/<ID>`, /<ID>/],
    [`${BASE}/`, /./],
    [`${BASE}/a/../b`, /\.\./],
    [`${BASE}/%ff`, /UTF-8/],
    ['http://my.publishserver.com/elsewhere', /./],
  ] as const
  for (const [url, reason] of refused) {
    test(`${JSON.stringify(url.slice(0, 70))} is refused and named`, () => {
      const [refusal] = plan({ urls: [`${BASE}/fine`, url] }).refusals
      assert.equal(refusal?.code, 'bad-urls')
      assert.equal(refusal?.title, DEFINED)
      assert.equal(refusal?.errors.length, 1)
      assert.match(refusal?.errors[0]?.reason ?? '', reason)
      assert.equal(refusal?.errors[0]?.pointer, '/urls/1')
    })
  }

  const accepted = [
    `${BASE}/no-such-asset?wid=3`,
    'https://MY.publishserver.com/is/image/demo/a',
    'http://my.publishserver.com/is/image/alias/a:wide?$thumbnail$',
    'http://my.publishserver.com/is/image/alias/a?$My Preset$',
    'http://localhost:8082/is/content/dms7snapshot/gspdf',
    'http://img.shop.example/sample.li/a.jpg?w=3',
    'https://doc.cloudimg.io/v7/sample.li/a.jpg?w=3',
    'http://127.0.0.1:8081/_t/doc/sample.li/a.jpg',
  ]
  for (const url of accepted) {
    test(`${url} is accepted`, () => assert.deepEqual(plan({ urls: [url] }).refusals, []))
  }

  test('a mistake in the template is named by its line', () => {
    const project = { template: '<ID>\nhttps://other.example/<ID>' }
    const [refusal] = plan({ template: true }, { assets: [image('a')], project }).refusals
    assert.deepEqual(
      refusal?.errors.map(({ line, url }) => [line, url]),
      [[2, 'https://other.example/a']],
    )
  })

  test('nothing selected is refused with the known sentence', () => {
    const [refusal] = plan({}).refusals
    assert.equal(refusal?.title, 'No URL(s) entered to be invalidated.')
  })

  test('no text at all makes the check throw', () => {
    const known = deliveryNames(PROJECT, EDGES)
    const near = fc.string({ unit: 'binary' }).map((text) => `${BASE}/${text}`)
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), near, fc.webUrl()), (text) => {
        const checked = checkUrl(text, known)
        assert.ok(checked.ok || checked.reason.length > 0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('what is pointed out', () => {
  test('a folder without assets goes, and is pointed out', () => {
    const found = plan({ folders: ['shoes', 'hats'] }, { folderAssets: ['shoes/a'] })
    assert.deepEqual(found.refusals, [])
    assert.deepEqual(
      found.warnings.map(({ pointer }) => pointer),
      ['/folders/1'],
    )
  })
})

describe('what a URL covers', () => {
  test('an excluded URL of an asset that goes as a whole is pointed out', () => {
    const part = { renditions: true, exclude: [`${BASE}/a`] }
    const found = plan(part, { assets: [image('a')] })
    assert.equal(found.warnings[0]?.pointer, '/exclude/0')
  })

  test('each key of a purge by URL is one that its answer carries', () => {
    const wid = fc.integer({ min: 1, max: 3000 })
    const query = fc.oneof(
      fc.constant(''),
      wid.map((each) => `?wid=${each}`),
      wid.map((each) => `?$p$&WID=${each}&fmt=webp`),
    )
    const id = fc.constantFrom('a', 'shoes/red', 'a:wide')
    const known = deliveryNames(PROJECT, EDGES)
    fc.assert(
      fc.property(id, query, (asset, tail) => {
        const checked = checkUrl(`${BASE}/${asset}${tail}`, known)
        assert.ok(checked.ok)
        assert.ok(urlKeyTexts(checked.url).includes(coverage(checked.url).key))
        const asked = parseDeliveryUrl(
          { host: '127.0.0.1:8081', target: `/is/image/demo/${asset}${tail}` },
          known.names,
        )
        assert.ok(asked.ok && urlKeyTexts(asked.url).includes(coverage(checked.url).key))
      }),
      { numRuns: 60 },
    )
  })
})
