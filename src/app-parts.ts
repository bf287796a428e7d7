import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { newSignInLink } from './api/callers.ts'
import { ConfigError } from './config.ts'
import type { Config } from './config.ts'
import { SIGN_IN_FRAGMENT } from './contract/api/session.ts'
import type { StepPoint } from './invalidation/parts.ts'
import { checkPort } from './kernel/http-server.ts'
import type { Log } from './kernel/log.ts'
import { startControl } from './roles/control-role.ts'
import type { Control } from './roles/control-role.ts'
import type { DataFolder } from './roles/data-folder.ts'
import type { startEdge } from './roles/edge-role.ts'
import type { Machine } from './roles/role.ts'

/** What `serve` and a separate `control` have in common: refusing early, beginning control, greeting people. */

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

/** What would fail late is looked at first, so that a refused start leaves nothing half-made. */
export async function refuseEarly(config: Config): Promise<void> {
  const { assetsFolder, host } = config
  if (assetsFolder !== null && !statSync(assetsFolder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigError([`SLUICE_ASSETS=${assetsFolder} is no folder; make it or name another`])
  }
  await checkPort({ host, port: config.port, setting: 'SLUICE_PORT' })
  if (config.role !== 'serve') return
  await checkPort({ host, port: config.resizerPort, setting: 'SLUICE_RESIZER_PORT' })
  for (const port of config.edgePorts) await checkPort({ host, port, setting: 'SLUICE_EDGE_PORTS' })
}

export function edgeSettings(
  config: Config,
  port: number,
  upstreamUrl: string,
): Parameters<typeof startEdge>[2] {
  const { host, trustedProxies, missLimit, connectionsPerClient, edgeMemoryBytes } = config
  return {
    host,
    port,
    upstreamUrl,
    memoryBytes: edgeMemoryBytes,
    trustedProxies,
    missLimit,
    connectionsPerClient,
  }
}

export function beginControl(
  machine: Machine,
  config: Config,
  parts: AppParts,
  data: DataFolder,
  adminKey: string,
  nodeSecret: string,
): Promise<Control> {
  const { leaseMs, logDays, adminEmail, adminPassword, trustedProxies } = config
  const consoleFolder = existsSync(join(parts.consoleFolder, 'index.html'))
    ? parts.consoleFolder
    : null
  return startControl(machine, {
    data,
    leaseMs,
    logDays,
    nodeSecret,
    adminKey,
    adminEmail,
    adminPassword,
    defaultProject: config.project,
    trustedProxies,
    consoleFolder,
    atStep: parts.atStep,
    say: parts.say,
  })
}

/** What `serve` leaves in its data folder once it is ready: it tells the command line where it is. */
export const SERVE_FILE = 'serve.json'

/** `adminKey` is told at the first start that became ready; a sign-in link as long as nobody can sign in otherwise. */
export async function welcome(
  machine: Machine,
  control: Control,
  config: Config,
  consoleUrl: string,
  adminKey: string | null,
): Promise<readonly string[]> {
  const account = await control.store.tables.accounts.byEmail(config.adminEmail)
  const lines: string[] = []
  if (adminKey !== null) {
    const file = join(config.dataFolder, 'admin-key')
    lines.push('', `API key with all rights (kept in ${file}):`, `  ${adminKey}`)
  }
  if (account?.passwordHash === null) {
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

/** Last started, first stopped: doors close before what they lead to. */
export async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop()
}
