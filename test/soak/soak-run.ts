import { Chance } from '../sim/chance.ts'
import { until } from '../support/http.ts'
import { prepareGround, startCluster } from './cluster.ts'
import type { Cluster, Ground } from './cluster.ts'
import { controlClient } from './control-client.ts'
import type { ControlClient } from './control-client.ts'
import { ASSETS, Ledger, SHOWN, pictureOf } from './ledger.ts'
import { EDGES, faultInWords, planFaults } from './plan.ts'
import type { Fault, FaultKind } from './plan.ts'
import { read } from './reader.ts'
import type { ReaderTally } from './reader.ts'
import { watch, write } from './writer.ts'
import type { WriterTally } from './writer.ts'

/**
 * Real processes under faults, with a reader at every edge and writers that replace and invalidate. Nothing stale after Done, and
 * nothing that was accepted is lost; when the faults are over, everything works.
 */

export interface SoakOptions {
  readonly seed: number
  readonly totalMs: number
  readonly leaseMs: number
  readonly say: (line: string) => void
  /** Ends it early, and in order. */
  readonly interrupted?: AbortSignal
}

export interface SoakReport {
  readonly seed: number
  readonly tookMs: number
  /** False where nobody may mount a small disk: then no disk was ever full. */
  readonly disks: boolean
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly reading: ReaderTally
  readonly writing: WriterTally
  readonly askedAgain: number
  /** Why the promise, or the soak itself, does not hold: empty when all is well. */
  readonly failures: readonly string[]
}

/** Two, so that invalidations of one overtake those of the other. */
const WRITERS = [ASSETS.slice(0, 2), ASSETS.slice(2)] as const
const WHOLE_AGAIN_MS = 60_000

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const ground = await prepareGround()
  try {
    const cluster = await startCluster(ground, options)
    try {
      return await soak(cluster, ground, options)
    } finally {
      await cluster.stop()
    }
  } finally {
    await ground.clear()
  }
}

async function soak(cluster: Cluster, ground: Ground, options: SoakOptions): Promise<SoakReport> {
  const { seed, totalMs, say } = options
  const disks = ground.disks.size > 0
  const plan = planFaults({ seed, totalMs, leaseMs: options.leaseMs, disks })
  const gone = new AbortController()
  const control = controlClient(cluster, gone.signal)
  const ledger = new Ledger()
  const writing = emptyWriting()
  const reading = emptyReading()
  for (const asset of ASSETS) await control.put(asset, await pictureOf(0))
  const began = performance.now()
  const sinceMs = (): number => performance.now() - began
  const stopWriting = new AbortController()
  const stopReading = new AbortController()
  const failures: string[] = []
  /** One that breaks must not take the others with it: nodes and disks are put away in any case. */
  const noted = (error: unknown): void => void failures.push(`the soak itself: ${String(error)}`)
  const readers = EDGES.map((edge, at) => {
    const chance = new Chance(seed, 20 + at)
    const [stopped, url] = [stopReading.signal, () => cluster.edgeUrl(edge)]
    return read({ edge, ledger, tally: reading, sinceMs, chance, stopped, url }).catch(noted)
  })
  const writers = WRITERS.map((assets, at) => {
    const [name, chance, stopped] = [`writer ${at}`, new Chance(seed, 10 + at), stopWriting.signal]
    const tally = writing
    return write({ name, assets, control, ledger, chance, tally, stopped }).catch(noted)
  })
  const inflicted: Fault[] = []
  await inflictAll({ plan, cluster, sinceMs, inflicted }, options).catch(noted)
  stopWriting.abort()
  say(`the faults are over after ${Math.round(sinceMs())} ms`)
  if (options.interrupted?.aborted === true) {
    failures.push('interrupted: what happened until then is not held against the log')
  } else {
    const giveUp = setTimeout(() => gone.abort(), 2 * WHOLE_AGAIN_MS)
    try {
      await Promise.all(writers)
      await wholeAgain(cluster, control, ledger, writing)
    } catch (error) {
      failures.push(`when the faults were over: ${String(error)}`)
    }
    stopReading.abort()
    const calm = new AbortController()
    const stuck = wait(WHOLE_AGAIN_MS, calm.signal).then(() => 'an edge never answered a reader')
    const answered = await Promise.race([Promise.all(readers), stuck])
    calm.abort()
    if (typeof answered === 'string') failures.push(answered)
    failures.push(...(await audit(control, writing)), ...cluster.unexpected())
    clearTimeout(giveUp)
  }
  failures.push(...reading.stale, ...reading.wrong)
  if (failures.length > 0) say(cluster.said())
  const { askedAgain } = control
  const faults = counted(inflicted)
  const tookMs = sinceMs()
  return { seed, tookMs, disks, faults, reading, writing, askedAgain, failures: [...failures] }
}

interface Inflicting {
  readonly plan: readonly Fault[]
  readonly cluster: Cluster
  readonly sinceMs: () => number
  /** Grows as they are. */
  readonly inflicted: Fault[]
}

/** Each at its time; those of two lanes may overlap. Ends when all are over. */
async function inflictAll(
  { plan, cluster, sinceMs, inflicted }: Inflicting,
  { totalMs, say, interrupted }: SoakOptions,
): Promise<void> {
  const lanes = [
    plan.filter(({ kind }) => kind === 'kill' || kind === 'stop'),
    plan.filter(({ kind }) => kind !== 'kill' && kind !== 'stop'),
  ]
  const over = (): boolean => interrupted?.aborted === true || sinceMs() > totalMs
  await Promise.all(
    lanes.map(async (lane) => {
      for (const fault of lane) {
        // A node that takes long to come back makes its lane late, never the faults closer.
        await wait(fault.atMs - sinceMs(), interrupted)
        if (over()) return
        say(faultInWords(fault))
        inflicted.push(fault)
        await cluster.inflict(fault)
      }
    }),
  )
  await wait(totalMs - sinceMs(), interrupted)
}

/** Everything is written once more and invalidated; every edge shows it, and answers from its cache again. */
async function wholeAgain(
  cluster: Cluster,
  control: ControlClient,
  ledger: Ledger,
  tally: WriterTally,
): Promise<void> {
  for (const asset of ASSETS) {
    const version = ledger.written(asset) + 1
    await control.put(asset, await pictureOf(version))
    ledger.wrote(asset, version)
    tally.replaced += 1
  }
  const promised = ledger.promise(SHOWN)
  const id = await control.submit('at the end', { everything: true, confirm: 'demo' })
  tally.accepted.push(id)
  await watch(id, promised, { control, ledger, tally })
  for (const edge of EDGES) {
    for (const { target } of SHOWN) {
      const hit = async (): Promise<boolean> => {
        const answer = await fetch(cluster.edgeUrl(edge) + target)
        await answer.arrayBuffer()
        return /sluice-edge; hit/.test(answer.headers.get('cache-status') ?? '')
      }
      await until(`${edge} answers ${target} from its cache again`, hit, WHOLE_AGAIN_MS, 50)
    }
  }
}

/** Nothing that was accepted is missing in the log, or ended otherwise than Done. */
async function audit(control: ControlClient, { accepted, lost }: WriterTally): Promise<string[]> {
  const log = await control.log().catch((error: unknown) => String(error))
  if (typeof log === 'string') return [`the log cannot be read: ${log}`]
  const missing = accepted.filter((id) => log.get(id)?.status !== 'Done')
  return [...new Set([...lost, ...missing])].map(
    (id) => `invalidation ${id} was accepted and is ${log.get(id)?.status ?? 'unknown'}`,
  )
}

function counted(faults: readonly Fault[]): ReadonlyMap<FaultKind, number> {
  const counts = new Map<FaultKind, number>()
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

function emptyWriting(): WriterTally {
  return { replaced: 0, accepted: [], done: 0, retried: [], lost: [], slowestDoneMs: 0 }
}

function emptyReading(): ReaderTally {
  return { answers: 0, hits: 0, notModified: 0, unavailable: 0, stale: [], wrong: [] }
}

function wait(ms: number, interrupted: AbortSignal | undefined): Promise<void> {
  if (ms <= 0 || interrupted?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer)
      interrupted?.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    interrupted?.addEventListener('abort', over)
  })
}
