import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** A first start draws the demo's pictures, on a machine that tests keep busy. */
const READY_MS = 60_000
const STOP_MS = 15_000

export type Role = 'serve' | 'control' | 'resizer' | 'edge'

export interface StartOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Kept by `stop`; without one a folder is made, and removed in the end. */
  readonly data?: string
}

export interface Started {
  readonly child: ChildProcess
  readonly pid: number
  readonly data: string
  /** What the line `sluice ready` says; empty where a role does not offer it. */
  readonly consoleUrl: string
  readonly edges: readonly string[]
  readonly resizerUrl: string
  readonly nodeUrl: string
  /** Printed at a first start; null later. */
  readonly signInLink: string | null
  /** Everything on stdout, and on stderr, until now. */
  readonly output: { readonly stdout: string; readonly stderr: string }
  adminKey(): Promise<string>
  /** SIGTERM; resolves to the exit code, or the signal that ended it. */
  stop(): Promise<number | string>
}

/** Everything in one process, on free ports. */
export function startServe(options: StartOptions & { edges?: number } = {}): Promise<Started> {
  const ports = Array.from({ length: options.edges ?? 2 }, () => '0').join(',')
  const args = [
    '--port',
    '0',
    '--edge-ports',
    ports,
    '--resizer-port',
    '0',
    ...(options.args ?? []),
  ]
  return startRole('serve', { ...options, args })
}

/** One role as a process of its own. Rejects with its output when it ends before it is ready. */
export async function startRole(role: Role, options: StartOptions = {}): Promise<Started> {
  const data = options.data ?? (await mkdtemp(path.join(tmpdir(), 'sluice-test-')))
  const args = [path.join(ROOT, 'src/main.ts'), role, '--data', data, ...(options.args ?? [])]
  const env = { ...withoutSettings(process.env), SLUICE_LOG: 'warn', ...options.env }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
  })
  const stop = async (): Promise<number | string> => {
    child.kill('SIGTERM')
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    const how = await ended
    clearTimeout(impatient)
    if (options.data === undefined) await rm(data, { recursive: true, force: true })
    return how
  }
  const line = await readyLine(role, child, output, ended).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  const place = (name: string): string => new RegExp(`\\b${name}=(\\S+)`).exec(line)?.[1] ?? ''
  return {
    child,
    pid: child.pid!,
    data,
    consoleUrl: place('console'),
    edges: place('edges') === '' ? [] : place('edges').split(','),
    resizerUrl: place('resizer'),
    nodeUrl: place('node'),
    get signInLink() {
      return /\bhttps?:\/\/\S*#\/sign-in\/\S+/.exec(output.stdout)?.[0] ?? null
    },
    output,
    adminKey: async () => (await readFile(path.join(data, 'admin-key'), 'utf8')).trim(),
    stop,
  }
}

/** Settings of whoever runs the tests must not reach what they start. */
function withoutSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => !name.startsWith('SLUICE_'))
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** The line that says ready, once what a control process tells people after it has come too. */
function readyLine(
  role: Role,
  child: ChildProcess,
  output: { readonly stdout: string; readonly stderr: string },
  ended: Promise<number | string>,
): Promise<string> {
  const wanted =
    role === 'serve' || role === 'control'
      ? /^(sluice ready.*)\n[^]*^Sign in [^]*\n$/m
      : /^(sluice ready.*)\n/m
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer)
      reject(new Error(`${why}\n${output.stdout}\n${output.stderr}`))
    }
    const timer = setTimeout(() => fail(`not ready after ${READY_MS} ms`), READY_MS)
    child.stdout!.on('data', () => {
      const line = wanted.exec(output.stdout)?.[1]
      if (line === undefined) return
      clearTimeout(timer)
      resolve(line)
    })
    ended.then((how) => fail(`ended with ${how} before it was ready`), reject)
  })
}
