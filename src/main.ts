import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ParseArgsOptionsConfig } from 'node:util'
import { runAdmin } from './admin.ts'
import { startApp } from './app.ts'
import { runClient } from './cli/cli.ts'
import { ConfigError, ROLES, SETTINGS, readConfig } from './config.ts'
import type { Config, RoleName, Setting } from './config.ts'
import { STEP_POINTS } from './invalidation/parts.ts'
import type { StepPoint } from './invalidation/parts.ts'
import { systemClock } from './kernel/clock.ts'
import { StartError } from './kernel/http-server.ts'
import { createLog } from './kernel/log.ts'
import { systemRandom } from './kernel/random.ts'
import { systemTimers } from './kernel/timers.ts'
import { STORE_FILE } from './roles/control-role.ts'
import { StoreError } from './store/errors.ts'

/** Parses role and settings, builds, starts, stops on a signal. Bad settings, taken ports and the like: one line, exit 2. */
const ROOT = join(import.meta.dirname, '..')
const EXIT_USAGE = 2

async function main(argv: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = argv
  const role = ROLES.find((name) => name === command)
  if (role) return runRole(role, rest)
  if (command === 'admin') return admin(rest)
  const { stdin, stdout, stderr, env } = process
  return runClient(argv, {
    env,
    cwd: process.cwd(),
    stdin,
    stdout,
    stderr,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
  })
}

async function runRole(role: RoleName, argv: readonly string[]): Promise<number> {
  try {
    const values = readFlags(role, argv)
    if (values === null) {
      process.stdout.write(usage(role))
      return 0
    }
    return await run(readConfig(role, values))
  } catch (error) {
    const lines =
      error instanceof ConfigError ? error.problems : isExplained(error) ? [error.message] : null
    if (lines === null) throw error
    for (const line of lines) process.stderr.write(`sluice: ${line}\n`)
    return EXIT_USAGE
  }
}

/** Errors of our own say in words what is wrong and the way out; anything else is a fault, and its trace is wanted. */
function isExplained(error: unknown): error is Error {
  if (error instanceof StartError || error instanceof StoreError) return true
  if (error instanceof Error && 'publicMessage' in error) return true
  return (
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  )
}

async function run(config: Config): Promise<number> {
  // What we keep is nobody else's to read: the group may, so that roles can run as different users of one group.
  process.umask(0o027)
  const stopped = Promise.withResolvers<void>()
  process.once('SIGTERM', () => stopped.resolve())
  process.once('SIGINT', () => stopped.resolve())
  const app = await startApp(config, {
    log: createLog(config.logLevel),
    version: version(),
    consoleFolder: join(ROOT, 'dist/console'),
    say: (line) => process.stdout.write(`${line}\n`),
    atStep: crashPoint(process.env['SLUICE_CRASH_AT']),
  })
  const places = app.places.map(([name, url]) => `${name}=${url}`).join(' ')
  process.stdout.write(`sluice ready ${places}\n`)
  for (const note of app.notes) process.stdout.write(`${note}\n`)
  await stopped.promise
  await app.stop()
  return 0
}

/** For crash tests alone: the process kills itself when a step of an invalidation begins. */
function crashPoint(name: string | undefined): ((point: StepPoint) => void) | null {
  const wanted = STEP_POINTS.find((point) => point === name)
  if (!wanted) return null
  return (point) => void (point === wanted && process.kill(process.pid, 'SIGKILL'))
}

/** Variables by name, flags over the environment; null when help is wanted. */
function readFlags(
  role: RoleName,
  argv: readonly string[],
): Record<string, string | undefined> | null {
  const known = settingsOf(role)
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } }
  for (const { flag } of known) options[flag] = { type: 'string' }
  const { values } = parseArgs({ args: [...argv], options, allowPositionals: false })
  if (values['help'] === true) return null
  const flags = known.map(({ env, flag }) => [env, values[flag] ?? process.env[env]] as const)
  return Object.fromEntries(
    flags.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function settingsOf(role: RoleName): readonly Setting[] {
  return SETTINGS.filter((each) => each.roles.includes(role))
}

function usage(role: RoleName): string {
  const lines = settingsOf(role).map(({ env, flag, meaning, default: fallback }) => {
    const name = `  ${env}, --${flag}`
    return `${name.padEnd(48)} ${meaning}${fallback === '' ? '' : ` Default: ${fallback}`}`
  })
  return [
    `usage: sluice ${role} [--flag value …]; a flag overrides the variable of the same name`,
    '',
    ...lines,
    '',
  ].join('\n')
}

function admin(argv: readonly string[]): Promise<number> {
  const at = argv.indexOf('--data')
  const named = at < 0 ? process.env['SLUICE_DATA'] : argv[at + 1]
  const config = readConfig('serve', {
    ...process.env,
    ...(named === undefined ? {} : { SLUICE_DATA: named }),
  })
  const { stdin, stdout, stderr } = process
  return runAdmin(argv, {
    dataFolder: config.dataFolder,
    storeFile: join(config.dataFolder, STORE_FILE),
    defaultEmail: config.adminEmail,
    defaultConsole: `http://${config.host}:${config.port}`,
    stdin,
    stdout,
    stderr,
    clock: systemClock,
    random: systemRandom,
  })
}

function version(): string {
  const file: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return String((file as { version?: unknown }).version)
}

process.exitCode = await main(process.argv.slice(2))
