import type { Me } from '../contract/api/session.ts'
import { ApiClient } from './api-client.ts'
import { assetsCommand } from './assets.ts'
import type { ClientIo } from './client-io.ts'
import { readArguments } from './command.ts'
import type { Arguments, Command, CommandCall } from './command.ts'
import { findConnection } from './connection.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { CliError, EXIT } from './errors.ts'
import { invalidateCommand } from './invalidate.ts'
import { logCommand } from './log.ts'
import { cancelCommand, retryCommand, showCommand } from './show.ts'
import { targetsCommand } from './targets.ts'
import { templateCommand } from './template.ts'

/** Commands that are clients of the API: nothing they do could not be done with curl. */
export const CLIENT_COMMANDS: readonly Command[] = [
  invalidateCommand,
  logCommand,
  showCommand,
  retryCommand,
  cancelCommand,
  assetsCommand,
  templateCommand,
  targetsCommand,
  doctorCommand,
  demoCommand,
]

const COMMON_HELP = `
everywhere
  --server URL, --key K, --project P   or SLUICE_URL, SLUICE_KEY, SLUICE_PROJECT
  --json                               the API's own answer, for programs, also where it is a refusal
Beside a running Sluice nothing of this is needed: server, key and project are read from its data folder
(SLUICE_DATA, else ./data here or in a folder above).
`

/** What `sluice` does that is no client's: the roles that main.ts starts, and the data folder's owner. */
const OTHER_COMMANDS: readonly (readonly [name: string, summary: string])[] = [
  ['serve', 'everything on one machine: control, an image server, edges'],
  ['control, resizer, edge', 'one role alone'],
  ['admin', 'a sign-in link, a new password, a backup: on the data folder, without a server'],
]

function overviewLine([name, summary]: readonly [string, string]): string {
  return `  ${name.padEnd(24)}${summary}\n`
}

function overview(): string {
  return [
    'usage: sluice COMMAND [options]; sluice COMMAND --help tells more\n\n',
    ...OTHER_COMMANDS.map(overviewLine),
    '\n',
    ...CLIENT_COMMANDS.map(({ name, summary }) => overviewLine([name, summary])),
    COMMON_HELP,
  ].join('')
}

/** Runs `sluice <argv…>` and resolves to the exit code. Never throws for anything that a person or a server can cause. */
export async function runClient(argv: readonly string[], io: ClientIo): Promise<number> {
  const [name = 'help', ...rest] = argv
  if (name === 'help' || name === '--help' || name === '-h') {
    io.stdout.write(overview())
    return EXIT.ok
  }
  const command = CLIENT_COMMANDS.find((each) => each.name === name)
  try {
    if (command === undefined) {
      throw new CliError('usage', `there is no command '${name}': sluice --help lists them`)
    }
    const args = readArguments(command, rest)
    if (args.flag('help')) {
      io.stdout.write(`${command.help}${COMMON_HELP}`)
      return EXIT.ok
    }
    return await command.run(commandCall(args, io))
  } catch (error) {
    if (io.signal?.aborted === true) return EXIT.failed
    if (!(error instanceof CliError)) throw error
    // For programs the server's own answer, also when it is a refusal.
    if (rest.includes('--json') && error.answer !== undefined)
      io.stdout.write(`${JSON.stringify(error.answer)}\n`)
    const help = error.code === 'usage' && command ? ` (see sluice ${command.name} --help)` : ''
    io.stderr.write(`sluice: ${error.message}${help}\n`)
    return error.exit
  }
}

function commandCall(args: Arguments, io: ClientIo): CommandCall {
  let client: Promise<ApiClient> | undefined
  const call: CommandCall = {
    io,
    args,
    json: args.flag('json'),
    client: () =>
      (client ??= findConnection(args, io).then((connection) => new ApiClient(connection))),
    async projectPath() {
      const api = await call.client()
      return `/projects/${encodeURIComponent(api.connection.project ?? (await onlyProject(api)))}`
    },
  }
  return call
}

async function onlyProject(api: ApiClient): Promise<string> {
  const { projects } = await api.ask<Me>({ path: '/me' })
  const [first, ...others] = projects
  if (first !== undefined && others.length === 0) return first.id
  const names = projects.map(({ id }) => id).join(', ')
  throw new CliError(
    'no-project',
    `this key is for ${projects.length === 0 ? 'no project' : names}: give --project or SLUICE_PROJECT`,
  )
}
