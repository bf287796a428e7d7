import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { idOfFile, urlsOf } from '../../console/src/asset-names.ts'
import { likelyHeld, offeredUrls } from '../../console/src/pages/live/live-urls.ts'
import {
  EMPTY_DRAFT,
  isChanged,
  originalsOf,
  selectionOf,
} from '../../console/src/pages/invalidation/draft.ts'
import { patchOf, settingsOf, wrongIn } from '../../console/src/pages/settings/settings-draft.ts'
import { paths } from '../../console/src/paths.ts'
import { ApiProblem, placeOf, shown } from '../../console/src/problem.ts'
import {
  bytes,
  doneSentence,
  duration,
  estimate,
  lifetime,
  remainingWords,
} from '../../console/src/words.ts'
import { DELIVERY_DEFAULTS } from '../../src/contract/delivery-settings.ts'
import type { Project } from '../../src/contract/api/projects.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'

/** What the console says and sends, without a browser. */

const DONE: Invalidation = {
  id: '0192f0c1-0000-7000-8000-000000000000',
  project: 'demo',
  status: 'Done',
  scope: 'original',
  source: 'manual',
  cause: null,
  mode: 'delete',
  createdAt: '2026-01-01T10:00:00.000Z',
  createdBy: 'admin@localhost',
  note: null,
  urlCount: 5,
  seq: 7,
  scheduledAt: null,
  estimatedSeconds: 1,
  timeline: [
    { status: 'Received', at: '2026-01-01T10:00:00.000Z' },
    { status: 'Done', at: '2026-01-01T10:00:00.080Z' },
  ],
  targets: [],
  evidence: { verdict: 'fresh', probes: [] },
  failure: null,
  finishedAt: '2026-01-01T10:00:00.080Z',
}

describe('the sentence on Done', () => {
  test('says how many URLs, how long it took and what browsers may keep', () => {
    assert.equal(
      doneSentence(DONE, 60),
      "Live everywhere, 5 URLs, 0.1 s; visitors' browsers may keep theirs up to 60 s",
    )
  })

  test('speaks of one URL, of all renditions and of the whole project', () => {
    assert.match(doneSentence({ ...DONE, urlCount: 1 }, 60), /, 1 URL, /)
    assert.match(doneSentence({ ...DONE, urlCount: 0 }, 60), /, all renditions, /)
    assert.match(doneSentence({ ...DONE, scope: 'all' }, 60), /, the whole project, /)
  })

  test('is silent about browsers that keep nothing', () => {
    assert.equal(doneSentence(DONE, 0), 'Live everywhere, 5 URLs, 0.1 s')
  })

  test('does not say live everywhere when a cache could not be checked', () => {
    const unverifiable = { verdict: 'unverifiable', probes: [] } as const
    assert.match(doneSentence({ ...DONE, evidence: unverifiable }, 60), /^Purged everywhere, but/)
  })

  test('counts from the retry, not from the failure before it', () => {
    const timeline = [
      { status: 'Received', at: '2026-01-01T09:00:00.000Z' },
      { status: 'ERROR', at: '2026-01-01T09:00:01.000Z' },
      { status: 'Received', at: '2026-01-01T10:00:00.000Z' },
      { status: 'Done', at: '2026-01-01T10:00:00.080Z' },
    ] as const
    assert.match(doneSentence({ ...DONE, createdAt: timeline[0].at, timeline }, 60), /, 0\.1 s;/)
  })
})

describe('the estimate of one that runs', () => {
  const running = { ...DONE, status: 'Preparing', finishedAt: null, estimatedSeconds: 10 } as const
  const startMs = Date.parse(DONE.createdAt)

  test('shrinks while seconds pass, and an estimate that is over is told to be', () => {
    assert.equal(remainingWords(running, startMs), 'Estimate: about 10 s left.')
    assert.equal(remainingWords(running, startMs + 6500), 'Estimate: about 4 s left.')
    assert.equal(remainingWords(running, startMs + 9500), 'Estimate: less than a second left.')
    assert.match(
      remainingWords(running, startMs + 12_000),
      /^It takes longer than .* about 10 s\.$/,
    )
  })

  test('begins anew with a retry, and is not fooled by a time of day that is behind', () => {
    const again = { status: 'Received', at: '2026-01-01T11:00:00.000Z' } as const
    const retried = { ...running, timeline: [...running.timeline, again] }
    assert.equal(remainingWords(retried, Date.parse(again.at) + 3000), 'Estimate: about 7 s left.')
    assert.equal(remainingWords(running, startMs - 60_000), 'Estimate: about 10 s left.')
  })
})

describe('numbers', () => {
  test('are read as people say them', () => {
    assert.deepEqual([0, 0.04, 1.26, 9.96, 119.6, 121, 3600, 90_061].map(duration), [
      '0.1 s',
      '0.1 s',
      '1.3 s',
      '10 s',
      '120 s',
      '2 min 1 s',
      '1 h',
      '1 d 1 h',
    ])
    assert.deepEqual([60, 36_000, 31_536_000].map(lifetime), ['60 s', '10 h', '365 d'])
    assert.deepEqual([0.2, 1, 61].map(estimate), ['less than a second', 'about 1 s', 'about 61 s'])
    assert.deepEqual([12, 999, 24_800, 345_678, 2_000_000].map(bytes), [
      '12 bytes',
      '999 bytes',
      '24.8 kB',
      '346 kB',
      '2.0 MB',
    ])
  })
})

describe('assets', () => {
  test('lose an image extension, keep another, and stand in the folder that is open', () => {
    assert.equal(idOfFile('red.JPG', ''), 'red')
    assert.equal(idOfFile('red.v2.png', 'shoes'), 'shoes/red.v2')
    assert.equal(idOfFile('manual.pdf', 'docs'), 'docs/manual.pdf')
  })

  test('have a base URL, and one for each preset when they are images', () => {
    const presets = [{ name: 'product' }]
    const url = 'https://images.example.com/is/image/demo/flat'
    assert.deepEqual(
      urlsOf({ kind: 'image', url }, presets).map((one) => one.url),
      [url, `${url}?$product$`],
    )
    assert.deepEqual(urlsOf({ kind: 'document', url }, presets), [{ name: 'File', url }])
    assert.deepEqual(urlsOf({ kind: 'image', url: null }, presets), [])
  })

  test('Live view offers each URL once, and begins with what a visitor got last', () => {
    const named = urlsOf({ kind: 'image', url: 'http://one/is/image/demo/flat' }, [{ name: 'p' }])
    const served = [
      seen('http://two/is/image/demo/flat?$p$'),
      seen('http://two/is/image/demo/flat?wid=9'),
    ]
    const offered = offeredUrls(named, served)
    assert.deepEqual(
      offered.map(({ name }) => name),
      ['No preset', 'p', '/is/image/demo/flat?wid=9'],
    )
    assert.equal(likelyHeld(offered, served)?.name, 'p')
    assert.equal(likelyHeld(offered, [])?.name, 'No preset')
  })
})

describe('a draft of an invalidation', () => {
  test('separates originals by commas and line breaks', () => {
    assert.deepEqual(originalsOf(' /a.li/1.jpg, b.li/2%2C3.jpg\r\n\n,c.li/4.jpg '), [
      '/a.li/1.jpg',
      'b.li/2%2C3.jpg',
      'c.li/4.jpg',
    ])
  })

  test('sends what its tab shows and nothing of the others', () => {
    const draft = { ...EMPTY_DRAFT, assets: ['flat'], urls: ' https://a/b \n', originals: 'x.li/y' }
    assert.deepEqual(selectionOf(draft, 'originals'), { originals: ['x.li/y'] })
    assert.deepEqual(selectionOf(draft, 'everything'), { everything: true })
    const { assets, urls, renditions } = selectionOf(draft, 'assets')
    assert.deepEqual([assets, urls, renditions], [['flat'], ['https://a/b'], true])
  })

  test('asks for no renditions of nothing, so that an empty list is refused as one', () => {
    assert.equal(selectionOf(EMPTY_DRAFT, 'assets').renditions, false)
    assert.equal(isChanged(EMPTY_DRAFT), false)
    assert.equal(isChanged({ ...EMPTY_DRAFT, urls: 'h' }), true)
  })
})

describe('a draft of settings', () => {
  const project: Partial<Project> = {
    publishServer: 'https://images.example.com',
    company: 'demo',
    aliases: ['one', 'two'],
    tokens: [],
    hosts: [],
    origins: [{ host: 'sample.li', headers: { 'x-key': 'secret' } }],
    originAliases: { _x_: 'sample.li/a' },
    automaticInvalidation: true,
    cdnTtlSeconds: 36_000,
    browserTtlSeconds: 60,
    softSeconds: 30,
    maxUrlsPerInvalidation: 1000,
    maxOriginalsPerInvalidation: 10,
    supportUrl: null,
    smartCrops: [{ name: 'Large', width: 1260, height: 720 }],
    delivery: { ...DELIVERY_DEFAULTS, allowedSizes: [], signedUrls: { required: false, keys: [] } },
  }
  const before = settingsOf(project as Project)

  test('sends only what was changed', () => {
    assert.deepEqual(patchOf(before, before), {})
    const after = { ...before, company: ' ', aliases: 'one\n three ,two', browserTtlSeconds: 5 }
    assert.deepEqual(patchOf(after, before), {
      company: null,
      aliases: ['one', 'three', 'two'],
      browserTtlSeconds: 5,
    })
  })

  test('sends of the delivery settings only those that were changed', () => {
    const delivery = { ...before.delivery, sizeStep: 50, allowedSizes: '100, 200' }
    assert.deepEqual(patchOf({ ...before, delivery }, before), {
      delivery: { sizeStep: 50, allowedSizes: [100, 200] },
    })
  })

  test('sends signing keys whole, and none that nobody touched', () => {
    const keys = [{ id: 'k1', secret: '0'.repeat(64) }]
    const delivery = { ...before.delivery, signedUrls: { required: true, keys } }
    assert.deepEqual(patchOf({ ...before, delivery }, before), {
      delivery: { signedUrls: { required: true, keys } },
    })
    const empty = { ...before.delivery, signedUrls: { required: true, keys: [] } }
    assert.match(wrongIn({ ...before, delivery: empty }) ?? '', /need a key/)
  })

  test('reads and writes headers and limits of an origin as they are typed', () => {
    const [origin] = before.origins
    assert.ok(origin)
    assert.equal(origin.headers, 'x-key: secret')
    const headers = 'X-Key: a:b\nreferer: https://x'
    const origins = [{ ...origin, headers, connectionsMax: 4, readsPerSecond: Number.NaN }]
    assert.deepEqual(patchOf({ ...before, origins }, before).origins, [
      {
        host: 'sample.li',
        scheme: 'https',
        headers: { 'x-key': 'a:b', referer: 'https://x' },
        connectionsMax: 4,
      },
    ])
    const wrong = [{ ...origin, headers: 'no colon' }]
    assert.match(wrongIn({ ...before, origins: wrong }) ?? '', /name: value/)
  })

  test('keeps what of an origin was not touched', () => {
    const origins = before.origins.map((origin) => ({ ...origin, allowPrivate: true }))
    assert.deepEqual(patchOf({ ...before, origins }, before).origins, [
      { host: 'sample.li', scheme: 'https', allowPrivate: true, headers: { 'x-key': 'secret' } },
    ])
  })

  test('says what is unfinished before it is sent', () => {
    assert.equal(wrongIn(before), null)
    assert.match(wrongIn({ ...before, originAliases: '_x_ sample.li' }) ?? '', /_name_ = host/)
    assert.match(wrongIn({ ...before, cdnTtlSeconds: Number.NaN }) ?? '', /number/)
  })
})

describe('addresses and problems', () => {
  test('an asset keeps its folders, and anything else is encoded', () => {
    assert.equal(paths.asset('demo', 'shoes/ä b'), '/projects/demo/assets/shoes/%C3%A4%20b')
    assert.equal(paths.signIn('/projects/demo'), '/sign-in?to=%2Fprojects%2Fdemo')
  })

  test('a problem document is shown with title, detail and each reason', () => {
    const problem = new ApiProblem(422, {
      code: 'bad-urls',
      title: 'Some URLs are not defined correctly. Please correct and re-submit.',
      detail: 'Nothing was purged.',
      errors: [
        { url: 'ftp://x', reason: 'It is not http.' },
        { pointer: '/urls/3', reason: 'No host.' },
      ],
    })
    assert.equal(shown(problem).detail, 'Nothing was purged.')
    assert.deepEqual(problem.items.map(placeOf), ['ftp://x', 'urls › 3'])
  })

  test('an answer that is no problem document still says its status', () => {
    assert.equal(shown(new ApiProblem(500, null)).title, 'The server answered 500.')
  })
})

function seen(url: string) {
  return { url, target: '', lastSeenAt: '' }
}
