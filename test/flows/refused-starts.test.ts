import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { serveHttp } from '../support/http.ts'
import type { TestServer } from '../support/http.ts'
import { startRole } from '../support/serve.ts'
import type { Role } from '../support/serve.ts'

/** Goal: what cannot start says so in one line that names the thing and the cure, ends with exit code 2, and leaves nothing half-made. */

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const NODE_SECRET = 'a-node-secret-of-at-least-32-characters'
/** A start that is refused ends by itself; one that hangs is a failure. */
const END_MS = 20_000

let root: string
let taken: TestServer

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-refused-'))
  taken = await serveHttp((_request, response) => response.end())
})
after(async () => {
  await taken.stop()
  await rm(root, { recursive: true, force: true })
})

let folders = 0
const newFolder = (): string => join(root, String((folders += 1)))

async function run(
  role: Role,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; out: string; lines: string[] }> {
  const given = Object.entries(process.env).filter(([name]) => !name.startsWith('SLUICE_'))
  const child = spawn(process.execPath, [MAIN, role, ...args], {
    env: { ...Object.fromEntries(given), SLUICE_LOG: 'silent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(END_MS),
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => undefined).once('close', (code) => resolve(code))
  })
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, out, lines: err.trim().split('\n') }
}

async function assertRefused(
  started: ReturnType<typeof run>,
  sentence: RegExp,
  lines = 1,
): Promise<void> {
  const { code, out, lines: said } = await started
  assert.equal(code, 2, said.join('\n'))
  assert.equal(said.length, lines, said.join('\n'))
  assert.match(said.join('\n'), sentence)
  assert.doesNotMatch(out, /sluice ready/)
}

const FREE_PORTS = ['--port', '0', '--edge-ports', '0', '--resizer-port', '0']
const takenPort = (): string => new URL(taken.url).port

describe('a start is refused', () => {
  test('for bad settings, all of them at once', async () => {
    const env = {
      SLUICE_PORT: 'http',
      SLUICE_LEASE_SECONDS: '-3',
      SLUICE_EDGE_MEMORY: 'much',
      SLUICE_LOG: 'loud',
    }
    const data = newFolder()
    const { code, lines } = await run('serve', ['--data', data], env)
    assert.equal(code, 2)
    for (const name of Object.keys(env))
      assert.equal(lines.filter((line) => line.includes(name)).length, 1, name)
    assert.equal(lines.length, 4, lines.join('\n'))
    await assert.rejects(readdir(data), { code: 'ENOENT' }, 'nothing was made')
  })

  test('for a flag that does not exist', async () => {
    await assertRefused(run('serve', ['--colour', 'red']), /--colour/)
  })

  test('for a separate role without what it needs', async () => {
    const edge = ['--edge-ports', '0', '--data', newFolder()]
    await assertRefused(run('edge', edge), /upstream/i)
    const joined = [...edge, '--control', 'http://127.0.0.1:1', '--upstream', 'http://127.0.0.1:1']
    await assertRefused(run('edge', joined), /SLUICE_NODE_SECRET/)
    const resizer = ['--resizer-port', '0', '--data', newFolder()]
    await assertRefused(run('resizer', resizer, { SLUICE_NODE_SECRET: NODE_SECRET }), /control/i)
    await assertRefused(
      run('control', ['--port', '0', '--data', newFolder()], { SLUICE_NODE_SECRET: 'short' }),
      /SLUICE_NODE_SECRET.*32/,
    )
  })

  const ports: readonly (readonly [Role, readonly string[], string])[] = [
    ['control', ['--port'], 'SLUICE_PORT'],
    ['resizer', ['--control', 'http://127.0.0.1:1', '--resizer-port'], 'SLUICE_RESIZER_PORT'],
    [
      'edge',
      ['--control', 'http://127.0.0.1:1', '--upstream', 'http://127.0.0.1:1', '--edge-ports'],
      'SLUICE_EDGE_PORTS',
    ],
  ]
  for (const [role, args, setting] of ports) {
    test(`for a port that is taken: ${role}`, async () => {
      const started = run(role, ['--data', newFolder(), ...args, takenPort()], {
        SLUICE_NODE_SECRET: NODE_SECRET,
      })
      await assertRefused(started, new RegExp(`:${takenPort()} is taken .*${setting}`))
    })
  }

  test('for a port that is taken: a plain edge, and a private port', async () => {
    const plain = ['--upstream', taken.url, '--edge-ports', takenPort()]
    await assertRefused(run('edge', plain), /is taken .*SLUICE_EDGE_PORTS/)
    const inner = ['--upstream', taken.url, '--edge-ports', '0', '--node-port', takenPort()]
    await assertRefused(run('edge', inner), /is taken .*SLUICE_NODE_PORT/)
    const second = ['--upstream', taken.url, '--edge-ports', `0,${takenPort()}`]
    await assertRefused(run('edge', second), /is taken .*SLUICE_EDGE_PORTS/)
  })

  test('for an address that is not of this machine', async () => {
    const elsewhere = ['--upstream', taken.url, '--edge-ports', '0', '--host', '203.0.113.7']
    await assertRefused(run('edge', elsewhere), /203\.0\.113\.7 .*SLUICE_HOST/)
  })

  test('for a data folder that another Sluice uses, which goes on', async () => {
    const data = newFolder()
    const env = { SLUICE_NODE_SECRET: NODE_SECRET }
    const first = await startRole('control', { data, args: ['--port', '0'], env })
    const second = run('serve', ['--data', data, ...FREE_PORTS])
    await assertRefused(second, /in use by another Sluice; stop it or set SLUICE_DATA/)
    assert.equal((await fetch(`${first.consoleUrl}/healthz`)).status, 200)
    await first.stop()
  })

  test('for a data folder that is a file', async () => {
    const data = newFolder()
    await writeFile(data, 'a file')
    await assertRefused(
      run('serve', ['--data', data, ...FREE_PORTS]),
      /cannot be written.*SLUICE_DATA/,
    )
  })

  for (const role of ['control', 'serve'] as const) {
    test(`for a file that cannot be written when all of ${role} runs already, and nothing of it runs on`, async () => {
      const data = newFolder()
      // What a file is written into before it gets its name: a folder there is in the way as a full disk is.
      await mkdir(join(data, 'serve.json.partial'), { recursive: true })
      const free = role === 'serve' ? FREE_PORTS : ['--port', '0']
      const env = { SLUICE_NODE_SECRET: NODE_SECRET }
      await assertRefused(
        run(role, ['--data', data, ...free], env),
        /serve\.json cannot be written/,
      )
    })
  }

  test('for a folder of assets that is not there', async () => {
    const args = ['--data', newFolder(), '--assets', join(root, 'nowhere'), ...FREE_PORTS]
    await assertRefused(run('serve', args), /SLUICE_ASSETS.*nowhere/)
  })

  test('for a data file that is none of ours', async () => {
    const data = newFolder()
    await mkdir(data, { recursive: true })
    await writeFile(join(data, 'control.sqlite'), 'x'.repeat(10_000))
    await assertRefused(run('serve', ['--data', data, ...FREE_PORTS]), /control\.sqlite/)
  })
})
