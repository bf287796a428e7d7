import { Agent, request } from 'undici'
import {
  guardedConnector,
  isPrivateOrPublicAddress,
  isPublicAddress,
  lookupAll,
} from '../kernel/address-guard.ts'
import type { LookupAll } from '../kernel/address-guard.ts'
import { TargetError } from './errors.ts'

/** TCP and TLS together; the whole request has its own deadline. */
const CONNECT_TIMEOUT_MS = 5_000
/** Response headers beyond this are no purge API's. */
const HEADER_BYTES_MAX = 64 * 1024
/** Of an answer's body what a rule or a person looks at. */
const TEXT_BYTES_MAX = 64 * 1024
/** A probed picture is read to its end, so that the cache finishes with it; beyond this it is cut. */
const DISCARD_BYTES_MAX = 64 * 1024 * 1024

export interface OutsideRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly timeoutMs: number
  /** `text`: the beginning of the body; `nothing`: it is read and forgotten. */
  readonly read: 'text' | 'nothing'
}

export interface OutsideAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Sends requests to places that an admin typed. Never follows redirects; never into a private network unless permitted. */
export class Outside {
  readonly #agents: Readonly<Record<'public' | 'any', Agent>>

  constructor(resolve: LookupAll = lookupAll) {
    this.#agents = {
      public: agent(isPublicAddress, resolve),
      any: agent(isPrivateOrPublicAddress, resolve),
    }
  }

  /** Rejects with a TargetError, or with the signal's reason when it was aborted. */
  async send(
    asked: OutsideRequest,
    allowPrivate: boolean,
    signal: AbortSignal,
  ): Promise<OutsideAnswer> {
    const late = AbortSignal.timeout(asked.timeoutMs)
    try {
      const answer = await request(asked.url, {
        method: asked.method as 'GET',
        headers: asked.headers,
        body: asked.body,
        dispatcher: this.#agents[allowPrivate ? 'any' : 'public'],
        signal: AbortSignal.any([late, signal]),
      })
      const text = asked.read === 'text' ? await beginning(answer.body) : await drop(answer.body)
      return { status: answer.statusCode, headers: flat(answer.headers), text }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw explained(asked, late.aborted, error)
    }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#agents).map((each) => each.destroy()))
  }
}

type Body = Awaited<ReturnType<typeof request>>['body']

function agent(permitted: (address: string) => boolean, resolve: LookupAll): Agent {
  const connect = guardedConnector({
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    resolve,
    permitted,
    refused: (host) =>
      new TargetError(
        'address-not-public',
        `${host} leads to an address that is not public; allowPrivate permits private ones.`,
      ),
    unresolved: (host) => new TargetError('unreachable', `${host} has no address.`),
  })
  // A target's own deadline counts; these only end what nobody waits for any more.
  return new Agent({ connect, maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: 0, bodyTimeout: 0 })
}

async function beginning(body: Body): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece)
    bytes += piece.byteLength
    if (bytes >= TEXT_BYTES_MAX) break
  }
  return Buffer.concat(pieces).subarray(0, TEXT_BYTES_MAX).toString('utf8')
}

async function drop(body: Body): Promise<string> {
  let bytes = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes += piece.byteLength
    if (bytes >= DISCARD_BYTES_MAX) break
  }
  return ''
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const joined: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return joined
}

function explained(asked: OutsideRequest, late: boolean, error: unknown): TargetError {
  if (error instanceof TargetError) return error
  const { host } = new URL(asked.url)
  if (late) {
    return new TargetError(
      'late',
      `${host} did not answer within ${asked.timeoutMs / 1000} s.`,
      error,
    )
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new TargetError(
    'unreachable',
    `${host} cannot be reached (${code || 'no answer'}).`,
    error,
  )
}
