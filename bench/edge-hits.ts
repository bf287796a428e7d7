import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

import { startServe } from '../test/support/serve.ts'
import type { Figure } from './figure.ts'
import type { LoadResult } from './load.ts'
import { packageProgram, startPeer } from './peer.ts'
import { childrenOf, cpuSeconds } from './process.ts'

const exec = promisify(execFile)
const CONNECTIONS = 32
const SECONDS = 5
const TARGET = '/is/image/demo/flat?wid=200'

interface Measured extends LoadResult {
  readonly cpuMicrosecondsPerRequest: number
}

/** Hits of one small picture: an edge of ours, and nginx's cache beside it, with the same bytes and the same load. */
export async function edgeFigures(): Promise<readonly Figure[]> {
  const sluice = await startServe()
  try {
    const edge = sluice.edges[0]!
    const bytes = (await (await fetch(`${edge}${TARGET}`)).arrayBuffer()).byteLength
    const ours = await measure(`${edge}${TARGET}`, sluice.pid)
    const beside = `${bytes} bytes, ${CONNECTIONS} connections, one process`
    const figures = [
      { what: 'edge hits', value: `${Math.round(ours.requests / ours.seconds)}/s`, beside },
      {
        what: 'edge hit, p50 and p99',
        value: `${ours.p50Ms.toFixed(2)} and ${ours.p99Ms.toFixed(2)} ms`,
        beside: 'under that load',
      },
      {
        what: 'edge, processor time of a hit',
        value: `${ours.cpuMicrosecondsPerRequest.toFixed(0)} µs`,
        beside: 'whole process',
      },
    ]
    const nginx = packageProgram('nginx')
    if (nginx === undefined) return figures
    const theirs = await withNginx(nginx, edge, (url, pid) => measure(`${url}${TARGET}`, pid))
    return [
      ...figures,
      {
        what: 'nginx hits',
        value: `${Math.round(theirs.requests / theirs.seconds)}/s`,
        beside: `its proxy_cache before the same edge, one worker: we do ${times(ours.requests / ours.seconds / (theirs.requests / theirs.seconds))} of it`,
      },
      {
        what: 'nginx, processor time of a hit',
        value: `${theirs.cpuMicrosecondsPerRequest.toFixed(0)} µs`,
        beside: `we take ${times(ours.cpuMicrosecondsPerRequest / theirs.cpuMicrosecondsPerRequest)}`,
      },
    ]
  } finally {
    await sluice.stop()
  }
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`
}

async function measure(url: string, pid: number): Promise<Measured> {
  // Once to warm compilers and caches.
  await load(url, 1)
  const before = cpuSeconds(pid)
  const result = await load(url, SECONDS)
  const cpu = cpuSeconds(pid) - before
  return { ...result, cpuMicrosecondsPerRequest: (cpu / result.requests) * 1e6 }
}

async function load(url: string, seconds: number): Promise<LoadResult> {
  const script = path.join(import.meta.dirname, 'load.ts')
  const { stdout } = await exec(process.execPath, [
    script,
    url,
    String(CONNECTIONS),
    String(seconds),
  ])
  return JSON.parse(stdout) as LoadResult
}

async function withNginx<Result>(
  program: string,
  upstream: string,
  use: (url: string, workerPid: number) => Promise<Result>,
): Promise<Result> {
  const peer = await startPeer({
    program,
    config: (folder, port) => nginxConfig(folder, port, upstream),
    args: (file) => ['-e', 'stderr', '-c', file],
  })
  try {
    return await use(peer.url, childrenOf(peer.pid)[0]!)
  } finally {
    await peer.stop()
  }
}

function nginxConfig(folder: string, port: number, upstream: string): string {
  return `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  proxy_cache_path ${folder}/cache keys_zone=pictures:10m use_temp_path=off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${upstream}; proxy_http_version 1.1; proxy_cache pictures; proxy_cache_valid 200 10m; proxy_ignore_headers Vary Cache-Control; }
  }
}
`
}
