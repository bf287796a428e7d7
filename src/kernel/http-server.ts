import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

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

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

export async function listen(
  handler: RequestHandler,
  place: { host: string; port: number; setting: string },
): Promise<Listening> {
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: HEADER_BYTES_MAX, noDelay: true },
    handler,
  )
  const unused = unusedConnections(server)
  server.headersTimeout = HEAD_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
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
