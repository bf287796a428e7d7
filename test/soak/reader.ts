import type { Chance } from '../sim/chance.ts'
import { ask } from '../support/http.ts'
import type { Asked } from '../support/http.ts'
import { SHOWN, versionShown } from './ledger.ts'
import type { Ledger } from './ledger.ts'

/** Asks one edge for this and that without end, and holds each answer against what was Done when it was asked for. */

export interface ReaderParts {
  readonly edge: string
  readonly url: () => string | null
  readonly chance: Chance
  readonly ledger: Ledger
  readonly tally: ReaderTally
  readonly sinceMs: () => number
  readonly stopped: AbortSignal
}

export interface ReaderTally {
  answers: number
  hits: number
  notModified: number
  /** Connections that ended, and answers that say that the origin cannot be asked. */
  unavailable: number
  /** Each in words: what was shown, what had to be. */
  stale: string[]
  /** Answers that no client should get, whatever happens. */
  wrong: string[]
}

const BETWEEN_MS = 4
/** For the edge to come back. */
const AWAY_MS = 50
/** A client asks with the validator that it has, now and then. */
const CONDITIONAL = 0.2
/** RFC 9110, 15.6: what an edge may say while it cannot ask inward. */
const UNAVAILABLE = [500, 502, 503, 504]

export async function read(parts: ReaderParts): Promise<void> {
  const { url, chance, tally, stopped } = parts
  /** The version behind each validator that was ever seen, and the last one of each URL. */
  const seen = { versions: new Map<string, number>(), last: new Map<string, string>() }
  while (!stopped.aborted) {
    const base = url()
    const { target } = chance.pick(SHOWN)
    const etag = chance.happens(CONDITIONAL) ? seen.last.get(target) : undefined
    if (base === null) {
      await pause(AWAY_MS)
      continue
    }
    const headers = etag === undefined ? {} : { 'if-none-match': etag }
    // Before the request is sent: what becomes Done later, this answer need not know.
    const floor = parts.ledger.floor(target)
    try {
      await check(await ask(base + target, { headers }), { target, floor, seen }, parts)
    } catch {
      // It was killed, or is being killed, in the middle of an answer.
      tally.unavailable += 1
    }
    await pause(BETWEEN_MS)
  }
}

interface Expected {
  readonly target: string
  readonly floor: number
  readonly seen: {
    readonly versions: Map<string, number>
    readonly last: Map<string, string>
  }
}

async function check(answer: Asked, expected: Expected, parts: ReaderParts): Promise<void> {
  const { tally, edge, sinceMs } = parts
  const { target, floor, seen } = expected
  const { status, headers } = answer
  if (UNAVAILABLE.includes(status)) {
    tally.unavailable += 1
    return
  }
  if (status !== 200 && status !== 304) {
    tally.wrong.push(`${edge} answered ${status} for ${target}: ${answer.text.slice(0, 200)}`)
    return
  }
  tally.answers += 1
  const etag = `${target} ${headers['etag']}`
  const version = status === 304 ? seen.versions.get(etag) : await versionShown(answer.bytes)
  if (status === 304) tally.notModified += 1
  if (/sluice-edge; hit/.test(headers['cache-status'] ?? '')) tally.hits += 1
  if (version === undefined) {
    tally.wrong.push(`${edge} answered 304 with a validator that nobody was shown: ${etag}`)
    return
  }
  seen.versions.set(etag, version)
  seen.last.set(target, headers['etag']!)
  if (version >= floor) return
  tally.stale.push(
    `${edge} showed version ${version} of ${target}, ${floor} was Done before it was asked, at ${Math.round(sinceMs())} ms: ${status} ${headers['cache-status']} mark ${headers['sluice-mark']}`,
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
