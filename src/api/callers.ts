import { randomToken } from '../kernel/ids.ts'
import { sha256 } from '../kernel/hash.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Random } from '../kernel/random.ts'
import { ROLES } from '../contract/invalidation.ts'
import type { Role } from '../contract/invalidation.ts'
import type { AccountRow, Store } from '../store/store.ts'
import { sha256Equal } from './passwords.ts'

/** Who is calling: an API key or a signed-in person. */
export interface Caller {
  readonly kind: 'key' | 'session'
  /** What the log shows as `createdBy`: an account's e-mail, or `key <name>`. */
  readonly by: string
  /** The key's name, or the account's e-mail. */
  readonly name: string
  readonly owner: boolean
  readonly roles: ReadonlyMap<string, readonly Role[]>
  /** Requests are counted under this name. */
  readonly bucket: string
  readonly session: CallerSession | null
}

export interface CallerSession {
  readonly tokenHash: string
  readonly csrf: string
  readonly account: AccountRow
}

export const API_KEY_PREFIX = 'sk_'
export const SESSION_COOKIE = 'sluice_session'
/** A working fortnight; a person who comes daily never signs in twice, a forgotten browser ends by itself. */
export const SESSION_MS = 14 * 24 * 3600 * 1000
/** A one-time link is pasted from a terminal or a chat at once, or the next morning. */
export const LINK_MS = 24 * 3600 * 1000
const SECRET_BYTES = 32
/** Longer ones are none of ours; hashing megabytes for strangers would be a gift. */
const SECRET_LENGTH_MAX = 512

export function newApiKey(random: Random): { secret: string; secretHash: string } {
  const secret = API_KEY_PREFIX + randomToken(random, SECRET_BYTES)
  return { secret, secretHash: sha256(secret) }
}

export function rolesIn(caller: Caller, project: string): readonly Role[] {
  return caller.owner ? ROLES : (caller.roles.get(project) ?? [])
}

/** `adminKeyHash`: SHA-256 of the configured admin key, hex; null when none is configured. */
export async function callerByKey(
  store: Store,
  adminKeyHash: string | null,
  secret: string,
): Promise<Caller | null> {
  if (secret.length === 0 || secret.length > SECRET_LENGTH_MAX) return null
  const hash = sha256(secret)
  if (adminKeyHash !== null && sha256Equal(hash, adminKeyHash)) return keyCaller('admin', 'admin')
  // Found by the hash of 256 random bits: how long the search takes tells nothing about the secret.
  const row = await store.tables.accounts.keyBySecretHash(hash)
  if (row === undefined) return null
  if (row.project === null) return keyCaller(row.id, row.name)
  return {
    ...keyCaller(row.id, row.name),
    owner: false,
    roles: new Map([[row.project, row.roles]]),
  }
}

function keyCaller(id: string, name: string): Caller {
  return {
    kind: 'key',
    by: `key ${name}`,
    name,
    owner: true,
    roles: new Map(),
    bucket: `key ${id}`,
    session: null,
  }
}

export async function callerBySession(
  store: Store,
  clock: Clock,
  token: string,
): Promise<Caller | null> {
  if (token.length === 0 || token.length > SECRET_LENGTH_MAX) return null
  const tokenHash = sha256(token)
  const found = await store.tables.accounts.session(tokenHash, clock.wall())
  if (found === undefined) return null
  const account = await store.tables.accounts.byId(found.accountId)
  if (account === undefined) return null
  return sessionCaller(store, account, { tokenHash, csrf: found.csrf })
}

async function sessionCaller(
  store: Store,
  account: AccountRow,
  session: { tokenHash: string; csrf: string },
): Promise<Caller> {
  const memberships = await store.tables.accounts.membershipsOf(account.id)
  return {
    kind: 'session',
    by: account.email,
    name: account.email,
    owner: account.owner,
    roles: new Map(memberships.map(({ project, role }) => [project, [role]])),
    bucket: `session ${account.id}`,
    session: { ...session, account },
  }
}

export interface NewSession {
  readonly token: string
  readonly caller: Caller
}

export async function startSession(
  store: Store,
  parts: { readonly clock: Clock; readonly random: Random },
  account: AccountRow,
): Promise<NewSession> {
  const token = randomToken(parts.random, SECRET_BYTES)
  const tokenHash = sha256(token)
  const csrf = randomToken(parts.random, SECRET_BYTES)
  const expiresAt = parts.clock.wall() + SESSION_MS
  await store.transaction('durable', (tx) =>
    tx.accounts.putSession({ tokenHash, accountId: account.id, expiresAt, csrf }),
  )
  return { token, caller: await sessionCaller(store, account, { tokenHash, csrf }) }
}

/** A token that signs one account in, once. Show it as `<console>/#/sign-in/<token>`; Sluice keeps its hash alone. */
export async function newSignInLink(
  store: Store,
  parts: { readonly clock: Clock; readonly random: Random },
  accountId: string,
): Promise<string> {
  const token = randomToken(parts.random, SECRET_BYTES)
  const expiresAt = parts.clock.wall() + LINK_MS
  await store.transaction('durable', (tx) =>
    tx.accounts.putLink(sha256(token), accountId, expiresAt),
  )
  return token
}
