import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { serveHttp, until } from '../support/http.ts'
import type { TestServer } from '../support/http.ts'
import { pictureOf, versionShown } from './ledger.ts'
import { startLink } from './link.ts'
import type { Link } from './link.ts'

/** Goal: what the soak relies on does what it says, or its faults would be none. */

let site: TestServer
let link: Link
let sockets: Client[]

before(async () => {
  site = await serveHttp((request, response) => void response.end(`said ${request.url}`))
})
after(() => site.stop())
beforeEach(async () => {
  link = await startLink()
  link.leadTo(Number(new URL(site.url).port))
  sockets = []
})
afterEach(async () => {
  for (const { socket } of sockets) socket.destroy()
  await link.stop()
})

interface Client {
  readonly socket: Socket
  heard: string
  closed: boolean
  ask(path: string): void
}

async function client(): Promise<Client> {
  const socket = connect(Number(new URL(link.url).port), '127.0.0.1')
  const made: Client = {
    socket,
    heard: '',
    closed: false,
    ask: (path) => void socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`),
  }
  socket.on('data', (piece) => (made.heard += piece.toString()))
  socket.on('error', () => undefined)
  socket.on('close', () => (made.closed = true))
  sockets.push(made)
  await new Promise((resolve) => socket.once('connect', resolve))
  return made
}

const says = (one: Client, word: string): Promise<void> =>
  until(`${word} comes`, () => one.heard.includes(word))
/** A question over a whole connection, answered: whatever could have come by now has come. */
async function meanwhile(one: Client): Promise<void> {
  one.ask('/meanwhile')
  await says(one, 'said /meanwhile')
}

describe('a link', () => {
  test('lets everything through, also on one connection after the other', async () => {
    const one = await client()
    one.ask('/a')
    await says(one, 'said /a')
    one.ask('/b')
    await says(one, 'said /b')
  })

  test('delays in order, and what is under way stays late', async () => {
    const one = await client()
    link.delay(60, 'all')
    const began = performance.now()
    one.ask('/late')
    await until('it was asked', () => site.heard.some(({ url }) => url === '/late'))
    link.delay(0, 'all')
    await says(one, 'said /late')
    assert.equal(performance.now() - began >= 59, true)
  })

  test('swallows one way, and ends what lost something only when it is mended', async () => {
    const [odd, even] = [await client(), await client()]
    link.drop('back', 'odd')
    odd.ask('/swallowed')
    await until('it was asked', () => site.heard.some(({ url }) => url === '/swallowed'))
    await meanwhile(even)
    assert.deepEqual([odd.heard, odd.closed], ['', false])
    link.mend()
    await until('it ends', () => odd.closed)
    assert.equal(even.closed, false)
  })

  test('cuts what there is, takes nothing new, and is whole again when mended', async () => {
    const one = await client()
    link.cut()
    await until('it ends', () => one.closed)
    const two = await client()
    await until('it ends too', () => two.closed)
    link.mend()
    const three = await client()
    three.ask('/again')
    await says(three, 'said /again')
  })
})

test('a colour names a version', async () => {
  for (const version of [0, 1, 15, 16, 255, 256, 4095]) {
    assert.equal(await versionShown(await pictureOf(version)), version)
  }
})
