import type { Selectable } from 'kysely'
import type { Role } from '../contract/invalidation.ts'
import { SESSIONS_PER_ACCOUNT_MAX } from './limits.ts'
import type { Sql, SqlSchema } from './sql-schema.ts'
import type { AccountRow, AccountTable, KeyRow } from './store.ts'

export function sqlAccounts(db: Sql): AccountTable {
  return { ...people(db), ...members(db), ...keys(db), ...sessions(db), ...links(db) }
}

type People = Pick<AccountTable, 'accounts' | 'byEmail' | 'byId' | 'putAccount' | 'removeAccount'>

function people(db: Sql): People {
  return {
    async accounts() {
      const rows = await db.selectFrom('accounts').selectAll().orderBy('lower_email').execute()
      return rows.map(accountRow)
    },
    async byEmail(email) {
      const row = await db
        .selectFrom('accounts')
        .selectAll()
        .where('lower_email', '=', email.toLowerCase())
        .executeTakeFirst()
      return row && accountRow(row)
    },
    async byId(id) {
      const row = await db
        .selectFrom('accounts')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row && accountRow(row)
    },
    async putAccount(row) {
      const values = {
        email: row.email,
        lower_email: row.email.toLowerCase(),
        password_hash: row.passwordHash,
        owner: row.owner ? 1 : 0,
        created_at: row.createdAt,
      }
      await db
        .insertInto('accounts')
        .values({ id: row.id, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute()
    },
    async removeAccount(id) {
      await db.deleteFrom('accounts').where('id', '=', id).execute()
      await db.deleteFrom('members').where('account_id', '=', id).execute()
      await db.deleteFrom('sessions').where('account_id', '=', id).execute()
      await db.deleteFrom('links').where('account_id', '=', id).execute()
    },
  }
}

function accountRow(row: Selectable<SqlSchema['accounts']>): AccountRow {
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    owner: row.owner === 1,
    createdAt: row.created_at,
  }
}

type Members = Pick<AccountTable, 'members' | 'membershipsOf' | 'putMember' | 'removeMember'>

function members(db: Sql): Members {
  return {
    async members(project) {
      const rows = await db
        .selectFrom('members')
        .selectAll()
        .where('project', '=', project)
        .orderBy('account_id')
        .execute()
      return rows.map((row) => ({ accountId: row.account_id, role: row.role as Role }))
    },
    async membershipsOf(accountId) {
      const rows = await db
        .selectFrom('members')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('project')
        .execute()
      return rows.map((row) => ({ project: row.project, role: row.role as Role }))
    },
    async putMember(project, accountId, role) {
      await db
        .insertInto('members')
        .values({ project, account_id: accountId, role })
        .onConflict((conflict) => conflict.columns(['project', 'account_id']).doUpdateSet({ role }))
        .execute()
    },
    async removeMember(project, accountId) {
      await db
        .deleteFrom('members')
        .where('project', '=', project)
        .where('account_id', '=', accountId)
        .execute()
    },
  }
}

type Keys = Pick<AccountTable, 'keys' | 'keyBySecretHash' | 'putKey' | 'removeKey'>

function keys(db: Sql): Keys {
  return {
    async keys(project) {
      const rows = await db
        .selectFrom('api_keys')
        .selectAll()
        .where('project', 'is', project)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(keyRow)
    },
    async keyBySecretHash(secretHash) {
      const row = await db
        .selectFrom('api_keys')
        .selectAll()
        .where('secret_hash', '=', secretHash)
        .executeTakeFirst()
      return row && keyRow(row)
    },
    async putKey(row) {
      const values = {
        name: row.name,
        secret_hash: row.secretHash,
        project: row.project,
        roles: JSON.stringify(row.roles),
        created_at: row.createdAt,
        created_by: row.createdBy,
      }
      await db
        .insertInto('api_keys')
        .values({ id: row.id, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute()
    },
    async removeKey(project, id) {
      const removed = await db
        .deleteFrom('api_keys')
        .where('project', 'is', project)
        .where('id', '=', id)
        .executeTakeFirst()
      return removed.numDeletedRows > 0n
    },
  }
}

function keyRow(row: Selectable<SqlSchema['api_keys']>): KeyRow {
  return {
    id: row.id,
    name: row.name,
    secretHash: row.secret_hash,
    project: row.project,
    roles: JSON.parse(row.roles) as Role[],
    createdAt: row.created_at,
    createdBy: row.created_by,
  }
}

type Sessions = Pick<AccountTable, 'putSession' | 'session' | 'removeSession' | 'removeSessionsOf'>

function sessions(db: Sql): Sessions {
  return {
    async putSession(session) {
      const values = {
        account_id: session.accountId,
        expires_at: session.expiresAt,
        csrf: session.csrf,
      }
      await db
        .insertInto('sessions')
        .values({ token_hash: session.tokenHash, ...values })
        .onConflict((conflict) => conflict.column('token_hash').doUpdateSet(values))
        .execute()
      const beyond = db
        .selectFrom('sessions')
        .select('token_hash')
        .where('account_id', '=', session.accountId)
        .orderBy('expires_at', 'desc')
        .limit(-1)
        .offset(SESSIONS_PER_ACCOUNT_MAX)
      await db.deleteFrom('sessions').where('token_hash', 'in', beyond).execute()
    },
    async session(tokenHash, now) {
      const row = await db
        .selectFrom('sessions')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .executeTakeFirst()
      return row && { accountId: row.account_id, expiresAt: row.expires_at, csrf: row.csrf }
    },
    async removeSession(tokenHash) {
      await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute()
    },
    async removeSessionsOf(accountId) {
      await db.deleteFrom('sessions').where('account_id', '=', accountId).execute()
    },
  }
}

function links(db: Sql): Pick<AccountTable, 'putLink' | 'takeLink'> {
  return {
    async putLink(tokenHash, accountId, expiresAt) {
      await db
        .insertInto('links')
        .values({ token_hash: tokenHash, account_id: accountId, expires_at: expiresAt })
        .execute()
    },
    async takeLink(tokenHash, now) {
      const row = await db
        .selectFrom('links')
        .selectAll()
        .where('token_hash', '=', tokenHash)
        .executeTakeFirst()
      if (!row) return undefined
      await db.deleteFrom('links').where('token_hash', '=', tokenHash).execute()
      return row.expires_at > now ? row.account_id : undefined
    },
  }
}
