import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { findProgram } from '../scripts/programs.mjs'

/**
 * Other people's caches, found where a Debian package puts them. `BENCH_PEERS` names a folder in which packages were unpacked
 * (`apt-get download varnish-modules && dpkg-deb -x varnish-modules_*.deb folder`) by whoever does not want to install them.
 */
const UNPACKED = process.env['BENCH_PEERS'] ?? ''
const ROOTS = UNPACKED === '' ? ['/'] : ['/', UNPACKED]
const READY_MS = 20_000

/** The full path of a file of a package, `usr/lib/…`; undefined when the package is not here. */
export function packageFile(name: string): string | undefined {
  return ROOTS.map((root) => path.join(root, name)).find((file) => existsSync(file))
}

export function packageProgram(name: string): string | undefined {
  return findProgram([name]) ?? packageFile(`usr/sbin/${name}`)
}

/** Libraries of unpacked packages are found beside the others. */
const ENV = {
  ...process.env,
  ...(UNPACKED === ''
    ? {}
    : { LD_LIBRARY_PATH: `${UNPACKED}/usr/lib/${machineName()}:${UNPACKED}/lib/${machineName()}` }),
}

/** As Debian names the folders of its architectures. */
export function machineName(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
}

/** The first thing that looks like a version in what a program says when it is asked. */
export async function versionOf(program: string, flag: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program, [flag], { env: ENV })
  return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? 'of unknown version'
}

export interface Peer {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

export interface PeerProgram {
  readonly program: string
  /** The text of its configuration, and its arguments, which name the file that holds the text. */
  readonly config: (folder: string, port: number) => string
  readonly args: (file: string, folder: string, port: number) => readonly string[]
}

/** Starts it in the foreground on a free port of loopback, with a folder of its own, and waits until it answers anything. */
export async function startPeer(peer: PeerProgram): Promise<Peer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-peer-'))
  // Some work as another user where they were started as root.
  await chmod(folder, 0o777)
  const port = await freePort()
  const file = path.join(folder, 'config')
  await writeFile(file, peer.config(folder, port))
  const child = spawn(peer.program, peer.args(file, folder, port), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: ENV,
  })
  let said = ''
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const impatient = setTimeout(() => child.kill('SIGKILL'), READY_MS)
    await ended
    clearTimeout(impatient)
    await rm(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await answers(url, () => child.exitCode !== null)
  } catch (error) {
    await stop()
    throw new Error(`${peer.program} does not answer:\n${said}`, { cause: error })
  }
  return { url, pid: child.pid!, stop }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function answers(url: string, gone: () => boolean): Promise<void> {
  const until = performance.now() + READY_MS
  for (;;) {
    try {
      await (await fetch(`${url}/ready`)).arrayBuffer()
      return
    } catch (error) {
      if (gone() || performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
