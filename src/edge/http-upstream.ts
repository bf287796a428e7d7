import { Readable } from 'node:stream'
import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { EdgeError } from './errors.ts'
import type { Upstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts'

/** Connections to one upstream: more than a resizer renders at once, so that hits never queue behind renders. */
const CONNECTIONS = 256
const CONNECT_TIMEOUT_MS = 2_000
/** Silence in the middle of a body means that the upstream died. */
const BODY_IDLE_MS = 20_000
const HEAD_TIMEOUT_MS = 60_000

const CLOSED_CODES = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']

/** An upstream over HTTP. With `secret` it is a node of Sluice, which is shown the secret and whose marks count. */
export class HttpUpstream implements Upstream {
  readonly marks: boolean
  readonly #pool: Pool
  readonly #secret: string | null

  constructor(origin: string, secret: string | null) {
    this.marks = secret !== null
    this.#secret = secret
    this.#pool = new Pool(origin, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: HEAD_TIMEOUT_MS,
      bodyTimeout: BODY_IDLE_MS,
      keepAliveTimeout: 30_000,
    })
  }

  async ask(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
    const headers =
      this.#secret === null
        ? request.headers
        : { ...request.headers, [NODE_HEADERS.secret]: this.#secret }
    const send = (): Promise<Dispatcher.ResponseData> =>
      this.#pool.request({
        method: request.method,
        path: request.target,
        headers: { ...headers },
        body: request.body ? asReadable(request.body) : null,
        signal,
      })
    try {
      const { statusCode, headers: answered, body } = await sendAgain(request.method, send)
      body.on('error', ignore)
      return {
        status: statusCode,
        headers: flat(answered),
        body: guarded(body),
        discard: () => void body.destroy(),
      }
    } catch (error) {
      throw asEdgeError(error)
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}

/**
 * A server may close a kept connection just as it is used again: nothing of an answer came then, and a question may be repeated
 * (RFC 9112 §9.3.1). A change may not, for it may have been made.
 */
async function sendAgain<T>(method: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if ((method !== 'GET' && method !== 'HEAD') || !CLOSED_CODES.includes(code)) throw error
    return send()
  }
}

/** The reader of the body hears the error; this only keeps an unread one from ending the process. */
function ignore(): void {}

async function* guarded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw asEdgeError(error)
  }
}

function asReadable(body: AsyncIterable<Uint8Array>): Readable {
  return Readable.from(body, { objectMode: false })
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return joined
}

function asEdgeError(error: unknown): EdgeError {
  if (error instanceof EdgeError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new EdgeError('upstream-late', 504, 'The image server did not answer in time.', error)
  }
  return new EdgeError('upstream-unreachable', 502, 'The image server cannot be reached.', error)
}
