import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../kernel/log.ts'
import { sameSecret } from '../kernel/secrets.ts'
import { NODE_HEADERS, askerOf } from '../contract/node-protocol.ts'
import { textAnswer } from './answer.ts'
import type { ResizerAnswer } from './answer.ts'
import type { Resizer, ResizerRequest } from './resizer.ts'

export interface ResizerDoorParts {
  readonly resizer: Resizer
  readonly log: Log
  readonly nodeSecret: string
  /** A mark of another purge log means nothing here, and must not be claimed. */
  readonly logId: () => string
  /** The listener is on loopback alone: then whoever can connect may ask. */
  readonly loopbackOnly: boolean
}

/** The resizer's listener: for nodes that show the secret, and for this machine when it listens on loopback alone. */
export function resizerHandler(
  parts: ResizerDoorParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void respond(parts, request, response).catch((error: unknown) => {
      parts.log.debug({ err: error }, 'asker went away')
      response.destroy()
    })
  }
}

async function respond(
  parts: ResizerDoorParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await answerFor(parts, incoming)
  response.writeHead(answer.status, answer.headers)
  if (incoming.method === 'HEAD' || answer.body === null) response.end()
  else if (answer.body instanceof Uint8Array) response.end(answer.body)
  else await pipeline(Readable.from(answer.body, { objectMode: false }), response)
}

async function answerFor(
  parts: ResizerDoorParts,
  incoming: IncomingMessage,
): Promise<ResizerAnswer> {
  const request = readHead(parts, incoming)
  if (!request.asker && !parts.loopbackOnly) {
    return textAnswer(
      401,
      'This image server answers nodes that show the node secret (SLUICE_NODE_SECRET).',
      null,
    )
  }
  try {
    return await parts.resizer.handle(request)
  } catch (error) {
    parts.log.error({ err: error, target: request.target }, 'resizer failed')
    return textAnswer(500, 'The image server failed; its log says why.', null)
  }
}

function readHead(parts: ResizerDoorParts, incoming: IncomingMessage): ResizerRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const shown = headers[NODE_HEADERS.secret]
  const proven = shown !== undefined && sameSecret(parts.nodeSecret, shown)
  return {
    method: incoming.method ?? 'GET',
    host: headers['host'] ?? '',
    target: incoming.url ?? '/',
    headers,
    asker: proven ? askerOf(headers, parts.logId()) : null,
  }
}
