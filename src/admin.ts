import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'

import { CopyError, backUp, declareRestored, named } from './admin-copies.ts'
import { newSignInLink } from './api/callers.ts'
import { hashPassword } from './api/passwords.ts'
import { PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX } from './contract/api/shapes.ts'
import { SIGN_IN_FRAGMENT } from './contract/api/session.ts'
import type { Clock } from './kernel/clock.ts'
import { StartError } from './kernel/http-server.ts'
import { randomToken } from './kernel/ids.ts'
import type { Random } from './kernel/random.ts'
import { StoreError } from './store/errors.ts'
import { openSqliteStore } from './store/sqlite-store.ts'
import type { AccountRow, Store } from './store/store.ts'

/**
 * `sluice admin …`: for whoever owns the data folder: those who cannot sign in, and those who keep copies of it. Works on the data file
 * itself, so it needs no server, and a running one notices at once.
 */

/** 18 random bytes are 24 characters that no dictionary holds. */
const PASSWORD_BYTES = 18

const VERBS: readonly string[] = ['link', 'reset-password', 'backup', 'restored']

const HELP = `usage: sluice admin link [--email E] [--data FOLDER]
       sluice admin reset-password [--email E] [--data FOLDER]
       sluice admin backup NEW_FOLDER [--data FOLDER]
       sluice admin restored [--data FOLDER]

link prints a link that signs in once, within a day. reset-password makes a new password and prints it; given
one on standard input (--stdin) it takes that.
backup copies the data, also while Sluice runs, into a folder that can take their place: start Sluice with it.
restored says that the data were put back from a copy of another kind, while Sluice is stopped: the next start lets
no cache go on with what it holds. A copy that backup made needs no telling.
All of them need the data folder (SLUICE_DATA, else ./data), not a server.
`

export interface AdminIo {
  readonly dataFolder: string
  /** Of the data file below it. */
  readonly storeFile: string
  readonly defaultEmail: string
  /** Base URL for links when nothing says better. */
  readonly defaultConsole: string
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly clock: Clock
  readonly random: Random
}

class AdminError extends Error {
  override readonly name = 'AdminError'
}

/** Runs `sluice admin <argv…>`; 0, or 2 with one line that says what is wrong. */
export async function runAdmin(argv: readonly string[], io: AdminIo): Promise<number> {
  try {
    const { verb, place, email, help, stdin } = readAdminArguments(argv, io)
    if (help) {
      io.stdout.write(HELP)
      return 0
    }
    refuseMissing(io)
    if (verb === 'backup') await backup(io, place)
    else if (verb === 'restored') await restored(io)
    else await withAccount(io, verb, email, stdin)
    return 0
  } catch (error) {
    if (!isExplained(error)) throw error
    io.stderr.write(`sluice: ${error.message}\n`)
    return 2
  }
}

function isExplained(error: unknown): error is Error {
  return [AdminError, CopyError, StartError, StoreError].some((kind) => error instanceof kind)
}

async function withAccount(
  io: AdminIo,
  verb: string,
  email: string,
  fromStdin: boolean,
): Promise<void> {
  const store = await openSqliteStore(io.storeFile, { random: io.random })
  try {
    const account = await accountOf(store, email)
    if (verb === 'reset-password') return await resetPassword(store, account, io, fromStdin)
    const token = await newSignInLink(store, io, account.id)
    io.stdout.write(`${consoleUrl(io)}/${SIGN_IN_FRAGMENT}${token}\n`)
  } finally {
    await store.close()
  }
}

async function backup(io: AdminIo, place: string): Promise<void> {
  const { blobs, lost } = await backUp(io, place)
  io.stdout.write(
    `${place} holds the data as of now, with ${blobs} files of assets, and the secrets: keep it where nobody else reads it.\n`,
  )
  warnOfLost(io, lost)
}

async function restored(io: AdminIo): Promise<void> {
  const { lost } = await declareRestored(io)
  io.stdout.write(
    `The next start on ${io.dataFolder} waits until every lease is over, and lets all caches begin empty.\n`,
  )
  warnOfLost(io, lost)
}

function warnOfLost(io: AdminIo, lost: readonly string[]): void {
  if (lost.length === 0) return
  io.stderr.write(
    `sluice: ${lost.length} assets have no bytes and cannot be delivered until they are uploaded again: ${named(lost)}\n`,
  )
}

function readAdminArguments(
  argv: readonly string[],
  io: AdminIo,
): { verb: string; place: string; email: string; help: boolean; stdin: boolean } {
  const options = {
    email: { type: 'string' },
    // Already taken into account by whoever found the data folder.
    data: { type: 'string' },
    stdin: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    const [verb = '', place = '', ...rest] = positionals
    const help = values.help === true
    const places = verb === 'backup' ? 1 : 0
    if (!help && !VERBS.includes(verb)) {
      throw new AdminError(`sluice admin takes ${VERBS.join(', ')} (see sluice admin --help)`)
    }
    if (!help && (rest.length > 0 || Number(place !== '') !== places)) {
      throw new AdminError(
        places === 1
          ? 'sluice admin backup takes the name of a new folder'
          : `sluice admin ${verb} takes flags alone (see sluice admin --help)`,
      )
    }
    const email = values.email ?? io.defaultEmail
    return { verb, place, email, help, stdin: values.stdin === true }
  } catch (error) {
    if (error instanceof TypeError) throw new AdminError(error.message, { cause: error })
    throw error
  }
}

function refuseMissing(io: AdminIo): void {
  if (existsSync(io.storeFile)) return
  throw new AdminError(
    `${io.dataFolder} holds no Sluice data: give --data or SLUICE_DATA, or start Sluice there once`,
  )
}

async function accountOf(store: Store, email: string): Promise<AccountRow> {
  const account = await store.tables.accounts.byEmail(email)
  if (account !== undefined) return account
  const known = (await store.tables.accounts.accounts()).map((row) => row.email).join(', ')
  throw new AdminError(`there is no account ${email}; there are: ${known === '' ? 'none' : known}`)
}

async function resetPassword(
  store: Store,
  account: AccountRow,
  io: AdminIo,
  fromStdin: boolean,
): Promise<void> {
  const password = fromStdin ? await readPassword(io) : randomToken(io.random, PASSWORD_BYTES)
  const passwordHash = await hashPassword(password, io.random)
  await store.transaction('durable', (tx) => tx.accounts.putAccount({ ...account, passwordHash }))
  io.stdout.write(
    fromStdin
      ? `The password of ${account.email} is changed.\n`
      : `The password of ${account.email} is now ${password}\n`,
  )
}

async function readPassword(io: AdminIo): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of io.stdin) {
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece)
  }
  const password = Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (password.length >= PASSWORD_LENGTH_MIN && password.length <= PASSWORD_LENGTH_MAX)
    return password
  throw new AdminError(
    `a password has ${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters; standard input held ${password.length}`,
  )
}

/** The address of the server that runs on this data folder, if one does. */
function consoleUrl(io: AdminIo): string {
  const file = path.join(io.dataFolder, 'serve.json')
  if (!existsSync(file)) return io.defaultConsole
  const serve = JSON.parse(readFileSync(file, 'utf8')) as { console?: unknown }
  return typeof serve.console === 'string' ? serve.console.replace(/\/+$/, '') : io.defaultConsole
}
