import { errors, request } from 'undici'
import type { Dispatcher } from 'undici'
import type { OriginRule } from '../contract/records.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Timers } from '../kernel/timers.ts'
import { answerAgeSeconds } from './answer-age.ts'
import { OriginError } from './errors.ts'
import { originalUrl, ruleFor } from './guard.ts'
import type { LookupAll } from '../kernel/address-guard.ts'
import { GATE_LIMITS } from './host-gate.ts'
import { detectImage, SNIFF_BYTES } from './media-type.ts'
import { RemoteHosts } from './remote-hosts.ts'
import type { HostLimits } from './remote-hosts.ts'

/**
 * The one door to remote originals: allow-listed hosts, guarded addresses, redirects by hand, and a limit on time, size,
 * connections and waiting.
 */
export interface Remote {
  fetch(ask: RemoteAsk, signal?: AbortSignal): Promise<RemoteAnswer>
  close(): Promise<void>
}

export interface RemoteAsk {
  readonly rule: OriginRule
  /** Canonical: `host[:port]/path[?query]`. */
  readonly original: string
  /** Where redirects may lead; the rule itself when absent. */
  readonly allowed?: readonly OriginRule[]
  /** Of an earlier answer: makes the request conditional. */
  readonly validators?: { readonly etag?: string | null; readonly lastModified?: string | null }
  /** Asks every cache on the way for the origin's own answer (freshness rule P12); then validators are not sent. */
  readonly noCache?: boolean
}

export type RemoteAnswer =
  | {
      readonly kind: 'bytes'
      readonly bytes: Uint8Array
      readonly hash: string
      readonly mediaType: string
      readonly etag: string | null
      readonly lastModified: string | null
      /** How long a cache before the origin had held it (RFC 9111 §4.2.3); null when the answer does not tell. */
      readonly ageSeconds: number | null
    }
  | { readonly kind: 'not-modified'; readonly ageSeconds: number | null }
  | { readonly kind: 'missing'; readonly status: number }

export interface RemoteParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly lookup?: LookupAll
  readonly limits?: Partial<RemoteLimits>
}

export interface RemoteLimits extends HostLimits {
  /** From the request to the last byte, redirects and the wait for a turn included. */
  readonly deadlineMs: number
  readonly bytesMax: number
  readonly redirectsMax: number
}

export const REMOTE_LIMITS: RemoteLimits = {
  ...GATE_LIMITS,
  deadlineMs: 10_000,
  bytesMax: 50 * 1024 * 1024,
  redirectsMax: 3,
  connectionsPerHost: 16,
  waitingPerHostMax: 240,
}

const REDIRECTS = [301, 302, 303, 307, 308] as const

type Answer = Dispatcher.ResponseData

interface RequestOptions {
  readonly dispatcher: Dispatcher
  readonly headers: Record<string, string>
  readonly signal: AbortSignal
}

export function createRemote(parts: RemoteParts): Remote {
  const limits = { ...REMOTE_LIMITS, ...parts.limits }
  const hosts = new RemoteHosts(parts, limits)
  return {
    fetch: (ask, signal) => withDeadline(parts, limits, signal, (call) => follow(ask, call)),
    close: () => hosts.close(),
  }

  async function follow(ask: RemoteAsk, call: Call): Promise<RemoteAnswer> {
    let rule = ask.rule
    let url = originalUrl(rule, ask.original)
    for (let hops = 0; hops <= limits.redirectsMax; hops++) {
      const step = await readOnce(ask, rule, url, call)
      if (step.kind !== 'redirect') return step
      url = step.to
      rule = ruleFor(url, ask.allowed ?? [ask.rule])
    }
    throw new OriginError(
      'too-many-redirects',
      `The origin redirected more than ${limits.redirectsMax} times.`,
    )
  }

  function readOnce(
    ask: RemoteAsk,
    rule: OriginRule,
    url: URL,
    call: Call,
  ): Promise<RemoteAnswer | { readonly kind: 'redirect'; readonly to: URL }> {
    const { signal } = call
    const read = async (dispatcher: Dispatcher) => {
      const headers = requestHeaders(ask, rule)
      const answer = await requestOnce(url, { dispatcher, headers, signal })
      return readAnswer(answer, { url, limits, clock: parts.clock, asked: headers })
    }
    return hosts.read({ rule, url, ...call }, read)
  }
}

/**
 * A server may close a kept connection just as it is used again; nothing of an answer came then, and a GET may be repeated
 * (RFC 9110 §9.2.2).
 */
async function requestOnce(url: URL, options: RequestOptions): Promise<Answer> {
  try {
    return await request(url, options)
  } catch (error) {
    if (!(error instanceof errors.SocketError)) throw error
    return request(url, options)
  }
}

/** Headers of a rule never override those that the guard relies on. */
function requestHeaders(ask: RemoteAsk, rule: OriginRule): Record<string, string> {
  const extra = Object.entries(rule.headers ?? {}).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ])
  const { etag, lastModified } = ask.noCache ? {} : (ask.validators ?? {})
  return {
    'user-agent': 'Sluice',
    accept: 'image/*,*/*;q=0.5',
    ...Object.fromEntries(extra),
    // A compressed answer could unpack to any size; images gain nothing from it.
    'accept-encoding': 'identity',
    ...(ask.noCache ? { 'cache-control': 'no-cache' } : {}),
    ...(etag ? { 'if-none-match': etag } : {}),
    ...(lastModified && !etag ? { 'if-modified-since': lastModified } : {}),
  }
}

interface Reading {
  readonly url: URL
  readonly limits: RemoteLimits
  readonly clock: Clock
  readonly asked: Readonly<Record<string, string>>
}

async function readAnswer(
  answer: Answer,
  reading: Reading,
): Promise<RemoteAnswer | { readonly kind: 'redirect'; readonly to: URL }> {
  const { statusCode } = answer
  if (statusCode === 200) return readImage(answer, reading)
  // The body of anything else is of no use; reading it would let an origin hold a connection.
  answer.body.on('error', () => undefined).destroy()
  if (statusCode === 304 && isConditional(reading.asked)) {
    return { kind: 'not-modified', ageSeconds: answerAgeSeconds(answer.headers, reading.clock) }
  }
  if ((REDIRECTS as readonly number[]).includes(statusCode)) {
    return { kind: 'redirect', to: redirectTarget(answer, reading.url) }
  }
  const busy = statusCode === 408 || statusCode === 429
  if (statusCode >= 400 && statusCode < 500 && !busy) return { kind: 'missing', status: statusCode }
  const code = busy || statusCode >= 500 ? 'origin-failed' : 'origin-answer'
  throw new OriginError(code, `The origin answered with status ${statusCode}.`)
}

function isConditional(headers: Readonly<Record<string, string>>): boolean {
  return 'if-none-match' in headers || 'if-modified-since' in headers
}

function redirectTarget(answer: Answer, from: URL): URL {
  const location = header(answer, 'location')
  const to = location === null ? null : URL.parse(location, from.href)
  if (!to) throw new OriginError('origin-answer', 'The origin redirected to no valid address.')
  to.hash = ''
  return to
}

async function readImage(answer: Answer, reading: Reading): Promise<RemoteAnswer> {
  const encoding = header(answer, 'content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    answer.body.on('error', () => undefined).destroy()
    throw new OriginError(
      'origin-answer',
      'The origin compressed its answer although asked not to.',
    )
  }
  const bytes = await readLimited(answer, reading.limits.bytesMax)
  const mediaType = await detectImage(bytes.subarray(0, SNIFF_BYTES))
  if (mediaType === null) {
    throw new OriginError('not-an-image', 'The original is not an image of a known kind.')
  }
  return {
    kind: 'bytes',
    bytes,
    hash: sha256(bytes),
    mediaType,
    etag: header(answer, 'etag'),
    lastModified: header(answer, 'last-modified'),
    ageSeconds: answerAgeSeconds(answer.headers, reading.clock),
  }
}

async function readLimited(answer: Answer, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = new OriginError(
    'original-too-large',
    `An original may have at most ${bytesMax} bytes.`,
  )
  if (Number(header(answer, 'content-length') ?? 0) > bytesMax) {
    answer.body.on('error', () => undefined).destroy()
    throw tooLarge
  }
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
    size += piece.length
    if (size > bytesMax) throw tooLarge
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}

function header(answer: Answer, name: string): string | null {
  const value = answer.headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}

/** One fetch on its way. */
interface Call {
  readonly signal: AbortSignal
  /** What went wrong, for whoever asked; null when that one went away. */
  readonly explain: (error: unknown) => OriginError | null
}

async function withDeadline<T>(
  parts: RemoteParts,
  limits: RemoteLimits,
  asker: AbortSignal | undefined,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController()
  const cancel = parts.timers.after(limits.deadlineMs, () => deadline.abort())
  const signal = asker ? AbortSignal.any([asker, deadline.signal]) : deadline.signal
  const explain = (error: unknown): OriginError | null => {
    if (error instanceof OriginError) return error
    if (asker?.aborted) return null
    return deadline.signal.aborted ? timedOut(error) : fromNetwork(error)
  }
  try {
    return await work({ signal, explain })
  } catch (error) {
    throw explain(error) ?? error
  } finally {
    cancel()
  }
}

function timedOut(cause: unknown): OriginError {
  return new OriginError('origin-timeout', 'The origin did not answer in time.', cause)
}

const TIMEOUT_CODES = [
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
] as const

function fromNetwork(error: unknown): OriginError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if ((TIMEOUT_CODES as readonly string[]).includes(code)) return timedOut(error)
  return new OriginError('origin-unreachable', 'The origin cannot be reached or broke off.', error)
}
