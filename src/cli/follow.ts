import { INVALIDATION_EVENT } from '../contract/api/invalidations.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import { isFinal } from '../contract/invalidation.ts'
import type { ApiClient } from './api-client.ts'
import type { ClientIo } from './client-io.ts'
import type { CommandCall } from './command.ts'
import { CliError, EXIT } from './errors.ts'
import { count, duration, secondsTaken } from './output.ts'

/** A control process that restarts is back within seconds; the invalidation goes on meanwhile. */
const RECONNECT_MS = 500
const LOST_MAX_MS = 120_000

/** Follows an invalidation to its end, over lost connections, and tells each state that is new. */
export async function follow(
  api: ApiClient,
  io: ClientIo,
  place: { path: string; id: string },
  tell: (invalidation: Invalidation) => void,
): Promise<Invalidation> {
  let heardAt = io.clock.now()
  for (;;) {
    const stop = new AbortController()
    const signal = io.signal ? AbortSignal.any([io.signal, stop.signal]) : stop.signal
    try {
      for await (const { event, data } of api.events(`${place.path}/${place.id}/events`, signal)) {
        if (event !== INVALIDATION_EVENT) continue
        heardAt = io.clock.now()
        const invalidation = JSON.parse(data) as Invalidation
        tell(invalidation)
        if (isFinal(invalidation.status)) return invalidation
      }
    } catch (error) {
      if (io.signal?.aborted === true || !isLostConnection(error)) throw error
    } finally {
      stop.abort()
    }
    if (io.clock.now() - heardAt > LOST_MAX_MS) throw lost(place.id, api.connection.server)
    await io.timers.sleep(RECONNECT_MS, io.signal)
  }
}

function isLostConnection(error: unknown): boolean {
  if (error instanceof CliError) return error.code === 'unreachable'
  // What fetch's body stream throws when a socket ends in the middle.
  return (
    error instanceof TypeError || (error instanceof DOMException && error.name === 'AbortError')
  )
}

function lost(id: string, server: string): CliError {
  return new CliError(
    'lost-connection',
    `${server} has not answered for ${LOST_MAX_MS / 1000} s. The invalidation is stored and goes on: sluice show ${id}`,
  )
}

/** Prints progress and the end, and gives the exit code: 0 for Done, 1 for everything else. */
export async function followToTheEnd(call: CommandCall, path: string, id: string): Promise<number> {
  const api = await call.client()
  let told = 0
  const end = await follow(api, call.io, { path, id }, (invalidation) => {
    if (!call.json) {
      for (const entry of invalidation.timeline.slice(told)) {
        const after = (Date.parse(entry.at) - Date.parse(invalidation.createdAt)) / 1000
        call.io.stdout.write(`  +${after.toFixed(3)} s  ${entry.status}\n`)
      }
    }
    told = invalidation.timeline.length
  })
  call.io.stdout.write(call.json ? `${JSON.stringify(end)}\n` : `${sentenceOf(end)}\n`)
  return end.status === 'Done' ? EXIT.ok : EXIT.failed
}

/** What a soft invalidation leaves open. */
function staleWords(evidence: Invalidation['evidence']): string {
  const until = evidence?.staleUntil
  return until === undefined
    ? ''
    : `\nUntil ${until} an old picture may be shown while the new one is asked for.`
}

export function sentenceOf(invalidation: Invalidation): string {
  const { status, urlCount, failure, id, evidence } = invalidation
  const seconds = secondsTaken(invalidation)
  if (status === 'Done') {
    const what = urlCount === 0 ? '' : `, ${count(urlCount, 'URL')}`
    const verdict = evidence === null ? '' : ` (evidence: ${evidence.verdict})`
    const notes = (evidence?.notes ?? []).map((note) => `\n${note}`).join('')
    return `Done${what}, ${duration(seconds ?? 0)}${verdict}.${staleWords(evidence)}${notes}`
  }
  if (status === 'ERROR' || status === 'ERROR_CDN_NODE') {
    return `${status}: ${failure ?? 'no reason was given'}. Again: sluice retry ${id}`
  }
  if (status === 'Cancelled') return 'Cancelled: nothing was purged.'
  return `${status}. Follow it: sluice show ${id} --wait`
}
