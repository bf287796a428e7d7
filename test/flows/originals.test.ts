import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import sharp from 'sharp'

import { signTarget } from '../../src/contract/signed-url.ts'
import { until } from '../support/http.ts'
import {
  colorOf,
  DEMO_PROJECT,
  isHit,
  startOriginalDelivery,
} from '../support/original-delivery.ts'
import type { OriginalDelivery } from '../support/original-delivery.ts'
import type { SampleOrigin } from '../support/sample-origin.ts'

/**
 * Goal: remote originals as a Cloudimage user knows them, over real HTTP from the web server to the visitor. The names of tests carry
 * sentences of Cloudimage's pages "CDN basics", "Invalidation API" and "Caching interval".
 */

const KEY = { id: 'k1', secret: '0123456789abcdef0123456789abcdef' }

let whole: OriginalDelivery
let origin: SampleOrigin

before(async () => {
  whole = await startOriginalDelivery({ originAliases: { _x_: 'sample.li' } })
  origin = whole.origin
})

after(() => whole.stop())

const api = (method: string, target: string) => whole.api(method, target)
const delivery = (change: unknown) => whole.delivery(change)
const get = (target: string, host?: string) => whole.get(target, host)
const invalidate = (selection: unknown) => whole.invalidate(selection)
/** Each test is a client of its own, so that none spends another's allowance of new pictures. */
const newClient = () => whole.newClient()
const eventually = (holds: () => Promise<boolean>, what: string) => until(what, holds)

describe('versions', () => {
  it('“The vh parameter with any random value makes the URL unique and forces a cache refresh.”', async () => {
    newClient()
    await origin.put('/flat.png', 'red')
    assert.equal(await colorOf(await get('/sample.li/flat.png?w=50')), 'red')
    await origin.put('/flat.png', 'blue')
    assert.equal(
      await colorOf(await get('/sample.li/flat.png?w=50')),
      'red',
      'not noticed by itself',
    )
    // Originals are looked at at most once a second; until then an answer lives for a second only.
    await eventually(async () => {
      const answer = await get('/sample.li/flat.png?w=50&vh=4711')
      return (await colorOf(answer)) === 'blue'
    }, 'the new picture under a vh not seen before')
  })

  it('the API gives the current content hash, and a URL with it lives for a year', async () => {
    newClient()
    await origin.put('/hash.png', 'red')
    await get('/sample.li/hash.png?w=50')
    const known = (await api('GET', `${DEMO_PROJECT}/originals?path=_x_/hash.png`)) as {
      original: string
      hash: string
      vh: string
      etag: string
    }
    assert.equal(known.hash, origin.hashOf('/hash.png'))
    assert.equal(known.original, 'sample.li/hash.png')
    assert.ok(known.etag.startsWith('"'))
    assert.ok(known.hash.startsWith(known.vh))
    const answer = await get(`/sample.li/hash.png?w=50&vh=${known.vh}`)
    assert.match(answer.headers['cache-control'] ?? '', /max-age=31536000, immutable/)
    const reads = origin.heard.length
    await assert.rejects(
      api('GET', `${DEMO_PROJECT}/originals?path=sample.li/never.png`),
      /unknown-original/,
    )
    assert.equal(origin.heard.length, reads, 'nobody asked the origin')
  })
})

interface Proof {
  readonly verdict: string
  readonly notes?: readonly string[]
  readonly probes: readonly {
    readonly mark: number | null
    readonly via: string
    readonly url: string
    readonly detail?: string
  }[]
}

const evidenceOf = async (selection: unknown): Promise<Proof> => {
  const id = await invalidate(selection)
  const shown = (await api('GET', `${DEMO_PROJECT}/invalidations/${id}`)) as { evidence: Proof }
  return shown.evidence
}

/** Asks anew until what was observed can be judged. */
const evidenceWhen = async (
  selection: unknown,
  holds: (proof: Proof) => boolean,
): Promise<Proof> => {
  let found = await evidenceOf(selection)
  const again = async (): Promise<boolean> => {
    if (!holds(found)) found = await evidenceOf(selection)
    return holds(found)
  }
  await until('evidence of what was looked at', again, 20_000, 200)
  return found
}

const looked = ({ probes }: Proof): boolean =>
  probes.some(({ via, mark }) => via === 'its origin' && mark !== null)

describe('a cache before the origin', () => {
  const original = 'sample.li/behind.png'
  const url = '/sample.li/behind.png?w=50'

  it('that keeps what is old makes an invalidation unverifiable, in words that say what to do', async () => {
    newClient()
    await origin.put('/behind.png', 'red')
    assert.equal(await colorOf(await get(url)), 'red')
    await evidenceWhen({ originals: [original] }, ({ probes }) => probes.length > 1)
    origin.keepBefore(3600)
    await origin.put('/behind.png', 'blue')
    // An origin that does not answer within a second is not waited for, and a busy machine may take longer.
    const evidence = await evidenceWhen({ originals: [original] }, looked)
    assert.equal(evidence.verdict, 'unverifiable')
    assert.match(
      evidence.notes?.[0] ?? '',
      /sample\.li\/behind\.png: a cache before its origin .* 360\d s.*Purge that cache/,
    )
    assert.equal(origin.heard.at(-1)?.headers['cache-control'], 'no-cache')
    assert.equal(await colorOf(await get(url)), 'red', 'as that cache has it')
  })

  it('that was purged, too, is no more in the way, and whoever asks next does not wait for the origin', async () => {
    newClient()
    origin.keepBefore(null)
    const evidence = await evidenceWhen({ urls: [`http://doc.cloudimg.io${url}`] }, looked)
    assert.equal(evidence.verdict, 'fresh')
    const look = evidence.probes.find(({ via }) => via === 'its origin')
    assert.deepEqual([look?.url, look?.detail], [original, 'read anew'])
    const reads = origin.heard.length
    assert.equal(await colorOf(await get(url)), 'blue')
    assert.equal(origin.heard.length, reads)
  })
})

/** Lifetimes for browsers and for caches, as an answer states them. */
const lifetimes = async (target: string) => {
  const { headers } = await get(target)
  return [headers['cache-control'], headers['cdn-cache-control']]
}

describe('lifetimes', () => {
  it('are the project’s two; ci_cache overrides both; a vh that names the bytes overrides the project’s, not ci_cache', async () => {
    newClient()
    await whole.settings({ browserTtlSeconds: 45, cdnTtlSeconds: 7200 })
    await origin.put('/lived.png', 'red')
    const url = '/sample.li/lived.png?w=50'
    assert.deepEqual(await lifetimes(url), ['public, max-age=45', 'max-age=7200'])
    const own = ['public, max-age=9', 'max-age=9']
    assert.deepEqual(await lifetimes(`${url}&ci_cache=9`), own)
    const vh = origin.hashOf('/lived.png').slice(0, 8)
    const year = ['public, max-age=31536000, immutable', 'max-age=31536000']
    assert.deepEqual(await lifetimes(`${url}&vh=${vh}`), year)
    // Until the original is looked at for this version, which is once a second at most, another lifetime is a second.
    await eventually(
      async () => (await lifetimes(`${url}&vh=${vh}&ci_cache=9`))[0] === own[0],
      'the lifetime of the URL',
    )
    const [browser] = await lifetimes(`${url}&vh=123456`)
    assert.notEqual(browser, year[0], 'a vh that names nothing')
    await whole.settings({ browserTtlSeconds: 60, cdnTtlSeconds: 36_000 })
  })

  it('ci_cache overrides both lifetimes of the project, and what is over is only asked after', async () => {
    newClient()
    await origin.put('/short.png', 'red')
    const first = await get('/sample.li/short.png?w=50&ci_cache=1')
    assert.equal(first.headers['cache-control'], 'public, max-age=1')
    assert.equal(first.headers['cdn-cache-control'], 'max-age=1')
    const bodies = origin.bodies
    await eventually(async () => {
      await get('/sample.li/short.png?w=50&ci_cache=1')
      return origin.heard.at(-1)?.headers['if-none-match'] !== undefined
    }, 'a conditional request')
    assert.equal(origin.bodies, bodies, 'and no second body')
    await origin.put('/short.png', 'blue')
    await eventually(
      async () => (await colorOf(await get('/sample.li/short.png?w=50&ci_cache=1'))) === 'blue',
      'the new picture',
    )
  })

  it('ci_cache stretches no refusal', async () => {
    newClient()
    const missing = await get('/sample.li/none.png?ci_cache=3600')
    assert.equal(missing.status, 404)
    assert.equal(missing.headers['cache-control'], 'no-store')
  })
})

describe('an original that is missing', () => {
  it('is 404 with a sentence unless the project says otherwise', async () => {
    newClient()
    const answer = await get('/sample.li/lost0.png?w=50')
    assert.equal(answer.status, 404)
    assert.match(answer.text, /lost0\.png was not found/)
  })

  const CHOICES = [
    ['empty-404', 404, undefined, 0],
    ['transparent-200', 200, 'image/gif', 1],
    ['default-image-404', 404, 'image/png', 50],
    ['default-image-200', 200, 'image/png', 50],
  ] as const
  for (const [choice, status, type, width] of CHOICES) {
    it(`is ${choice} by the project’s choice, for a moment only`, async () => {
      newClient()
      await origin.put('/default.png', 'green')
      await delivery({
        missingOriginal: choice,
        missingImage: 'sample.li/default.png',
        missingTtlSeconds: 1,
      })
      const file = `/${choice}.png`
      const answer = await get(`/sample.li${file}?w=50&flip=h`)
      assert.equal(answer.status, status)
      assert.equal(answer.headers['content-type'], type)
      assert.equal(answer.headers['cache-control'], 'public, max-age=1')
      if (width > 0) assert.equal((await sharp(answer.bytes).metadata()).width, width)
      else assert.equal(answer.bytes.length, 0)
      const reads = () => origin.heard.filter(({ url }) => url === file).length
      await Promise.all([1, 2, 3].map((at) => get(`/sample.li${file}?w=${50 + at}`)))
      assert.equal(reads(), 1, 'an origin that says “missing” is not asked again at once')
      await origin.put(file, 'red')
      await eventually(async () => {
        const now = await get(`/sample.li${file}?w=50&flip=h`)
        return now.status === 200 && (await colorOf(now)) === 'red'
      }, 'the picture that was put in')
    })
  }

  it('a default image that changes is gone from the answers that it stood in for', async () => {
    newClient()
    await delivery({ missingOriginal: 'default-image-200', missingTtlSeconds: 3600 })
    assert.equal(await colorOf(await get('/sample.li/lost1.png?w=50')), 'green')
    await origin.put('/default.png', 'blue')
    await invalidate({ originals: ['sample.li/default.png'] })
    assert.equal(await colorOf(await get('/sample.li/lost1.png?w=50')), 'blue')
    await delivery({ missingOriginal: 'text-404', missingImage: null, missingTtlSeconds: 10 })
  })

  it('is there after an invalidation, whatever was remembered', async () => {
    newClient()
    assert.equal((await get('/sample.li/late.png?w=50')).status, 404)
    await origin.put('/late.png', 'red')
    assert.equal((await get('/sample.li/late.png?w=50')).status, 404, 'remembered for some seconds')
    await invalidate({ originals: ['sample.li/late.png'] })
    assert.equal(await colorOf(await get('/sample.li/late.png?w=50')), 'red')
  })
})

describe('an origin that fails', () => {
  it('is an error when nothing may stand in', async () => {
    newClient()
    await origin.put('/down.png', 'red')
    await get('/sample.li/down.png?w=50&ci_cache=1')
    origin.failWith(503)
    await eventually(
      async () => (await get('/sample.li/down.png?w=50&ci_cache=1')).status >= 500,
      'an error',
    )
    origin.failWith(0)
  })

  it('may be stood in for by an older copy if the project allows it, never by one that was invalidated', async () => {
    newClient()
    await delivery({ staleIfErrorSeconds: 3600 })
    await origin.put('/stale.png', 'red')
    const url = '/sample.li/stale.png?w=50&ci_cache=1'
    await eventually(async () => (await get(url)).status === 200, 'the host is used again')
    origin.failWith(500)
    const reads = origin.heard.length
    let standing = await get(url)
    await eventually(async () => {
      standing = await get(url)
      return origin.heard.length > reads
    }, 'a read that failed')
    assert.equal(await colorOf(standing), 'red')
    await invalidate({ originals: ['sample.li/stale.png'] })
    const purged = await get(url)
    assert.ok(purged.status >= 500, `${purged.status}: it was invalidated`)
    origin.failWith(0)
    await eventually(async () => (await get(url)).status === 200, 'the origin is back')
    await delivery({ staleIfErrorSeconds: 0 })
  })
})

describe('sizes', () => {
  it('are rounded up by the project: a hundred widths are one rendition', async () => {
    newClient()
    await origin.put('/round.png', 'red')
    await delivery({ sizeStep: 100 })
    const first = await get('/sample.li/round.png?w=301')
    assert.equal((await sharp(first.bytes).metadata()).width, 400)
    for (const width of [302, 350, 399, 400])
      assert.ok(isHit(await get(`/sample.li/round.png?w=${width}`)))
    await delivery({ sizeStep: null, allowedSizes: [200] })
    assert.equal((await get('/sample.li/round.png?w=200')).status, 200)
    const refused = await get('/sample.li/round.png?w=201')
    assert.equal(refused.status, 400)
    assert.match(refused.text, /^w must .*200/)
    await delivery({ allowedSizes: [] })
  })
})

const now = () => Math.floor(Date.now() / 1000)

describe('behind a trusted proxy', () => {
  it('the limit of new pictures follows the forwarded address', async () => {
    newClient()
    await origin.put('/limit.png', 'red')
    // At once: one after the other, a busy machine takes so long that the allowance grows again.
    const asked = Array.from({ length: 200 }, (_, at) => get(`/sample.li/limit.png?w=${at + 1}`))
    assert.ok((await Promise.all(asked)).some(({ status }) => status === 429))
    newClient()
    assert.equal((await get('/sample.li/limit.png?w=201')).status, 200, 'another client')
  })
})

describe('signed URLs', () => {
  it('are asked for on every request once the project wants them, also for what is cached', async () => {
    newClient()
    await origin.put('/signed.png', 'red')
    const target = '/sample.li/signed.png?w=50'
    assert.equal((await get(target)).status, 200)
    await delivery({ signedUrls: { required: true, keys: [KEY] } })
    await eventually(async () => (await get(target)).status === 403, 'refused without a signature')
    const refused = await get(target)
    assert.match(refused.text, /\bsig\b/)
    assert.equal(refused.headers['cache-control'], 'no-store')
    const signed = signTarget(target, 'demo', KEY, now() + 5)
    const answer = await get(signed)
    assert.equal(await colorOf(answer), 'red')
    assert.ok(isHit(answer), 'one copy for signed and unsigned')
    const age = Number(answer.headers['age'])
    const maxAge = Number(/max-age=(\d+)/.exec(answer.headers['cdn-cache-control'] ?? '')?.[1])
    assert.ok(maxAge - age <= 5, 'no cache keeps it past its end')
    assert.equal((await get(signTarget(target, 'demo', KEY, now() - 60))).status, 403)
    assert.equal((await get(signed.replace('w=50', 'w=51'))).status, 403)
    assert.equal((await get(`${signed}&h=1`)).status, 403)
    await origin.put('/signed.png', 'blue')
    await invalidate({ originals: ['sample.li/signed.png'] })
    assert.equal(await colorOf(await get(signed)), 'blue')
    const live = await api('GET', `${DEMO_PROJECT}/live?url=http://doc.cloudimg.io${target}`)
    const [copy] = (live as { edges: { verdict: string }[] }).edges
    assert.equal(copy?.verdict, 'fresh', 'live view signs what it asks')
    await delivery({ signedUrls: { required: false, keys: [] } })
    await eventually(async () => (await get(target)).status === 200, 'open again')
  })
})
