import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

import { startRole } from '../test/support/serve.ts'
import type { Started } from '../test/support/serve.ts'
import type { Figure } from './figure.ts'
import { percentile } from './figure.ts'
import type { LoopDelay } from './loop-delay.ts'

/** Control as a process, asked over HTTP one request after the other, and its event loop, measured inside. */
export interface MeasuredControl {
  readonly pid: number
  /** How long each answer took, in milliseconds. `{cursor}` is that of the page before. */
  ask(requests: Iterable<string>): Promise<readonly number[]>
  /** Since it was last asked for, or the start. */
  loopDelay(): Promise<LoopDelay>
  stop(): Promise<unknown>
}

/** Below the API's limit of 50 requests a second for a key. */
const EVERY_MS = 25
const DELAY_WITHIN_MS = 5000
const SECRET = 'a secret of the bench, long enough for nodes'

export async function startMeasured(data: string): Promise<MeasuredControl> {
  const delayFile = path.join(data, 'loop-delay.json')
  const control = await startRole('control', {
    data,
    args: ['--port', '0'],
    env: {
      SLUICE_NODE_SECRET: SECRET,
      // Nothing may be forgotten while it is measured.
      SLUICE_LOG_DAYS: '36500',
      LOOP_DELAY_FILE: delayFile,
      NODE_OPTIONS: `--import ${path.join(import.meta.dirname, 'loop-delay.ts')}`,
    },
  })
  return {
    pid: control.pid,
    ask: (requests) => ask(control, requests),
    loopDelay: () => loopDelay(control, delayFile),
    stop: () => control.stop(),
  }
}

export function* requestsOf(prefix: string, queries: Iterable<string>): Generator<string> {
  for (const query of queries) yield prefix + query
}

export function timeFigure(what: string, values: readonly number[], beside: string): Figure {
  const [p50, p95, worst] = [0.5, 0.95, 1].map((share) => percentile(values, share).toFixed(1))
  return {
    what: `${what}, p95`,
    value: `${p95} ms`,
    beside: `${values.length} requests; p50 ${p50}, worst ${worst} ms; ${beside}`,
  }
}

export function delayFigure(what: string, { p50, p99, worst }: LoopDelay): Figure {
  return {
    what: `control's event loop, late beside ${what}, p99`,
    value: `${p99.toFixed(1)} ms`,
    beside: `p50 ${p50.toFixed(1)}, worst ${worst.toFixed(1)} ms`,
  }
}

async function ask(control: Started, requests: Iterable<string>): Promise<readonly number[]> {
  const api = `${control.consoleUrl}/api/v1/projects/demo`
  const headers = { authorization: `Bearer ${await control.adminKey()}` }
  const measured: number[] = []
  let cursor = ''
  for (const request of requests) {
    const began = performance.now()
    const answer = await fetch(api + request.replace('{cursor}', cursor), { headers })
    const text = await answer.text()
    const ms = performance.now() - began
    if (answer.status !== 200) throw new Error(`${request}: ${answer.status} ${text}`)
    if (process.env['BENCH_VERBOSE']) process.stderr.write(`${ms.toFixed(1)} ${request}\n`)
    measured.push(ms)
    cursor = (JSON.parse(text) as { nextCursor: string | null }).nextCursor ?? cursor
    await wait(EVERY_MS)
  }
  return measured
}

async function loopDelay(control: Started, file: string): Promise<LoopDelay> {
  rmSync(file, { force: true })
  control.child.kill('SIGUSR2')
  const until = performance.now() + DELAY_WITHIN_MS
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') {
    if (performance.now() > until) throw new Error('the server did not say how late it was')
    await wait(EVERY_MS)
  }
  return JSON.parse(readFileSync(file, 'utf8')) as LoopDelay
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
