import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import type { Figure } from './figure.ts'
import { residentMegabytes } from './process.ts'
import { startServe } from '../test/support/serve.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const START_MAX_MS = 300_000
/** Until what the start allocated has been collected. */
const IDLE_MS = 10_000

/** `npm start` in a new clone with nothing installed, then again. Needs the package registry. */
export async function startFigures(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-clone-'))
  try {
    await run('git', ['clone', '--quiet', ROOT, folder])
    const first = await npmStart(folder)
    const second = await npmStart(folder)
    return [
      {
        what: 'first `npm start` to `sluice ready`',
        value: `${first.toFixed(1)} s`,
        beside: 'a new clone: packages, console and demo included',
      },
      { what: 'second `npm start`', value: `${second.toFixed(1)} s`, beside: 'the same clone' },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function npmStart(folder: string): Promise<number> {
  const started = performance.now()
  // A group of its own, so that stopping reaches npm and everything below it.
  const child = spawn(
    'npm',
    ['start', '--', '--port', '0', '--edge-ports', '0,0', '--resizer-port', '0'],
    {
      cwd: folder,
      env: { ...process.env, PATH: outerPath() },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    },
  )
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    return await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('npm start: not ready')), START_MAX_MS)
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (!/^sluice ready/m.test(said)) return
        clearTimeout(timer)
        resolve((performance.now() - started) / 1000)
      })
      void ended.then(() => reject(new Error(`npm start ended:\n${said}`)))
    })
  } finally {
    process.kill(-child.pid!, 'SIGTERM')
    await ended
  }
}

/** Without the packages of this checkout, as in a shell. */
function outerPath(): string {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((entry) => !entry.includes('node_modules'))
    .join(path.delimiter)
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`)),
    )
  })
}

/** As `npm start` and `npx sluice` set them (docs/decisions/016-few-malloc-arenas.md). */
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' }

/** What all roles together hold while nobody asks for anything. */
export async function memoryFigures(): Promise<readonly Figure[]> {
  const sluice = await startServe({ env: MALLOC })
  try {
    // The demo's pictures were drawn by this process; a later start, as people have it, does not draw.
    const drawn = residentMegabytes(sluice.pid)
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    const first = residentMegabytes(sluice.pid)
    return [
      {
        what: 'resident memory, idle after a first start',
        value: `${first.toFixed(0)} MB`,
        beside: `control, image server and 2 edges in one process; ${drawn.toFixed(0)} MB when ready`,
      },
      await secondStartMemory(),
    ]
  } finally {
    await sluice.stop()
  }
}

async function secondStartMemory(): Promise<Figure> {
  const data = await mkdtemp(path.join(tmpdir(), 'sluice-memory-'))
  try {
    await (await startServe({ data, env: MALLOC })).stop()
    const sluice = await startServe({ data, env: MALLOC })
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    const megabytes = residentMegabytes(sluice.pid)
    await sluice.stop()
    return {
      what: 'resident memory, idle after a second start',
      value: `${megabytes.toFixed(0)} MB`,
      beside: 'the same',
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}
