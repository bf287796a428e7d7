import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { apiClient, PUBLISH_SERVER } from '../support/api-client.ts'
import type { Role, Started } from '../support/serve.ts'
import { startLink } from './link.ts'
import type { Link } from './link.ts'
import { SoakNode } from './node.ts'
import { DISKS, EDGES, LINKS } from './plan.ts'
import type { DiskName, Fault, LinkName, NodeName } from './plan.ts'
import { mountSmallDisk } from './small-disk.ts'
import type { SmallDisk } from './small-disk.ts'

/** Control, an image server and three edges as processes of their own, with a proxy of ours on each way between two of them. */
export interface Cluster {
  /** Null while nobody answers there. */
  controlUrl(): string | null
  edgeUrl(edge: (typeof EDGES)[number]): string | null
  readonly adminKey: string
  /** Resolves when the fault is over and the node, link or disk is whole again. */
  inflict(fault: Fault): Promise<void>
  /** Deaths that nobody ordered. */
  unexpected(): readonly string[]
  /** The last words of each process. */
  said(): string
  stop(): Promise<void>
}

export interface ClusterOptions {
  readonly leaseMs: number
  readonly say: (line: string) => void
}

const SECRET = 'a-node-secret-of-at-least-32-characters'

/** The folders of control and image server are small disks of their own, where that may be. */
export interface Ground {
  readonly root: string
  readonly disks: ReadonlyMap<DiskName, SmallDisk>
  clear(): Promise<void>
}

export async function prepareGround(): Promise<Ground> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-soak-'))
  const disks = new Map<DiskName, SmallDisk>()
  for (const name of DISKS) {
    const disk = await mountSmallDisk(join(root, name))
    if (disk !== null) disks.set(name, disk)
  }
  /** Whoever ends the process in the middle must not leave disks behind. */
  const atExit = (): void => {
    for (const { path } of disks.values()) spawnSync('umount', ['-l', path])
  }
  process.once('exit', atExit)
  return {
    root,
    disks,
    async clear() {
      process.off('exit', atExit)
      for (const disk of disks.values()) await disk.unmount()
      await rm(root, { recursive: true, force: true })
    },
  }
}

export async function startCluster(ground: Ground, options: ClusterOptions): Promise<Cluster> {
  const links = new Map<LinkName, Link>()
  for (const name of LINKS) links.set(name, await startLink())
  const nodes = makeNodes(ground, links, options)
  const control = nodes.get('control')!
  const stop = async (): Promise<void> => {
    // What asks first, so that nothing is missed on the way down.
    for (const node of [...nodes.values()].toReversed()) await node.stop()
    await Promise.all([...links.values()].map((link) => link.stop()))
  }
  try {
    await control.start()
    const adminKey = await control.started!.adminKey()
    const api = apiClient(control.started!.consoleUrl, adminKey)
    const settings = { publishServer: PUBLISH_SERVER, automaticInvalidation: false }
    await api.call('PATCH', '', settings)
    for (const [name, node] of nodes) if (name !== 'control') await node.start()
    return {
      controlUrl: () => control.started?.consoleUrl ?? null,
      edgeUrl: (edge) => nodes.get(edge)!.started?.edges[0] ?? null,
      adminKey,
      inflict: (fault) => inflict(fault, nodes, links, ground.disks),
      unexpected: () => [...nodes.values()].flatMap((node) => node.unexpected),
      said: () => [...nodes].map(([name, node]) => `--- ${name}\n${node.said}`).join('\n'),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function makeNodes(
  { root }: Ground,
  links: ReadonlyMap<LinkName, Link>,
  { leaseMs, say }: ClusterOptions,
): Map<NodeName, SoakNode> {
  const env = {
    SLUICE_NODE_SECRET: SECRET,
    SLUICE_LEASE_SECONDS: String(leaseMs / 1_000),
    // Less than its small disk holds: what fills that is the soak alone.
    SLUICE_RESIZER_DISK: '8MB',
    // Readers are no visitors: an edge that has lost its cache must not count what they ask again.
    SLUICE_MISSES_PER_SECOND: '0',
  }
  const url = (link: LinkName): string => links.get(link)!.url
  const lead = (inner: 'control' | 'resizer', port: number | null): void => {
    for (const [name, link] of links) if (name.endsWith(`>${inner}`)) link.leadTo(port)
  }
  const node = (
    name: NodeName,
    role: Role,
    args: readonly string[],
    onChange: (started: Started | null) => void,
  ): SoakNode => new SoakNode({ name, role, data: join(root, name), args, env, onChange, say })
  const nodes = new Map<NodeName, SoakNode>()
  nodes.set(
    'control',
    node('control', 'control', ['--port', '0'], (started) =>
      lead('control', portOf(started?.consoleUrl)),
    ),
  )
  const args = ['--control', url('resizer>control'), '--resizer-port', '0']
  nodes.set(
    'resizer',
    node('resizer', 'resizer', args, (started) => lead('resizer', portOf(started?.resizerUrl))),
  )
  for (const edge of EDGES) {
    const inward = ['--control', url(`${edge}>control`), '--upstream', url(`${edge}>resizer`)]
    const own = ['--edge-ports', '0', '--node-id', edge]
    nodes.set(
      edge,
      node(edge, 'edge', [...inward, ...own], () => undefined),
    )
  }
  return nodes
}

function portOf(url: string | undefined): number | null {
  return url === undefined ? null : Number(new URL(url).port)
}

async function inflict(
  fault: Fault,
  nodes: ReadonlyMap<NodeName, SoakNode>,
  links: ReadonlyMap<LinkName, Link>,
  disks: ReadonlyMap<DiskName, SmallDisk>,
): Promise<void> {
  const over = new Promise<void>((resolve) => setTimeout(resolve, fault.forMs))
  switch (fault.kind) {
    case 'kill':
      return nodes.get(fault.node)!.kill(over)
    case 'stop':
      return nodes.get(fault.node)!.pause(over)
    case 'full disk': {
      const disk = disks.get(fault.disk)!
      await disk.fill()
      await over
      return disk.empty()
    }
    case 'delay':
      links.get(fault.link)!.delay(fault.delayMs, fault.which)
      await over
      return links.get(fault.link)!.delay(0, 'all')
    case 'drop':
      links.get(fault.link)!.drop(fault.way, fault.which)
      break
    case 'cut':
      links.get(fault.link)!.cut()
      break
  }
  await over
  links.get(fault.link)!.mend()
}
