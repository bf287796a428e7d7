import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SESSIONS_PER_ACCOUNT_MAX } from './limits.ts'
import type { AccountRow, KeyRow, Store } from './store.ts'

type Using = (run: (store: Store) => Promise<void>) => () => Promise<void>

export function accountsSuite(name: string, using: Using): void {
  describe(`${name}: accounts`, () => {
    test('an account is found by id and by e-mail, whatever its case', using(people))
    test('two accounts never share an e-mail address', using(unique))
    test('a person has one role in each project', using(members))
    test('an API key is found by the hash of its secret, and removed by its project', using(keys))
    test('a session ends at its time, with its account, or with many newer ones', using(sessions))
    test('a sign-in link works once, and not after its time', using(links))
  })
}

function account(row: Partial<AccountRow>): AccountRow {
  return {
    id: 'a1',
    email: 'Ada@example.org',
    passwordHash: null,
    owner: false,
    createdAt: 1,
    ...row,
  }
}

async function people(store: Store): Promise<void> {
  const { accounts } = store.tables
  await store.transaction('durable', (tx) => tx.accounts.putAccount(account({})))
  assert.deepEqual(await accounts.byEmail('ada@EXAMPLE.org'), account({}))
  const owner = account({ owner: true, passwordHash: 'hash' })
  await store.transaction('durable', (tx) => tx.accounts.putAccount(owner))
  assert.deepEqual(await accounts.accounts(), [owner])
  assert.deepEqual(await accounts.byId('a1'), owner)
  await store.transaction('durable', (tx) => tx.accounts.removeAccount('a1'))
  assert.equal(await accounts.byId('a1'), undefined)
}

async function unique(store: Store): Promise<void> {
  await store.transaction('durable', (tx) => tx.accounts.putAccount(account({})))
  const namesake = account({ id: 'a2', email: 'ADA@example.org' })
  await assert.rejects(store.transaction('durable', (tx) => tx.accounts.putAccount(namesake)))
  assert.equal((await store.tables.accounts.accounts()).length, 1)
}

async function members(store: Store): Promise<void> {
  const { accounts } = store.tables
  await store.transaction('durable', async (tx) => {
    await tx.accounts.putMember('demo', 'a1', 'viewer')
    await tx.accounts.putMember('demo', 'a1', 'editor')
    await tx.accounts.putMember('other', 'a1', 'admin')
  })
  assert.deepEqual(await accounts.members('demo'), [{ accountId: 'a1', role: 'editor' }])
  assert.deepEqual(await accounts.membershipsOf('a1'), [
    { project: 'demo', role: 'editor' },
    { project: 'other', role: 'admin' },
  ])
  await store.transaction('durable', (tx) => tx.accounts.removeMember('demo', 'a1'))
  assert.deepEqual(await accounts.members('demo'), [])
}

async function keys(store: Store): Promise<void> {
  const { accounts } = store.tables
  const key: KeyRow = {
    id: 'k1',
    name: 'deploy',
    secretHash: 'hash',
    project: 'demo',
    roles: ['editor'],
    createdAt: 1,
    createdBy: 'ada@example.org',
  }
  const admin = { ...key, id: 'k2', secretHash: 'other', project: null }
  await store.transaction('durable', async (tx) => {
    await tx.accounts.putKey(key)
    await tx.accounts.putKey(admin)
  })
  assert.deepEqual(await accounts.keys('demo'), [key])
  assert.deepEqual(await accounts.keys(null), [admin])
  assert.deepEqual(await accounts.keyBySecretHash('hash'), key)
  assert.equal(await accounts.keyBySecretHash('nothing'), undefined)
  const remove = (project: string) =>
    store.transaction('durable', (tx) => tx.accounts.removeKey(project, 'k1'))
  assert.equal(await remove('other'), false)
  assert.equal(await remove('demo'), true)
  assert.equal(await remove('demo'), false)
}

async function sessions(store: Store): Promise<void> {
  const { accounts } = store.tables
  const put = (tokenHash: string, expiresAt: number, accountId = 'a1') =>
    store.transaction('durable', (tx) =>
      tx.accounts.putSession({ tokenHash, accountId, expiresAt, csrf: 'c' }),
    )
  await put('t', 100)
  assert.deepEqual(await accounts.session('t', 99), { accountId: 'a1', expiresAt: 100, csrf: 'c' })
  assert.equal(await accounts.session('t', 100), undefined)
  await put('other', 100, 'a2')
  for (let at = 0; at < SESSIONS_PER_ACCOUNT_MAX; at++) await put(`t${at}`, 200 + at)
  assert.equal(await accounts.session('t', 1), undefined)
  assert.ok(await accounts.session('t0', 1))
  await store.transaction('durable', (tx) => tx.accounts.removeSession('t0'))
  assert.equal(await accounts.session('t0', 1), undefined)
  await store.transaction('durable', (tx) => tx.accounts.removeSessionsOf('a1'))
  assert.equal(await accounts.session('t1', 1), undefined)
  assert.ok(await accounts.session('other', 1))
}

async function links(store: Store): Promise<void> {
  await store.transaction('durable', async (tx) => {
    await tx.accounts.putLink('one', 'a1', 100)
    await tx.accounts.putLink('late', 'a1', 100)
  })
  const take = (hash: string, now: number) =>
    store.transaction('durable', (tx) => tx.accounts.takeLink(hash, now))
  assert.equal(await take('one', 99), 'a1')
  assert.equal(await take('one', 99), undefined)
  assert.equal(await take('late', 100), undefined)
}
