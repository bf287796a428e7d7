import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../kernel/log.ts'
import { sameSecret } from '../kernel/secrets.ts'
import { Turns } from '../kernel/turns.ts'
import type { TrustedProxies } from '../kernel/trusted-proxies.ts'
import { NODE_HEADERS, askerOf } from '../contract/node-protocol.ts'
import { text } from './answer.ts'
import type { EdgeAnswer } from './answer.ts'
import type { Edge } from './edge.ts'
import type { OpenRequests } from './open-requests.ts'
import type { EdgeRequest } from './resource.ts'

export interface EdgeDoorParts {
  readonly edge: Edge
  readonly log: Log
  /** Null on a plain edge: then nobody is a node. */
  readonly nodeSecret: string | null
  readonly trustedProxies: TrustedProxies
  /** What is being answered to visitors, so that an outer cache's requests can be waited for. */
  readonly open?: OpenRequests
}

/**
 * What is refused waits until everything else that is ready was answered: a flood of refusals delays a hit by these few, some tens of
 * microseconds each.
 */
const REFUSALS = {
  perRound: 4,
  /** One a connection, unless a client sends many at once without waiting; what these would hold is better given back at once. */
  waitingMax: 2_000,
} as const

/** A public listener: reads a request's head, takes every `Sluice-*` field of strangers away, writes the edge's answer. */
export function edgeHandler(
  parts: EdgeDoorParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  const refusals = new Turns(REFUSALS)
  return (request, response) => {
    void respond(parts, refusals, request, response).catch((error: unknown) => {
      parts.log.debug({ err: error }, 'client went away')
      response.destroy()
    })
  }
}

async function respond(
  parts: EdgeDoorParts,
  refusals: Turns,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = readHead(parts, incoming)
  if (request && !request.asker) parts.open?.track(incoming, response, request.client)
  if (request === null) {
    await refusals.next()
    return write(text(400, 'The request has no usable Host or target.'), incoming, response)
  }
  // Whoever is over the limit is even understood after everybody else.
  const yielded = parts.edge.parts.missLimit?.isSpent(request.client) && !request.asker
  if (yielded) await refusals.next()
  const answer = await parts.edge.handle(request)
  if (!yielded && !request.asker && answer.status >= 400 && answer.status < 500)
    await refusals.next()
  await write(answer, incoming, response)
}

function readHead(parts: EdgeDoorParts, incoming: IncomingMessage): EdgeRequest | null {
  const headers: Record<string, string> = {}
  const ours: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined) continue
    const fields = name.startsWith('sluice-') ? ours : headers
    fields[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const asker = nodeAsking(parts, ours)
  const seen = parts.trustedProxies.read(incoming.socket.remoteAddress ?? '', headers)
  const place = targetOf(incoming.url ?? '', seen.host ?? headers['host'] ?? '')
  if (place === null) return null
  const method = incoming.method ?? 'GET'
  const hasBody =
    headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return {
    method,
    scheme: seen.scheme ?? 'http',
    ...place,
    headers,
    asker,
    client: seen.client,
    ...(hasBody ? { body: incoming } : {}),
  }
}

/** RFC 9112 §3.2: what is no host and port is answered with 400. It would be kept as a spelling, and sent inward. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i

/** Origin form, or absolute form as a proxy's client sends it (RFC 9112 §3.2). */
function targetOf(url: string, host: string): { host: string; target: string } | null {
  if (url.startsWith('/')) return HOST.test(host) ? { host, target: url } : null
  const absolute = URL.parse(url)
  if (!absolute || !/^https?:$/.test(absolute.protocol)) return null
  return { host: absolute.host, target: absolute.pathname + absolute.search }
}

function nodeAsking(parts: EdgeDoorParts, headers: Record<string, string>): EdgeRequest['asker'] {
  const secret = parts.nodeSecret
  const shown = headers[NODE_HEADERS.secret]
  if (secret === null || shown === undefined || !sameSecret(secret, shown)) return null
  return askerOf(headers, parts.edge.parts.freshness.logId)
}

async function write(
  answer: EdgeAnswer,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(answer.status, answer.headers)
  if (incoming.method === 'HEAD' || answer.body === null) response.end()
  else if (answer.body instanceof Uint8Array) response.end(answer.body)
  else await pipeline(Readable.from(answer.body, { objectMode: false }), response)
}
