import type { FastifyReply } from 'fastify'

import { INVALIDATION_EVENT } from '../contract/api/invalidations.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import type { Meter } from '../kernel/metrics.ts'
import type { Timers } from '../kernel/timers.ts'
import { ApiError } from './errors.ts'
import { callerOf, projectOf } from './guard.ts'
import type { ApiParts, ApiServer } from './parts.ts'

/** Server-sent events (WHATWG HTML §9.2): invalidations as they go on. A stream that was cut begins with the state again. */

const P = '/api/v1/projects/:project'
/** Proxies close what is silent for 30 to 60 s. */
const HEARTBEAT_MS = 15_000
/** Then the client comes again by itself, and is authorised again: a key that was revoked does not listen on. */
const STREAM_MS = 10 * 60 * 1000
const RECONNECT_MS = 1000
/** Tabs of one person, or watchers of one key. */
const STREAMS_PER_CALLER_MAX = 50
const STREAMS_MAX = 2000
/** A client that reads slower than this is cut off; it learns the state when it comes again. */
const UNREAD_BYTES_MAX = 1024 * 1024

export interface EventStream {
  readonly send: (invalidation: Invalidation) => void
}

interface EventParts {
  readonly timers: Timers
  readonly metrics: Meter
}

export interface EventStreams {
  /** Takes the reply over. `onEnd` runs once, when either side ended it. */
  open(caller: string, reply: FastifyReply, onEnd: () => void): EventStream
  endAll(): void
}

export function createEventStreams(parts: EventParts): EventStreams {
  const open = new Map<() => void, string>()
  const count = () => parts.metrics.gauge('sluice_api_event_streams', {}, open.size)
  return {
    open(caller, reply, onEnd) {
      const mine = [...open.values()].filter((each) => each === caller).length
      if (mine >= STREAMS_PER_CALLER_MAX || open.size >= STREAMS_MAX) {
        throw new ApiError('too-many-streams', 'Close some pages or watchers, then try again.', {
          retryAfterSeconds: RECONNECT_MS / 1000,
        })
      }
      const { raw } = reply
      const end = () => void raw.end()
      open.set(end, caller)
      count()
      const stopTimers = keepAlive(parts.timers, raw, end)
      raw.once('close', () => {
        open.delete(end)
        count()
        stopTimers()
        onEnd()
      })
      begin(reply)
      return { send: (invalidation) => write(raw, invalidation) }
    },
    endAll() {
      for (const end of open.keys()) end()
    },
  }
}

function begin(reply: FastifyReply): void {
  const headers = reply.getHeaders()
  reply.hijack()
  reply.raw.writeHead(200, {
    ...(headers as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    // A stream has its connection to itself; when it ends, nothing waits for another request on it.
    connection: 'close',
    // nginx would collect events until its buffer is full.
    'x-accel-buffering': 'no',
  })
  reply.raw.write(`retry: ${RECONNECT_MS}\n\n`)
}

function write(raw: FastifyReply['raw'], invalidation: Invalidation): void {
  if (raw.writableEnded || raw.destroyed) return
  if (raw.writableLength > UNREAD_BYTES_MAX) {
    raw.destroy()
    return
  }
  raw.write(`event: ${INVALIDATION_EVENT}\ndata: ${JSON.stringify(invalidation)}\n\n`)
}

function keepAlive(timers: Timers, raw: FastifyReply['raw'], end: () => void): () => void {
  const wait = () =>
    timers.after(HEARTBEAT_MS, () => {
      raw.write(':\n\n')
      cancelBeat = wait()
    })
  let cancelBeat = wait()
  const cancelEnd = timers.after(STREAM_MS, end)
  return () => {
    cancelBeat()
    cancelEnd()
  }
}

export function eventRoutes(app: ApiServer, parts: ApiParts, streams: EventStreams): void {
  const { invalidations } = parts
  const tags = ['invalidations']

  app.get<{ Params: { id: string } }>(
    `${P}/invalidations/:id/events`,
    { schema: { summary: 'One invalidation as server-sent events', tags } },
    async (request, reply) => {
      const project = projectOf(request).id
      const { id } = request.params
      // A refusal must still be a problem document, so it is looked up before the stream begins.
      await invalidations.get(project, id)
      const feed: { stop: () => void } = { stop: () => {} }
      const stream = streams.open(callerOf(request).bucket, reply, () => feed.stop())
      feed.stop = invalidations.subscribe(project, id, stream.send)
      stream.send(await invalidations.get(project, id))
    },
  )

  app.get(
    `${P}/events`,
    { schema: { summary: 'Every change of the log as server-sent events', tags } },
    async (request, reply) => {
      const feed: { stop: () => void } = { stop: () => {} }
      const stream = streams.open(callerOf(request).bucket, reply, () => feed.stop())
      feed.stop = invalidations.subscribe(projectOf(request).id, null, stream.send)
    },
  )
}
