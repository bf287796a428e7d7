import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'

import { clientAt, mostInOneSecond } from '../support/clients.ts'
import type { ClientAnswer } from '../support/clients.ts'
import { until } from '../support/http.ts'
import { startSampleOrigin } from '../support/sample-origin.ts'
import type { SampleOrigin } from '../support/sample-origin.ts'
import { startServe } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/**
 * Goal: “the CDN provides DDoS protection, which will act as a shield to your servers”: one client's flood neither reaches the origin
 * nor takes hits from the others. Clients are told apart by addresses of loopback. The full half minute is `npm run bench -- attack`.
 */

const CONNECTIONS_MAX = 40
const MISSES = { perSecond: 20, burst: 60 } as const
const HOST = { host: 'doc.cloudimg.io' }
const ALLOWED = [200, 429, 503]

let folder: string
let origin: SampleOrigin
let sluice: Started
let slowHead: { readonly socket: Socket; readonly openedAt: number; closedAt: number }

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-protection-'))
  origin = await startSampleOrigin()
  for (const file of ['/a.png', '/b.png', '/c.png', '/hit.png']) await origin.put(file, 'teal')
  const env = {
    SLUICE_ASSETS: folder,
    SLUICE_CONNECTIONS_PER_CLIENT: String(CONNECTIONS_MAX),
  }
  sluice = await startServe({ edges: 1, env })
  const rule = { host: 'sample.li', scheme: 'http', connectTo: origin.place, allowPrivate: true }
  const answer = await fetch(`${sluice.consoleUrl}/api/v1/projects/demo`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${await sluice.adminKey()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ automaticInvalidation: false, tokens: ['doc'], origins: [rule] }),
  })
  assert.equal(answer.status, 200)
  slowHead = openSlowHead()
})

after(async () => {
  slowHead.socket.destroy()
  await sluice.stop()
  await origin.stop()
  await rm(folder, { recursive: true, force: true })
})

const edge = (target: string) => sluice.edges[0]! + target

async function renders(): Promise<number> {
  const exposition = await (await fetch(`${sluice.consoleUrl}/metrics`)).text()
  return Number(/^sluice_resizer_renders_total (\d+)/m.exec(exposition)?.[1] ?? 0)
}

function openSlowHead() {
  const { hostname, port } = new URL(sluice.edges[0]!)
  const socket = connect({ port: Number(port), host: hostname, localAddress: '127.0.0.9' })
  const slow = { socket, openedAt: performance.now(), closedAt: 0 }
  socket.on('error', () => undefined).resume()
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')
  socket.once('close', () => (slow.closedAt = performance.now()))
  return slow
}

const statuses = (answers: readonly ClientAnswer[]) => answers.map(({ status }) => status)
const count = (answers: readonly ClientAnswer[], wanted: number) =>
  statuses(answers).filter((status) => status === wanted).length

describe('new pictures', () => {
  it('are 60 at once for one client; then 429 with Retry-After, while all that is cached is served', async () => {
    const client = clientAt('127.0.0.2', 4)
    const began = performance.now()
    const answers: ClientAnswer[] = []
    for (let width = 1; width <= 90; width++) {
      // Whatever a stranger says about its address.
      const forged = { ...HOST, 'x-forwarded-for': `198.51.100.${width}` }
      answers.push(await client.get(edge(`/sample.li/a.png?w=${width}`), forged))
    }
    const seconds = (performance.now() - began) / 1000
    const served = count(answers, 200)
    assert.ok(served >= MISSES.burst, `${served} were served`)
    assert.ok(served <= MISSES.burst + MISSES.perSecond * seconds + 1, `${served} were served`)
    const refused = answers.filter(({ status }) => status === 429)
    assert.equal(refused.length + served, answers.length)
    assert.ok(refused.every(({ headers }) => headers['retry-after'] === '1'))
    assert.equal((await client.get(edge('/sample.li/a.png?w=1'), HOST)).status, 200)
    const other = clientAt('127.0.0.3', 1)
    assert.equal((await other.get(edge('/sample.li/a.png?w=91'), HOST)).status, 200)
    client.close()
    other.close()
  })
})

describe('renders that wait', () => {
  it('are 200 of a project; the rest is told at once to come again, with 503 and Retry-After, also through an edge', async () => {
    await origin.put('/queued.png', 'teal')
    // Each client within its own limit: only together they are too many.
    const clients = Array.from({ length: 12 }, (_, at) => clientAt(`127.0.1.${at + 1}`, 40))
    const asked = clients.flatMap((client, which) =>
      Array.from({ length: 40 }, (_, at) => {
        const [width, height] = [500 + which * 10, 400 + at]
        return client.get(
          edge(`/sample.li/queued.png?w=${width}&h=${height}&func=crop&sharp=1`),
          HOST,
        )
      }),
    )
    const answers = await Promise.all(asked)
    for (const client of clients) client.close()
    const refused = answers.filter(({ status }) => status === 503)
    assert.ok(refused.length > 0)
    assert.ok(count(answers, 200) >= 200, `${count(answers, 200)} were made`)
    assert.equal(refused.length + count(answers, 200), answers.length)
    assert.ok(refused.every(({ headers }) => headers['retry-after'] === '1'))
    assert.ok(refused.every(({ headers }) => headers['cache-control'] === 'no-store'))
  })
})

/** `times` pictures that nobody asked for before from one client, hits from another meanwhile. */
async function attack(target: (at: number) => string, times: number) {
  const [attacker, visitor] = [clientAt('127.0.0.4', 32), clientAt('127.0.0.5', 4)]
  const hit = edge('/sample.li/hit.png?w=40')
  assert.equal((await visitor.get(hit, HOST)).status, 200)
  const [rendersBefore, readsBefore, began] = [
    await renders(),
    origin.times.length,
    performance.now(),
  ]
  const over = new AbortController()
  const hits: ClientAnswer[] = []
  const visiting = (async () => {
    while (!over.signal.aborted) hits.push(await visitor.get(hit, HOST))
  })()
  const attempts = Array.from({ length: times }, (_, at) => attacker.get(edge(target(at)), HOST))
  const answers = await Promise.all(attempts)
  over.abort()
  await visiting
  attacker.close()
  visitor.close()
  const seconds = (performance.now() - began) / 1000
  return {
    answers,
    hits,
    renders: (await renders()) - rendersBefore,
    mayRender: MISSES.burst + MISSES.perSecond * seconds + 1,
    reads: origin.times.slice(readsBefore),
  }
}

describe('a flood from one client', () => {
  it('of distinct widths renders no more than its allowance, and reads the origin once', async () => {
    const seen = await attack((at) => `/sample.li/b.png?w=${1 + at}`, 1500)
    assert.ok(statuses(seen.answers).every((status) => ALLOWED.includes(status)))
    assert.ok(seen.renders <= seen.mayRender, `${seen.renders} renders`)
    assert.ok(count(seen.answers, 429) > 0)
    assert.equal(seen.reads.length, 1)
    assert.ok(seen.hits.length > 0)
    assert.ok(statuses(seen.hits).every((status) => status === 200))
  })

  it('of random vh looks at the origin at most 50 times in any second, and renders once', async () => {
    const client = clientAt('127.0.0.6', 32)
    const rendersBefore = await renders()
    const readsBefore = origin.times.length
    const attempts = Array.from({ length: 1500 }, (_, at) =>
      client.get(edge(`/sample.li/c.png?w=30&vh=${at.toString(36)}${'x'.repeat(at % 7)}`), HOST),
    )
    const answers = await Promise.all(attempts)
    client.close()
    assert.ok(statuses(answers).every((status) => ALLOWED.includes(status)))
    const reads = origin.times.slice(readsBefore)
    assert.ok(mostInOneSecond(reads) <= 50, `${mostInOneSecond(reads)} in one second`)
    assert.equal((await renders()) - rendersBefore, 1)
  })
})

describe('connections', () => {
  it('of one client are limited, and those of another are not concerned', async () => {
    const { hostname, port } = new URL(sluice.edges[0]!)
    const open = async (localAddress: string): Promise<Socket> => {
      const socket = connect({ port: Number(port), host: hostname, localAddress })
      socket.on('error', () => undefined).resume()
      await once(socket, 'connect')
      return socket
    }
    const sockets = await Promise.all(
      Array.from({ length: CONNECTIONS_MAX + 5 }, () => open('127.0.0.7')),
    )
    await until(
      '5 are closed',
      () =>
        sockets.filter(({ destroyed, readableEnded }) => destroyed || readableEnded).length === 5,
    )
    const other = clientAt('127.0.0.8', 1)
    assert.equal((await other.get(edge('/sample.li/hit.png?w=40'), HOST)).status, 200)
    other.close()
    for (const socket of sockets) socket.destroy()
    const again = clientAt('127.0.0.7', 1)
    await until('places are free again', async () => {
      const answer = await again.get(edge('/sample.li/hit.png?w=40'), HOST).catch(() => null)
      return answer?.status === 200
    })
    again.close()
  })

  it('that send a head of more than 32 KB are told so', async () => {
    const client = clientAt('127.0.0.8', 1)
    const answer = await client.get(edge('/sample.li/hit.png?w=40'), {
      ...HOST,
      'x-long': 'x'.repeat(33 * 1024),
    })
    assert.equal(answer.status, 431)
    client.close()
  })

  it('that do not finish their head in ten seconds are closed', async () => {
    await until('the slow one is closed', () => slowHead.closedAt > 0, 30_000)
    const seconds = (slowHead.closedAt - slowHead.openedAt) / 1000
    assert.ok(seconds > 9, `after ${seconds} s`)
  })
})
