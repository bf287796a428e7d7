import {
  SERVE_FILE,
  beginControl,
  edgeSettings,
  refuseEarly,
  stopAll,
  welcome,
} from './app-parts.ts'
import type { App, AppParts } from './app-parts.ts'
import type { Config } from './config.ts'
import { HttpLink } from './purgelog/http-link.ts'
import { openDataFolder } from './roles/data-folder.ts'
import type { DataFolder } from './roles/data-folder.ts'
import { startEdge, startPlainEdge } from './roles/edge-role.ts'
import { openNodePort } from './roles/node-port.ts'
import { startResizer } from './roles/resizer-role.ts'
import type { Machine, Running } from './roles/role.ts'

/** Each role as a process of its own. */
export async function controlAlone(
  machine: Machine,
  config: Config,
  parts: AppParts,
): Promise<App> {
  await refuseEarly(config)
  return orStop(async (stops) => {
    const data = await openDataFolder(config.dataFolder, machine.random)
    stops.push(async () => data.unlock())
    const firstTime = !(await data.has(SERVE_FILE))
    const { value: adminKey } = await data.secret('admin-key', config.adminKey)
    const control = await beginControl(machine, config, parts, data, adminKey, config.nodeSecret!)
    stops.push(() => control.stop())
    const { assetsFolder, project } = config
    if (!(await control.store.tables.projects.get(project))) {
      await control.assets.createProject(project, { company: project, tokens: [project] })
    }
    if (assetsFolder !== null) await control.assets.useFolder(project, assetsFolder)
    const door = await control.openDoor({ host: config.host, port: config.port }, null)
    stops.push(() => door.stop())
    const notes = await welcome(machine, control, config, door.url, firstTime ? adminKey : null)
    await data.write(SERVE_FILE, JSON.stringify({ console: door.url, project }))
    return { places: [['console', door.url]], notes, stop: () => stopAll(stops) }
  })
}

export async function resizerAlone(machine: Machine, config: Config): Promise<App> {
  return orStop(async (stops) => {
    const data = await openDataFolder(config.dataFolder, machine.random)
    stops.push(async () => data.unlock())
    const nodeSecret = config.nodeSecret!
    const link = new HttpLink(config.controlUrl!, nodeSecret)
    stops.push(() => link.close())
    const { host, resizerPort: port } = config
    const id = config.nodeId ?? `resizer-${port}`
    const resizer = await startResizer(
      machine,
      { id, host, port, data, link, nodeSecret },
      {
        diskBytes: config.resizerDiskBytes,
        onMismatch: (project, asset) =>
          machine.log.warn({ project, id: asset }, 'an original is not what its record says'),
      },
    )
    stops.push(() => resizer.stop())
    return withNodePort(machine, config, 'resizer', [resizer], stops)
  })
}

export async function edgeAlone(machine: Machine, config: Config): Promise<App> {
  return orStop(async (stops) => {
    const edges: Running[] = []
    const { controlUrl, dataFolder } = config
    const data = controlUrl === null ? null : await openDataFolder(dataFolder, machine.random)
    if (data) stops.push(async () => data.unlock())
    for (const at of config.edgePorts.keys()) {
      const edge = await startEdgeAt(machine, config, at, data, stops)
      stops.push(() => edge.stop())
      edges.push(edge)
    }
    return withNodePort(machine, config, 'edges', edges, stops)
  })
}

/** Of several parts that start one after the other, none runs on when a later one is refused. */
async function orStop(start: (stops: (() => Promise<void>)[]) => Promise<App>): Promise<App> {
  const stops: (() => Promise<void>)[] = []
  try {
    return await start(stops)
  } catch (error) {
    await stopAll(stops)
    throw error
  }
}

async function startEdgeAt(
  machine: Machine,
  config: Config,
  at: number,
  data: DataFolder | null,
  stops: (() => Promise<void>)[],
): Promise<Running> {
  const port = config.edgePorts[at]!
  const settings = edgeSettings(config, port, config.upstreamUrl!)
  const { controlUrl, host, purgeFrom } = config
  if (!data || controlUrl === null) return startPlainEdge(machine, { ...settings, purgeFrom })
  const nodeSecret = config.nodeSecret!
  const link = new HttpLink(controlUrl, nodeSecret)
  stops.push(() => link.close())
  const place = { id: edgeId(config, at), host, port, data, link, nodeSecret }
  return startEdge(machine, place, settings)
}

/**
 * Of two edges in one data folder none may have the other's id: the second would declare the first, which lives, its dead predecessor.
 * A free port (0) has no number yet, so those are told apart by their place in the list.
 */
function edgeId({ nodeId, edgePorts }: Config, at: number): string {
  if (nodeId !== null && edgePorts.length === 1) return nodeId
  const port = edgePorts[at]!
  return `${nodeId ?? 'edge'}-${port === 0 ? `free-${at + 1}` : port}`
}

/** A separate node: ready once it listens, with its private port for health and metrics where one is set. */
async function withNodePort(
  machine: Machine,
  config: Config,
  name: string,
  nodes: readonly Running[],
  stops: (() => Promise<void>)[],
): Promise<App> {
  await joined(machine, nodes)
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
