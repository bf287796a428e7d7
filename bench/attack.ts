/**
 * A flood of 5,000 new URLs a second from one client while another is served 500 hits a second, beside the same hits in quiet. Clients
 * of a real attack have processors of their own; here they share the server's. So it is measured too what the flood costs the hits when
 * it goes to another server: that is this machine's part.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { mostInOneSecond } from '../test/support/clients.ts'
import { startSampleOrigin } from '../test/support/sample-origin.ts'
import type { SampleOrigin } from '../test/support/sample-origin.ts'
import { startServe } from '../test/support/serve.ts'
import type { Started } from '../test/support/serve.ts'
import { percentile } from './figure.ts'
import type { Figure } from './figure.ts'
import type { FloodOrder, FloodResult } from './flood.ts'
import { cpuSeconds } from './process.ts'

const exec = promisify(execFile)
const HOST = 'doc.localhost'
const ATTACK = { perSecond: 5000, from: '127.0.0.2', connections: 64 } as const
const ATTACK_SECONDS = 30
const VISIT = { perSecond: 500, from: '127.0.0.3', connections: 16, each: 'hit' } as const
const QUIET_SECONDS = 10
const EACH = ['width', 'vh'] as const
const NAMED = { width: 'distinct w=', vh: 'random vh=' } as const

interface Bench {
  readonly sluice: Started
  readonly origin: SampleOrigin
  readonly hit: string
  /** Somewhere else to flood. */
  readonly elsewhere: string
}

export async function attackFigures(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-attack-'))
  const origin = await startSampleOrigin()
  await origin.put('/flood.png', 'teal')
  await origin.put('/hit.png', 'navy')
  const sluice = await startServe({ edges: 1, env: { SLUICE_ASSETS: folder } })
  const other = await startRefusing()
  try {
    await allowOrigin(sluice, origin)
    const hit = `${sluice.edges[0]!}/sample.li/hit.png?w=200`
    const bench = { sluice, origin, hit, elsewhere: `${other.url}/flood.png?w=100` }
    await flood({ ...VISIT, url: hit, host: HOST, seconds: 3 })
    return await measured(bench)
  } finally {
    other.close()
    await sluice.stop()
    await origin.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measured(bench: Bench): Promise<readonly Figure[]> {
  const order = { ...VISIT, url: bench.hit, host: HOST, seconds: QUIET_SECONDS }
  const quiet = [await flood(order)]
  const cpuBefore = cpuSeconds(bench.sluice.pid)
  quiet.push(await flood(order))
  const quietShare = (cpuSeconds(bench.sluice.pid) - cpuBefore) / QUIET_SECONDS
  const attacks: Attacked[] = []
  for (const each of EACH) {
    attacks.push(await attacked(bench, each))
    quiet.push(await flood(order))
  }
  const attack = { ...ATTACK, url: bench.elsewhere, host: HOST, seconds: QUIET_SECONDS }
  const [beside] = await Promise.all([flood(order), flood({ ...attack, each: 'width' })])
  const quietMs = percentile(
    quiet.map(({ p99Ms }) => p99Ms),
    0.5,
  )
  const against = (p99Ms: number): string =>
    `${(p99Ms / quietMs).toFixed(2)} × its quiet run (${quietMs.toFixed(2)} ms, the middle of ${quiet.length})`
  return [
    ...attacks.flatMap((each) => figuresOf(each, against, quietShare)),
    {
      what: 'the same flood at another server, hit p99 here',
      value: `${beside.p99Ms.toFixed(2)} ms`,
      beside: against(beside.p99Ms),
    },
  ]
}

interface Attacked {
  readonly each: (typeof EACH)[number]
  readonly attack: FloodResult
  readonly visit: FloodResult
  readonly readsInOneSecond: number
  /** Processor seconds of the server a second. */
  readonly share: number
}

async function attacked(
  { sluice, origin, hit }: Bench,
  each: (typeof EACH)[number],
): Promise<Attacked> {
  const readsBefore = origin.times.length
  const cpuBefore = cpuSeconds(sluice.pid)
  const url = `${sluice.edges[0]!}/sample.li/flood.png?w=100`
  const seconds = ATTACK_SECONDS
  const [attack, visit] = await Promise.all([
    flood({ ...ATTACK, url, host: HOST, each, seconds }),
    flood({ ...VISIT, url: hit, host: HOST, seconds }),
  ])
  return {
    each,
    attack,
    visit,
    readsInOneSecond: mostInOneSecond(origin.times.slice(readsBefore)),
    share: (cpuSeconds(sluice.pid) - cpuBefore) / seconds,
  }
}

function figuresOf(
  { each, attack, visit, readsInOneSecond, share }: Attacked,
  against: (p99Ms: number) => string,
  quietShare: number,
): readonly Figure[] {
  const what = `attack with ${NAMED[each]}`
  const told = Object.entries(attack.statuses).map(([status, count]) => `${count} × ${status}`)
  const perSecond = Math.round(attack.sent / ATTACK_SECONDS)
  const costMicroseconds = ((share - quietShare) / (attack.sent / ATTACK_SECONDS)) * 1e6
  return [
    {
      what: `${what}, most reads of the origin in a second`,
      value: String(readsInOneSecond),
      beside: `at most 50; ${perSecond} new URLs/s for ${ATTACK_SECONDS} s: ${told.join(', ')}`,
    },
    {
      what: `${what}, hit p99 of another client`,
      value: `${visit.p99Ms.toFixed(2)} ms`,
      beside: `${against(visit.p99Ms)}; ${Math.round(visit.sent / ATTACK_SECONDS)}/s, ${JSON.stringify(visit.statuses)}`,
    },
    {
      what: `${what}, processor time for each URL`,
      value: `${costMicroseconds.toFixed(0)} µs`,
      beside: 'whole process, with the pictures that were let in',
    },
  ]
}

/** Answers whatever comes with the same few bytes: as little as a server can do. */
async function startRefusing(): Promise<{ readonly url: string; close(): void }> {
  const answer = Buffer.from('HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n')
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true).on('data', () => socket.write(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}

async function allowOrigin(sluice: Started, origin: SampleOrigin): Promise<void> {
  const rule = { host: 'sample.li', scheme: 'http', connectTo: origin.place, allowPrivate: true }
  await fetch(`${sluice.consoleUrl}/api/v1/projects/demo`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${await sluice.adminKey()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ automaticInvalidation: false, tokens: ['doc'], origins: [rule] }),
  })
}

async function flood(order: FloodOrder): Promise<FloodResult> {
  const script = path.join(import.meta.dirname, 'flood.ts')
  const { stdout } = await exec(process.execPath, [script, JSON.stringify(order)])
  return JSON.parse(stdout) as FloodResult
}
