import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { INVALIDATION_STATUSES } from '../../src/contract/invalidation.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { serveHttp, until } from '../support/http.ts'
import {
  colorOf,
  DEMO_PROJECT,
  isHit,
  startOriginalDelivery,
} from '../support/original-delivery.ts'
import type { OriginalDelivery } from '../support/original-delivery.ts'

/**
 * Goal: every sentence of Cloudimage's page "CDN basics" is true here, over real HTTP from the web server through two edges to the
 * visitor. Names of tests are its words; what the page says of its console's buttons is tested in `test/console`.
 */

let whole: OriginalDelivery

before(async () => {
  whole = await startOriginalDelivery({}, 2)
})
after(() => whole.stop())

const { api, get, invalidate } = {
  api: (method: string, target: string, body?: unknown) => whole.api(method, target, body),
  get: (target: string, edge = 0) => whole.get(target, 'doc.cloudimg.io', edge),
  invalidate: (selection: unknown) => whole.invalidate(selection),
}

/** At both edges. */
async function colors(target: string): Promise<readonly string[]> {
  return Promise.all([0, 1].map(async (edge) => colorOf(await get(target, edge))))
}

async function everywhere(file: string, color: string): Promise<void> {
  await whole.origin.put(file, color)
  await colors(`/sample.li${file}?w=500`)
}

async function refused(selection: unknown): Promise<string> {
  const answer = await api('POST', `${DEMO_PROJECT}/invalidations`, selection).then(
    () => 'accepted',
    (error: unknown) => String(error),
  )
  assert.notEqual(answer, 'accepted')
  return answer
}

const paths = (count: number) => Array.from({ length: count }, (_, at) => `/sample.li/${at}.jpg`)

async function sources(): Promise<ReadonlySet<string>> {
  const { items } = (await api('GET', `${DEMO_PROJECT}/invalidations?limit=50`)) as {
    items: Invalidation[]
  }
  return new Set(items.map(({ source }) => source))
}

const one = (id: string) =>
  api('GET', `${DEMO_PROJECT}/invalidations/${id}`) as Promise<Invalidation>

describe('“CDN basics”', () => {
  before(() => whole.newClient())

  it('“the CDN … will act as a shield to your servers”: a hundred visitors are one read of the origin', async () => {
    await whole.origin.put('/shield.jpg', 'red')
    const reads = whole.origin.heard.length
    const visits = Array.from({ length: 100 }, (_, at) =>
      get('/sample.li/shield.jpg?w=500', at % 2),
    )
    for (const answer of await Promise.all(visits)) assert.equal(answer.status, 200)
    assert.equal(whole.origin.heard.length, reads + 1)
  })

  it('“CDNs cache images for faster delivery … as long as it is stated in the caching directive.”', async () => {
    await whole.settings({ cdnTtlSeconds: 7200, browserTtlSeconds: 45 })
    await everywhere('/cached.jpg', 'red')
    const answer = await get('/sample.li/cached.jpg?w=500', 1)
    assert.ok(isHit(answer))
    assert.equal(answer.headers['cdn-cache-control'], 'max-age=7200')
    assert.equal(answer.headers['cache-control'], 'public, max-age=45')
  })

  it('“When the original image changes, the CDN won’t automatically detect that, so you need to either change the image URL or invalidate the cached version.”', async () => {
    await everywhere('/changed.jpg', 'red')
    await whole.origin.put('/changed.jpg', 'blue')
    assert.deepEqual(await colors('/sample.li/changed.jpg?w=500'), ['red', 'red'])
    // An original is looked at once a second at most, however many versions are asked for.
    await until('the image under a changed URL', async () => {
      const shown = await colors('/sample.li/changed.jpg?w=500&vh=42')
      return shown.every((color) => color === 'blue')
    })
    await invalidate({ originals: ['/sample.li/changed.jpg'] })
    assert.deepEqual(await colors('/sample.li/changed.jpg?w=500'), ['blue', 'blue'])
  })
})

describe('“Option 1: add version parameter to the origin URL to force the CDN to download the new image”', () => {
  before(() => whole.newClient())

  it('“Old image: //doc.cloudimg.io/sample.li/flat.jpg?w=500 — New image: …?w=500&vh=xx”', async () => {
    await everywhere('/flat.jpg', 'red')
    await whole.origin.put('/flat.jpg', 'blue')
    await until('the new image', async () => {
      const shown = await colorOf(await get('/sample.li/flat.jpg?w=500&vh=4711'))
      return shown === 'blue'
    })
  })
})

describe('“Option 2: invalidate images from the Admin panel”', () => {
  before(() => whole.newClient())

  it('“Original → targets specific image URLs. Enter up to 10 URLs, separated by commas or line breaks.”', async () => {
    for (const file of ['/one.jpg', '/two.jpg', '/three.jpg', '/other.jpg'])
      await everywhere(file, 'red')
    for (const file of ['/one.jpg', '/two.jpg', '/three.jpg', '/other.jpg'])
      await whole.origin.put(file, 'blue')
    await invalidate({
      originals: ['/sample.li/one.jpg, /sample.li/two.jpg\n/sample.li/three.jpg'],
    })
    for (const file of ['one', 'two', 'three'])
      assert.deepEqual(await colors(`/sample.li/${file}.jpg?w=500`), ['blue', 'blue'])
    assert.deepEqual(await colors('/sample.li/other.jpg?w=500'), ['red', 'red'])
    await invalidate({ originals: paths(10) })
    assert.match(await refused({ originals: paths(11) }), /at most 10/)
  })

  it('“All → this option will erase the entire cache generated for your token”, with the name as caution; “the cache needs to be rebuilt”', async () => {
    await everywhere('/all1.jpg', 'red')
    await everywhere('/all2.jpg', 'red')
    await whole.origin.put('/all1.jpg', 'blue')
    await whole.origin.put('/all2.jpg', 'blue')
    assert.match(await refused({ everything: true }), /confirm/)
    const bodies = whole.origin.bodies
    await invalidate({ everything: true, confirm: 'demo' })
    assert.equal(whole.origin.bodies, bodies, 'nothing is rebuilt before somebody asks')
    assert.deepEqual(await colors('/sample.li/all1.jpg?w=500'), ['blue', 'blue'])
    assert.deepEqual(await colors('/sample.li/all2.jpg?w=500'), ['blue', 'blue'])
    assert.equal(whole.origin.bodies, bodies + 2)
  })

  it('“to invalidate doc.cloudimg.io/sample.li/flat1.jpg?w=500, you need to input /sample.li/flat1.jpg”', async () => {
    await everywhere('/flat1.jpg', 'red')
    await whole.origin.put('/flat1.jpg', 'blue')
    await invalidate({ originals: ['/sample.li/flat1.jpg'] })
    assert.deepEqual(await colors('/sample.li/flat1.jpg?w=500'), ['blue', 'blue'])
  })

  for (const wrong of [
    '/sample.li/flat1.jpg?w=500',
    'doc.cloudimg.io/sample.li/flat1.jpg',
    'doc.cloudimg.io/sample.li/flat1.jpg?w=500',
  ]) {
    it(`“Incorrect formats for invalidation: ${wrong}” is refused with the right form`, async () => {
      assert.match(await refused({ originals: [wrong] }), /write[^"]* \/sample\.li\/flat1\.jpg\./)
    })
  }

  it('“This will remove the image(s) from all CDN nodes and Cloudimage resizing servers.”', async () => {
    await everywhere('/removed.jpg', 'red')
    const bodies = whole.origin.bodies
    const { targets, evidence } = await one(
      await invalidate({ originals: ['/sample.li/removed.jpg'] }),
    )
    assert.deepEqual(targets.map(({ tier, state }) => `${tier} ${state}`).toSorted(), [
      'cdn done',
      'cdn done',
      'resizing done',
    ])
    assert.equal(evidence?.verdict, 'fresh')
    for (const edge of [0, 1]) assert.ok(!isHit(await get('/sample.li/removed.jpg?w=500', edge)))
    assert.equal(whole.origin.bodies, bodies + 1, 'the resizing server had to read it again')
  })
})

/** A cache outside that is told of purges, and says no as long as it shall. */
async function outerCache() {
  let status = 403
  const server = await serveHttp((_, response) => response.writeHead(status).end())
  await api('PUT', `${DEMO_PROJECT}/targets/outer`, {
    kind: 'generic-http',
    purge: { method: 'PURGE', url: `${server.url}{target}`, headers: {}, body: null },
    allowPrivate: true,
    verifyAddress: null,
    timeoutSeconds: 2,
    fillBoundSeconds: 0.1,
    askers: { addresses: [], header: null },
  })
  return {
    open: () => void (status = 200),
    async stop() {
      await api('DELETE', `${DEMO_PROJECT}/targets/outer`)
      await server.stop()
    },
  }
}

describe('“Details of the Invalidation Log”', () => {
  before(() => whole.newClient())

  it('“When the Invalidation request is submitted, it appears in the Invalidation log.”', async () => {
    const { id } = (await api('POST', `${DEMO_PROJECT}/invalidations`, {
      originals: ['/sample.li/logged.jpg'],
    })) as Invalidation
    const { items } = (await api('GET', `${DEMO_PROJECT}/invalidations?limit=1`)) as {
      items: Invalidation[]
    }
    assert.equal(items[0]?.id, id)
    await until('Done', async () => (await one(id)).status === 'Done')
  })

  it('“Both manual and automatic invalidations are logged there.”', async () => {
    await whole.settings({ automaticInvalidation: true })
    const answer = await fetch(`${whole.sluice.consoleUrl}${DEMO_PROJECT}/presets/logged`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await whole.sluice.adminKey()}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ modifiers: 'w=250&h=250&f=gray', invalidate: true }),
    })
    assert.equal(answer.status, 200)
    await until('an automatic one', async () => (await sources()).has('automatic'))
    assert.ok((await sources()).has('api'))
    await whole.settings({ automaticInvalidation: false })
  })

  it('“Status: Received, Preparing, Flushing … servers, Flushing CDN servers, Done”, in this order', async () => {
    const { timeline } = await one(await invalidate({ originals: ['/sample.li/statuses.jpg'] }))
    const passed = timeline.map(({ status }) => status)
    assert.equal(passed[0], 'Received')
    assert.equal(passed.at(-1), 'Done')
    const places = passed.map((status) => INVALIDATION_STATUSES.indexOf(status))
    assert.deepEqual(
      places,
      places.toSorted((first, second) => first - second),
    )
  })

  it('“Scope”, “Date”, “Invalidation ID - the unique identifier” and “Invalidation path”', async () => {
    const original = await one(await invalidate({ originals: ['/sample.li/parts.jpg'] }))
    const all = await one(await invalidate({ everything: true, confirm: 'demo' }))
    assert.deepEqual([original.scope, all.scope], ['original', 'all'])
    assert.notEqual(original.id, all.id)
    assert.ok(Math.abs(Date.parse(original.createdAt) - Date.now()) < 60_000)
    const { items } = (await api('GET', `${DEMO_PROJECT}/invalidations/${original.id}/urls`)) as {
      items: string[]
    }
    assert.deepEqual(items, ['/sample.li/parts.jpg'])
  })

  it('“ERROR_CDN_NODE - error in the CDN invalidation step”; “click Retry”: “resend the invalidation request if it failed”', async () => {
    const cache = await outerCache()
    // Once what comes later in the purge log is Done, edges know that there is a target.
    await invalidate({ originals: ['/sample.li/never-served.jpg'] })
    await everywhere('/failed.jpg', 'red')
    const { id } = (await api('POST', `${DEMO_PROJECT}/invalidations`, {
      originals: ['/sample.li/failed.jpg'],
    })) as Invalidation
    await until('an end', async () => (await one(id)).finishedAt !== null)
    const failed = await one(id)
    assert.equal(failed.status, 'ERROR_CDN_NODE')
    assert.match(failed.targets.find((target) => target.id === 'outer')?.detail ?? '', /403/)
    cache.open()
    await api('POST', `${DEMO_PROJECT}/invalidations/${id}/retry`)
    await until('Done', async () => (await one(id)).status === 'Done')
    await cache.stop()
  })

  it('“contact support. Please include the Invalidation ID”: the report for a ticket has it', async () => {
    const id = await invalidate({ originals: ['/sample.li/report.jpg'] })
    const answer = await fetch(
      `${whole.sluice.consoleUrl}${DEMO_PROJECT}/invalidations/${id}/report`,
      {
        headers: { authorization: `Bearer ${await whole.sluice.adminKey()}` },
      },
    )
    assert.ok((await answer.text()).includes(id))
  })
})

describe('“Option 3: use the Invalidation REST API”', () => {
  it('“useful for developers managing large-scale projects or CI/CD workflows”: one call, and a state to wait for', async () => {
    const headers = {
      'x-client-key': await whole.sluice.adminKey(),
      'content-type': 'application/json',
    }
    const submitted = await fetch(`${whole.sluice.consoleUrl}/invalidate`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ scope: 'original', urls: ['/sample.li/flat1.jpg'] }),
    })
    assert.equal(submitted.status, 201)
    const { invalidation } = (await submitted.json()) as { invalidation: { uuid: string } }
    await until('DONE', async () => {
      const state = await fetch(`${whole.sluice.consoleUrl}/invalidate/${invalidation.uuid}`, {
        headers,
      })
      return (await state.text()).includes('"DONE"')
    })
  })
})
