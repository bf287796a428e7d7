import { Freshness } from '../../src/cache/freshness.ts'
import { MarkedCache, memoryBodies } from '../../src/cache/marked-cache.ts'
import { keyHash } from '../../src/contract/keys.ts'
import { NODE_HEADERS } from '../../src/contract/node-protocol.ts'
import type { NamesRecord } from '../../src/contract/records.ts'
import { EDGE_METRICS, Edge } from '../../src/edge/edge.ts'
import type { EdgeParts } from '../../src/edge/edge.ts'
import { edgeHandler } from '../../src/edge/edge-server.ts'
import type { EdgeCache } from '../../src/edge/fill.ts'
import { HttpUpstream } from '../../src/edge/http-upstream.ts'
import type { KeptMeta } from '../../src/edge/kept.ts'
import { SluiceResolver } from '../../src/edge/sluice-resolver.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { listen } from '../../src/kernel/http-server.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { createMetrics } from '../../src/kernel/metrics.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { systemTimers } from '../../src/kernel/timers.ts'
import { parseNetworks, trustedProxies } from '../../src/kernel/trusted-proxies.ts'
import { startPlainEdge } from '../../src/roles/edge-role.ts'
import type { Machine } from '../../src/roles/role.ts'
import { ask } from './http.ts'
import type { AskOptions, Asked } from './http.ts'

export const NODE_SECRET = 'a-node-secret-of-at-least-32-characters'
export const LOG_ID = 'the-log'

/** The machine's clock, which a test may move ahead. */
export interface MovableClock extends Clock {
  advance(ms: number): void
  /** Its monotonic clock stands still, and no other. */
  suspend(ms: number): void
}

export function movableClock(): MovableClock {
  let moved = 0
  let slept = 0
  return {
    now: () => performance.now() + moved,
    wall: () => Date.now() + moved + slept,
    boot: () => performance.now() + moved + slept,
    advance: (ms) => void (moved += ms),
    suspend: (ms) => void (slept += ms),
  }
}

export function testMachine(clock: Clock): Machine & { text: () => Promise<string> } {
  const metrics = createMetrics([EDGE_METRICS])
  return {
    clock,
    timers: systemTimers,
    random: systemRandom,
    log: silentLog,
    metrics,
    version: '0.0.0-test',
    text: () => metrics.exposition(),
  }
}

export interface PlainBench {
  readonly url: string
  readonly clock: MovableClock
  get(target: string, options?: AskOptions): Promise<Asked>
  purge(target: string): Promise<Asked>
  stop(): Promise<void>
}

/** A plain cache before `upstreamUrl`, as `sluice edge --upstream` starts it. */
export async function plainBench(
  upstreamUrl: string,
  { memoryBytes = 1_000_000, purgeFrom = ['127.0.0.1'], trusted = [] as string[] } = {},
): Promise<PlainBench> {
  const clock = movableClock()
  const place = { host: '127.0.0.1', port: 0 }
  const settings = {
    ...place,
    upstreamUrl,
    memoryBytes,
    trustedProxies: trusted,
    purgeFrom,
    missLimit: null,
    connectionsPerClient: 1_000,
  }
  const edge = await startPlainEdge(testMachine(clock), settings)
  const get = (target: string, options: AskOptions = {}): Promise<Asked> =>
    ask(edge.url + target, { ...options, headers: { host: 'site.example', ...options.headers } })
  return {
    url: edge.url,
    clock,
    get,
    purge: (target) => get(target, { method: 'PURGE' }),
    stop: () => edge.stop(),
  }
}

export const NAMES: NamesRecord = {
  projects: [
    {
      project: 'demo',
      companies: ['DemoCompany'],
      tokens: ['doc'],
      hosts: ['images.example'],
      originAliases: {},
    },
  ],
}

/** What a resizer says of an answer besides its bytes. */
export function provenance(mark: number, keyTexts: readonly string[]): Record<string, string> {
  return {
    [NODE_HEADERS.log]: LOG_ID,
    [NODE_HEADERS.mark]: String(mark),
    [NODE_HEADERS.keys]: keyTexts.map(keyHash).join(','),
  }
}

export interface SluiceBench {
  readonly url: string
  readonly clock: MovableClock
  readonly freshness: Freshness
  readonly cache: EdgeCache
  readonly served: string[]
  /** The cache role itself, without a socket before it. */
  readonly edge: Edge
  get(target: string, options?: AskOptions): Promise<Asked>
  purge(...keyTexts: string[]): number
  /** A soft purge with a window of `softMs`. */
  softPurge(softMs: number, ...keyTexts: string[]): number
  /** The same, as a long list enters the log. */
  softList(softMs: number, ...keyTexts: string[]): number
  lease(): void
  /** The exposition of its metrics. */
  metrics(): Promise<string>
  stop(): Promise<void>
}

/** An edge that lives by a purge log, before something that answers as a resizer does. */
export async function sluiceBench(
  upstreamUrl: string,
  {
    memoryBytes = 4_000_000,
    trusted = '',
    timers = systemTimers,
    missLimit = undefined as EdgeParts['missLimit'],
  } = {},
): Promise<SluiceBench> {
  const clock = movableClock()
  const machine = testMachine(clock)
  const freshness = new Freshness(clock)
  const cache: EdgeCache = new MarkedCache<KeptMeta, Uint8Array>({
    freshness,
    bodies: memoryBodies,
    bytesMax: memoryBytes,
  })
  const upstream = new HttpUpstream(upstreamUrl, NODE_SECRET)
  const served: string[] = []
  const edge = new Edge({
    ...machine,
    timers,
    meter: machine.metrics,
    freshness,
    cache,
    upstream,
    ...(missLimit ? { missLimit } : {}),
    resolver: (made) => new SluiceResolver(made),
    onServed: (request) => void served.push(`${request.scheme}://${request.host}${request.target}`),
  })
  const proxies = trustedProxies(parseNetworks(trusted) ?? [])
  const door = edgeHandler({
    edge,
    log: silentLog,
    nodeSecret: NODE_SECRET,
    trustedProxies: proxies,
  })
  const listening = await listen(door, { host: '127.0.0.1', port: 0, setting: 'SLUICE_EDGE_PORTS' })
  const lease = (): void =>
    freshness.grant({
      head: freshness.applied,
      leaseMs: 3_600_000,
      sentAt: clock.now(),
      sentWall: clock.wall(),
    })
  freshness.startEmpty(LOG_ID, 0)
  freshness.heard(1_000)
  lease()
  return {
    url: listening.url,
    clock,
    freshness,
    cache,
    served,
    edge,
    get: (target, options) => ask(listening.url + target, options),
    purge(...keyTexts) {
      const keys = keyTexts.map(keyHash)
      freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'purge', keys })
      return freshness.applied
    },
    softPurge(softMs, ...keyTexts) {
      const keys = keyTexts.map(keyHash)
      freshness.apply({ seq: freshness.applied + 1, project: 'demo', kind: 'soft', softMs, keys })
      return freshness.applied
    },
    softList(softMs, ...keyTexts) {
      const packed = Buffer.concat(keyTexts.map((text) => Buffer.from(keyHash(text), 'base64url')))
      const entry = { project: 'demo', kind: 'packed', keys: [], packed, softMs }
      freshness.apply({ seq: freshness.applied + 1, ...entry })
      return freshness.applied
    },
    lease,
    metrics: () => machine.text(),
    async stop() {
      await listening.stop()
      await upstream.close()
    },
  }
}
