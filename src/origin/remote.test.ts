import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import type { OriginRule } from '../contract/records.ts'
import { systemClock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import { systemTimers } from '../kernel/timers.ts'
import { createRemote } from './remote.ts'
import type { Remote } from './remote.ts'

/** Goal: the one door to remote originals, against a real and misbehaving web server on loopback. */

const picture = await sharp({ create: { width: 30, height: 20, channels: 3, background: 'teal' } })
  .jpeg()
  .toBuffer()
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>')

const parts = { clock: systemClock, timers: systemTimers }
const seen: IncomingMessage[] = []
let port = 0

function answer(request: IncomingMessage, response: ServerResponse): void {
  seen.push(request)
  const path = request.url ?? ''
  const send = (status: number, headers: Record<string, string | number>, body?: Buffer): void =>
    void response.writeHead(status, headers).end(body)
  if (path === '/a.jpg') {
    const fresh = request.headers['if-none-match'] === '"one"'
    send(fresh ? 304 : 200, { etag: '"one"', age: '7' }, fresh ? undefined : picture)
  } else if (path === '/a.svg') send(200, {}, svg)
  else if (path === '/page') send(200, { 'content-type': 'image/jpeg' }, Buffer.from('<html>'))
  else if (path === '/gzip') send(200, { 'content-encoding': 'gzip' }, gzipSync(picture))
  else if (path === '/304') send(304, {})
  else if (/^\/\d\d\d$/.test(path)) send(Number(path.slice(1)), {}, picture)
  else if (path === '/short') {
    response.writeHead(200, { 'content-length': picture.length + 50 })
    response.write(picture, () => response.destroy())
  } else if (path === '/endless') {
    response.on('error', () => undefined)
    const more = (): boolean => response.write(Buffer.alloc(65_536, 0xff), () => more())
    more()
  } else if (path === '/loop') send(302, { location: '/loop' })
  else if (path.startsWith('/to?')) {
    send(302, { location: decodeURIComponent(path.slice('/to?'.length)) })
  } else if (path.startsWith('/hops/')) {
    const left = Number(path.slice('/hops/'.length))
    if (left === 0) send(200, {}, picture)
    else send(301, { location: `/hops/${left - 1}` })
  } else if (path !== '/silent') send(404, {})
}

const server = createServer(answer)
let remote: Remote

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  remote = createRemote(parts)
})

after(async () => {
  await remote.close()
  server.closeAllConnections()
  server.close()
})

function rule(change: Partial<OriginRule> = {}): OriginRule {
  return {
    host: 'sample.li',
    scheme: 'http',
    connectTo: `127.0.0.1:${port}`,
    allowPrivate: true,
    ...change,
  }
}

describe('a remote original', () => {
  it('is read once with its hash, type and validators', async () => {
    const got = await remote.fetch({ rule: rule(), original: 'sample.li/a.jpg' })
    assert.equal(got.kind, 'bytes')
    assert.equal(got.hash, sha256(picture))
    assert.equal(got.mediaType, 'image/jpeg')
    assert.equal(got.etag, '"one"')
    assert.equal(got.ageSeconds, 7)
    assert.equal(seen.at(-1)?.headers.host, 'sample.li')
  })

  it('is revalidated with its validators, and unconditionally with no-cache after a purge', async () => {
    const ask = { rule: rule(), original: 'sample.li/a.jpg', validators: { etag: '"one"' } }
    assert.equal((await remote.fetch(ask)).kind, 'not-modified')
    assert.equal((await remote.fetch({ ...ask, noCache: true })).kind, 'bytes')
    assert.equal(seen.at(-1)?.headers['cache-control'], 'no-cache')
    assert.equal(seen.at(-1)?.headers['if-none-match'], undefined)
  })

  it('gets the extra headers of its rule, but not another encoding', async () => {
    const headers = { 'X-Api-Key': 'k', 'Accept-Encoding': 'gzip' }
    await remote.fetch({ rule: rule({ headers }), original: 'sample.li/a.jpg' })
    assert.equal(seen.at(-1)?.headers['x-api-key'], 'k')
    assert.equal(seen.at(-1)?.headers['accept-encoding'], 'identity')
  })

  it('may be an SVG', async () => {
    const got = await remote.fetch({ rule: rule(), original: 'sample.li/a.svg' })
    assert.equal(got.kind === 'bytes' && got.mediaType, 'image/svg+xml')
  })

  it('is missing when the origin says so', async () => {
    const got = await remote.fetch({ rule: rule(), original: 'sample.li/410' })
    assert.deepEqual(got, { kind: 'missing', status: 410 })
  })

  const refusals: readonly (readonly [string, string, number])[] = [
    ['page', 'not-an-image', 422],
    ['gzip', 'origin-answer', 502],
    ['304', 'origin-answer', 502],
    ['500', 'origin-failed', 502],
    ['503', 'origin-failed', 502],
    ['429', 'origin-failed', 502],
    ['206', 'origin-answer', 502],
    ['short', 'origin-unreachable', 502],
    ['loop', 'too-many-redirects', 502],
    ['hops/4', 'too-many-redirects', 502],
  ]
  for (const [path, code, status] of refusals) {
    it(`/${path} is ${code}`, async () => {
      const fetched = remote.fetch({ rule: rule(), original: `sample.li/${path}` })
      await assert.rejects(fetched, { code, status })
    })
  }

  it('is cut off at the size limit although it never ends', async () => {
    const small = createRemote({ ...parts, limits: { bytesMax: 1_000_000 } })
    const fetched = small.fetch({ rule: rule(), original: 'sample.li/endless' })
    await assert.rejects(fetched, { code: 'original-too-large' })
    await small.close()
  })

  it('is asked for again when a kept connection turns out to be closed', async () => {
    let asked = 0
    const fickle = createServer((_request, response) => {
      asked++
      if (asked === 2) response.destroy()
      else response.writeHead(200, { 'content-length': picture.length }).end(picture)
    })
    fickle.listen(0, '127.0.0.1')
    await once(fickle, 'listening')
    const at = (fickle.address() as AddressInfo).port
    const ask = { rule: rule({ connectTo: `127.0.0.1:${at}` }), original: 'sample.li/a.jpg' }
    assert.equal((await remote.fetch(ask)).kind, 'bytes')
    assert.equal((await remote.fetch(ask)).kind, 'bytes')
    assert.equal(asked, 3)
    fickle.closeAllConnections()
    fickle.close()
  })

  it('over TLS is asked for by its own name, wherever it is connected to', async () => {
    const hello = Promise.withResolvers<Buffer>()
    const listener = createTcpServer((socket) => {
      socket.once('data', (bytes) => {
        hello.resolve(bytes)
        socket.destroy()
      })
      socket.on('error', () => undefined)
    })
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const at = (listener.address() as AddressInfo).port
    const secure = rule({ scheme: 'https', connectTo: `127.0.0.1:${at}` })
    const ask = { rule: secure, original: 'sample.li/a.jpg' }
    await assert.rejects(remote.fetch(ask), { code: 'origin-unreachable' })
    // The name stands in the clear in a TLS ClientHello (RFC 6066 §3).
    assert.ok((await hello.promise).includes('sample.li'))
    listener.close()
  })

  it('that never comes is a timeout, and an abort is an abort', async () => {
    const quick = createRemote({ ...parts, limits: { deadlineMs: 60 } })
    const ask = { rule: rule(), original: 'sample.li/silent' }
    await assert.rejects(quick.fetch(ask), { code: 'origin-timeout', status: 504 })
    await assert.rejects(quick.fetch(ask, AbortSignal.timeout(20)), { name: 'TimeoutError' })
    await quick.close()
  })

  it('uses at most the allowed connections, and refuses when too many wait', async () => {
    const limits = { connectionsPerHost: 2, waitingPerHostMax: 1, deadlineMs: 150 }
    const tight = createRemote({ ...parts, limits })
    const seenBefore = seen.length
    const asks = Array.from({ length: 4 }, () =>
      tight.fetch({ rule: rule(), original: 'sample.li/silent' }),
    )
    const codes = (await Promise.allSettled(asks)).map((one) =>
      one.status === 'rejected' ? String(one.reason.code) : one.status,
    )
    assert.deepEqual(codes.sort(), ['origin-busy', ...Array(3).fill('origin-timeout')])
    assert.equal(seen.length - seenBefore, 2)
    await tight.close()
  })
})

describe('a host', () => {
  const probeSoon = { failuresBeforeRest: 3, restMs: 30, restMaxMs: 30 }

  it('that flaps is left in peace after failures, and used again as soon as a probe succeeds', async () => {
    let up = false
    let asked = 0
    const flapping = createServer((_request, response) => {
      asked++
      if (up) response.writeHead(200).end(picture)
      else response.writeHead(503).end()
    })
    flapping.listen(0, '127.0.0.1')
    await once(flapping, 'listening')
    const at = (flapping.address() as AddressInfo).port
    const patient = createRemote({ ...parts, limits: probeSoon })
    const ask = { rule: rule({ connectTo: `127.0.0.1:${at}` }), original: 'sample.li/a.jpg' }
    for (let time = 0; time < 3; time++) {
      await assert.rejects(patient.fetch(ask), { code: 'origin-failed' })
    }
    const resting = { code: 'origin-resting', status: 503, retryAfterSeconds: 1 }
    await assert.rejects(patient.fetch(ask), resting)
    assert.equal(asked, 3, 'a resting host is not asked')
    // Another host is not concerned.
    assert.equal((await patient.fetch({ rule: rule(), original: 'sample.li/a.jpg' })).kind, 'bytes')
    up = true
    const until = Date.now() + 2000
    let got = null
    while (got === null && Date.now() < until) got = await patient.fetch(ask).catch(() => null)
    assert.equal(got?.kind, 'bytes')
    await patient.close()
    flapping.closeAllConnections()
    flapping.close()
  })

  it('has the limits of its own entry where it has some', async () => {
    const slow = rule({ readsPerSecond: 2, connectionsMax: 1 })
    const began = performance.now()
    const times = await Promise.all(
      [1, 2, 3].map(async () => {
        await remote.fetch({ rule: slow, original: 'sample.li/a.jpg' })
        return performance.now() - began
      }),
    )
    assert.ok(Math.max(...times) >= 990, `${times.join(', ')} ms`)
  })

  it('below a wildcard is read, the wildcard’s own host and its look-alikes are not', async () => {
    const wide = rule({ host: '*.sample.li' })
    const got = await remote.fetch({ rule: wide, original: 'deep.img.sample.li/a.jpg' })
    assert.equal(got.kind, 'bytes')
    for (const host of ['sample.li', 'evilsample.li', 'sample.li.evil.example']) {
      const ask = { rule: wide, original: `${host}/a.jpg` }
      await assert.rejects(remote.fetch(ask), { code: 'host-not-allowed', status: 403 })
    }
  })
})

describe('redirects', () => {
  it('are followed three times', async () => {
    const got = await remote.fetch({ rule: rule(), original: 'sample.li/hops/3' })
    assert.equal(got.kind, 'bytes')
  })

  it('to a listed host use that host’s own rule and headers', async () => {
    const other = rule({ host: 'other.example', headers: { 'x-other': '1' } })
    const first = rule({ headers: { 'x-first': '1' } })
    const to = encodeURIComponent('http://other.example/a.jpg')
    await remote.fetch({ rule: first, allowed: [first, other], original: `sample.li/to?${to}` })
    assert.equal(seen.at(-1)?.headers['x-other'], '1')
    assert.equal(seen.at(-1)?.headers['x-first'], undefined)
  })

  for (const [target, code] of [
    ['http://127.0.0.1/a.jpg', 'host-not-allowed'],
    ['http://localhost./a.jpg', 'host-not-allowed'],
    ['http://169.254.169.254/latest/meta-data', 'host-not-allowed'],
    ['http://u:p@sample.li/a.jpg', 'bad-original'],
    ['file:///etc/passwd', 'host-not-allowed'],
  ] as const) {
    it(`to ${target} are refused`, async () => {
      const original = `sample.li/to?${encodeURIComponent(target)}`
      await assert.rejects(remote.fetch({ rule: rule(), original }), { code })
    })
  }

  it('to a listed host that leads to loopback are refused at connect time', async () => {
    const inner: OriginRule = { host: 'inner.example', scheme: 'http' }
    const guarded = createRemote({ ...parts, lookup: async () => [address('127.0.0.1')] })
    const to = encodeURIComponent(`http://inner.example:${port}/a.jpg`)
    const ask = { rule: rule(), allowed: [rule(), inner], original: `sample.li/to?${to}` }
    await assert.rejects(guarded.fetch(ask), { code: 'address-refused', status: 403 })
    await guarded.close()
  })
})

function address(text: string): { address: string; family: number } {
  return { address: text, family: text.includes(':') ? 6 : 4 }
}

describe('the guard at connect time', () => {
  const open: OriginRule = { host: 'rebind.example', scheme: 'http' }

  it('a name whose answer changes is connected to the checked answer or not at all', async () => {
    const answers = ['127.0.0.1', '93.184.216.34']
    let asked = 0
    const lookup = async () => [address(answers[asked++ % 2]!)]
    const guarded = createRemote({ ...parts, lookup, limits: { deadlineMs: 100 } })
    const ask = { rule: open, original: `rebind.example:${port}/a.jpg` }
    const seenBefore = seen.length
    await assert.rejects(guarded.fetch(ask), { code: 'address-refused' })
    await guarded.fetch(ask).catch(() => undefined)
    assert.equal(seen.length, seenBefore, 'loopback was never asked')
    // The connection used the one answer that was checked: a second lookup would have shown in the count.
    assert.equal(asked, 2)
    await guarded.close()
  })

  it('one private address among public ones refuses the name', async () => {
    const guarded = createRemote({
      ...parts,
      lookup: async () => [address('93.184.216.34'), address('::ffff:127.0.0.1')],
    })
    const ask = { rule: open, original: 'rebind.example/a.jpg' }
    await assert.rejects(guarded.fetch(ask), { code: 'address-refused' })
    await guarded.close()
  })

  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '017700000001', '127.1', '[::1]']) {
    it(`a rule for ${host} without allowPrivate is refused`, async () => {
      const hostname = new URL(`http://${host}`).hostname
      const ask = { rule: { host, scheme: 'http' }, original: `${hostname}:${port}/a.jpg` } as const
      await assert.rejects(remote.fetch(ask), { code: 'address-refused' })
    })
  }

  for (const host of ['localhost', 'localhost.']) {
    it(`a rule for ${host} without allowPrivate is refused`, async () => {
      const ask = { rule: { host, scheme: 'http' }, original: `${host}:${port}/a.jpg` } as const
      await assert.rejects(remote.fetch(ask), (error: Error & { code?: string }) =>
        ['address-refused', 'origin-unreachable'].includes(error.code ?? ''),
      )
    })
  }

  it('connectTo a private address needs allowPrivate too', async () => {
    const ask = { rule: rule({ allowPrivate: false }), original: 'sample.li/a.jpg' }
    await assert.rejects(remote.fetch(ask), { code: 'address-refused' })
  })

  it('a connection that one rule permitted is not used for a stricter one', async () => {
    const guarded = createRemote({ ...parts, lookup: async () => [address('127.0.0.1')] })
    const original = `rebind.example:${port}/a.jpg`
    const permitted = await guarded.fetch({ rule: { ...open, allowPrivate: true }, original })
    assert.equal(permitted.kind, 'bytes')
    await assert.rejects(guarded.fetch({ rule: open, original }), { code: 'address-refused' })
    await guarded.close()
  })
})
