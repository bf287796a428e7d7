import { readFile } from 'node:fs/promises'
import path from 'node:path'

import type { ClientIo } from './client-io.ts'
import type { Arguments } from './command.ts'
import { CliError } from './errors.ts'

/**
 * Where the server is, and with which key. Flags, then the environment; then, beside a running `npm start`, the data folder:
 * `serve` writes `serve.json` with its address there, and `admin-key` that only its owner may read. The key of a data folder
 * goes to no other address than that folder's server.
 */
export interface Connection {
  readonly server: string
  readonly key: string
  /** Undefined: the one project of the key, if there is just one. */
  readonly project: string | undefined
}

/** What `serve` leaves in its data folder while it runs. */
export interface ServeFile {
  /** Base URL of console and API. */
  readonly console: string
  readonly project?: string
}

export const SERVE_FILE = 'serve.json'
export const ADMIN_KEY_FILE = 'admin-key'
const DATA_FOLDER = 'data'

export async function findConnection(args: Arguments, io: ClientIo): Promise<Connection> {
  const local = await findServeFile(io)
  const given = args.text('server') ?? io.env['SLUICE_URL']
  const server = given ?? local?.serve.console
  if (server === undefined) {
    throw new CliError(
      'no-server',
      'no server: give --server or SLUICE_URL, or run this below the folder where Sluice was started',
    )
  }
  const base = baseUrl(server)
  const isLocal = local !== undefined && sameAddress(base, local.serve.console)
  const key =
    args.text('key') ?? io.env['SLUICE_KEY'] ?? (isLocal ? await adminKey(local.folder) : undefined)
  if (key === undefined || key === '') {
    throw new CliError('no-key', `no API key for ${base}: give --key or SLUICE_KEY`)
  }
  if (/[^\x21-\x7e]/.test(key))
    throw new CliError('no-key', 'the API key holds blanks or letters that no key has')
  const project =
    args.text('project') ?? io.env['SLUICE_PROJECT'] ?? (isLocal ? local.serve.project : undefined)
  return { server: base, key, project }
}

function baseUrl(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') {
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  }
  throw new CliError('usage', `'${server}' is no server: write http://host:port or https://host`)
}

function sameAddress(one: string, other: string): boolean {
  return URL.canParse(other) && new URL(one).origin === new URL(other).origin
}

/** `SLUICE_DATA`, else `data` here or in a folder above. */
async function findServeFile(
  io: ClientIo,
): Promise<{ folder: string; serve: ServeFile } | undefined> {
  const named = io.env['SLUICE_DATA']
  const folders = named === undefined ? [...foldersUpwards(io.cwd)] : [path.resolve(io.cwd, named)]
  for (const folder of folders) {
    const text = await readOptional(path.join(folder, SERVE_FILE))
    if (text === undefined) continue
    const serve = serveFile(text)
    if (serve === undefined) {
      throw new CliError(
        'unreadable-file',
        `${path.join(folder, SERVE_FILE)} is damaged: start Sluice again`,
      )
    }
    return { folder, serve }
  }
  return undefined
}

function* foldersUpwards(from: string): Generator<string> {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    yield path.join(folder, DATA_FOLDER)
    if (folder === path.dirname(folder)) return
  }
}

function serveFile(text: string): ServeFile | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { console, project } = value as Partial<Record<string, unknown>>
    if (typeof console !== 'string' || !URL.canParse(console)) return undefined
    return { console, ...(typeof project === 'string' ? { project } : {}) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function adminKey(folder: string): Promise<string | undefined> {
  return (await readOptional(path.join(folder, ADMIN_KEY_FILE)))?.trim()
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CliError(
      'unreadable-file',
      `${file} cannot be read (${code}): run this as the owner of the data folder`,
      error,
    )
  }
}
