import { Agent, request } from 'undici'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type {
  ControlLink,
  FollowAnswer,
  FollowRequest,
  NodeHello,
  Peek,
  Registration,
  RenewAnswer,
  RenewRequest,
  ServedUrl,
} from '../contract/node-protocol.ts'
import { PurgelogError } from './errors.ts'
import { FRAME_TYPE, decodeFollow } from './follow-frame.ts'

/** Paths under control's base URL; served by `api/node-routes.ts`. */
export const NODE_PATHS = {
  register: '/internal/nodes/register',
  follow: '/internal/nodes/follow',
  renew: '/internal/nodes/renew',
  peeks: '/internal/nodes/peeks',
  served: '/internal/nodes/served',
  keep: '/internal/nodes/keep',
} as const

/** Answers end at some 100,000 keys of 25 characters at most; with room for URLs that are asked about. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 2_000

/** A node's link to a control process elsewhere: JSON over HTTP, proven by the shared secret. */
export class HttpLink implements ControlLink {
  readonly #base: string
  readonly #secret: string
  readonly #agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    // Follow is held open by control; the caller's signal ends what takes too long.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: ANSWER_BYTES_MAX,
  })

  constructor(controlUrl: string, secret: string) {
    this.#base = controlUrl.replace(/\/+$/, '')
    this.#secret = secret
  }

  async register(hello: NodeHello, signal: AbortSignal): Promise<Registration> {
    const answer = await this.#call(NODE_PATHS.register, hello, signal)
    const { logId, head, leaseMs, origin } = answer as Partial<Registration>
    const sound =
      typeof logId === 'string' && isCount(head) && isCount(leaseMs) && origin?.kind === 'folder'
    if (!sound) throw badAnswer(NODE_PATHS.register)
    return answer as unknown as Registration
  }

  async follow(body: FollowRequest, signal: AbortSignal): Promise<FollowAnswer> {
    const answer = await this.#call(NODE_PATHS.follow, body, signal)
    switch (answer['kind']) {
      case 'register':
        return { kind: 'register' }
      case 'start-empty':
        if (typeof answer['logId'] !== 'string' || !isCount(answer['head']))
          throw badAnswer(NODE_PATHS.follow)
        return { kind: 'start-empty', logId: answer['logId'], head: answer['head'] }
      case 'entries':
        if (typeof answer['logId'] !== 'string' || !isCount(answer['head']))
          throw badAnswer(NODE_PATHS.follow)
        if (!Array.isArray(answer['entries']) || !Array.isArray(answer['asks']))
          throw badAnswer(NODE_PATHS.follow)
        return answer as unknown as FollowAnswer
      default:
        throw badAnswer(NODE_PATHS.follow)
    }
  }

  async renew(body: RenewRequest, signal: AbortSignal): Promise<RenewAnswer> {
    const answer = await this.#call(NODE_PATHS.renew, body, signal)
    if (answer['kind'] === 'register') return { kind: 'register' }
    const { logId, head, leaseMs } = answer
    if (typeof logId !== 'string' || !isCount(head) || !isCount(leaseMs))
      throw badAnswer(NODE_PATHS.renew)
    return { kind: 'grant', logId, head, leaseMs }
  }

  async answerPeeks(
    incarnation: string,
    askId: string,
    peeks: readonly Peek[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call(NODE_PATHS.peeks, { incarnation, askId, peeks }, signal)
  }

  async reportServed(
    incarnation: string,
    urls: readonly ServedUrl[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call(NODE_PATHS.served, { incarnation, urls }, signal)
  }

  async keepServed(
    incarnation: string,
    urls: readonly ServedUrl[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { beyond } = await this.#call(NODE_PATHS.keep, { incarnation, urls }, signal)
    if (!Array.isArray(beyond)) throw badAnswer(NODE_PATHS.keep)
    return beyond.map(String)
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  async #call(path: string, body: unknown, signal: AbortSignal): Promise<Record<string, unknown>> {
    try {
      const answer = await request(this.#base + path, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: {
          accept: `${FRAME_TYPE}, application/json`,
          'content-type': 'application/json',
          [NODE_HEADERS.secret]: this.#secret,
        },
        body: JSON.stringify(body),
        signal,
      })
      const framed = answer.headers['content-type'] === FRAME_TYPE
      const parsed: unknown = framed
        ? decodeFollow(await answer.body.bytes())
        : await answer.body.json().catch(() => null)
      if (answer.statusCode === 401) {
        throw new PurgelogError(
          'control-refused',
          `${this.#base} refused the node secret; set SLUICE_NODE_SECRET to control's`,
        )
      }
      if (answer.statusCode !== 200) {
        const what = `control answered ${path} with status ${answer.statusCode}`
        throw new PurgelogError('bad-answer', what)
      }
      if (typeof parsed !== 'object' || parsed === null) throw badAnswer(path)
      return parsed as Record<string, unknown>
    } catch (error) {
      if (error instanceof PurgelogError) throw error
      throw new PurgelogError(
        'control-unreachable',
        `control at ${this.#base} cannot be reached`,
        error,
      )
    }
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function badAnswer(path: string): PurgelogError {
  return new PurgelogError(
    'bad-answer',
    `control answered ${path} in a form that this version does not know`,
  )
}
