import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Freshness } from '../src/cache/freshness.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { startRole } from '../test/support/serve.ts'
import type { Figure } from './figure.ts'
import { percentile } from './figure.ts'
import { machineName, packageFile, packageProgram, startPeer, versionOf } from './peer.ts'
import { childrenOf, cpuSeconds } from './process.ts'
import { purgesPerSecond, readAll, timesOf } from './purge-load.ts'
import { filled, projectStampMs, purgeSizeFigure } from './purge-size.ts'

/** What a purge costs, by how much is cached: at the cache itself, over eight edges in a process, and beside Varnish. */
const LARGEST = Number(process.env['BENCH_PURGE_OBJECTS'] ?? 1e7)
const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7].filter((size) => size <= LARGEST)
const EDGE_OBJECTS = Math.min(1e6, LARGEST)
/** What one xkey purge of Varnish takes, by the objects that bear the key. */
const GROUPS = [1, 200, Number(process.env['BENCH_PURGE_GROUP'] ?? 100_000)]
const RATE_SECONDS = 5

export async function purgeFigures(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const size of SIZES) figures.push(await purgeSizeFigure('one cache', size))
  figures.push(await purgeSizeFigure('edges', EDGE_OBJECTS))
  return [...figures, ...(await besideVarnish())]
}

/** The same origin behind our plain edge and behind Varnish: a purge by tag of ever larger groups, and PURGE at full rate. */
async function besideVarnish(): Promise<readonly Figure[]> {
  const groups = GROUPS.map((size, at) => ({ size, tag: `g${at}`, stamp: groupStampMs(size) }))
  const origin = createServer((request, response) => {
    const [, tag = 'none'] = (request.url ?? '').split('/')
    response.setHeader('xkey', tag)
    response.setHeader('cache-control', 'max-age=3600')
    response.end('x')
  })
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const figures: Figure[] = []
  const args = ['--upstream', originUrl, '--edge-ports', '0', '--purge-from', '127.0.0.1']
  const edge = await startRole('edge', { args })
  const varnish = await startVarnish(originUrl)
  try {
    const request = varnish?.xkey === true ? await xkeyRequestMs(varnish.url) : 0
    for (const { size, tag, stamp } of groups) {
      const theirs = varnish?.xkey === true ? await xkeyMs(varnish.url, tag, size) : null
      figures.push({
        what: `a tag of ${size.toLocaleString('en')} objects`,
        value: `${(stamp * 1000).toFixed(1)} µs`,
        beside:
          theirs === null
            ? 'to stamp; Varnish xkey is not here (varnish-modules)'
            : `to stamp; Varnish xkey takes ${theirs.toFixed(2)} ms, of which ${request.toFixed(2)} ms are its request`,
      })
    }
    const ours = await purgeRate(edge.edges[0]!, edge.pid)
    const theirs = varnish ? await purgeRate(varnish.url, varnish.pid) : null
    figures.push({
      what: 'PURGE at full rate, one edge',
      value: inWords(ours),
      beside:
        theirs === null
          ? 'Varnish is not here (varnish)'
          : `${varnish!.version}: ${inWords(theirs)}; 16 connections, one of our processes, all of Varnish's threads`,
    })
  } finally {
    await Promise.all([edge.stop(), varnish?.stop()])
    origin.closeAllConnections()
    origin.close()
  }
  return figures
}

interface PurgeRate {
  readonly perSecond: number
  readonly microseconds: number
}

async function purgeRate(url: string, pid: number): Promise<PurgeRate> {
  const before = cpuSeconds(pid)
  const perSecond = await purgesPerSecond(url, RATE_SECONDS)
  const cpu = cpuSeconds(pid) - before
  return { perSecond, microseconds: (cpu * 1e6) / (perSecond * RATE_SECONDS) }
}

function inWords({ perSecond, microseconds }: PurgeRate): string {
  const rate = Math.round(perSecond).toLocaleString('en')
  return `${rate}/s, ${microseconds.toFixed(0)} µs of processor time each`
}

/** What stamping a key costs does not know how many objects bear it. */
function groupStampMs(size: number): number {
  const freshness = new Freshness(systemClock)
  freshness.startEmpty('bench', 0)
  const cache = filled(freshness, size)
  const ms = projectStampMs(freshness)
  if (cache.lookup('/~/image/demo/p0?wid=0', 0)) throw new Error('still there')
  return ms
}

/** Of a tag that nothing bears. */
async function xkeyRequestMs(url: string): Promise<number> {
  return percentile(await timesOf(url, 'XKEY', 'nobody', 200), 0.5)
}

async function xkeyMs(url: string, tag: string, size: number): Promise<number> {
  const times: number[] = []
  // Each purge needs its objects back; the largest group is filled once.
  for (let round = 0; round < (size > 1000 ? 1 : 20); round++) {
    await readAll(url, (at) => `/${tag}/${at}`, size)
    times.push(...(await timesOf(url, 'XKEY', tag, 1)))
  }
  return percentile(times, 0.5)
}

interface Varnish {
  readonly url: string
  readonly version: string
  readonly xkey: boolean
  /** Of the process that answers. */
  readonly pid: number
  stop(): Promise<void>
}

async function startVarnish(originUrl: string): Promise<Varnish | null> {
  const program = packageProgram('varnishd')
  if (program === undefined) return null
  const folder = `usr/lib/${machineName()}/varnish/vmods`
  const module = packageFile(`${folder}/libvmod_xkey.so`)
  const { hostname, port: originPort } = new URL(originUrl)
  const xkey = module !== undefined
  const config = `vcl 4.1;
${xkey ? 'import xkey;' : ''}
backend default { .host = "${hostname}"; .port = "${originPort}"; }
sub vcl_recv {
  if (req.method == "PURGE") { return (purge); }
  ${xkey ? 'if (req.method == "XKEY") { set req.http.n = xkey.purge(req.http.xkey-purge); return (synth(200, req.http.n)); }' : ''}
}
sub vcl_backend_response { set beresp.ttl = 60m; set beresp.grace = 0s; }
`
  const modules = `vmod_path=/${folder}${xkey ? `:${module.replace(/\/[^/]*$/, '')}` : ''}`
  const peer = await startPeer({
    program,
    config: () => config,
    args: (file, place, port) =>
      ['-F', '-a', `127.0.0.1:${port}`, '-n', `${place}/n`, '-s', 'malloc,512m'].concat([
        '-p',
        modules,
        '-f',
        file,
      ]),
  })
  const version = `varnish ${await versionOf(program, '-V')}`
  const pid = childrenOf(peer.pid)[0] ?? peer.pid
  return { url: peer.url, version, xkey, pid, stop: () => peer.stop() }
}

if (import.meta.main) console.table(await purgeFigures())
