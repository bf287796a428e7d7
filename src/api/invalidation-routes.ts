import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { PageQuery, closed } from '../contract/api/shapes.ts'
import {
  BulkQuery,
  EvidenceExport,
  InvalidationList,
  InvalidationQuery,
  InvalidationSchema,
  InvalidationUrls,
  Preview,
  SelectionBody,
  SubmitBody,
} from '../contract/api/invalidations.ts'
import type { Selection } from '../contract/invalidation.ts'
import type { SubmitRequest } from '../invalidation/invalidations.ts'
import { answers } from './answers.ts'
import type { Caller } from './callers.ts'
import { ApiError } from './errors.ts'
import { callerOf, projectOf, requirePermission } from './guard.ts'
import { filterOf } from './invalidation-filter.ts'
import { pageRequest } from './paging.ts'
import type { Routes } from './parts.ts'
import { RequestInvalid, compileValidator } from './validation.ts'

/** What people and scripts ask for: see it, submit it, follow it, retry it. */

const P = '/api/v1/projects/:project'
const I = `${P}/invalidations`
const tags = ['invalidations']
/** A UUID has 36 characters; what clients make up is seldom longer than a URL. */
const IDEMPOTENCY_KEY_LENGTH_MAX = 255

export const invalidationRoutes: Routes = (app, parts) => {
  submitRoutes(app, parts)
  logRoutes(app, parts)
  actionRoutes(app, parts)
}

const submitRoutes: Routes = (app, parts) => {
  app.post(
    `${I}/preview`,
    {
      schema: {
        summary: 'What would go, from where, to whom, and how long it takes',
        tags,
        body: SelectionBody,
        response: { 200: answers(Preview) },
      },
    },
    async (request) =>
      parts.invalidations.preview(projectOf(request).id, selectionOf(request.body)),
  )

  app.post(
    I,
    {
      schema: {
        summary: 'Submit; 202 means it is on disk and will end in Done or an error with a reason',
        description:
          'Long lists as application/x-ndjson: a URL a line, as it is or as a JSON string, options in the query.',
        tags,
        querystring: BulkQuery,
        body: SubmitBody,
        response: { 202: answers(InvalidationSchema) },
      },
      config: { ndjson: true },
      validatorCompiler: compileUnlessLines,
    },
    async (request, reply) => {
      const { id } = projectOf(request)
      const lines = linesOf(request.body)
      const { invalidation } = lines
        ? await parts.invalidations.submitBulk(id, { ...bulkOptions(request), body: lines })
        : await parts.invalidations.submit(id, jsonSubmission(request))
      return reply
        .code(202)
        .header('location', `${request.url.split('?')[0]}/${invalidation.id}`)
        .send(invalidation)
    },
  )
}

const logRoutes: Routes = (app, parts) => {
  type Id = { Params: { id: string } }

  app.get(
    I,
    {
      schema: {
        summary: 'The invalidation log, newest first',
        tags,
        querystring: InvalidationQuery,
        response: { 200: answers(InvalidationList) },
      },
    },
    async (request) =>
      parts.invalidations.list(
        projectOf(request).id,
        filterOf(request.query),
        pageRequest(request.query, request.signal),
      ),
  )

  app.get<Id>(
    `${I}/:id`,
    {
      schema: { summary: 'An invalidation', tags, response: { 200: answers(InvalidationSchema) } },
    },
    async (request) => parts.invalidations.get(projectOf(request).id, request.params.id),
  )

  app.get<Id & { Querystring: { cursor?: string; limit?: number } }>(
    `${I}/:id/urls`,
    {
      schema: {
        summary: 'Its URLs',
        tags,
        querystring: closed(PageQuery),
        response: { 200: answers(InvalidationUrls) },
      },
    },
    async (request) =>
      parts.invalidations.urls(
        projectOf(request).id,
        request.params.id,
        pageRequest(request.query),
      ),
  )

  app.get<Id>(
    `${I}/:id/evidence`,
    {
      schema: {
        summary: 'What was observed, where and when',
        tags,
        response: { 200: answers(EvidenceExport) },
      },
    },
    async (request) => parts.invalidations.evidence(projectOf(request).id, request.params.id),
  )
}

const actionRoutes: Routes = (app, parts) => {
  type Id = { Params: { id: string } }

  app.post<Id>(
    `${I}/:id/retry`,
    {
      schema: {
        summary: 'Retry a failed one: same id, history kept',
        tags,
        response: { 202: answers(InvalidationSchema) },
      },
    },
    async (request, reply) =>
      reply
        .code(202)
        .send(await parts.invalidations.retry(projectOf(request).id, request.params.id)),
  )

  app.post<Id>(
    `${I}/:id/cancel`,
    {
      schema: {
        summary: 'Cancel a scheduled one',
        tags,
        response: { 200: answers(InvalidationSchema) },
      },
    },
    async (request) => parts.invalidations.cancel(projectOf(request).id, request.params.id),
  )
}

export function selectionOf(body: SelectionBody): Selection {
  return {
    assets: body.assets ?? [],
    folders: body.folders ?? [],
    renditions: body.renditions ?? false,
    presets: body.presets ?? false,
    template: body.template ?? false,
    crops: body.crops ?? false,
    served: body.served ?? false,
    content: body.content ?? false,
    urls: body.urls ?? [],
    originals: body.originals ?? [],
    everything: body.everything ?? false,
    exclude: body.exclude ?? [],
  }
}

/** A stream is not held against the schema of JSON bodies: each of its lines is checked as it comes. */
const compileUnlessLines: typeof compileValidator = (route) => {
  const validate = compileValidator(route)
  return (input: unknown) => (linesOf(input) ? { value: input } : validate(input))
}

function linesOf(body: unknown): Readable | null {
  return body instanceof Readable ? body : null
}

type SubmitCall = FastifyRequest<{ Querystring: BulkQuery; Body: SubmitBody }>

function bulkOptions(request: SubmitCall) {
  const { query, headers } = request
  const { selection: _, ...options } = submission(
    query,
    callerOf(request),
    headers['idempotency-key'],
  )
  return options
}

function jsonSubmission(request: SubmitCall): SubmitRequest {
  if (request.body.everything === true) requirePermission(request, 'everything')
  const names = Object.keys(request.query)
  if (names.length > 0) {
    const reason = 'belongs into the JSON body; the query is for lists of lines'
    throw new RequestInvalid(names.map((name) => ({ pointer: `/${name}`, reason })))
  }
  return submission(request.body, callerOf(request), request.headers['idempotency-key'])
}

function submission(
  body: SubmitBody,
  caller: Caller,
  idempotencyKey: string | string[] | undefined,
): SubmitRequest {
  const { mode, note, scheduleAt, digest, confirm } = body
  return {
    selection: selectionOf(body),
    source: caller.kind === 'session' ? 'manual' : 'api',
    createdBy: caller.by,
    ...(mode === undefined ? {} : { mode }),
    ...(note === undefined ? {} : { note }),
    ...(scheduleAt === undefined ? {} : { scheduleAt }),
    ...(digest === undefined ? {} : { digest }),
    ...(confirm === undefined ? {} : { confirm }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: checkedKey(idempotencyKey) }),
  }
}

/** IETF httpapi "The Idempotency-Key HTTP Header Field": one opaque text. */
function checkedKey(key: string | string[]): string {
  const fits = typeof key === 'string' && key.length > 0 && key.length <= IDEMPOTENCY_KEY_LENGTH_MAX
  if (fits) return key
  throw new ApiError(
    'invalid-request',
    `Idempotency-Key must be 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} characters.`,
  )
}
