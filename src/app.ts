import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { newSignInLink } from './api/callers.ts'
import { API_METRICS } from './api/metrics.ts'
import type { Demo } from './assets/demo/demo.ts'
import type { Config, RoleName } from './config.ts'
import { ConfigError } from './config.ts'
import { SIGN_IN_FRAGMENT } from './contract/api/session.ts'
import { EDGE_METRICS } from './edge/edge.ts'
import type { StepPoint } from './invalidation/parts.ts'
import type { Log } from './kernel/log.ts'
import { createMetrics } from './kernel/metrics.ts'
import type { MetricTable } from './kernel/metrics.ts'
import { HttpLink } from './purgelog/http-link.ts'
import { RESIZER_METRICS } from './resizer/resizer.ts'
import { CONTROL_METRICS, startControl } from './roles/control-role.ts'
import type { Control } from './roles/control-role.ts'
import { openDataFolder } from './roles/data-folder.ts'
import type { DataFolder } from './roles/data-folder.ts'
import { startEdge, startPlainEdge } from './roles/edge-role.ts'
import { NODE_METRICS } from './roles/node-life.ts'
import { openNodePort } from './roles/node-port.ts'
import { RESIZER_ROLE_METRICS, startResizer } from './roles/resizer-role.ts'
import { systemMachine } from './roles/role.ts'
import type { Machine, Running } from './roles/role.ts'

/** All metrics of all roles; `docs/reference/metrics.md` is tested against them. */
export const METRIC_TABLES = [
  API_METRICS,
  CONTROL_METRICS,
  EDGE_METRICS,
  RESIZER_METRICS,
  RESIZER_ROLE_METRICS,
  NODE_METRICS,
] as const

/** What each role counts; a role shows no zeros of another. */
const TABLES_OF: Readonly<Record<RoleName, readonly MetricTable[]>> = {
  serve: METRIC_TABLES,
  control: [API_METRICS, CONTROL_METRICS],
  resizer: [RESIZER_METRICS, RESIZER_ROLE_METRICS, NODE_METRICS],
  edge: [EDGE_METRICS, NODE_METRICS],
}

export interface AppParts {
  readonly log: Log
  readonly version: string
  readonly consoleFolder: string
  /** One line of progress for people, while a start takes long. */
  readonly say: (line: string) => void
  /** For crash tests. */
  readonly atStep: ((point: StepPoint) => void) | null
}

export interface App {
  /** `console=… edges=… resizer=… node=…`: what this process offers, for the line that says ready. */
  readonly places: readonly (readonly [string, string])[]
  /** What people should read after that line. */
  readonly notes: readonly string[]
  stop(): Promise<void>
}

/** Builds every part in the order in which they depend on each other. The only place that knows them all. */
export async function startApp(config: Config, parts: AppParts): Promise<App> {
  const machine = systemMachine(parts.log, createMetrics(TABLES_OF[config.role]), parts.version)
  switch (config.role) {
    case 'serve':
      return serve(machine, config, parts)
    case 'control':
      return controlAlone(machine, config, parts)
    case 'resizer':
      return resizerAlone(machine, config)
    case 'edge':
      return edgeAlone(machine, config)
  }
}

async function serve(machine: Machine, config: Config, parts: AppParts): Promise<App> {
  const stops: (() => Promise<void>)[] = []
  try {
    const data = await openDataFolder(config.dataFolder, machine.random)
    stops.push(async () => data.unlock())
    const adminKey = await data.secret('admin-key', config.adminKey)
    const nodeSecret = (await data.secret('node-secret', config.nodeSecret)).value
    const control = await beginControl(machine, config, parts, data, adminKey.value, nodeSecret)
    stops.push(() => control.stop())
    const link = control.authority
    const node = (id: string, port: number) => ({
      id,
      host: config.host,
      port,
      data,
      link,
      nodeSecret,
    })

    const resizer = await startResizer(machine, node('resizer', config.resizerPort), {
      diskBytes: config.resizerDiskBytes,
      onMismatch: (project, id) => void settleLater(machine.log, control, project, id),
    })
    stops.push(() => resizer.stop())
    const edges = await startEdges(
      machine,
      config,
      (id, port) => node(id, port),
      resizer.url,
      stops,
    )
    const demo = await prepareProject(machine, config, parts, control, edges[0]!.url)
    if (demo) stops.push(() => demo.stop())
    const door = await control.openDoor({ host: config.host, port: config.port }, demo)
    stops.push(() => door.stop())
    await data.write('serve.json', JSON.stringify({ console: door.url, project: config.project }))
    return {
      places: [
        ['console', door.url],
        ['edges', edges.map((edge) => edge.url).join(',')],
        ['resizer', resizer.url],
      ],
      notes: await welcome(machine, control, config, door.url, adminKey),
      stop: () => stopAll(stops),
    }
  } catch (error) {
    await stopAll(stops)
    throw error
  }
}

async function startEdges(
  machine: Machine,
  config: Config,
  node: (id: string, port: number) => Parameters<typeof startEdge>[1],
  upstreamUrl: string,
  stops: (() => Promise<void>)[],
): Promise<readonly Running[]> {
  const edges: Running[] = []
  for (const [at, port] of config.edgePorts.entries()) {
    const edge = await startEdge(
      machine,
      node(`edge-${at + 1}`, port),
      edgeSettings(config, port, upstreamUrl),
    )
    stops.push(() => edge.stop())
    edges.push(edge)
  }
  return edges
}

function edgeSettings(
  config: Config,
  port: number,
  upstreamUrl: string,
): Parameters<typeof startEdge>[2] {
  const { host, trustedProxies } = config
  return { host, port, upstreamUrl, memoryBytes: config.edgeMemoryBytes, trustedProxies }
}

/** A watched file changed before its watcher noticed: look now. */
async function settleLater(log: Log, control: Control, project: string, id: string): Promise<void> {
  try {
    await control.assets.settle(project, [id])
  } catch (error) {
    log.warn({ err: error, project, id }, 'a changed original could not be read again')
  }
}

function beginControl(
  machine: Machine,
  config: Config,
  parts: AppParts,
  data: DataFolder,
  adminKey: string,
  nodeSecret: string,
): Promise<Control> {
  const { leaseMs, adminEmail, adminPassword, trustedProxies } = config
  const consoleFolder = existsSync(join(parts.consoleFolder, 'index.html'))
    ? parts.consoleFolder
    : null
  return startControl(machine, {
    data,
    leaseMs,
    nodeSecret,
    adminKey,
    adminEmail,
    adminPassword,
    defaultProject: config.project,
    trustedProxies,
    consoleFolder,
    atStep: parts.atStep,
  })
}

/** The default project: a watched folder where one is named, else the demo, which a first start draws. */
async function prepareProject(
  machine: Machine,
  config: Config,
  parts: AppParts,
  control: Control,
  publishServer: string,
): Promise<Demo | null> {
  const { assets, store } = control
  const { project, assetsFolder } = config
  if (assetsFolder !== null) {
    if (!existsSync(assetsFolder))
      throw new ConfigError([
        `SLUICE_ASSETS=${assetsFolder} is not there; make the folder or name another`,
      ])
    if (!(await store.tables.projects.get(project))) {
      await assets.createProject(project, { company: project, publishServer, tokens: [project] })
    }
    parts.say(`reading ${assetsFolder} …`)
    await assets.useFolder(project, assetsFolder)
    return null
  }
  const known = await store.tables.projects.get(project)
  // Drawing needs libraries that nothing else does: they are loaded only where there is a demo.
  const { createDemo } = await import('./assets/demo/create-demo.ts')
  const demo = createDemo({ ...machine, assets, store, project })
  if (known && !(await demo.made())) return null
  if (!known) parts.say('drawing the pictures of the demo …')
  await demo.startOrigin()
  await demo.seed({ publishServer })
  return demo
}

async function welcome(
  machine: Machine,
  control: Control,
  config: Config,
  consoleUrl: string,
  adminKey: { value: string; made: boolean },
): Promise<readonly string[]> {
  const account = await control.store.tables.accounts.byEmail(config.adminEmail)
  const lines: string[] = []
  if (adminKey.made)
    lines.push(
      '',
      `API key with all rights (kept in ${join(config.dataFolder, 'admin-key')}):`,
      `  ${adminKey.value}`,
    )
  if (control.firstStart && account) {
    const token = await newSignInLink(control.store, machine, account.id)
    lines.push(
      '',
      `Sign in as ${account.email} with this link; it works once:`,
      `  ${consoleUrl}/${SIGN_IN_FRAGMENT}${token}`,
    )
  } else {
    lines.push(
      '',
      'Sign in at the console; `npx sluice admin link` prints a link that signs in once.',
    )
  }
  return lines
}

async function controlAlone(machine: Machine, config: Config, parts: AppParts): Promise<App> {
  const data = await openDataFolder(config.dataFolder, machine.random)
  const adminKey = await data.secret('admin-key', config.adminKey)
  const control = await beginControl(
    machine,
    config,
    parts,
    data,
    adminKey.value,
    config.nodeSecret!,
  )
  const { assetsFolder, project } = config
  if (assetsFolder !== null) {
    if (!(await control.store.tables.projects.get(project))) {
      await control.assets.createProject(project, { company: project, tokens: [project] })
    }
    await control.assets.useFolder(project, assetsFolder)
  } else if (!(await control.store.tables.projects.get(project))) {
    await control.assets.createProject(project, { company: project, tokens: [project] })
  }
  const door = await control.openDoor({ host: config.host, port: config.port }, null)
  await data.write('serve.json', JSON.stringify({ console: door.url, project }))
  return {
    places: [['console', door.url]],
    notes: await welcome(machine, control, config, door.url, adminKey),
    stop: () => stopAll([async () => data.unlock(), () => control.stop(), () => door.stop()]),
  }
}

async function resizerAlone(machine: Machine, config: Config): Promise<App> {
  const data = await openDataFolder(config.dataFolder, machine.random)
  const link = new HttpLink(config.controlUrl!, config.nodeSecret!)
  const { host, resizerPort: port } = config
  const place = {
    id: config.nodeId ?? `resizer-${port}`,
    host,
    port,
    data,
    link,
    nodeSecret: config.nodeSecret!,
  }
  const resizer = await startResizer(machine, place, {
    diskBytes: config.resizerDiskBytes,
    onMismatch: (project, id) =>
      machine.log.warn({ project, id }, 'an original is not what its record says'),
  })
  return withNodePort(
    machine,
    config,
    'resizer',
    [resizer],
    [() => link.close(), async () => data.unlock()],
  )
}

async function edgeAlone(machine: Machine, config: Config): Promise<App> {
  const stops: (() => Promise<void>)[] = []
  const edges: Running[] = []
  const data =
    config.controlUrl === null ? null : await openDataFolder(config.dataFolder, machine.random)
  if (data) stops.push(async () => data.unlock())
  for (const port of config.edgePorts) {
    const settings = edgeSettings(config, port, config.upstreamUrl!)
    if (!data || config.controlUrl === null) {
      edges.push(await startPlainEdge(machine, { ...settings, purgeFrom: config.purgeFrom }))
      continue
    }
    const nodeSecret = config.nodeSecret!
    const link = new HttpLink(config.controlUrl, nodeSecret)
    stops.push(() => link.close())
    const id = edgeId(config, port)
    edges.push(
      await startEdge(machine, { id, host: config.host, port, data, link, nodeSecret }, settings),
    )
  }
  return withNodePort(machine, config, 'edges', edges, stops)
}

function edgeId(config: Config, port: number): string {
  if (config.nodeId === null) return `edge-${port}`
  return config.edgePorts.length === 1 ? config.nodeId : `${config.nodeId}-${port}`
}

/** A separate node: ready once it listens, with its private port for health and metrics where one is set. */
async function withNodePort(
  machine: Machine,
  config: Config,
  name: string,
  nodes: readonly Running[],
  after: readonly (() => Promise<void>)[],
): Promise<App> {
  await joined(machine, nodes)
  const stops = [...after, ...nodes.map((node) => () => node.stop())]
  const places: (readonly [string, string])[] = [[name, nodes.map((node) => node.url).join(',')]]
  if (config.nodePort !== null) {
    const notReady = (): readonly string[] => nodes.flatMap((node) => node.notReady())
    const port = await openNodePort(
      { host: config.host, port: config.nodePort },
      machine.metrics,
      notReady,
    )
    stops.push(() => port.stop())
    places.push(['node', port.url])
  }
  return { places, notes: [], stop: () => stopAll(stops) }
}

/** How long a node's start waits for control; after that it answers without a lease until control is there. */
const JOIN_WAIT_MS = 5_000
const JOIN_LOOK_MS = 20

async function joined({ clock, timers }: Machine, nodes: readonly Running[]): Promise<void> {
  const until = clock.now() + JOIN_WAIT_MS
  while (nodes.some((node) => node.notReady().length > 0) && clock.now() < until)
    await timers.sleep(JOIN_LOOK_MS)
}

/** Last started, first stopped: doors close before what they lead to. */
async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop()
}
