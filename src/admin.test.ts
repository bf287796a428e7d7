import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { afterEach, beforeEach, describe } from 'node:test'

import { runAdmin } from './admin.ts'
import type { AdminIo } from './admin.ts'
import { verifyPassword } from './api/passwords.ts'
import { systemClock } from './kernel/clock.ts'
import { sha256 } from './kernel/hash.ts'
import { systemRandom } from './kernel/random.ts'
import { openSqliteStore } from './store/sqlite-store.ts'
import type { Store } from './store/store.ts'

async function* given(text: string): AsyncGenerator<string> {
  yield text
}

describe('sluice admin', () => {
  let folder: string
  let store: Store
  let said: { out: string; err: string }

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-admin-'))
    store = await openSqliteStore(path.join(folder, 'sluice.db'), { random: systemRandom })
    const account = {
      id: 'a1',
      email: 'admin@localhost',
      passwordHash: null,
      owner: true,
      createdAt: 0,
    }
    await store.transaction('durable', (tx) => tx.accounts.putAccount(account))
    said = { out: '', err: '' }
  })

  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  function io(change: Partial<AdminIo> = {}): AdminIo {
    return {
      dataFolder: folder,
      storeFile: path.join(folder, 'sluice.db'),
      defaultEmail: 'admin@localhost',
      defaultConsole: 'http://127.0.0.1:8080',
      stdin: (async function* () {})(),
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      clock: systemClock,
      random: systemRandom,
      ...change,
    }
  }

  test('link prints an address that signs in once, also while a server has the data file open', async () => {
    assert.equal(await runAdmin(['link'], io()), 0, said.err)
    const [, base, token] = /^(.*)\/#\/sign-in\/([\w-]{43})\n$/.exec(said.out) ?? []
    assert.equal(base, 'http://127.0.0.1:8080')
    const take = () =>
      store.transaction('durable', (tx) => tx.accounts.takeLink(sha256(token!), systemClock.wall()))
    assert.equal(await take(), 'a1')
    assert.equal(await take(), undefined)
  })

  test('link names the address of the server that runs on this data folder', async () => {
    await writeFile(path.join(folder, 'serve.json'), '{"console":"http://127.0.0.1:9999"}')
    assert.equal(await runAdmin(['link'], io()), 0)
    assert.match(said.out, /^http:\/\/127\.0\.0\.1:9999\/#\/sign-in\//)
  })

  test('reset-password prints a new password that the account then has', async () => {
    assert.equal(await runAdmin(['reset-password'], io()), 0, said.err)
    const [, password] = /is now (\S+)\n$/.exec(said.out) ?? []
    const account = await store.tables.accounts.byEmail('admin@localhost')
    assert.equal(await verifyPassword(password!, account!.passwordHash), true)
    assert.equal(account!.owner, true)
  })

  test('reset-password takes a password from standard input, if it is long enough', async () => {
    assert.equal(await runAdmin(['reset-password', '--stdin'], io({ stdin: given('short\n') })), 2)
    assert.match(said.err, /10 to 256 characters; standard input held 5/)
    const long = given('a long enough one\n')
    assert.equal(await runAdmin(['reset-password', '--stdin'], io({ stdin: long })), 0)
    const account = await store.tables.accounts.byEmail('admin@localhost')
    assert.equal(await verifyPassword('a long enough one', account!.passwordHash), true)
  })

  test('an unknown account, verb or data folder ends in one line that names it', async () => {
    const cases: [string[], Partial<AdminIo>, RegExp][] = [
      [
        ['link', '--email', 'x@y'],
        {},
        /^sluice: there is no account x@y; there are: admin@localhost\n$/,
      ],
      [['delete'], {}, /^sluice: sluice admin takes link, reset-password, backup, restored .*\n$/],
      [['backup'], {}, /^sluice: sluice admin backup takes the name of a new folder\n$/],
      [['restored', 'x'], {}, /^sluice: sluice admin restored takes flags alone .*\n$/],
      [
        ['backup', path.join(folder, 'sluice.db', 'x')],
        {},
        /^sluice: the backup \S+ cannot be written \(ENOTDIR\); .*\n$/,
      ],
      [['backup', folder], {}, /^sluice: .* exists already: name a folder that is not there\n$/],
      [['link', '--nonsense'], {}, /^sluice: .*--nonsense.*\n$/],
      [
        ['link'],
        { storeFile: path.join(folder, 'none.db') },
        /^sluice: .* holds no Sluice data: .*\n$/,
      ],
    ]
    for (const [argv, change, line] of cases) {
      said.err = ''
      assert.equal(await runAdmin(argv, io(change)), 2)
      assert.match(said.err, line)
    }
  })
})
