import type { FastifyRequest } from 'fastify'

import { CSRF_HEADER } from '../contract/api/session.ts'
import { permitted } from '../contract/permissions.ts'
import type { Permission } from '../contract/permissions.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import { assert } from '../kernel/assert.ts'
import type { ProjectRow } from '../store/store.ts'
import { mayAct, accessOf } from './access.ts'
import type { Access } from './access.ts'
import { SESSION_COOKIE, callerByKey, callerBySession, rolesIn } from './callers.ts'
import type { Caller } from './callers.ts'
import { ApiError, unknownProject } from './errors.ts'
import { ADDRESS_RATE, KEY_RATE, SESSION_RATE } from './limits.ts'
import type { Rate, TakeToken } from './limits.ts'
import type { ApiParts } from './parts.ts'
import { sameSecret } from './passwords.ts'

/**
 * Every request passes here before its body is read: how often, who, from where, and what they may do. The answer to a
 * stranger is the same whether a project exists or not.
 */
declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null
    /** Of the path's `:project`, once the caller may see it. */
    project: ProjectRow | null
  }
}

export function callerOf(request: FastifyRequest): Caller {
  assert(request.caller !== null, 'a route that needs a caller is public in ROUTE_ACCESS')
  return request.caller
}

export function projectOf(request: FastifyRequest): ProjectRow {
  assert(request.project !== null, 'a route that needs a project has none in its path')
  return request.project
}

/** What the path alone does not tell: the body asks for more than the route needs. */
export function requirePermission(request: FastifyRequest, permission: Permission): void {
  const { reason } = permitted(rolesIn(callerOf(request), projectOf(request).id), permission)
  if (reason !== null) throw new ApiError('forbidden', reason)
}

export type Guard = (request: FastifyRequest) => Promise<void>

export function createGuard(parts: ApiParts, take: TakeToken): Guard {
  return async (request) => {
    refuseMalformedUrl(request.raw.url ?? '/')
    const access = accessOf(request.method, request.routeOptions.url ?? '')
    if (access === undefined || access === 'public') return guardPublic(request, take)
    if (access === 'node') return guardNode(request, parts)
    const caller = await (access === 'client-key'
      ? callerByClientKey(request, parts)
      : callerByRequest(request, parts))
    if (caller === null) {
      spend(take, `address ${request.ip}`, ADDRESS_RATE)
      throw new ApiError('not-signed-in', 'The API key or session is missing, wrong or over.')
    }
    spend(take, caller.bucket, caller.kind === 'key' ? KEY_RATE : SESSION_RATE)
    request.caller = caller
    if (caller.session !== null) guardSession(request, caller.session.csrf)
    if (access !== 'client-key') await authorise(request, caller, access, parts)
  }
}

/** Percent-encoding that is no UTF-8, and NUL, which neither SQL nor a file name can hold. */
function refuseMalformedUrl(url: string): void {
  let text: string
  try {
    text = decodeURIComponent(url)
  } catch (cause) {
    throw new ApiError('malformed-url', 'The URL is not valid percent-encoded UTF-8.', { cause })
  }
  if (text.includes('\u0000')) throw new ApiError('malformed-url', 'The URL holds a NUL character.')
}

function guardPublic(request: FastifyRequest, take: TakeToken): void {
  if (!isUnsafe(request.method)) return
  spend(take, `address ${request.ip}`, ADDRESS_RATE)
  refuseCrossSite(request)
}

function guardNode(request: FastifyRequest, parts: ApiParts): void {
  const given = request.headers[NODE_HEADERS.secret]
  if (typeof given === 'string' && sameSecret(given, parts.config.nodeSecret)) return
  throw new ApiError('wrong-node-secret', `Send the shared secret in ${NODE_HEADERS.secret}.`)
}

function spend(take: TakeToken, name: string, rate: Rate): void {
  const waitSeconds = take(name, rate)
  if (waitSeconds === 0) return
  throw new ApiError(
    'too-many-requests',
    `At most ${rate.perSecond} requests a second, ${rate.burst} at once. Wait, then go on.`,
    { retryAfterSeconds: waitSeconds },
  )
}

/** A key that is sent is the caller's word: when it is wrong, a cookie beside it does not help. */
async function callerByRequest(request: FastifyRequest, parts: ApiParts): Promise<Caller | null> {
  const { authorization, cookie } = request.headers
  if (authorization !== undefined) {
    const key = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
    return key === undefined ? null : callerByKey(parts.store, parts.config.adminKeyHash, key)
  }
  const token = cookieNamed(cookie ?? '', SESSION_COOKIE)
  return token === null ? null : callerBySession(parts.store, parts.clock, token)
}

async function callerByClientKey(request: FastifyRequest, parts: ApiParts): Promise<Caller | null> {
  const key = request.headers['x-client-key']
  return typeof key === 'string' ? callerByKey(parts.store, parts.config.adminKeyHash, key) : null
}

/** RFC 6265 §5.4: `name=value` pairs, separated by `;`. */
export function cookieNamed(header: string, name: string): string | null {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return null
}

/** A browser sends the cookie for any page's request; only our own page knows the session's csrf. */
function guardSession(request: FastifyRequest, csrf: string): void {
  if (!isUnsafe(request.method)) return
  refuseCrossSite(request)
  const given = request.headers[CSRF_HEADER]
  if (typeof given === 'string' && sameSecret(given, csrf)) return
  throw new ApiError('cross-site', 'Send the csrf of GET /api/v1/me in X-Sluice-CSRF.')
}

function refuseCrossSite(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site']
  const { origin } = request.headers
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none'
  // Behind a proxy that ends TLS the scheme may differ; the host may not.
  const foreignOrigin = origin !== undefined && hostOfOrigin(origin) !== hostOf(request)
  if (!foreignSite && !foreignOrigin) return
  throw new ApiError(
    'cross-site',
    'The request comes from another site. Behind a proxy, pass Host on or set SLUICE_TRUSTED_PROXIES.',
  )
}

/** HTTP/1.0 may come without one. */
function hostOf(request: FastifyRequest): string {
  return (request.host as string | undefined)?.toLowerCase() ?? ''
}

function hostOfOrigin(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}

function isUnsafe(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
}

async function authorise(
  request: FastifyRequest,
  caller: Caller,
  access: Exclude<Access, 'public' | 'node' | 'client-key'>,
  parts: ApiParts,
): Promise<void> {
  if (access === 'signed-in') return
  if (access === 'owner') {
    if (!caller.owner) throw forbidden('all rights')
    return
  }
  const name: unknown = Reflect.get(request.params as object, 'project')
  assert(typeof name === 'string', 'a route with a role has a project in its path')
  const roles = rolesIn(caller, name)
  const project = roles.length === 0 ? undefined : await parts.store.tables.projects.get(name)
  if (project === undefined) throw unknownProject()
  if (!mayAct(roles, access)) throw forbidden(`the role ${access}`)
  request.project = project
}

function forbidden(needed: string): ApiError {
  return new ApiError('forbidden', `This needs ${needed}. Ask an admin of the project.`)
}
