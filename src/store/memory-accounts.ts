import { assert } from '../kernel/assert.ts'
import { SESSIONS_PER_ACCOUNT_MAX } from './limits.ts'
import { order } from './memory-log.ts'
import { pair } from './memory-state.ts'
import type { MemoryAccess } from './memory-state.ts'
import type { AccountTable } from './store.ts'

export function memoryAccounts(access: MemoryAccess): AccountTable {
  return {
    ...people(access),
    ...members(access),
    ...keys(access),
    ...sessions(access),
    ...links(access),
  }
}

type People = Pick<AccountTable, 'accounts' | 'byEmail' | 'byId' | 'putAccount' | 'removeAccount'>

function people(access: MemoryAccess): People {
  const byEmail = (email: string) =>
    [...access.read().accounts.values()].find(
      (row) => row.email.toLowerCase() === email.toLowerCase(),
    )
  return {
    async accounts() {
      return [...access.read().accounts.values()].sort((a, b) =>
        order(a.email.toLowerCase(), b.email.toLowerCase()),
      )
    },
    byEmail: async (email) => byEmail(email),
    async byId(id) {
      return access.read().accounts.get(id)
    },
    async putAccount(row) {
      const namesake = byEmail(row.email)
      assert(!namesake || namesake.id === row.id, 'two accounts of one e-mail address')
      access.own('accounts').set(row.id, row)
    },
    async removeAccount(id) {
      access.own('accounts').delete(id)
      for (const name of ['members', 'sessions', 'links'] as const) {
        const rows = access.own(name)
        for (const [key, row] of rows) if (row.accountId === id) rows.delete(key)
      }
    },
  }
}

type Members = Pick<AccountTable, 'members' | 'membershipsOf' | 'putMember' | 'removeMember'>

function members(access: MemoryAccess): Members {
  return {
    async members(project) {
      return [...access.read().members.values()]
        .filter((row) => row.project === project)
        .map(({ accountId, role }) => ({ accountId, role }))
        .sort((a, b) => order(a.accountId, b.accountId))
    },
    async membershipsOf(accountId) {
      return [...access.read().members.values()]
        .filter((row) => row.accountId === accountId)
        .map(({ project, role }) => ({ project, role }))
        .sort((a, b) => order(a.project, b.project))
    },
    async putMember(project, accountId, role) {
      access.own('members').set(pair(project, accountId), { project, accountId, role })
    },
    async removeMember(project, accountId) {
      access.own('members').delete(pair(project, accountId))
    },
  }
}

type Keys = Pick<AccountTable, 'keys' | 'keyBySecretHash' | 'putKey' | 'removeKey'>

function keys(access: MemoryAccess): Keys {
  return {
    async keys(project) {
      return [...access.read().keys.values()]
        .filter((row) => row.project === project)
        .sort((a, b) => a.createdAt - b.createdAt || order(a.id, b.id))
    },
    async keyBySecretHash(secretHash) {
      return [...access.read().keys.values()].find((row) => row.secretHash === secretHash)
    },
    async putKey(row) {
      access.own('keys').set(row.id, row)
    },
    async removeKey(project, id) {
      if (access.read().keys.get(id)?.project !== project) return false
      return access.own('keys').delete(id)
    },
  }
}

type Sessions = Pick<AccountTable, 'putSession' | 'session' | 'removeSession' | 'removeSessionsOf'>

function sessions(access: MemoryAccess): Sessions {
  return {
    async putSession({ tokenHash, ...session }) {
      const rows = access.own('sessions')
      rows.set(tokenHash, session)
      const own = [...rows].filter(([, row]) => row.accountId === session.accountId)
      const beyond = own
        .sort(([, a], [, b]) => b.expiresAt - a.expiresAt)
        .slice(SESSIONS_PER_ACCOUNT_MAX)
      for (const [key] of beyond) rows.delete(key)
    },
    async session(tokenHash, now) {
      const row = access.read().sessions.get(tokenHash)
      return row && row.expiresAt > now ? row : undefined
    },
    async removeSession(tokenHash) {
      access.own('sessions').delete(tokenHash)
    },
    async removeSessionsOf(accountId) {
      const rows = access.own('sessions')
      for (const [key, row] of rows) if (row.accountId === accountId) rows.delete(key)
    },
  }
}

function links(access: MemoryAccess): Pick<AccountTable, 'putLink' | 'takeLink'> {
  return {
    async putLink(tokenHash, accountId, expiresAt) {
      access.own('links').set(tokenHash, { accountId, expiresAt })
    },
    async takeLink(tokenHash, now) {
      const rows = access.own('links')
      const row = rows.get(tokenHash)
      rows.delete(tokenHash)
      return row && row.expiresAt > now ? row.accountId : undefined
    },
  }
}
