import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import { isFinal } from '../../src/contract/invalidation.ts'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { program } from '../support/programs.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'
import { startVarnish } from '../support/varnish.ts'
import type { Varnish } from '../support/varnish.ts'

/** A real Varnish before one of our edges: what a purge of it does, and what can go wrong. */

const varnishd = program('varnish')
const P = '/api/v1/projects/demo'
const DEADLINE_MS = 30_000

function stateOf(it: Invalidation, target: string) {
  const { state, attempts, detail } = it.targets.find(({ id }) => id === target)!
  return { state, attempts, detail }
}

function assertOwnDone(it: Invalidation): void {
  const own = it.targets.filter(({ id }) => id !== 'varnish' && id !== 'second')
  assert.equal(own.length, 3)
  assert.deepEqual([...new Set(own.map(({ state }) => state))], ['done'])
}

interface SlowOrigin {
  readonly address: string
  /** Resolves when somebody has asked. */
  readonly asked: Promise<void>
  /** From now on it has a blue picture instead of a red one. */
  replace(): void
  /** From now on it answers; whoever asked before gets what it had then. */
  go(): void
  stop(): void
}

function picture(background: string): Promise<Buffer> {
  return sharp({ create: { width: 80, height: 60, channels: 3, background } })
    .png()
    .toBuffer()
}

async function startSlowOrigin(): Promise<SlowOrigin> {
  const [red, blue] = await Promise.all([picture('#f00'), picture('#00f')])
  let now = red
  const asked = Promise.withResolvers<void>()
  const going = Promise.withResolvers<void>()
  const server = createServer((_, response) => {
    const had = now
    asked.resolve()
    void going.promise.then(() => response.setHeader('content-type', 'image/png').end(had))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: asked.promise,
    replace: () => void (now = blue),
    go: going.resolve,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('a Varnish before our edges', { skip: varnishd.skip }, () => {
  let sluice: Started
  let varnish: Varnish
  let key: string

  before(async () => {
    sluice = await startServe({ env: { SLUICE_LEASE_SECONDS: '2' } })
    key = await sluice.adminKey()
    varnish = await startVarnish(varnishd.path, sluice.edges[0]!)
  })
  after(async () => {
    await varnish?.stop()
    await sluice?.stop()
  })

  async function call(method: string, path: string, body?: unknown) {
    const answer = await fetch(sluice.consoleUrl + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const json: unknown = await answer.json()
    assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(json)}`)
    return json
  }

  function put(id: string, door: string, change: object = {}) {
    return call('PUT', `${P}/targets/${id}`, {
      kind: 'generic-http',
      purge: { method: 'PURGE', url: `${door}{target}`, headers: { host: '{host}' }, body: null },
      allowPrivate: true,
      verifyAddress: door,
      timeoutSeconds: 1,
      fillBoundSeconds: 0.2,
      askers: { addresses: [], header: { name: 'x-varnish', value: null } },
      ...change,
    })
  }

  async function visit(asset: string, door = varnish.open) {
    const host = new URL(varnish.open).host
    const answer = await fetch(`${door}/is/image/demo/${asset}?wid=120`, { headers: { host } })
    await answer.bytes()
    assert.equal(answer.status, 200)
    return answer.headers.get('etag')
  }

  /** Held by Varnish, and old since a new version was put in. */
  async function stalePicture(asset: string): Promise<string | null> {
    const etag = await visit(asset)
    assert.equal(await visit(asset), etag)
    await call('POST', `${P}/demo/${asset}/replace`)
    assert.equal(await visit(asset), etag, 'Varnish has a copy of its own')
    return etag
  }

  async function ended(id: string): Promise<Invalidation> {
    const deadline = Date.now() + DEADLINE_MS
    for (;;) {
      const now = (await call('GET', `${P}/invalidations/${id}`)) as Invalidation
      if (isFinal(now.status)) return now
      assert.ok(Date.now() < deadline, JSON.stringify(now))
      await delay(20)
    }
  }

  async function invalidate(asset: string): Promise<Invalidation> {
    const body = { assets: [asset], renditions: true }
    const { id } = (await call('POST', `${P}/invalidations`, body)) as Invalidation
    return ended(id)
  }

  test('PURGE works: Done, with evidence seen through it', async () => {
    await put('varnish', varnish.open)
    const old = await stalePicture('flat')
    const done = await invalidate('flat')
    assert.equal(done.status, 'Done', JSON.stringify(done))
    assert.equal(done.evidence?.verdict, 'fresh')
    const seen = done.evidence.probes.filter(({ via }) => via === 'varnish')
    assert.ok(seen.length > 0 && seen.every(({ mark }) => mark !== null && mark >= done.seq!))
    assert.notEqual(await visit('flat'), old)
    assertOwnDone(done)
  })

  test('an ACL that answers 403 is named, our own edges are Done all the same, Retry asks only it', async (context) => {
    const asked: string[] = []
    const other = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.end('purged')
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    context.after(() => {
      other.close()
      other.closeAllConnections()
    })
    const { port } = other.address() as AddressInfo
    await put('second', `http://127.0.0.1:${port}`, { verifyAddress: null, fillBoundSeconds: 0 })
    await put('varnish', varnish.closed)
    const old = await stalePicture('spinset')
    const failed = await invalidate('spinset')
    assert.equal(failed.status, 'ERROR_CDN_NODE')
    assert.match(
      failed.failure ?? '',
      /^Failed to invalidate CDN cache\. varnish: PURGE for http\S+: it answered 403, .*Not allowed/,
    )
    assert.equal(stateOf(failed, 'second').state, 'done')
    assertOwnDone(failed)
    const askedAtFirst = asked.length
    assert.ok(askedAtFirst > 0)

    await put('varnish', varnish.open)
    await call('POST', `${P}/invalidations/${failed.id}/retry`)
    const done = await ended(failed.id)
    assert.equal(done.status, 'Done', JSON.stringify(done))
    assert.ok(done.seq! > failed.seq!)
    assert.equal(stateOf(done, 'varnish').attempts, 2)
    assert.equal(stateOf(done, 'second').attempts, 1)
    assert.equal(stateOf(done, 'edge-1').attempts, 1)
    assert.equal(asked.length, askedAtFirst)
    assert.notEqual(await visit('spinset'), old)
    await call('DELETE', `${P}/targets/second`)
  })

  test('one that hangs is late, and the log says which', async () => {
    await put('varnish', varnish.open)
    await varnish.freeze()
    const failed = await invalidate('flat')
    await varnish.go()
    assert.equal(failed.status, 'ERROR_CDN_NODE')
    assert.match(failed.failure ?? '', /varnish: 127\.0\.0\.1:\d+ did not answer within 1 s/)
    assertOwnDone(failed)
  })

  test('one that is not there cannot be reached, and the log says which', async () => {
    await put('varnish', 'http://127.0.0.1:9')
    const failed = await invalidate('flat')
    assert.equal(failed.status, 'ERROR_CDN_NODE')
    assert.match(failed.failure ?? '', /varnish: 127\.0\.0\.1:9 cannot be reached \(ECONNREFUSED\)/)
    assertOwnDone(failed)
  })

  test('one that answers 200 and does nothing betrays itself by the mark, and is never Done', async () => {
    await put('varnish', varnish.lying)
    const old = await stalePicture('flat1')
    const failed = await invalidate('flat1')
    assert.equal(failed.status, 'ERROR_CDN_NODE')
    assert.equal(failed.evidence?.verdict, 'stale')
    assert.match(failed.failure ?? '', /varnish: After 3 more purges/)
    assert.equal(stateOf(failed, 'varnish').attempts, 4)
    assert.equal(stateOf(failed, 'varnish').state, 'failed')
    const seen = failed.evidence.probes.filter(({ via }) => via === 'varnish')
    assert.ok(seen.some(({ mark, detail }) => mark! < failed.seq! && /older/.test(detail ?? '')))
    assertOwnDone(failed)
    assert.equal(await visit('flat1'), old)

    await put('varnish', varnish.open)
    await call('POST', `${P}/invalidations/${failed.id}/retry`)
    const done = await ended(failed.id)
    assert.equal(done.status, 'Done', JSON.stringify(done))
    assert.notEqual(await visit('flat1'), old)
  })

  test('one that cannot be looked at is Done, and unverifiable in words', async () => {
    await put('varnish', varnish.open, { verifyAddress: null })
    const old = await stalePicture('Backpack_B')
    const done = await invalidate('Backpack_B')
    assert.equal(done.status, 'Done')
    assert.equal(done.evidence?.verdict, 'unverifiable')
    assert.match(done.evidence.notes?.join(' ') ?? '', /varnish: it has no verify address/)
    assert.notEqual(await visit('Backpack_B'), old)
  })

  test('one that takes our mark away is judged by the ETag of our image server', async () => {
    const change = { verifyAddress: varnish.markless }
    await put('varnish', varnish.lying, change)
    const old = await stalePicture('gradient')
    const failed = await invalidate('gradient')
    assert.equal(failed.status, 'ERROR_CDN_NODE', JSON.stringify(failed.evidence))
    assert.match(
      failed.evidence?.notes?.join(' ') ?? '',
      /another strong ETag than the image server/,
    )
    assert.equal(await visit('gradient'), old)

    await put('varnish', varnish.markless, change)
    await call('POST', `${P}/invalidations/${failed.id}/retry`)
    const done = await ended(failed.id)
    assert.equal(done.status, 'Done', JSON.stringify(done))
    assert.equal(done.evidence?.verdict, 'fresh')
    const seen = done.evidence.probes.filter(({ via }) => via === 'varnish')
    assert.ok(
      seen.every(({ mark, detail }) => mark === null && /same strong ETag/.test(detail ?? '')),
    )
    assert.notEqual(await visit('gradient'), old)
  })

  test('what it was fetching when the purge came does not stay in it', async (context) => {
    const slow = await startSlowOrigin()
    context.after(() => slow.stop())
    await put('varnish', varnish.open)
    const origin = {
      host: 'slow.example',
      scheme: 'http',
      connectTo: slow.address,
      allowPrivate: true,
    }
    const { origins } = (await call('GET', P)) as { origins: object[] }
    await call('PATCH', P, { origins: [...origins, origin] })
    const token = ((await call('GET', P)) as { tokens: string[] }).tokens[0]!
    const url = `${varnish.open}/_t/${token}/slow.example/a.png?w=40`
    const fetching = fetch(url).then(async (answer) => {
      await answer.bytes()
      return answer.headers.get('etag')
    })
    await slow.asked
    slow.replace()
    const body = { originals: ['slow.example/a.png'] }
    const { id } = (await call('POST', `${P}/invalidations`, body)) as Invalidation
    await delay(200)
    slow.go()
    const done = await ended(id)
    assert.equal(done.status, 'Done', JSON.stringify(done))
    assert.ok(await fetching)
    const now = await fetch(url)
    await now.bytes()
    assert.ok(Number(now.headers.get('sluice-mark')) >= done.seq!)
    const colour = await sharp(await (await fetch(url)).bytes()).stats()
    assert.ok(colour.channels[2]!.mean > 200, 'the new picture is blue')
  })

  test('a soft purge is Done when it, too, has the new picture', async () => {
    await put('varnish', varnish.open)
    await call('PATCH', P, { softSeconds: 60 })
    const old = await stalePicture('harbour')
    const body = { assets: ['harbour'], renditions: true, mode: 'soft' }
    const { id } = (await call('POST', `${P}/invalidations`, body)) as Invalidation
    const done = await ended(id)
    assert.equal(done.status, 'Done', JSON.stringify(done))
    assert.equal(done.evidence?.verdict, 'fresh')
    assert.notEqual(await visit('harbour'), old)
  })

  test('trying it says whether it takes a purge, and whether it can be looked through', async () => {
    await put('varnish', varnish.open)
    const tried = (await call('POST', `${P}/targets/varnish/test`)) as { ok: boolean; look: object }
    assert.equal(tried.ok, true, JSON.stringify(tried))
    await put('varnish', varnish.closed)
    const refused = (await call('POST', `${P}/targets/varnish/test`)) as {
      ok: boolean
      purge: { detail: string }
    }
    assert.equal(refused.ok, false)
    assert.match(refused.purge.detail, /403/)
  })
})
