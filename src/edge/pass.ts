import type { Clock } from '../kernel/clock.ts'
import type { Freshness } from '../cache/freshness.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { KEY_HASH_PATTERN } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { cacheStatus } from './answer.ts'
import type { CacheOutcome, EdgeAnswer } from './answer.ts'
import { upstreamBehind } from './errors.ts'
import { markOf } from './fill.ts'
import type { EdgeRequest, Resource } from './resource.ts'
import { endToEnd } from './upstream.ts'
import type { Upstream, UpstreamAnswer } from './upstream.ts'

export interface PassParts {
  readonly clock: Clock
  readonly freshness: Freshness
  readonly upstream: Upstream
}

/** Conditions and ranges of the client, which the upstream must see when its answer is streamed through. */
const PASSED_FIELDS = [
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'content-type',
] as const

/**
 * Streams an answer through without keeping it: what is larger than the cache takes, and methods that are not cached. The mark is
 * asked for and checked all the same.
 */
export async function pass(
  parts: PassParts,
  request: EdgeRequest,
  resource: Resource,
  reason: 'method' | 'uri-miss',
): Promise<EdgeAnswer> {
  const { freshness, upstream } = parts
  const need = Math.max(
    request.asker?.minMark ?? 0,
    freshness.applied,
    freshness.needOf(resource.keys()),
  )
  const headers: Record<string, string> = { ...resource.forward }
  for (const name of PASSED_FIELDS) {
    const value = request.headers[name]
    if (value !== undefined) headers[name] = value
  }
  // Not every server takes a body of unstated length.
  const length = request.headers['content-length']
  if (request.body && length !== undefined) headers['content-length'] = length
  if (upstream.marks) {
    headers[NODE_HEADERS.log] = freshness.logId
    headers[NODE_HEADERS.minMark] = String(need)
    headers[NODE_HEADERS.lease] = freshness.holdsLease() ? 'held' : 'none'
  }
  const call = {
    method: request.method,
    target: resource.target,
    headers,
    ...(request.body ? { body: request.body } : {}),
  }
  const answer = await upstream.ask(call, new AbortController().signal)
  const mark = upstream.marks && answer.status < 500 ? markOf(answer, freshness.logId) : need
  if (mark < need) {
    answer.discard()
    throw upstreamBehind()
  }
  if (answer.status < 400) resource.afterUnsafe?.()
  return streamed(parts, request, answer, Math.min(mark, resource.understoodAt ?? mark), reason)
}

function streamed(
  parts: PassParts,
  request: EdgeRequest,
  answer: UpstreamAnswer,
  mark: number,
  reason: 'method' | 'uri-miss',
): EdgeAnswer {
  const status = answer.status
  const outcome: CacheOutcome = {
    kind: 'forwarded',
    reason,
    status,
    stored: false,
    collapsed: false,
    detail: null,
  }
  const headers: Record<string, string> = {
    ...endToEnd(answer.headers),
    'cache-status': cacheStatus(outcome, answer.headers['cache-status']),
    [NODE_HEADERS.mark]: String(mark),
  }
  const length = answer.headers['content-length']
  if (length !== undefined) headers['content-length'] = length
  if (request.asker) {
    headers[NODE_HEADERS.log] = parts.freshness.logId
    headers[NODE_HEADERS.keys] = innerKeys(answer).join(',')
  }
  return { status, headers, body: answer.body }
}

function innerKeys(answer: UpstreamAnswer): readonly KeyHash[] {
  const listed = (answer.headers[NODE_HEADERS.keys] ?? '').split(',')
  return listed.filter((key): key is KeyHash => KEY_HASH_PATTERN.test(key))
}
