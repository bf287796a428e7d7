import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { afterEach, beforeEach, describe } from 'node:test'

import { systemClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import type { ClientIo } from './client-io.ts'
import { Arguments } from './command.ts'
import { findConnection } from './connection.ts'
import { CliError } from './errors.ts'

describe('a client finds its server', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sluice-cli-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function serveHere(): Promise<void> {
    await mkdir(path.join(folder, 'data'))
    const serve = { console: 'http://127.0.0.1:8080', project: 'demo' }
    await writeFile(path.join(folder, 'data/serve.json'), JSON.stringify(serve))
    await writeFile(path.join(folder, 'data/admin-key'), 'sk_local\n', { mode: 0o600 })
  }

  function find(
    options: Record<string, string> = {},
    env: Record<string, string> = {},
    cwd = folder,
  ) {
    const io: ClientIo = {
      env,
      cwd,
      stdin: (async function* () {})(),
      stdout: { write: () => true },
      stderr: { write: () => true },
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
    }
    return findConnection(new Arguments(options, []), io)
  }

  test('by flags before the environment, and cuts a final slash', async () => {
    const env = { SLUICE_URL: 'http://env:1', SLUICE_KEY: 'sk_env', SLUICE_PROJECT: 'envy' }
    assert.deepEqual(await find({}, env), {
      server: 'http://env:1',
      key: 'sk_env',
      project: 'envy',
    })
    const flags = { server: 'https://flag/', key: 'sk_flag', project: 'flagged' }
    assert.deepEqual(await find(flags, env), {
      server: 'https://flag',
      key: 'sk_flag',
      project: 'flagged',
    })
  })

  test('beside a running Sluice by its data folder, also from a folder below', async () => {
    await serveHere()
    const local = { server: 'http://127.0.0.1:8080', key: 'sk_local', project: 'demo' }
    assert.deepEqual(await find(), local)
    await mkdir(path.join(folder, 'a/b'), { recursive: true })
    assert.deepEqual(await find({}, {}, path.join(folder, 'a/b')), local)
    const elsewhere = path.join(folder, 'a')
    assert.deepEqual(await find({}, { SLUICE_DATA: '../data' }, elsewhere), local)
    assert.equal((await find({ server: 'http://127.0.0.1:8080/' })).key, 'sk_local')
  })

  test('and never sends the key of a data folder to another address', async () => {
    await serveHere()
    await assert.rejects(find({ server: 'http://elsewhere:8080' }), (error) => {
      return error instanceof CliError && error.code === 'no-key' && error.exit === 2
    })
  })

  test('or says what to give', async () => {
    await assert.rejects(find(), /no server: give --server or SLUICE_URL/)
    await assert.rejects(find({ server: 'localhost:8080' }), /write http:\/\/host:port/)
    await assert.rejects(find({ server: 'http://x', key: 'a b' }), /blanks/)
    await mkdir(path.join(folder, 'data'))
    await writeFile(path.join(folder, 'data/serve.json'), '{')
    await assert.rejects(find(), /serve\.json is damaged: start Sluice again/)
  })
})
