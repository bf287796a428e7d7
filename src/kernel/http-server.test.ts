import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { until } from '../../test/support/http.ts'
import { listen } from './http-server.ts'
import type { ClientConnections, Listening, RequestHandler } from './http-server.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function listening(
  handler: RequestHandler,
  connectionsPerClient?: ClientConnections,
): Promise<Listening> {
  const place = { host: '127.0.0.1', port: 0, setting: 'SLUICE_PORT' }
  const listener = await listen(handler, {
    ...place,
    ...(connectionsPerClient ? { connectionsPerClient } : {}),
  })
  closing.push(
    () => listener.stop(),
    () => listener.server.closeAllConnections(),
  )
  return listener
}

async function connected({ port }: Listening, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  socket.on('error', () => undefined)
  closing.push(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const MEGABYTE = 1024 * 1024

describe('a client that is slow', () => {
  it('has ten seconds for its head, five minutes for its whole request, and may be silent for longer than a fill takes', async () => {
    const { server } = await listening((_, response) => void response.end())
    assert.equal(server.headersTimeout, 10_000)
    assert.equal(server.requestTimeout, 300_000)
    assert.equal(server.timeout, 90_000)
    assert.equal(server.keepAliveTimeout, 65_000)
    assert.equal(server.maxHeadersCount, 100)
  })

  it('and takes nothing of its answer is closed, and its answer with it', async () => {
    let closed = false
    const listener = await listening((_, response) => {
      response.once('close', () => (closed = true))
      // More than the buffers of both ends hold.
      response.end(Buffer.alloc(64 * MEGABYTE))
    })
    listener.server.timeout = 100
    const socket = await connected(listener)
    socket.pause()
    socket.write(GET)
    await until('it is closed', () => closed)
  })
})

const LONG_HEADS = {
  'of more than a hundred fields': Array.from({ length: 150 }, (_, at) => `X-${at}: a\r\n`).join(
    '',
  ),
  'of more than 32 KB': `X-Long: ${'x'.repeat(33 * 1024)}\r\n`,
} as const

describe('a head', () => {
  for (const [what, fields] of Object.entries(LONG_HEADS)) {
    it(`${what} is answered with 431, and goes no further`, async () => {
      let asked = false
      const listener = await listening(() => (asked = true))
      const socket = await connected(listener)
      let answer = ''
      socket.on('data', (piece) => (answer += piece.toString('latin1')))
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)
      await until('it is answered', () => answer.startsWith('HTTP/1.1 431 '))
      assert.equal(asked, false)
    })
  }
})

/** How many of six connections are answered where four may be. */
async function openSix(exempt: (address: string) => boolean): Promise<number> {
  const limit = { max: 4, exempt }
  const listener = await listening((_, response) => void response.end('a'), limit)
  const sockets: Socket[] = []
  for (let at = 0; at < 6; at++) sockets.push(await connected(listener))
  let answers = 0
  for (const socket of sockets) {
    socket.on('data', () => (answers += 1))
    socket.write(GET)
  }
  const isOver = (): boolean => answers + sockets.filter(({ closed }) => closed).length === 6
  await until('each is answered or closed', isOver)
  return answers
}

describe('connections of one address', () => {
  it('are as many as it may hold; what comes on top is closed at once', async () => {
    assert.equal(await openSix(() => false), 4)
  })

  it('are not counted where the address is not one client: a trusted proxy', async () => {
    assert.equal(await openSix((address) => address === '127.0.0.1'), 6)
  })
})
