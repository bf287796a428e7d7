import fastify, { LogController } from 'fastify'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { Readable } from 'node:stream'

import { assert } from '../kernel/assert.ts'
import { listen } from '../kernel/http-server.ts'
import type { Listening } from '../kernel/http-server.ts'
import { NDJSON } from '../contract/api/invalidations.ts'
import { JSON_BODY_BYTES_MAX } from '../contract/api/shapes.ts'
import { accessOf } from './access.ts'
import { assetFileRoutes } from './asset-file-routes.ts'
import { assetRoutes } from './asset-routes.ts'
import { cloudimageRoutes } from './cloudimage-routes.ts'
import { serveConsole } from './console-files.ts'
import { demoRoutes } from './demo-routes.ts'
import { docsRoutes } from './docs-routes.ts'
import { ApiError } from './errors.ts'
import { cropRoutes } from './crop-routes.ts'
import { createEventStreams, eventRoutes } from './event-routes.ts'
import { createGuard } from './guard.ts'
import { healthRoutes } from './health-routes.ts'
import { invalidationRoutes } from './invalidation-routes.ts'
import { readJson } from './json-body.ts'
import { createBuckets, createSignInLimits } from './limits.ts'
import { liveRoutes } from './live-routes.ts'
import { logFileRoutes } from './log-routes.ts'
import { nodeRoutes } from './node-routes.ts'
import { nodeViewRoutes } from './node-view-routes.ts'
import { createOfferedMethods } from './offered-methods.ts'
import type { RouteEntry } from './open-api.ts'
import type { ApiParts, ApiServer } from './parts.ts'
import { originalRoutes } from './original-routes.ts'
import { peopleRoutes } from './people-routes.ts'
import { answerError, problemOf, sendProblem } from './problems.ts'
import { presetRoutes } from './preset-routes.ts'
import { projectRoutes } from './project-routes.ts'
import { setSecurityHeaders } from './security-headers.ts'
import { sessionRoutes } from './session-routes.ts'
import { targetRoutes } from './target-routes.ts'
import { templateRoutes } from './template-routes.ts'
import { RequestInvalid, compileValidator } from './validation.ts'

/** A percent-encoded asset id of full length (512 bytes, 3 characters each), with room. */
const PARAM_LENGTH_MAX = 2048

export interface Address {
  readonly url: string
  readonly port: number
}

export interface Api {
  /** Ready to be called in process or listened to. */
  readonly app: ApiServer
  readonly routes: readonly RouteEntry[]
  /** Resolves to where it answers; rejects with a StartError that names the thing and the cure. */
  listen(place: { readonly host: string; readonly port: number }): Promise<Address>
  /** Ends event streams, answers what runs, then stops. */
  close(): Promise<void>
}

/** The control plane's door: authorise, check against the schema, call, answer. */
export async function createApi(parts: ApiParts): Promise<Api> {
  const app = createServer(parts)
  const entries: RouteEntry[] = []
  collectRoutes(app, entries)
  answerUnknown(app, entries)
  setHooks(app, parts)
  const streams = createEventStreams(parts)
  const closing = new AbortController()
  app.addHook('onSend', async (_request, reply) => {
    // Else a client's idle connection would hold the stop up until it is cut.
    if (closing.signal.aborted) void reply.header('connection', 'close')
  })
  const signInLimits = createSignInLimits(parts.clock)
  healthRoutes(app, parts)
  sessionRoutes(app, parts, signInLimits)
  projectRoutes(app, parts)
  presetRoutes(app, parts)
  peopleRoutes(app, parts)
  assetRoutes(app, parts)
  assetFileRoutes(app, parts)
  cropRoutes(app, parts)
  originalRoutes(app, parts)
  templateRoutes(app, parts)
  logFileRoutes(app, parts)
  invalidationRoutes(app, parts)
  targetRoutes(app, parts)
  eventRoutes(app, parts, streams)
  liveRoutes(app, parts)
  demoRoutes(app, parts)
  nodeViewRoutes(app, parts, closing.signal)
  nodeRoutes(app, parts, closing.signal)
  cloudimageRoutes(app, parts)
  docsRoutes(app, entries, parts.config.version)
  await serveConsole(app, parts.config.consoleFolder)
  await app.ready()
  const servers = new Set<Listening>()
  return {
    app,
    routes: entries,
    async listen(place) {
      const server = await listen((request, response) => app.routing(request, response), {
        ...place,
        setting: 'SLUICE_PORT',
      })
      servers.add(server)
      return { url: server.url, port: server.port }
    },
    async close() {
      closing.abort()
      streams.endAll()
      await Promise.all([...servers].map((server) => server.stop()))
      await app.close()
    },
  }
}

function createServer(parts: ApiParts): ApiServer {
  const { trustedProxies } = parts.config
  const loggerInstance: FastifyBaseLogger = parts.log
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    bodyLimit: JSON_BODY_BYTES_MAX,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    // What the router refuses has no route, so no error handler of ours sees it.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error)),
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(compileValidator)
  // Answers are made by our own code and checked against their schemas by tests; nothing may silently drop a field.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.setErrorHandler(answerError)
  return app
}

function answerUnknown(app: ApiServer, entries: readonly RouteEntry[]): void {
  const offered = createOfferedMethods(entries)
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!
    const named = `${request.method} ${path.slice(0, 200)}`
    const methods = offered(path)
    if (methods.length === 0) {
      const unknown = new ApiError('not-found', `${named} is nothing that we offer.`)
      return sendProblem(reply, problemOf(unknown))
    }
    const allow = methods.join(', ')
    const refused = new ApiError('method-not-allowed', `${named} is not offered, but ${allow}.`)
    return sendProblem(reply.header('allow', allow), problemOf(refused))
  })
}

/** Every route must say in ROUTE_ACCESS who may call it: one that does not is a mistake found at start. */
function collectRoutes(app: ApiServer, entries: RouteEntry[]): void {
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) {
      assert(
        accessOf(method, route.url) !== undefined,
        `${method} ${route.url} is missing in ROUTE_ACCESS`,
      )
      if (method !== 'HEAD') entries.push({ method, url: route.url, schema: route.schema ?? {} })
    }
  })
}

function setHooks(app: ApiServer, parts: ApiParts): void {
  app.decorateRequest('caller', null)
  app.decorateRequest('project', null)
  const guard = createGuard(parts, createBuckets(parts.clock))
  app.addHook('onRequest', setSecurityHeaders)
  app.addHook('onRequest', guard)
  app.addHook('preValidation', refuseUnreadBody)
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? 'none'
    const status = String(reply.statusCode)
    parts.metrics.count('sluice_api_requests_total', { method, route, status })
    // The route, never the URL: queries and ids are other people's.
    parts.log.debug({ method, route, status, ms: reply.elapsedTime }, 'answered')
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', readBody)
}

/** Raw bodies are streams for their route; everything else is JSON, whatever it calls itself in vain. */
async function readBody(request: FastifyRequest, payload: Readable): Promise<unknown> {
  if (request.routeOptions.config.rawBody === true) return payload
  // Nothing is offered at this address: whatever is sent there is not even read.
  if (request.routeOptions.url === undefined) return undefined
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (type === NDJSON && request.routeOptions.config.ndjson === true) return payload
  if (type !== '' && type !== 'application/json') {
    throw new ApiError('unsupported-media-type', 'Send Content-Type: application/json.')
  }
  const length = request.headers['content-length']
  const declared = length === undefined ? undefined : Number(length)
  return readJson(payload, declared, request.routeOptions.bodyLimit)
}

/** A route that takes no body still tells which fields it does not know. */
async function refuseUnreadBody(request: FastifyRequest): Promise<void> {
  const { schema, config } = request.routeOptions
  if (config.rawBody === true || schema?.body !== undefined) return
  const { body } = request
  if (body === undefined || body === null) return
  const names = typeof body === 'object' ? Object.keys(body) : ['']
  if (names.length === 0) return
  throw new RequestInvalid(
    names.map((name) => ({ pointer: `/${name}`, reason: 'is not a known field' })),
  )
}

declare module 'fastify' {
  interface FastifySchema {
    /** For the OpenAPI document. */
    summary?: string
    description?: string
    tags?: readonly string[]
  }
  interface FastifyContextConfig {
    /** The body is a stream of bytes for the handler, not JSON. */
    rawBody?: boolean
    /** Beside JSON it takes lines, which its handler reads as a stream. */
    ndjson?: boolean
  }
}
