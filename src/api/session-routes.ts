import { sha256 } from '../kernel/hash.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'

import { Empty } from '../contract/api/shapes.ts'
import { Me, PasswordChange, Session, SignIn, SignInByLink } from '../contract/api/session.ts'
import { permissionsOf } from '../contract/permissions.ts'
import { answers } from './answers.ts'
import { SESSION_COOKIE, SESSION_MS, rolesIn, startSession } from './callers.ts'
import type { Caller } from './callers.ts'
import { ApiError } from './errors.ts'
import { callerOf } from './guard.ts'
import type { SignInLimits } from './limits.ts'
import type { ApiParts, ApiServer } from './parts.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import type { AccountRow } from '../store/store.ts'

/** Signing in and out: a password or a one-time link becomes a cookie that scripts cannot read. */

/** Who came by a link may choose a password without knowing the old one, for so long. */
const AFTER_LINK_MS = 15 * 60 * 1000
/** Anybody may send these bodies, so nobody may make us hold a large one. */
const BODY_BYTES_MAX = 16 * 1024
/** Sessions by link remembered for that; the oldest go first. */
const LINK_SESSIONS_MAX = 1000

export function sessionRoutes(app: ApiServer, parts: ApiParts, limits: SignInLimits): void {
  const byLink = new Map<string, number>()
  signInRoutes(app, parts, limits, byLink)
  passwordRoute(app, parts, limits, byLink)

  app.delete(
    '/api/v1/session',
    { schema: { summary: 'Sign out', tags: ['session'], response: { 200: answers(Empty) } } },
    async (request, reply) => {
      const { session } = callerOf(request)
      if (session !== null) {
        const { tokenHash } = session
        await parts.store.transaction('durable', (tx) => tx.accounts.removeSession(tokenHash))
      }
      setCookie(request, reply, '', 0)
      return {}
    },
  )

  app.get(
    '/api/v1/me',
    {
      schema: {
        summary: 'Whose key or session this is',
        tags: ['session'],
        response: { 200: answers(Me) },
      },
    },
    async (request) => describe(parts, callerOf(request)),
  )
}

function signInRoutes(
  app: ApiServer,
  parts: ApiParts,
  limits: SignInLimits,
  byLink: Map<string, number>,
): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, account: AccountRow) => {
    const { token, caller } = await startSession(parts.store, parts, account)
    setCookie(request, reply, token, SESSION_MS / 1000)
    return { caller, answer: { me: await describe(parts, caller) } }
  }

  app.post(
    '/api/v1/session',
    {
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        summary: 'Sign in with e-mail and password',
        tags: ['session'],
        body: SignIn,
        response: { 200: answers(Session) },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body
      const account = await parts.store.tables.accounts.byEmail(email)
      await checkPassword(limits, { email, password, address: request.ip, account })
      return (await answer(request, reply, account!)).answer
    },
  )

  app.post(
    '/api/v1/session/link',
    {
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        summary: 'Sign in with a one-time link',
        tags: ['session'],
        body: SignInByLink,
        response: { 200: answers(Session) },
      },
    },
    async (request, reply) => {
      const tokenHash = sha256(request.body.token)
      const account = await parts.store.transaction('durable', async (tx) => {
        const id = await tx.accounts.takeLink(tokenHash, parts.clock.wall())
        return id === undefined ? undefined : tx.accounts.byId(id)
      })
      if (account === undefined) {
        throw new ApiError(
          'wrong-credentials',
          'This link was used, is over or was never ours. Print a new one with: sluice admin link',
        )
      }
      const signedIn = await answer(request, reply, account)
      remember(byLink, signedIn.caller.session!.tokenHash, parts.clock.now())
      return signedIn.answer
    },
  )
}

function remember(byLink: Map<string, number>, tokenHash: string, now: number): void {
  byLink.set(tokenHash, now)
  if (byLink.size > LINK_SESSIONS_MAX) byLink.delete(byLink.keys().next().value!)
}

async function checkPassword(
  limits: SignInLimits,
  given: {
    readonly email: string
    readonly password: string
    readonly address: string
    readonly account: AccountRow | undefined
  },
): Promise<void> {
  const waitSeconds = limits.waitSeconds(given.email, given.address)
  if (waitSeconds > 0) {
    throw new ApiError(
      'too-many-attempts',
      `Wait ${Math.ceil(waitSeconds / 60)} min, or use a one-time link: sluice admin link`,
      { retryAfterSeconds: waitSeconds },
    )
  }
  limits.tried(given.email, given.address)
  if (!(await verifyPassword(given.password, given.account?.passwordHash ?? null))) {
    throw new ApiError('wrong-credentials', 'This e-mail and password do not belong together.')
  }
  limits.right(given.email, given.address)
}

function passwordRoute(
  app: ApiServer,
  parts: ApiParts,
  limits: SignInLimits,
  byLink: Map<string, number>,
): void {
  app.post(
    '/api/v1/session/password',
    {
      schema: {
        summary: 'Choose a new password; every other session of the account ends',
        tags: ['session'],
        body: PasswordChange,
        response: { 200: answers(Session) },
      },
    },
    async (request, reply) => {
      const { session } = callerOf(request)
      if (session === null) throw new ApiError('forbidden', 'An API key has no password. Sign in.')
      const { account, tokenHash } = session
      const { current, next } = request.body
      const linkedAt = byLink.get(tokenHash)
      const fresh = linkedAt !== undefined && parts.clock.now() - linkedAt < AFTER_LINK_MS
      if (current !== undefined || (account.passwordHash !== null && !fresh)) {
        const { email } = account
        await checkPassword(limits, {
          email,
          password: current ?? '',
          address: request.ip,
          account,
        })
      }
      refuseWeak(next, account.email)
      const passwordHash = await hashPassword(next, parts.random)
      await parts.store.transaction('durable', async (tx) => {
        await tx.accounts.putAccount({ ...account, passwordHash })
        await tx.accounts.removeSessionsOf(account.id)
      })
      byLink.delete(tokenHash)
      const renewed = await startSession(parts.store, parts, { ...account, passwordHash })
      setCookie(request, reply, renewed.token, SESSION_MS / 1000)
      return { me: await describe(parts, renewed.caller) }
    },
  )
}

/** Length is checked by the schema; the rest is what anybody would try first (NIST SP 800-63B §5.1.1.2). */
function refuseWeak(password: string, email: string): void {
  const plain = password.toLowerCase()
  const oneSign = new Set(plain).size < 4
  const aboutIt = plain.includes('sluice') && plain.length < 14
  if (!oneSign && !aboutIt && !plain.includes(email.toLowerCase())) return
  throw new ApiError('weak-password', 'Take a few words that nobody would put together.', {
    errors: [{ pointer: '/next', reason: 'is easy to guess' }],
  })
}

async function describe(parts: ApiParts, caller: Caller): Promise<Me> {
  const projects = await parts.store.tables.projects.list()
  const account = caller.session?.account
  return {
    kind: caller.kind,
    name: caller.name,
    email: account?.email ?? null,
    owner: caller.owner,
    csrf: caller.session?.csrf ?? null,
    hasPassword: account !== undefined && account.passwordHash !== null,
    projects: projects
      .map(({ id }) => ({ id, roles: [...rolesIn(caller, id)] }))
      .filter(({ roles }) => roles.length > 0)
      .map(({ id, roles }) => ({ id, roles, may: permissionsOf(roles) })),
    version: parts.config.version,
  }
}

/** Lax: links from elsewhere open the console signed in, yet no other page's form or script acts (RFC 6265bis §5.6.7.1). */
function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  ages: number,
): void {
  const secure = request.protocol === 'https' ? '; Secure' : ''
  void reply.header(
    'set-cookie',
    `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${ages}${secure}`,
  )
}
