import type { FastifyReply, FastifyRequest } from 'fastify'

import {
  CloudimageState,
  CloudimageSubmit,
  CloudimageSubmitted,
} from '../contract/api/cloudimage.ts'
import type { CloudimageStatus } from '../contract/api/cloudimage.ts'
import type { Invalidation, InvalidationStatus, Role } from '../contract/invalidation.ts'
import { PERMISSIONS } from '../contract/permissions.ts'
import { answers } from './answers.ts'
import { mayAct } from './access.ts'
import { rolesIn } from './callers.ts'
import { ApiError } from './errors.ts'
import { callerOf } from './guard.ts'
import { selectionOf } from './invalidation-routes.ts'
import { problemOf } from './problems.ts'
import type { ApiParts, ApiServer, Routes } from './parts.ts'

/** Cloudimage's Invalidation API (Cloudimage docs, "Invalidation API"), for its existing clients. */

/** Theirs knows no verification step, no schedule and no cancellation. */
const STATUS = {
  Scheduled: 'RECEIVED',
  Received: 'RECEIVED',
  Preparing: 'PREPARING',
  'Flushing resizing servers': 'FLUSHING_CLOUDIMAGE_SERVER',
  'Flushing CDN servers': 'FLUSHING_CDN_SERVERS',
  Verifying: 'FLUSHING_CDN_SERVERS',
  Done: 'DONE',
  ERROR: 'ERROR',
  ERROR_CDN_NODE: 'ERROR_CDN_NODE',
  Cancelled: 'ERROR',
} as const satisfies Record<InvalidationStatus, CloudimageStatus>

/** Their refusals; anything else of ours becomes the nearest. */
const STATUSES_KNOWN = new Set([400, 401, 403, 404, 413, 429, 500, 503])
const URLS_SHOWN_MAX = 500

export const cloudimageRoutes: Routes = (app, parts) => {
  const errorHandler = answerCloudimageError

  app.post(
    '/invalidate',
    {
      errorHandler,
      schema: {
        summary: 'Invalidate originals, or everything (Cloudimage)',
        tags: ['cloudimage'],
        body: CloudimageSubmit,
        response: { 201: answers(CloudimageSubmitted) },
      },
    },
    async (request, reply) => {
      const { scope, urls } = request.body
      const needed = scope === 'all' ? PERMISSIONS.everything : PERMISSIONS.invalidate
      const project = await projectFor(parts, request, needed)
      if (scope === 'all' && urls !== undefined && urls.length > 0) {
        throw new ApiError('invalid-request', 'scope "all" takes no urls.')
      }
      const all = scope === 'all'
      const { invalidation } = await parts.invalidations.submit(project, {
        selection: selectionOf(all ? { everything: true } : { originals: urls ?? [] }),
        source: 'api',
        createdBy: callerOf(request).by,
        // Their API asks for no confirmation: the scope itself is the word.
        ...(all ? { confirm: project } : {}),
      })
      return reply.code(201).send({
        status: 'success',
        msg: 'Your invalidation request has been received',
        invalidation: briefly(invalidation),
      })
    },
  )

  stateRoute(app, parts)
}

function stateRoute(app: ApiServer, parts: ApiParts): void {
  app.get<{ Params: { uuid: string } }>(
    '/invalidate/:uuid',
    {
      errorHandler: answerCloudimageError,
      schema: {
        summary: 'State of an invalidation (Cloudimage)',
        tags: ['cloudimage'],
        response: { 200: answers(CloudimageState) },
      },
    },
    async (request) => {
      const project = await projectFor(parts, request, 'viewer')
      const { uuid } = request.params
      const found = await parts.invalidations.get(project, uuid)
      const urls = await urlsOf(parts, project, uuid)
      return {
        status: 'success',
        invalidation: { ...briefly(found), urls: sorted(found, urls), scope: found.scope },
      }
    },
  )
}

/** As their client wrote them, so that it finds its own again; of other people's invalidations what they went to. */
async function urlsOf(parts: ApiParts, project: string, id: string): Promise<readonly string[]> {
  const { selection } = (await parts.store.tables.invalidations.get(project, id)) ?? {}
  if (selection && selection.originals.length > 0 && selection.urls.length === 0) {
    return selection.originals
  }
  return (await parts.invalidations.urls(project, id, { limit: URLS_SHOWN_MAX })).items
}

function sorted(
  { scope, status }: Invalidation,
  items: readonly string[],
): CloudimageState['invalidation']['urls'] {
  const urls = scope === 'all' ? ['/*'] : [...items]
  const failed = status === 'ERROR' || status === 'ERROR_CDN_NODE' || status === 'Cancelled'
  return {
    received: scope === 'all' ? null : urls,
    invalidated: status === 'Done' ? urls : [],
    failed: failed ? urls : [],
  }
}

function briefly(invalidation: Invalidation): {
  status: CloudimageStatus
  uuid: string
  added_at: string
} {
  return {
    status: STATUS[invalidation.status],
    uuid: invalidation.id,
    added_at: addedAt(invalidation.createdAt),
  }
}

/** `2023-08-08 13:39:52.636426`: UTC, microseconds (of which we have milliseconds), no zone. */
export function addedAt(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}000`
}

/** A key of one project means that project; the admin key, which names none, the default one. */
async function projectFor(parts: ApiParts, request: FastifyRequest, needed: Role): Promise<string> {
  const caller = callerOf(request)
  const project = caller.owner ? parts.config.defaultProject : [...caller.roles.keys()][0]
  if (project === undefined || (await parts.store.tables.projects.get(project)) === undefined) {
    throw new ApiError('unknown-project', 'There is no project for this key.')
  }
  if (!mayAct(rolesIn(caller, project), needed)) {
    throw new ApiError('forbidden', `This needs the role ${needed}.`)
  }
  return project
}

/**
 * Mistakes that are seen in the wild, with which Cloudimage's API purges nothing and says nothing. Each gets the request that was
 * meant.
 */
function hint(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return `Send ${EXAMPLE} as application/json.`
  }
  if ('invalidation' in body) return `Send scope and urls themselves: ${EXAMPLE}.`
  if ('scope' in body && body.scope === 'urls') {
    return `Single transformed URLs are not a scope any more (withdrawn by Cloudimage on 31 October 2022): send ${EXAMPLE}, which reaches every rendition.`
  }
  if ('url' in body) return `The list is called urls: send ${EXAMPLE}.`
  const urls = 'urls' in body ? body.urls : []
  if (!Array.isArray(urls)) return `urls is a list: send ${EXAMPLE}.`
  const named = urls.length > 0
  if (!named && 'scope' in body && body.scope === 'original') {
    return `urls names no original: send ${EXAMPLE}.`
  }
  return null
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

const EXAMPLE = '{"scope":"original","urls":["/sample.li/a.jpg"]}'

function answerCloudimageError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const found = problemOf(error)
  if (found.status >= 500) request.log.error({ err: error, code: found.code }, 'request failed')
  const status = STATUSES_KNOWN.has(found.status) ? found.status : found.status < 500 ? 400 : 500
  if (found.retryAfterSeconds !== undefined) {
    void reply.header('retry-after', String(Math.ceil(found.retryAfterSeconds)))
  }
  // Their clients show one text, so the offending items go into it.
  const reasons = found.errors.flatMap(({ url, item, reason }) => {
    const named = url ?? item
    return named === undefined ? [] : [named === '' ? reason : `${named}: ${reason}`]
  })
  const meant = request.method === 'POST' && status === 400 ? hint(request.body) : null
  const msg = [found.title, meant ?? found.detail, ...reasons].map(sentence).join(' ')
  void reply
    .code(status)
    .type('application/json')
    .send(JSON.stringify({ status: 'error', msg }))
}
