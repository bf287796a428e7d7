import type { Demo } from './assets/demo/demo.ts'
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
import type { Log } from './kernel/log.ts'
import type { Control } from './roles/control-role.ts'
import { openDataFolder } from './roles/data-folder.ts'
import { startEdge } from './roles/edge-role.ts'
import { startResizer } from './roles/resizer-role.ts'
import type { Machine, Running } from './roles/role.ts'

/** All roles in one process: control, an image server and edges on one data folder. */
export async function serve(machine: Machine, config: Config, parts: AppParts): Promise<App> {
  await refuseEarly(config)
  const stops: (() => Promise<void>)[] = []
  try {
    const data = await openDataFolder(config.dataFolder, machine.random)
    stops.push(async () => data.unlock())
    const firstTime = !(await data.has(SERVE_FILE))
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
    const notes = await welcome(
      machine,
      control,
      config,
      door.url,
      firstTime ? adminKey.value : null,
    )
    await data.write(SERVE_FILE, JSON.stringify({ console: door.url, project: config.project }))
    return {
      places: [
        ['console', door.url],
        ['edges', edges.map((edge) => edge.url).join(',')],
        ['resizer', resizer.url],
      ],
      notes,
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

/** A watched file changed before its watcher noticed: look now. */
async function settleLater(log: Log, control: Control, project: string, id: string): Promise<void> {
  try {
    await control.assets.settle(project, [id])
  } catch (error) {
    log.warn({ err: error, project, id }, 'a changed original could not be read again')
  }
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
