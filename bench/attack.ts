import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

import { mostInOneSecond } from '../test/support/clients.ts'
import { startSampleOrigin } from '../test/support/sample-origin.ts'
import type { SampleOrigin } from '../test/support/sample-origin.ts'
import { startServe } from '../test/support/serve.ts'
import type { Started } from '../test/support/serve.ts'
import type { Figure } from './figure.ts'
import type { FloodOrder, FloodResult } from './flood.ts'

const exec = promisify(execFile)
const HOST = 'doc.localhost'
const ATTACK = { perSecond: 5000, seconds: 30, from: '127.0.0.2', connections: 64 } as const
const VISIT = { perSecond: 500, from: '127.0.0.3', connections: 16, each: 'hit' } as const
const QUIET_SECONDS = 10

/** A flood of 5,000 new URLs a second from one client while another is served 500 hits a second, beside the same hits in quiet. */
export async function attackFigures(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-attack-'))
  const origin = await startSampleOrigin()
  await origin.put('/flood.png', 'teal')
  await origin.put('/hit.png', 'navy')
  const sluice = await startServe({ edges: 1, env: { SLUICE_ASSETS: folder } })
  try {
    await allowOrigin(sluice, origin)
    const hit = `${sluice.edges[0]!}/sample.li/hit.png?w=200`
    await flood({ ...VISIT, url: hit, host: HOST, seconds: 3 })
    const quiet = await flood({ ...VISIT, url: hit, host: HOST, seconds: QUIET_SECONDS })
    const figures: Figure[] = []
    for (const each of ['width', 'vh'] as const) {
      figures.push(...(await attacked(sluice, origin, hit, each, quiet)))
    }
    return figures
  } finally {
    await sluice.stop()
    await origin.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function attacked(
  sluice: Started,
  origin: SampleOrigin,
  hit: string,
  each: 'width' | 'vh',
  quiet: FloodResult,
): Promise<readonly Figure[]> {
  const readsBefore = origin.times.length
  const url = `${sluice.edges[0]!}/sample.li/flood.png?w=100`
  const [attack, visit] = await Promise.all([
    flood({ ...ATTACK, url, host: HOST, each }),
    flood({ ...VISIT, url: hit, host: HOST, seconds: ATTACK.seconds }),
  ])
  const reads = origin.times.slice(readsBefore)
  const what = each === 'width' ? 'distinct w=' : 'random vh='
  const told = Object.entries(attack.statuses).map(([status, count]) => `${count} × ${status}`)
  return [
    {
      what: `attack with ${what}, most reads of the origin in a second`,
      value: String(mostInOneSecond(reads)),
      beside: `at most 50; ${Math.round(attack.sent / ATTACK.seconds)} new URLs/s for ${ATTACK.seconds} s: ${told.join(', ')}`,
    },
    {
      what: `attack with ${what}, hit p99 of another client`,
      value: `${visit.p99Ms.toFixed(2)} ms`,
      beside: `${(visit.p99Ms / quiet.p99Ms).toFixed(2)} × its quiet run (${quiet.p99Ms.toFixed(2)} ms); ${Math.round(visit.sent / ATTACK.seconds)}/s, ${JSON.stringify(visit.statuses)}`,
    },
  ]
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
