import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { clientNetwork } from './client-network.ts'

/** Why a server could not be started; the message names the thing and the cure, for one line on the terminal. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StartError'
  }
}

/** A slow client may take this long to send its request's head. */
const HEAD_TIMEOUT_MS = 10_000
/** … and its whole request: uploads stream through other limits. */
const REQUEST_TIMEOUT_MS = 300_000
const KEEP_ALIVE_MS = 65_000
/** How often late heads are looked for; Node's own half a minute would make the limit above three times as long. */
const LATE_CHECK_MS = 2_000
/** Neither a byte sent nor one taken for so long: the client is gone, or holds an answer hostage. Longer than any fill. */
const SILENCE_MS = 90_000
/** Browsers send about thirty. */
const HEADERS_MAX = 100
/** Room for an 8 KiB URL and usual cookies. */
const HEADER_BYTES_MAX = 32 * 1024
/** How long open answers may take after the order to stop. */
const DRAIN_MS = 5_000

export interface Listening {
  readonly server: Server
  readonly url: string
  readonly port: number
  /** Stops accepting, lets open answers finish for a while, then cuts. */
  stop(): Promise<void>
}

/** How many connections one client may hold at a time. */
export interface ClientConnections {
  readonly max: number
  /** Addresses that are not one client: trusted proxies. */
  readonly exempt: (address: string) => boolean
}

export interface ListenPlace {
  readonly host: string
  readonly port: number
  /** The setting that says another port, for the sentence about one that is taken. */
  readonly setting: string
  readonly connectionsPerClient?: ClientConnections
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

export async function listen(handler: RequestHandler, place: ListenPlace): Promise<Listening> {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: LATE_CHECK_MS,
      noDelay: true,
    },
    handler,
  )
  server.maxHeadersCount = HEADERS_MAX
  server.timeout = SILENCE_MS
  if (place.connectionsPerClient) limitConnections(server, place.connectionsPerClient)
  const unused = unusedConnections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, place)))
    server.listen(place.port, place.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const url = `http://${hostInUrl(place.host)}:${port}`
  return { server, port, url, stop: () => stop(server, unused) }
}

/**
 * Connections on which nothing was asked yet. Browsers open some ahead, and Node counts them as busy, so that they would hold a
 * stop up until it cuts.
 */
function unusedConnections(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>()
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }) => unused.delete(socket))
  return unused
}

/** Rejects like `listen` would, before anything was made; port 0 is always free. */
export async function checkPort(place: {
  host: string
  port: number
  setting: string
}): Promise<void> {
  if (place.port === 0) return
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(explain(error, place)))
    probe.listen(place.port, place.host, resolve)
  })
  await new Promise<void>((resolve) => void probe.close(() => resolve()))
}

/** What comes on top is closed at once: an answer would cost more than the connection. */
function limitConnections(server: Server, { max, exempt }: ClientConnections): void {
  const open = new Map<string, number>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    if (exempt(address)) return
    const client = clientNetwork(address)
    const count = (open.get(client) ?? 0) + 1
    if (count > max) {
      socket.destroy()
      return
    }
    open.set(client, count)
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1
      if (left > 0) open.set(client, left)
      else open.delete(client)
    })
  })
}

export function hostInUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** What to do about a port that cannot be opened, by the system's error code. */
function explain(
  error: NodeJS.ErrnoException,
  place: { host: string; port: number; setting: string },
): Error {
  const where = `${place.host}:${place.port}`
  const cures: Record<string, string> = {
    EADDRINUSE: `${where} is taken by another program; stop it or set ${place.setting} to another port`,
    EACCES: `${where} may not be opened by this user; set ${place.setting} to a port above 1023`,
    EADDRNOTAVAIL: `${place.host} is not an address of this machine; set SLUICE_HOST to one that is`,
    ENOTFOUND: `${place.host} is not an address of this machine; set SLUICE_HOST to one that is`,
  }
  const cure = cures[error.code ?? '']
  return cure === undefined ? error : new StartError(cure, error)
}

async function stop(server: Server, unused: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  server.closeIdleConnections()
  for (const socket of unused) socket.destroy()
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearTimeout(cut)
}
