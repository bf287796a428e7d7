import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import type { Invalidation } from '../../src/contract/invalidation.ts'
import { leaseMarginMs } from '../../src/contract/node-protocol.ts'
import { apiClient, prepareData } from '../support/api-client.ts'
import type { ApiClient } from '../support/api-client.ts'
import { ask, until } from '../support/http.ts'
import type { Asked } from '../support/http.ts'
import { colourOf, plainPicture } from '../support/resizer-bench.ts'
import { startRole } from '../support/serve.ts'
import type { Started } from '../support/serve.ts'

/**
 * Goal: data that are put back from a copy are a loss of commits, and edges that live on must not count the numbers of one purge log for
 * those of the other. Control, an image server and an edge as processes; the latter two run all the time.
 */

const LEASE_SECONDS = 1
const LEASE_MS = LEASE_SECONDS * 1000
const ENV = {
  SLUICE_NODE_SECRET: 'a-node-secret-of-at-least-32-characters',
  SLUICE_LEASE_SECONDS: String(LEASE_SECONDS),
}
const MAIN = join(import.meta.dirname, '../../src/main.ts')
const CAUSE = 'The data were put back'
const RED = '255,0,0'
const BLUE = '0,0,255'
const GREEN = '0,128,0'
const FLAG = '/is/image/demo/shop/flag?wid=32&fmt=png'
const LATER = '/is/image/demo/shop/later?wid=32&fmt=png'
const PRESET = '/is/image/demo/shop/flag?$small$&fmt=png'

let root: string
let port: string
let control: Started
let resizer: Started
let edge: Started
let api: ApiClient

const data = (name = 'c'): string => join(root, name)

async function startControl(): Promise<void> {
  control = await startRole('control', { data: data(), args: ['--port', port], env: ENV })
  port = new URL(control.consoleUrl).port
  api = apiClient(control.consoleUrl, await control.adminKey())
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-backup-'))
  port = '0'
  await prepareData(data(), { 'shop/flag': await plainPicture('#f00') }, ENV)
  await startControl()
  const inner = ['--control', control.consoleUrl]
  resizer = await startRole('resizer', {
    data: data('r'),
    args: [...inner, '--resizer-port', '0'],
    env: ENV,
  })
  edge = await startRole('edge', {
    data: data('e'),
    args: [...inner, '--upstream', resizer.resizerUrl, '--edge-ports', '0', '--node-id', 'e1'],
    env: ENV,
  })
})

after(async () => {
  edge?.child.kill('SIGCONT')
  for (const started of [edge, resizer, control]) await started?.stop()
  await rm(root, { recursive: true, force: true })
})

const visit = (target: string): Promise<Asked> => ask(edge.edges[0]! + target)

/** While an edge and an image server join another purge log, one after the other, they say so with 503. */
async function picture(target: string): Promise<Buffer> {
  let answer = await visit(target)
  const isThere = async (): Promise<boolean> => (answer = await visit(target)).status !== 503
  if (answer.status === 503) await until(`${target} is answered`, isThere)
  assert.equal(answer.status, 200, answer.text)
  return answer.bytes
}

const colour = async (): Promise<string> => colourOf(await picture(FLAG))

async function held(target: string): Promise<void> {
  await until(`the edge holds ${target}`, async () => {
    const { headers } = await visit(target)
    return /sluice-edge; hit/.test(headers['cache-status'] ?? '')
  })
}

async function replaceWith(hex: string): Promise<void> {
  await api.putAsset('shop/flag', await plainPicture(hex))
  await api.invalidate({ assets: ['shop/flag'], renditions: true })
}

/** `sluice admin …` as a process of its own, beside whatever runs. */
async function admin(...argv: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'admin', ...argv, '--data', data()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, out, err }
}

function logIdOf(folder: string): string {
  const store = new DatabaseSync(join(folder, 'control.sqlite'), { readOnly: true })
  const row = store.prepare('select log_id from purge_head').get() as { log_id: string }
  store.close()
  return row.log_id
}

/** The newest entry of the log says that the data were put back, and it is Done. */
async function putBackDone(times = 1): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const { items } = (await api.call('GET', '/invalidations')).body as { items: Invalidation[] }
    const found = items.filter(({ cause }) => cause === CAUSE)
    return found.length === times && found.every(({ status }) => status === 'Done')
  }
  await until(CAUSE, isDone, 20_000, 50)
}

/** Asks the edge all the time. While the folder itself is away an image server has nothing to make pictures of, and says so. */
function watch(): () => Promise<Set<string>> {
  const seen = new Set<string>()
  const over = new AbortController()
  const running = (async () => {
    while (!over.signal.aborted) {
      const answer = await visit(FLAG)
      if (answer.status === 200) seen.add(await colourOf(answer.bytes))
      else assert.match(answer.headers['cache-control'] ?? '', /no-store/)
    }
  })()
  return async () => {
    over.abort()
    await running
    return seen
  }
}

describe('a backup that takes the place of the data', () => {
  test('is taken while Sluice serves and is written to', async () => {
    await held(FLAG)
    await api.call('PUT', '/presets/small', { modifiers: 'wid=8' })
    await held(PRESET)
    const filler = await plainPicture('#ff0')
    const writing = (async () => {
      for (let at = 0; at < 10; at++) await api.putAsset(`filler/${at}`, filler)
    })()
    const { code, out, err } = await admin('backup', data('backup'))
    await writing
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^\S+backup holds the data as of now, with \d+ files of assets/)
    const files = (await readdir(data('backup'))).sort()
    assert.deepEqual(files, ['admin-key', 'control.sqlite', 'origin'])
    assert.equal((await stat(join(data('backup'), 'admin-key'))).mode & 0o777, 0o600)
    const again = await admin('backup', data('backup'))
    assert.deepEqual([again.code, again.out], [2, ''])
    assert.match(again.err, /exists already/)
  })

  test('is served by edges that lived on, and nothing that came after it', async () => {
    await replaceWith('#00f')
    await api.putAsset('shop/later', await plainPicture('#00f'))
    await api.call('PUT', '/presets/small', { modifiers: 'wid=16', invalidate: true })
    await held(FLAG)
    await held(LATER)
    assert.equal(await colour(), BLUE)
    const lostId = logIdOf(data())

    const stopWatching = watch()
    await control.stop()
    await rename(data(), data('lost'))
    await cp(data('backup'), data(), { recursive: true })
    const began = performance.now()
    await startControl()
    assert.ok(
      performance.now() - began >= LEASE_MS + leaseMarginMs(LEASE_MS),
      'every lease is over',
    )
    assert.match(control.output.stdout, /these data were put back: waiting 1\.\d s until/)
    await putBackDone()

    assert.equal(await colour(), RED)
    assert.equal((await visit(LATER)).status, 404)
    const small = await picture(PRESET)
    assert.equal(small.readUInt32BE(16), 8, 'as wide as the preset was')
    assert.deepEqual([...(await stopWatching())].sort(), [BLUE, RED])
    assert.notEqual(logIdOf(data()), lostId)
    assert.notEqual(logIdOf(data()), logIdOf(data('backup')))
  })

  test('invalidations are Done as ever', async () => {
    await held(FLAG)
    await replaceWith('#008000')
    assert.equal(await colour(), GREEN)
  })

  test('may be put back a second time, under another purge log, while an edge stands still that nobody knows any more', async () => {
    await held(FLAG)
    assert.equal(await colour(), GREEN)
    const first = logIdOf(data())
    edge.child.kill('SIGSTOP')
    await control.stop()
    await rm(data(), { recursive: true })
    await cp(data('backup'), data(), { recursive: true })
    await startControl()
    await putBackDone()
    // Done was said without it; what it holds is from before.
    edge.child.kill('SIGCONT')
    assert.equal(await colour(), RED)
    assert.notEqual(logIdOf(data()), first)
  })
})

describe('a copy of another kind', () => {
  test('that is older than what ran here is refused until somebody says so', async () => {
    await control.stop()
    await cp(join(data(), 'control.sqlite'), data('copy.sqlite'))
    await startControl()
    await replaceWith('#00f')
    await held(FLAG)
    const running = await admin('restored')
    assert.deepEqual([running.code, running.out], [2, ''])
    assert.match(running.err, /^sluice: the data folder \S+ is in use by another Sluice; stop it/)
    await control.stop()
    for (const end of ['-wal', '-shm'])
      await rm(join(data(), `control.sqlite${end}`), { force: true })
    await cp(data('copy.sqlite'), join(data(), 'control.sqlite'))
    await assert.rejects(
      startControl(),
      /older copy of those that ran here .*sluice admin restored/,
    )
  })

  test('begins once it was said: edges serve what the copy knows', async () => {
    const said = await admin('restored')
    assert.deepEqual([said.code, said.err], [0, ''])
    assert.match(said.out, /^The next start on \S+ waits until every lease is over/)
    await startControl()
    await putBackDone(2)
    assert.equal(await colour(), RED)
    await replaceWith('#008000')
    assert.equal(await colour(), GREEN)
  })

  test('whose assets lost their bytes names them', async () => {
    await control.stop()
    await rm(join(data(), 'origin', 'blobs'), { recursive: true })
    const { code, err } = await admin('restored')
    assert.equal(code, 0)
    assert.match(err, /^sluice: \d+ assets have no bytes .*: demo\/filler\/0.*demo\/shop\/flag\n$/)
    await startControl()
    assert.notEqual((await visit(FLAG)).status, 500)
  })
})
