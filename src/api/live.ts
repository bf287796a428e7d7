import { request } from 'undici'
import type { Dispatcher } from 'undici'

import type { LiveCopy } from '../contract/api/live.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type { Peek } from '../contract/node-protocol.ts'
import { sha256Stream } from '../kernel/hash.ts'
import type { AskedUrl } from './delivery-names.ts'
import { ApiError } from './errors.ts'
import type { EdgeAddress } from './views.ts'
import { instant } from './views.ts'

/** One URL as one edge serves it, asked over HTTP as a visitor would, and what that says about freshness. */

/** Larger than any rendition. */
const BYTES_MAX = 50 * 1024 * 1024
const ASK_TIMEOUT_MS = 10_000

export interface EdgeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly sha256: string
  readonly size: number
  /** Null when only its hash was wanted. */
  readonly bytes: Buffer | null
}

/** `visit` fills the edge as a visitor does; else `only-if-cached` (RFC 9111 §5.2.1.7) makes looking change nothing. */
export async function askEdge(
  edge: EdgeAddress,
  asked: AskedUrl,
  how: { readonly visit: boolean; readonly keepBytes: boolean },
): Promise<EdgeAnswer> {
  const headers = {
    host: asked.host,
    accept: 'image/avif,image/webp,image/*,*/*;q=0.8',
    ...(how.visit ? {} : { 'cache-control': 'only-if-cached' }),
  }
  const base = new URL(edge.url).origin
  const signal = AbortSignal.timeout(ASK_TIMEOUT_MS)
  const answer = await request(base + (asked.signed ?? asked.target), { headers, signal }).catch(
    (cause: unknown) => {
      throw unreachable(edge, cause)
    },
  )
  const body = await readBody(answer.body, how.keepBytes).catch((cause: unknown) => {
    if (cause instanceof ApiError) throw cause
    throw unreachable(edge, cause)
  })
  return { status: answer.statusCode, headers: answer.headers, ...body }
}

function unreachable(edge: EdgeAddress, cause: unknown): ApiError {
  return new ApiError('edge-unreachable', `${edge.node} does not answer at ${edge.url}.`, { cause })
}

async function readBody(
  body: Dispatcher.ResponseData['body'],
  keepBytes: boolean,
): Promise<Pick<EdgeAnswer, 'sha256' | 'size' | 'bytes'>> {
  const hash = sha256Stream()
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    size += piece.byteLength
    if (size > BYTES_MAX) {
      throw new ApiError('too-large', 'What the edge holds is too large to be shown here.')
    }
    hash.update(piece)
    if (keepBytes) pieces.push(piece)
  }
  return { sha256: hash.digest(), size, bytes: keepBytes ? Buffer.concat(pieces) : null }
}

export interface Observation {
  readonly edge: EdgeAddress
  readonly asked: AskedUrl
  readonly answer: EdgeAnswer
  /** What the edge says it holds for the URL. */
  readonly peek: Peek | undefined
  /** SHA-256 of the original as it is now; null when nobody here knows. */
  readonly currentHash: string | null
  readonly wallMs: number
}

export function liveCopy(seen: Observation): LiveCopy {
  const { edge, asked, answer, peek } = seen
  const cacheStatus = headerOf(answer, 'cache-status')
  const absent = answer.status === 504
  const inputHash = absent ? null : (peek?.inputHash ?? null)
  return {
    node: edge.node,
    url: new URL(edge.url).origin + asked.target,
    ...verdictOf(seen, inputHash),
    status: answer.status,
    cacheStatus,
    hit: !absent && isHit(cacheStatus),
    ageSeconds: numberOf(headerOf(answer, 'age')),
    mark: numberOf(headerOf(answer, NODE_HEADERS.mark)),
    etag: headerOf(answer, 'etag'),
    sha256: absent ? null : answer.sha256,
    bytes: absent ? null : answer.size,
    contentType: headerOf(answer, 'content-type'),
    inputHash,
    at: instant(seen.wallMs),
  }
}

/** An edge that could not be asked. */
export function silentCopy(
  edge: EdgeAddress,
  asked: AskedUrl,
  error: unknown,
  wallMs: number,
): LiveCopy {
  const detail = error instanceof ApiError ? error.publicMessage : 'The edge does not answer.'
  return {
    node: edge.node,
    url: new URL(edge.url).origin + asked.target,
    verdict: 'unknown',
    detail,
    status: null,
    cacheStatus: null,
    hit: false,
    ageSeconds: null,
    mark: null,
    etag: null,
    sha256: null,
    bytes: null,
    contentType: null,
    inputHash: null,
    at: instant(wallMs),
  }
}

type Verdict = Pick<LiveCopy, 'verdict' | 'detail'>

function verdictOf(seen: Observation, inputHash: string | null): Verdict {
  const { answer, currentHash } = seen
  if (answer.status === 504) {
    return {
      verdict: 'absent',
      detail: 'This edge holds no copy; the next visitor gets a new one.',
    }
  }
  if (answer.status >= 400) {
    return { verdict: 'unknown', detail: `The edge answers ${answer.status}: no picture.` }
  }
  if (inputHash === null || currentHash === null) {
    return { verdict: 'unknown', detail: 'Nothing here tells what these bytes were made of.' }
  }
  return inputHash === currentHash
    ? { verdict: 'fresh', detail: null }
    : { verdict: 'stale', detail: 'Made of an older version of the original.' }
}

/** Our member of Cache-Status (RFC 9211 §2.1): the one that the edge itself wrote. */
function isHit(cacheStatus: string | null): boolean {
  const own = /sluice-edge((?:;[^,]*)*)/.exec(cacheStatus ?? '')
  return own !== null && /;\s*hit(?:=\?1)?\s*(?:;|$)/.test(own[1]!)
}

/** Of a remote original the newest bytes that anything of ours was made of: the highest mark knows most. */
export function newestInput(peeks: readonly Peek[]): string | null {
  const known = peeks.filter(({ inputHash, mark }) => inputHash !== null && mark !== null)
  const newest = known.toSorted((a, b) => b.mark! - a.mark!)[0]
  return newest?.inputHash ?? null
}

function headerOf(answer: EdgeAnswer, name: string): string | null {
  const value = answer.headers[name]
  if (value === undefined) return null
  return typeof value === 'string' ? value : value.join(', ')
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}
