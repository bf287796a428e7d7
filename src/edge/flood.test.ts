import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { NODE_SECRET, sluiceBench } from '../../test/support/edge-bench.ts'
import { fakeResizer } from '../../test/support/fake-resizer.ts'
import { until } from '../../test/support/http.ts'
import { silentLog } from '../kernel/log.ts'
import { parseNetworks, trustedProxies } from '../kernel/trusted-proxies.ts'
import { edgeHandler } from './edge-server.ts'
import { MissLimit } from './miss-limit.ts'
import { OpenRequests } from './open-requests.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const HIT = '/is/image/demo/shoes/red?wid=1'
/** As a proxy that is trusted names them. */
const ATTACKER = '192.0.2.1'
const VISITOR = '192.0.2.2'

/** An edge that holds one picture, an attacker that has used up its share of new ones, and what is answered in which order. */
async function floodedEdge() {
  const clock = { now: () => 0, wall: () => 0 }
  const missLimit = new MissLimit(clock, silentLog, { perSecond: 1, burst: 1 })
  const resizer = await fakeResizer()
  const bench = await sluiceBench(resizer.server.url, { missLimit })
  assert.equal((await bench.get(HIT)).status, 200)
  assert.equal(missLimit.take(ATTACKER), 0)
  const open = new OpenRequests()
  const door = edgeHandler({
    edge: bench.edge,
    log: silentLog,
    nodeSecret: NODE_SECRET,
    trustedProxies: trustedProxies(parseNetworks('127.0.0.1')!),
    open,
  })
  const read: string[] = []
  const left: number[] = []
  const server = createServer((request, response) => {
    read.push(request.url ?? '')
    response.once('finish', () => void left.push(response.statusCode))
    door(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(
    () => resizer.server.stop(),
    () => bench.stop(),
    () => void server.close(),
    () => server.closeAllConnections(),
  )
  const connection = (): Socket => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    closing.push(() => void socket.destroy())
    return socket.setNoDelay(true).resume()
  }
  return { open, read, left, connection }
}

function asking(client: string, target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: images.example\r\nX-Forwarded-For: ${client}\r\n\r\n`
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

const FLOODS = {
  'of new pictures': {
    target: (at: number) => `/is/image/demo/shoes/red?wid=${at + 2}`,
    status: 429,
  },
  'of what nobody has': { target: (at: number) => `/is/image/nobody/red?wid=${at}`, status: 404 },
  'of what is wrong': { target: () => '/is/image/demo/red?wid=-1', status: 400 },
} as const

describe('a flood from one client', () => {
  for (const [what, { target, status }] of Object.entries(FLOODS)) {
    it(`${what} lets a hit that is read after it go first`, async () => {
      const { read, left, connection } = await floodedEdge()
      const attackers = Array.from({ length: 60 }, () => connection())
      const visitor = connection()
      for (const each of [...attackers, visitor]) each.write(asking(VISITOR, HIT))
      await until('every connection is in use', () => left.length === 61)
      read.length = 0
      left.length = 0
      for (const [at, attacker] of attackers.entries()) attacker.write(asking(ATTACKER, target(at)))
      visitor.write(asking(VISITOR, HIT))
      await until('all are answered', () => left.length === 61)
      assert.equal(left.filter((each) => each === status).length, 60)
      const readBefore = read.indexOf(HIT)
      const answeredBefore = left.indexOf(200)
      assert.ok(
        answeredBefore <= readBefore / 2,
        `${readBefore} were read before the hit, ${answeredBefore} of them answered before it`,
      )
    })
  }

  it('leaves nothing behind in memory', async () => {
    const { open, left, connection } = await floodedEdge()
    const attacker = connection()
    let asked = 0
    const ask = async (count: number): Promise<void> => {
      const until429 = left.length + count
      const targets = Array.from({ length: count }, () => {
        asked += 1
        return asking(
          ATTACKER,
          `/is/image/demo/shoes/red?wid=2&hei=${asked}&$a-parameter-of-the-page=${asked}`,
        )
      })
      attacker.write(targets.join(''))
      await until('they are answered', () => left.length >= until429)
    }
    for (let round = 0; round < 10; round++) await ask(100)
    const before = heapAfterCollection()
    for (let round = 0; round < 40; round++) await ask(100)
    const grownBytes = heapAfterCollection() - before
    assert.ok(grownBytes < 1_000_000, `${grownBytes} bytes are kept of 4000 refused requests`)
    const ofAnyone = { addresses: ['0.0.0.0/0'], header: null }
    const drained = await open.drain(ofAnyone, {
      after: () => () => undefined,
      sleep: async () => undefined,
    })
    assert.deepEqual(drained, { waited: 0, cut: 0 })
  })
})
