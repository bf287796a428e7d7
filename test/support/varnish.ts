import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** On a machine that tests keep busy. */
const READY_MS = 20_000

/** A Varnish before one HTTP server, with a door for each way in which a purge may go. */
export interface Varnish {
  /** Takes PURGE from loopback. */
  readonly open: string
  /** Its ACL knows only other addresses, so that PURGE is answered 403. */
  readonly closed: string
  /** Answers 200 to PURGE and does nothing. */
  readonly lying: string
  /** Takes PURGE, and takes our mark away from what it answers. */
  readonly markless: string
  /** Stops it as a machine without a moment's time would, until `go`. */
  freeze(): Promise<void>
  go(): Promise<void>
  stop(): Promise<void>
}

const DOORS = ['open', 'closed', 'lying', 'markless'] as const

export async function startVarnish(program: string, backend: string): Promise<Varnish> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-varnish-'))
  // It reads its file as another user where it was started as root.
  await chmod(folder, 0o755)
  const file = path.join(folder, 'test.vcl')
  await writeFile(file, vcl(new URL(backend)))
  const ports = await freePorts(DOORS.length)
  const doors = DOORS.flatMap((name, at) => ['-a', `${name}=127.0.0.1:${ports[at]}`])
  const place = path.join(folder, 'n')
  const args = ['-F', ...doors, '-n', place, '-s', 'malloc,32m', '-f', file]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const [open, closed, lying, markless] = ports.map((port) => `http://127.0.0.1:${port}`)
  await ready(child, open!, () => said)
  const signal = async (name: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
    for (const pid of await childrenOf(child.pid!)) process.kill(pid, name)
  }
  return {
    open: open!,
    closed: closed!,
    lying: lying!,
    markless: markless!,
    freeze: () => signal('SIGSTOP'),
    go: () => signal('SIGCONT'),
    async stop() {
      await signal('SIGCONT')
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function vcl(backend: URL): string {
  return `vcl 4.1;
backend default { .host = "${backend.hostname}"; .port = "${backend.port}"; }
acl near { "127.0.0.0"/8; }
acl far { "192.0.2.1"; }
sub vcl_recv {
  if (req.method == "PURGE") {
    if (local.socket == "lying") { return (synth(200, "Purged")); }
    if (local.socket == "closed" && client.ip !~ far) { return (synth(403, "Not allowed from here")); }
    if (client.ip !~ near) { return (synth(403, "Not allowed from here")); }
    return (purge);
  }
}
sub vcl_deliver {
  if (local.socket == "markless") { unset resp.http.Sluice-Mark; }
}
sub vcl_backend_response { set beresp.ttl = 1h; set beresp.grace = 0s; }
`
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function ready(child: ChildProcess, url: string, said: () => string): Promise<void> {
  const deadline = Date.now() + READY_MS
  for (;;) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) return
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`Varnish is not ready:\n${said()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The process that caches is a child of the one that was started. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(/\s+/).map(Number)
}
