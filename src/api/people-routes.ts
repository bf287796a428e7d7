import { Empty } from '../contract/api/shapes.ts'
import {
  ApiKeyCreate,
  ApiKeyCreated,
  ApiKeyList,
  MemberAdd,
  MemberAdded,
  MemberList,
} from '../contract/api/projects.ts'
import type { ApiKey, Member } from '../contract/api/projects.ts'
import { SIGN_IN_FRAGMENT } from '../contract/api/session.ts'
import type { Role } from '../contract/invalidation.ts'
import { uuidv7 } from '../kernel/ids.ts'
import type { AccountRow, KeyRow } from '../store/store.ts'
import { answers } from './answers.ts'
import { newApiKey, newSignInLink } from './callers.ts'
import { ApiError } from './errors.ts'
import { callerOf, projectOf } from './guard.ts'
import { wholeList } from './paging.ts'
import type { ApiParts, Routes } from './parts.ts'
import { instant } from './views.ts'

/** Who may do what in a project: people by role, programs by API key. */

const P = '/api/v1/projects/:project'

export const peopleRoutes: Routes = (app, parts) => {
  app.get(
    `${P}/members`,
    {
      schema: {
        summary: 'People of a project',
        tags: ['people'],
        response: { 200: answers(MemberList) },
      },
    },
    async (request) => wholeList(await members(parts, projectOf(request).id)),
  )

  app.post(
    `${P}/members`,
    {
      schema: {
        summary: 'Add a person, or change their role',
        description:
          'A new e-mail makes an account; its one-time sign-in link is in the answer, this once.',
        tags: ['people'],
        body: MemberAdd,
        response: { 200: answers(MemberAdded) },
      },
    },
    async (request) => addMember(parts, projectOf(request).id, request.body),
  )

  app.delete<{ Params: { id: string } }>(
    `${P}/members/:id`,
    {
      schema: { summary: 'Take a person out', tags: ['people'], response: { 200: answers(Empty) } },
    },
    async (request) => {
      const project = projectOf(request).id
      const { id } = request.params
      const known = await parts.store.tables.accounts.members(project)
      if (!known.some(({ accountId }) => accountId === id)) {
        throw new ApiError('unknown-member', 'That account is no member of this project.')
      }
      await parts.store.transaction('durable', (tx) => tx.accounts.removeMember(project, id))
      return {}
    },
  )

  keyRoutes(app, parts)
}

const keyRoutes: Routes = (app, parts) => {
  app.get(
    `${P}/keys`,
    {
      schema: {
        summary: 'API keys of a project',
        tags: ['people'],
        response: { 200: answers(ApiKeyList) },
      },
    },
    async (request) =>
      wholeList((await parts.store.tables.accounts.keys(projectOf(request).id)).map(keyView)),
  )

  app.post(
    `${P}/keys`,
    {
      schema: {
        summary: 'A new API key; its secret is shown this once',
        tags: ['people'],
        body: ApiKeyCreate,
        response: { 201: answers(ApiKeyCreated) },
      },
    },
    async (request, reply) => {
      const { secret, secretHash } = newApiKey(parts.random)
      const row: KeyRow = {
        id: uuidv7(parts.clock, parts.random),
        name: request.body.name,
        secretHash,
        project: projectOf(request).id,
        roles: [request.body.role],
        createdAt: parts.clock.wall(),
        createdBy: callerOf(request).by,
      }
      await parts.store.transaction('durable', (tx) => tx.accounts.putKey(row))
      return reply.code(201).send({ key: keyView(row), secret })
    },
  )

  app.delete<{ Params: { id: string } }>(
    `${P}/keys/:id`,
    {
      schema: {
        summary: 'Revoke an API key, at once',
        tags: ['people'],
        response: { 200: answers(Empty) },
      },
    },
    async (request) => {
      const project = projectOf(request).id
      const removed = await parts.store.transaction('durable', (tx) =>
        tx.accounts.removeKey(project, request.params.id),
      )
      if (!removed) throw new ApiError('unknown-key', 'This project has no API key of that id.')
      return {}
    },
  )
}

function keyView(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    roles: [...row.roles],
    createdAt: instant(row.createdAt),
    createdBy: row.createdBy,
  }
}

async function members(parts: ApiParts, project: string): Promise<readonly Member[]> {
  const { accounts } = parts.store.tables
  const rows = await accounts.members(project)
  const found = await Promise.all(
    rows.map(async ({ accountId, role }) => {
      const account = await accounts.byId(accountId)
      return account === undefined ? [] : [memberView(account, role)]
    }),
  )
  return found.flat()
}

function memberView(account: AccountRow, role: Role): Member {
  return {
    id: account.id,
    email: account.email,
    role,
    owner: account.owner,
    hasPassword: account.passwordHash !== null,
  }
}

/**
 * A link is given out for an account that nobody else can miss: a new one, or one of this project alone that has no password yet.
 * For any other it would hand somebody's account over.
 */
async function addMember(
  parts: ApiParts,
  project: string,
  { email, role }: MemberAdd,
): Promise<MemberAdded> {
  const fresh: AccountRow = {
    id: uuidv7(parts.clock, parts.random),
    email,
    passwordHash: null,
    owner: false,
    createdAt: parts.clock.wall(),
  }
  const added = await parts.store.transaction('durable', async ({ accounts }) => {
    const known = await accounts.byEmail(email)
    const account = known ?? fresh
    if (known === undefined) await accounts.putAccount(fresh)
    const elsewhere = (await accounts.membershipsOf(account.id)).filter(
      (membership) => membership.project !== project,
    )
    await accounts.putMember(project, account.id, role)
    const isOurs = elsewhere.length === 0 && !account.owner && account.passwordHash === null
    return { account, isOurs }
  })
  const { account, isOurs } = added
  const token = isOurs ? await newSignInLink(parts.store, parts, account.id) : null
  return {
    member: memberView(account, role),
    signInPath: token === null ? null : `/${SIGN_IN_FRAGMENT}${token}`,
  }
}
