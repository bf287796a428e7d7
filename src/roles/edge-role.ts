import { Freshness } from '../cache/freshness.ts'
import { MarkedCache, memoryBodies } from '../cache/marked-cache.ts'
import { Sweeper } from '../cache/sweeper.ts'
import type { Peek } from '../contract/node-protocol.ts'
import { parseCanonicalTarget } from '../contract/parse-delivery-url.ts'
import { unsignedTarget } from '../contract/signed-url.ts'
import { Edge } from '../edge/edge.ts'
import type { EdgeParts } from '../edge/edge.ts'
import { edgeHandler } from '../edge/edge-server.ts'
import type { EdgeDoorParts } from '../edge/edge-server.ts'
import type { EdgeCache } from '../edge/fill.ts'
import { HttpUpstream } from '../edge/http-upstream.ts'
import type { KeptMeta } from '../edge/kept.ts'
import { KeptUrls } from '../edge/kept-urls.ts'
import { OpenRequests } from '../edge/open-requests.ts'
import { PlainResolver } from '../edge/plain-resolver.ts'
import { MissLimit } from '../edge/miss-limit.ts'
import type { MissLimitOptions } from '../edge/miss-limit.ts'
import { ServedUrls } from '../edge/served-urls.ts'
import { SluiceResolver } from '../edge/sluice-resolver.ts'
import { listen } from '../kernel/http-server.ts'
import type { Listening } from '../kernel/http-server.ts'
import { randomToken } from '../kernel/ids.ts'
import { inNetworks, parseNetworks, trustedProxies } from '../kernel/trusted-proxies.ts'
import { countHits } from './hit-count.ts'
import { startNodeLife } from './node-life.ts'
import type { Machine, NodePlace, Running } from './role.ts'

export interface EdgeSettings {
  readonly host: string
  readonly port: number
  readonly upstreamUrl: string
  readonly memoryBytes: number
  readonly trustedProxies: readonly string[]
  /** For each client; none when absent, and on a plain edge. */
  readonly missLimit?: MissLimitOptions | null
  /** Connections of one client at a time; absent: any number. */
  readonly connectionsPerClient?: number
}

/** An edge before an image server of ours, living by the purge log. */
export async function startEdge(
  machine: Machine,
  place: NodePlace,
  settings: EdgeSettings,
): Promise<Running> {
  const { clock, timers, log, metrics } = machine
  const freshness = new Freshness(clock)
  const cache: EdgeCache = new MarkedCache<KeptMeta, Uint8Array>({
    freshness,
    bodies: memoryBodies,
    bytesMax: settings.memoryBytes,
  })
  const upstream = new HttpUpstream(settings.upstreamUrl, place.nodeSecret)
  const served = new ServedUrls()
  const counted = countHits(metrics, 'sluice_edge_requests_total')
  const edge = new Edge({
    clock,
    timers,
    log: log.child({ node: place.id }),
    meter: counted.meter,
    freshness,
    cache,
    upstream,
    resolver: (made) => new SluiceResolver(made),
    ...(settings.missLimit ? { missLimit: new MissLimit(clock, log, settings.missLimit) } : {}),
    ...spellings(machine, place, served, freshness),
  })
  const open = new OpenRequests()
  const listening = await openDoor({ edge, log, nodeSecret: place.nodeSecret, open }, settings)
  const life = await startNodeLife(machine, place, {
    role: 'edge',
    urls: [listening.url],
    freshness,
    stats: () => ({
      entries: cache.count,
      bytes: cache.bytes,
      stamps: freshness.stampCount,
      floor: freshness.floor,
      ...counted.counts(),
    }),
    peek: (targets) => targets.map((target) => peekAt(cache, freshness, target)),
    onRegistered: async () => undefined,
    async drain(rule) {
      const { waited, cut } = await open.drain(rule, timers)
      if (cut > 0) log.warn({ node: place.id, waited, cut }, 'answers to an outer cache were cut')
    },
  })
  const sweeper = new Sweeper(freshness, [cache], timers)
  sweeper.start()
  served.start(timers, log, (urls, signal) =>
    place.link.reportServed(life.incarnation, urls, signal),
  )
  metrics.beforeExposition(() => {
    metrics.gauge('sluice_node_entries', { node: place.id, role: 'edge' }, cache.count)
    metrics.gauge('sluice_node_bytes', { node: place.id, role: 'edge' }, cache.bytes)
  })
  return {
    url: listening.url,
    notReady: life.notReady,
    async stop() {
      await listening.stop()
      await Promise.all([life.follower.stop(), sweeper.stop(), served.stop()])
      await upstream.close()
    },
  }
}

/** What is told of the spellings in which renditions are asked for. */
export function spellings(
  { clock, timers, log }: Pick<Machine, 'clock' | 'timers' | 'log'>,
  { id, link }: Pick<NodePlace, 'id' | 'link'>,
  served: ServedUrls,
  freshness: Pick<Freshness, 'logId'>,
): Required<Pick<EdgeParts, 'keepServed' | 'onServed'>> {
  const kept = new KeptUrls({
    clock,
    timers,
    log,
    logId: () => freshness.logId,
    keep: async (urls, signal) => link.keepServed?.(id, urls, signal) ?? urls.map(({ url }) => url),
  })
  return {
    async keepServed(request, { served: named, target }) {
      if (named === null) return false
      const { project, subject } = named
      // As the cache behind us knows it: with its signature and everything that we ignore.
      const url = `${request.scheme}://${request.host}${request.target}`
      const recorded = await kept.keep({ project, subject, url, target })
      if (recorded) served.note({ project, subject, url, target }, true)
      return recorded
    },
    onServed(request, resource) {
      // Those are recorded as they are, and none but those.
      if (!resource.served || resource.served.outer?.recordUrls) return
      const url = `${request.scheme}://${request.host}${unsignedTarget(request.target)}`
      const { project, subject } = resource.served
      served.note({ project, subject, url, target: resource.target })
    },
  }
}

/** What is held of one canonical target, in the variant that looks worst: evidence must not flatter. */
function peekAt(cache: EdgeCache, freshness: Freshness, target: string): Peek {
  const parsed = parseCanonicalTarget(target)
  const formats = parsed.ok ? parsed.url.negotiates : []
  const held = [target, ...formats.map((format) => `${target}\n${format}`)]
    .map((key) => cache.peek(key))
    .filter((found) => found !== undefined)
    .sort((one, other) => one.entry.mark - other.entry.mark)
  const usable = held.find(({ judgement }) => judgement.usable) ?? held[0]
  if (!usable)
    return { target, state: 'absent', mark: null, applied: freshness.applied, inputHash: null }
  return {
    target,
    state: usable.judgement.usable ? 'usable' : 'unusable',
    mark: usable.entry.mark,
    applied: freshness.applied,
    inputHash: usable.entry.meta.inputHash,
  }
}

/** A public listener. A trusted proxy brings many clients over its connections, so it is not counted as one. */
function openDoor(
  parts: Omit<EdgeDoorParts, 'trustedProxies'>,
  settings: EdgeSettings,
): Promise<Listening> {
  const { host, port, connectionsPerClient: max } = settings
  const trusted = parseNetworks(settings.trustedProxies.join(',')) ?? []
  const exempt = (address: string): boolean => inNetworks(address, trusted)
  return listen(edgeHandler({ ...parts, trustedProxies: trustedProxies(trusted) }), {
    host,
    port,
    setting: 'SLUICE_EDGE_PORTS',
    ...(max === undefined ? {} : { connectionsPerClient: { max, exempt } }),
  })
}

export interface PlainEdgeSettings extends EdgeSettings {
  readonly purgeFrom: readonly string[]
}

const LOG_ID_BYTES = 12

/** A plain cache before any HTTP server: no control, a purge log of its own. */
export async function startPlainEdge(
  machine: Machine,
  settings: PlainEdgeSettings,
): Promise<Running> {
  const { clock, timers, log, metrics, random } = machine
  const freshness = new Freshness(clock)
  const cache: EdgeCache = new MarkedCache<KeptMeta, Uint8Array>({
    freshness,
    bodies: memoryBodies,
    bytesMax: settings.memoryBytes,
  })
  const upstream = new HttpUpstream(settings.upstreamUrl, null)
  const networks = parseNetworks(settings.purgeFrom.join(',')) ?? []
  const logId = randomToken(random, LOG_ID_BYTES)
  const edge = new Edge({
    clock,
    timers,
    log,
    meter: metrics,
    freshness,
    cache,
    upstream,
    resolver: () =>
      new PlainResolver(freshness, logId, clock.now(), ({ client }) =>
        inNetworks(client, networks),
      ),
    onServed: () => undefined,
  })
  const listening = await openDoor({ edge, log, nodeSecret: null }, settings)
  const sweeper = new Sweeper(freshness, [cache], timers)
  sweeper.start()
  return {
    url: listening.url,
    notReady: () => [],
    async stop() {
      await listening.stop()
      await sweeper.stop()
      await upstream.close()
    },
  }
}
