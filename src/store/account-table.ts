import type { Role } from '../contract/invalidation.ts'

/** Who may sign in, who belongs to which project, API keys, sessions and sign-in links. */

export interface AccountRow {
  readonly id: string
  readonly email: string
  readonly passwordHash: string | null
  /** May do everything in every project. */
  readonly owner: boolean
  readonly createdAt: number
}

export interface KeyRow {
  readonly id: string
  readonly name: string
  readonly secretHash: string
  /** Null for the admin key: every project, all rights. */
  readonly project: string | null
  readonly roles: readonly Role[]
  readonly createdAt: number
  readonly createdBy: string
}

export interface AccountTable {
  accounts(): Promise<readonly AccountRow[]>
  byEmail(email: string): Promise<AccountRow | undefined>
  byId(id: string): Promise<AccountRow | undefined>
  putAccount(row: AccountRow): Promise<void>
  removeAccount(id: string): Promise<void>
  members(project: string): Promise<readonly { accountId: string; role: Role }[]>
  membershipsOf(accountId: string): Promise<readonly { project: string; role: Role }[]>
  putMember(project: string, accountId: string, role: Role): Promise<void>
  removeMember(project: string, accountId: string): Promise<void>
  keys(project: string | null): Promise<readonly KeyRow[]>
  keyBySecretHash(secretHash: string): Promise<KeyRow | undefined>
  putKey(row: KeyRow): Promise<void>
  removeKey(project: string | null, id: string): Promise<boolean>
  putSession(session: {
    tokenHash: string
    accountId: string
    expiresAt: number
    csrf: string
  }): Promise<void>
  session(
    tokenHash: string,
    now: number,
  ): Promise<{ accountId: string; expiresAt: number; csrf: string } | undefined>
  removeSession(tokenHash: string): Promise<void>
  /** Signs an account out everywhere: after a new password. */
  removeSessionsOf(accountId: string): Promise<void>
  /** One-time sign-in links: hashed, used once. */
  putLink(tokenHash: string, accountId: string, expiresAt: number): Promise<void>
  takeLink(tokenHash: string, now: number): Promise<string | undefined>
}
