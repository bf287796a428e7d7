import { startServe } from '../test/support/serve.ts'
import type { Started } from '../test/support/serve.ts'
import { readEvents } from '../src/cli/event-stream.ts'
import type { Figure } from './figure.ts'
import { percentile } from './figure.ts'

/** From the moment a client sends the request to the moment it reads "Done", while visitors read. */

const INVALIDATIONS = 200
/** Below the API's limit of 50 requests a second for a key. */
const EVERY_MS = 30
const READS_EVERY_MS = 20
const IDS = ['Backpack_B', 'spinset', 'flat', 'flat1']

/** What is invalidated over and over, and read meanwhile. */
interface Kind {
  readonly name: string
  readonly beside: string
  readonly selection: (id: string) => object
  readonly target: (id: string) => string
}

const ASSETS: Kind = {
  name: 'submit to Done',
  beside: 'by asset',
  selection: (id) => ({ assets: [id], renditions: true }),
  target: (id) => `/is/image/demo/${id}?wid=100`,
}
/** Read anew at its server before it is Done, so that a cache before that server shows itself. */
const ORIGINALS: Kind = {
  name: 'submit to Done of an original on another server',
  beside: 'by original, each read anew',
  selection: (id) => ({ originals: [`sample.li/${id}.jpg`] }),
  target: (id) => `/_t/demo/sample.li/${id}.jpg?w=100`,
}

export async function invalidationFigures(): Promise<readonly Figure[]> {
  return [
    ...(await figuresOf(ASSETS, 2)),
    ...(await figuresOf(ASSETS, 8)),
    ...(await figuresOf(ORIGINALS, 2)),
  ]
}

async function figuresOf(kind: Kind, edges: number): Promise<readonly Figure[]> {
  const sluice = await startServe({ edges })
  try {
    const times = await measure(sluice, kind)
    const beside = `${INVALIDATIONS} invalidations ${kind.beside}, ${edges} edges in process, ${1000 / READS_EVERY_MS} reads a second`
    return [0.5, 0.99].map((share) => ({
      what: `${kind.name}, p${share * 100}, ${edges} edges`,
      value: `${percentile(times, share).toFixed(1)} ms`,
      beside,
    }))
  } finally {
    await sluice.stop()
  }
}

async function measure(sluice: Started, kind: Kind): Promise<readonly number[]> {
  const api = `${sluice.consoleUrl}/api/v1/projects/demo`
  const headers = {
    authorization: `Bearer ${await sluice.adminKey()}`,
    'content-type': 'application/json',
  }
  const stop = new AbortController()
  const done = new Map<string, () => void>()
  const finished = new Map<string, number>()
  const events = await fetch(`${api}/events`, { headers, signal: stop.signal })
  const listening = listen(events.body!, (id) => {
    finished.set(id, performance.now())
    done.get(id)?.()
  })
  const reading = read(sluice, kind, stop.signal)
  const times: number[] = []
  for (let at = 0; at < INVALIDATIONS; at++) {
    const started = performance.now()
    const body = JSON.stringify(kind.selection(IDS[at % IDS.length]!))
    const answer = await fetch(`${api}/invalidations`, { method: 'POST', headers, body })
    const { id } = (await answer.json()) as { id: string }
    if (answer.status !== 202) throw new Error(`submit answered ${answer.status}`)
    await new Promise<void>((resolve) => {
      done.set(id, resolve)
      if (finished.has(id)) resolve()
    })
    times.push(finished.get(id)! - started)
    await wait(Math.max(0, EVERY_MS - (performance.now() - started)))
  }
  stop.abort()
  await Promise.allSettled([listening, reading])
  return times
}

async function listen(
  body: AsyncIterable<Uint8Array>,
  onDone: (id: string) => void,
): Promise<void> {
  for await (const { data } of readEvents(body)) {
    const { id, status } = JSON.parse(data) as { id: string; status: string }
    if (status === 'Done') onDone(id)
    else if (status.startsWith('ERROR')) throw new Error(`${id} ended in ${status}`)
  }
}

async function read(sluice: Started, { target }: Kind, signal: AbortSignal): Promise<void> {
  for (let at = 0; !signal.aborted; at++) {
    const edge = sluice.edges[at % sluice.edges.length]!
    const answer = await fetch(edge + target(IDS[at % IDS.length]!), { signal })
    await answer.arrayBuffer()
    await wait(READS_EVERY_MS)
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
