import { Readable } from 'node:stream'

import { startRole } from '../test/support/serve.ts'
import type { Started } from '../test/support/serve.ts'
import type { Figure } from './figure.ts'
import { percentile } from './figure.ts'
import { cpuSeconds, forgetPeak, peakMegabytes, residentMegabytes } from './process.ts'

/**
 * A list of a million URLs from the first byte sent to Done, over control, an image server and two edges as processes of their own;
 * and what somebody else's single purge takes meanwhile.
 */
const URLS = Number(process.env['BENCH_BULK_URLS'] ?? 1_000_000)
const SECRET = 'a secret of the bench, long enough for nodes'
/** Single purges of the other project: so many on a quiet system, and as many as fit beside the list. */
const QUIET_SINGLES = 40
const BETWEEN_SINGLES_MS = 50
const DONE_MAX_MS = 300_000

export async function bulkFigures(): Promise<readonly Figure[]> {
  const env = { SLUICE_NODE_SECRET: SECRET }
  const control = await startRole('control', { env, args: ['--port', '0'] })
  const started = [control]
  try {
    const link = ['--control', control.consoleUrl]
    const resizer = await startRole('resizer', { env, args: [...link, '--resizer-port', '0'] })
    started.push(resizer)
    for (const id of ['e1', 'e2']) {
      const args = [...link, '--upstream', resizer.resizerUrl, '--edge-ports', '0', '--node-id', id]
      started.push(await startRole('edge', { env, args }))
    }
    return await measure(control, started)
  } finally {
    for (const each of started.toReversed()) await each.stop()
  }
}

async function measure(control: Started, all: readonly Started[]): Promise<readonly Figure[]> {
  const api = new Client(control.consoleUrl, await control.adminKey())
  await api.send('POST', '/projects', { id: 'beside' })
  const edge = all.at(-1)!.edges[0]!
  // The first one of each kind compiles what it needs.
  await api.untilDone('demo', await api.submitLines('demo', edge, 20_000))
  await singles(api, QUIET_SINGLES / 2, () => false)
  const quiet = await singles(api, QUIET_SINGLES, () => false)
  const began = performance.now()
  let done = false
  const list = (async () => {
    const id = await api.submitLines('demo', edge, URLS)
    const acceptedMs = performance.now() - began
    await api.untilDone('demo', id)
    done = true
    return { acceptedMs, doneMs: performance.now() - began }
  })()
  const before = all.map(({ pid }) => cpuSeconds(pid))
  const restingMegabytes = residentMegabytes(control.pid)
  for (const { pid } of all) forgetPeak(pid)
  const beside = await singles(api, Number.POSITIVE_INFINITY, () => done)
  const cpu = all.map(({ pid }, at) => ((cpuSeconds(pid) - before[at]!) / URLS) * 1e6)
  const { acceptedMs, doneMs } = await list
  const peaks = all.map((each) => `${peakMegabytes(each.pid).toFixed(0)} MB`)
  const soft = await softFigure(api, edge, all)
  const ratio = percentile(beside, 0.5) / percentile(quiet, 0.5)
  return [
    {
      what: `${URLS.toLocaleString('en')} URLs, submit to Done`,
      value: `${Math.round((URLS / doneMs) * 1000).toLocaleString('en')} URLs/s`,
      beside: `${(doneMs / 1000).toFixed(1)} s, accepted after ${(acceptedMs / 1000).toFixed(1)} s; 4 processes`,
    },
    {
      what: 'processor time of a URL',
      value: `${cpu.reduce((sum, each) => sum + each).toFixed(1)} µs`,
      beside: `control ${cpu[0]!.toFixed(1)}, image server ${cpu[1]!.toFixed(1)}, edges ${cpu[2]!.toFixed(1)} and ${cpu[3]!.toFixed(1)}; the single purges beside it included`,
    },
    {
      what: 'peak memory meanwhile',
      value: peaks[0]!,
      beside: `control, which had ${restingMegabytes.toFixed(0)} MB before; image server ${peaks[1]}, edges ${peaks.slice(2).join(' and ')}`,
    },
    {
      what: "another project's single purge meanwhile, p50",
      value: `${percentile(beside, 0.5).toFixed(1)} ms`,
      beside: `${ratio.toFixed(2)} × the ${percentile(quiet, 0.5).toFixed(1)} ms on a quiet system; p95 ${percentile(beside, 0.95).toFixed(1)} against ${percentile(quiet, 0.95).toFixed(1)} ms; ${beside.length} of them`,
    },
    soft,
  ]
}

/** The same again, made stale instead of removed; nothing beside it. */
async function softFigure(api: Client, edge: string, all: readonly Started[]): Promise<Figure> {
  for (const { pid } of all) forgetPeak(pid)
  const before = all.map(({ pid }) => cpuSeconds(pid))
  const began = performance.now()
  await api.untilDone('demo', await api.submitLines('demo', edge, URLS, '?mode=soft'))
  const doneMs = performance.now() - began
  const cpu = all.map(({ pid }, at) => ((cpuSeconds(pid) - before[at]!) / URLS) * 1e6)
  const peaks = all.map((each) => `${peakMegabytes(each.pid).toFixed(0)} MB`)
  return {
    what: `${URLS.toLocaleString('en')} URLs softly, submit to Done`,
    value: `${Math.round((URLS / doneMs) * 1000).toLocaleString('en')} URLs/s`,
    beside: `nothing beside it; ${cpu.reduce((sum, each) => sum + each).toFixed(1)} µs of processor time a URL, control ${cpu[0]!.toFixed(1)}; peak memory of control ${peaks[0]}, image server ${peaks[1]}, edges ${peaks.slice(2).join(' and ')}`,
  }
}

/** Submit to Done of one key in the other project, one after the other. */
async function singles(api: Client, most: number, over: () => boolean): Promise<readonly number[]> {
  const times: number[] = []
  while (times.length < most && !over()) {
    const began = performance.now()
    const body = { everything: true, confirm: 'beside' }
    const { id } = (await api.send('POST', '/projects/beside/invalidations', body)) as {
      id: string
    }
    await api.untilDone('beside', id)
    times.push(performance.now() - began)
    await wait(BETWEEN_SINGLES_MS)
  }
  return times
}

class Client {
  readonly #api: string
  readonly #authorization: string

  constructor(server: string, key: string) {
    this.#api = `${server}/api/v1`
    this.#authorization = `Bearer ${key}`
  }

  async send(method: string, path: string, body: unknown): Promise<unknown> {
    const headers = { authorization: this.#authorization, 'content-type': 'application/json' }
    const answer = await fetch(this.#api + path, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    return answer.json()
  }

  async submitLines(project: string, edge: string, count: number, query = ''): Promise<string> {
    const answer = await fetch(`${this.#api}/projects/${project}/invalidations${query}`, {
      method: 'POST',
      headers: { authorization: this.#authorization, 'content-type': 'application/x-ndjson' },
      body: Readable.from(lines(edge, count)),
      duplex: 'half',
    })
    if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`)
    return ((await answer.json()) as { id: string }).id
  }

  /** By the stream of events, so that nothing is asked meanwhile. */
  async untilDone(project: string, id: string): Promise<void> {
    const path = `${this.#api}/projects/${project}/invalidations/${id}/events`
    const signal = AbortSignal.timeout(DONE_MAX_MS)
    const events = await fetch(path, { headers: { authorization: this.#authorization }, signal })
    let text = ''
    for await (const piece of events.body!.pipeThrough(new TextDecoderStream())) {
      text = (text + piece).slice(-20_000)
      const status = [...text.matchAll(/"status":"(Done|ERROR\w*)"/g)].at(-1)?.[1]
      if (status === 'Done') return
      if (status !== undefined) throw new Error(`${id} ended in ${status}`)
    }
    throw new Error(`${id}: its events ended`)
  }
}

/** Four sizes each of a quarter as many pictures, like a shop's list. */
function* lines(edge: string, count: number): Generator<Buffer> {
  const PER_PIECE = 1000
  for (let from = 0; from < count; from += PER_PIECE) {
    const some = Array.from({ length: Math.min(PER_PIECE, count - from) }, (_, at) => {
      const n = from + at
      return `${edge}/is/image/demo/catalogue/${(n >> 2) % 97}/product-${n >> 2}?wid=${100 + (n & 3) * 200}&fmt=webp\n`
    })
    yield Buffer.from(some.join(''))
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

if (import.meta.main) console.table(await bulkFigures())
