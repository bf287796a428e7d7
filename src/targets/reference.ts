import { negotiateFormat } from '../contract/negotiate-format.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { parseCanonicalTarget } from '../contract/parse-delivery-url.ts'
import { TargetError } from './errors.ts'
import type { Outside } from './outside.ts'
import { PROBE_ACCEPT } from './probe.ts'
import type { Reference, TakeReference } from './probe.ts'

/** As long as an edge would wait for a render. */
const REFERENCE_TIMEOUT_MS = 30_000

export interface ReferenceParts {
  readonly outside: Outside
  readonly nodeSecret: string
  readonly logId: () => Promise<string>
  /** Private base URLs of our resizers. */
  readonly resizers: () => Promise<readonly string[]>
}

/** Asks a resizer of ours what a place looks like now: the ETag to compare with where a cache takes our mark away. */
export function createReference(parts: ReferenceParts): TakeReference {
  return async ({ target }, minMark, signal) => {
    const parsed = target === null ? null : parseCanonicalTarget(target)
    const [resizer] = await parts.resizers()
    if (!parsed?.ok || target === null || resizer === undefined) return null
    const logId = await parts.logId()
    const format = negotiateFormat(parsed.url, PROBE_ACCEPT)
    const headers = {
      [NODE_HEADERS.secret]: parts.nodeSecret,
      [NODE_HEADERS.log]: logId,
      [NODE_HEADERS.minMark]: String(minMark),
      [NODE_HEADERS.lease]: 'none',
      ...(format === null ? {} : { accept: `image/${format}` }),
    }
    const url = resizer.replace(/\/+$/, '') + target
    const asked = { method: 'GET', url, headers, body: null, read: 'nothing' } as const
    try {
      // Our own resizers are on private addresses as a rule.
      const timeoutMs = REFERENCE_TIMEOUT_MS
      const answer = await parts.outside.send({ ...asked, timeoutMs }, true, signal)
      return referenceIn(answer.headers, logId)
    } catch (error) {
      if (error instanceof TargetError) return null
      throw error
    }
  }
}

function referenceIn(headers: Readonly<Record<string, string>>, logId: string): Reference | null {
  const mark = headers[NODE_HEADERS.mark] ?? ''
  const etag = headers['etag']
  if (etag === undefined || headers[NODE_HEADERS.log] !== logId || !/^\d{1,15}$/.test(mark)) {
    return null
  }
  return { etag, mark: Number(mark) }
}
