import { resolve } from 'node:path'
import { LOG_LEVELS } from './kernel/log.ts'
import type { LogLevel } from './kernel/log.ts'
import { parseNetworks } from './kernel/trusted-proxies.ts'

/** Every setting: its variable, the flag of the same name that overrides it, its default and its meaning, in one place. */
export const ROLES = ['serve', 'control', 'resizer', 'edge'] as const
export type RoleName = (typeof ROLES)[number]

export interface Setting {
  readonly env: string
  readonly flag: string
  /** As shown to people; an empty text means none. */
  readonly default: string
  readonly meaning: string
  readonly roles: readonly RoleName[]
}

const ALL: readonly RoleName[] = ROLES
const CONTROL: readonly RoleName[] = ['serve', 'control']

function setting(
  env: string,
  fallback: string,
  roles: readonly RoleName[],
  meaning: string,
): Setting {
  const flag = env
    .replace(/^SLUICE_/, '')
    .toLowerCase()
    .replaceAll('_', '-')
  return { env, flag, default: fallback, roles, meaning }
}

export const SETTINGS = [
  setting('SLUICE_HOST', '127.0.0.1', ALL, 'Address that all listeners open.'),
  setting('SLUICE_PORT', '8080', CONTROL, 'Port of the console and the API; 0 means any free one.'),
  setting(
    'SLUICE_EDGE_PORTS',
    '8081,8082',
    ['serve', 'edge'],
    'Ports of the edges, one edge each.',
  ),
  setting('SLUICE_RESIZER_PORT', '8090', ['serve', 'resizer'], 'Port of the image server.'),
  setting(
    'SLUICE_NODE_PORT',
    '',
    ['resizer', 'edge'],
    'Private port for health and metrics of a separate node; off when empty.',
  ),
  setting('SLUICE_DATA', './data', ALL, 'Folder for everything that is kept.'),
  setting(
    'SLUICE_ASSETS',
    '',
    CONTROL,
    "A folder to serve and watch as the default project's assets; read only for us.",
  ),
  setting('SLUICE_PROJECT', 'demo', CONTROL, 'Name of the default project.'),
  setting(
    'SLUICE_ADMIN_KEY',
    '',
    CONTROL,
    'An API key with all rights; generated at the first start when empty.',
  ),
  setting('SLUICE_ADMIN_EMAIL', 'admin@localhost', CONTROL, 'E-mail of the first account.'),
  setting('SLUICE_ADMIN_PASSWORD', '', CONTROL, 'Its password; without one, sign in by link.'),
  setting(
    'SLUICE_NODE_SECRET',
    '',
    ALL,
    'Secret shared by all nodes, 32 characters or more; serve makes one under data.',
  ),
  setting(
    'SLUICE_LEASE_SECONDS',
    '5',
    CONTROL,
    'How long a node may answer from its cache without hearing from control.',
  ),
  setting(
    'SLUICE_EDGE_MEMORY',
    '256MB',
    ['serve', 'edge'],
    'Memory of each edge for cached answers.',
  ),
  setting(
    'SLUICE_RESIZER_DISK',
    '2GB',
    ['serve', 'resizer'],
    'Disk of the image server for originals and renditions.',
  ),
  setting(
    'SLUICE_MISSES_PER_SECOND',
    '20',
    ['serve', 'edge'],
    'New renditions that one client may ask an edge for in a second; 0 means any number.',
  ),
  setting(
    'SLUICE_MISS_BURST',
    '60',
    ['serve', 'edge'],
    'New renditions that one client may ask an edge for at once.',
  ),
  setting(
    'SLUICE_CONNECTIONS_PER_CLIENT',
    '1000',
    ['serve', 'edge'],
    'Connections that one client may hold to an edge; trusted proxies are not limited.',
  ),
  setting(
    'SLUICE_TRUSTED_PROXIES',
    '',
    ALL,
    'Addresses or networks whose X-Forwarded-* fields are believed.',
  ),
  setting('SLUICE_STORE', 'sqlite', CONTROL, 'Where control keeps its memory: sqlite under data.'),
  setting('SLUICE_PURGELOG', 'embedded', ALL, 'What carries the purge log: embedded.'),
  setting('SLUICE_CONTROL', '', ['resizer', 'edge'], 'Base URL of control, for a separate node.'),
  setting(
    'SLUICE_UPSTREAM',
    '',
    ['edge'],
    'Base URL that an edge asks: an image server, or any HTTP server for a plain cache.',
  ),
  setting(
    'SLUICE_NODE_ID',
    '',
    ['resizer', 'edge'],
    "A separate node's name in console and log; its role and port when empty.",
  ),
  setting(
    'SLUICE_PURGE_FROM',
    '127.0.0.1',
    ['edge'],
    'Addresses or networks that may PURGE at a plain edge.',
  ),
  setting(
    'SLUICE_LOG_DAYS',
    '400',
    CONTROL,
    'How long finished invalidations stay in the invalidation log.',
  ),
  setting('SLUICE_LOG', 'info', ALL, `How much is logged to stderr: ${LOG_LEVELS.join(', ')}.`),
] as const satisfies readonly Setting[]

export interface Config {
  readonly role: RoleName
  readonly host: string
  readonly port: number
  readonly edgePorts: readonly number[]
  readonly resizerPort: number
  readonly nodePort: number | null
  readonly dataFolder: string
  readonly assetsFolder: string | null
  readonly project: string
  readonly adminKey: string | null
  readonly adminEmail: string
  readonly adminPassword: string | null
  readonly nodeSecret: string | null
  readonly leaseMs: number
  readonly edgeMemoryBytes: number
  readonly resizerDiskBytes: number
  /** New renditions for each client; null: no limit. */
  readonly missLimit: { readonly perSecond: number; readonly burst: number } | null
  readonly connectionsPerClient: number
  readonly trustedProxies: readonly string[]
  readonly controlUrl: string | null
  readonly upstreamUrl: string | null
  readonly nodeId: string | null
  readonly purgeFrom: readonly string[]
  /** Of the invalidation log. */
  readonly logDays: number
  readonly logLevel: LogLevel
}

/** One line for each thing that is wrong, each naming the variable and what would be right. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const SECRET_CHARACTERS_MIN = 32
/** Of misses and connections: beyond a million there is no limit worth the name. */
const COUNT = { min: 1, max: 1_000_000 } as const
/** Idempotency keys, which name an invalidation, are kept for one day. */
const LOG_DAYS = { min: 2, max: 36_500 } as const
const LEASE_SECONDS = { min: 1, max: 3600 } as const
const MEGABYTE = 1024 * 1024
/** Less than this holds no picture of usual size. */
const CACHE_BYTES_MIN = MEGABYTE

type Values = Readonly<Record<string, string | undefined>>

/** `values` holds variables by name; flags were merged in before. */
export function readConfig(role: RoleName, values: Values): Config {
  const problems: string[] = []
  const read = reader(values, problems)
  const config: Config = {
    role,
    host: read.text('SLUICE_HOST'),
    port: read.port('SLUICE_PORT'),
    edgePorts: read.ports('SLUICE_EDGE_PORTS'),
    resizerPort: read.port('SLUICE_RESIZER_PORT'),
    nodePort: read.optional('SLUICE_NODE_PORT') === null ? null : read.port('SLUICE_NODE_PORT'),
    dataFolder: resolve(read.text('SLUICE_DATA')),
    assetsFolder: resolved(read.optional('SLUICE_ASSETS')),
    project: read.matching(
      'SLUICE_PROJECT',
      /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/i,
      'letters, digits, - and _',
    ),
    adminKey: read.secret('SLUICE_ADMIN_KEY'),
    adminEmail: read.matching('SLUICE_ADMIN_EMAIL', /^[^\s@]+@[^\s@]+$/, 'an e-mail address'),
    adminPassword: read.optional('SLUICE_ADMIN_PASSWORD'),
    nodeSecret: read.secret('SLUICE_NODE_SECRET'),
    leaseMs: read.number('SLUICE_LEASE_SECONDS', LEASE_SECONDS) * 1000,
    edgeMemoryBytes: read.bytes('SLUICE_EDGE_MEMORY'),
    resizerDiskBytes: read.bytes('SLUICE_RESIZER_DISK'),
    missLimit: missLimit(read),
    connectionsPerClient: read.number('SLUICE_CONNECTIONS_PER_CLIENT', COUNT),
    trustedProxies: read.networks('SLUICE_TRUSTED_PROXIES'),
    controlUrl: read.url('SLUICE_CONTROL'),
    upstreamUrl: read.url('SLUICE_UPSTREAM'),
    nodeId: read.optional('SLUICE_NODE_ID'),
    purgeFrom: read.networks('SLUICE_PURGE_FROM'),
    logDays: read.number('SLUICE_LOG_DAYS', LOG_DAYS),
    logLevel: read.oneOf('SLUICE_LOG', LOG_LEVELS),
  }
  read.only('SLUICE_STORE', 'sqlite', 'PostgreSQL is not supported yet')
  read.only('SLUICE_PURGELOG', 'embedded', 'NATS is not supported yet')
  problems.push(...missing(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** What a role cannot do without. */
function missing(config: Config): string[] {
  const problems: string[] = []
  const separate =
    config.role === 'control' || config.role === 'resizer' || config.controlUrl !== null
  if (separate && config.role !== 'serve' && config.nodeSecret === null) {
    problems.push(
      `SLUICE_NODE_SECRET is missing; set it to the same ${SECRET_CHARACTERS_MIN} or more characters on every node`,
    )
  }
  if (config.role === 'resizer' && config.controlUrl === null) {
    problems.push(
      'SLUICE_CONTROL (--control) is missing; set it to the base URL of control, such as http://127.0.0.1:8080',
    )
  }
  if (config.role === 'edge' && config.upstreamUrl === null) {
    problems.push(
      'SLUICE_UPSTREAM (--upstream) is missing; set it to the base URL of the image server, such as http://127.0.0.1:8090',
    )
  }
  return problems
}

function missLimit(read: Reader): Config['missLimit'] {
  const perSecond = read.number('SLUICE_MISSES_PER_SECOND', { ...COUNT, min: 0 })
  const burst = read.number('SLUICE_MISS_BURST', COUNT)
  return perSecond === 0 ? null : { perSecond, burst }
}

function resolved(folder: string | null): string | null {
  return folder === null ? null : resolve(folder)
}

interface Reader {
  text(env: string): string
  optional(env: string): string | null
  port(env: string): number
  ports(env: string): readonly number[]
  matching(env: string, pattern: RegExp, what: string): string
  secret(env: string): string | null
  number(env: string, range: { min: number; max: number }): number
  bytes(env: string): number
  networks(env: string): readonly string[]
  url(env: string): string | null
  oneOf<T extends string>(env: string, choices: readonly T[]): T
  only(env: string, value: string, otherwise: string): void
}

function reader(values: Values, problems: string[]): Reader {
  const given = (env: string): string => {
    const known = SETTINGS.find((each) => each.env === env)
    return values[env]?.trim() || (known?.default ?? '')
  }
  const wrong = <T>(env: string, right: string, instead: T): T => {
    problems.push(`${env}=${given(env)} is not ${right}`)
    return instead
  }
  const port = (env: string, text: string): number => {
    const number = Number(text)
    return /^\d{1,5}$/.test(text) && number <= 65_535
      ? number
      : wrong(env, 'a port (0 to 65535)', 0)
  }
  const optional = (env: string): string | null => given(env) || null
  return {
    text: given,
    optional,
    port: (env) => port(env, given(env)),
    ports: (env) =>
      given(env)
        .split(',')
        .map((part) => port(env, part.trim())),
    matching: (env, pattern, what) =>
      pattern.test(given(env)) ? given(env) : wrong(env, what, given(env)),
    secret(env) {
      const secret = optional(env)
      if (secret === null || secret.length >= SECRET_CHARACTERS_MIN) return secret
      problems.push(`${env} is shorter than ${SECRET_CHARACTERS_MIN} characters`)
      return secret
    },
    number(env, { min, max }) {
      const number = Number(given(env))
      return number >= min && number <= max
        ? number
        : wrong(env, `a number from ${min} to ${max}`, min)
    },
    bytes(env) {
      const bytes = parseBytes(given(env))
      return bytes !== null && bytes >= CACHE_BYTES_MIN
        ? bytes
        : wrong(env, 'a size of 1MB or more, such as 256MB', 0)
    },
    networks(env) {
      const list = given(env)
      return parseNetworks(list)
        ? list.split(/[\s,]+/).filter((part) => part !== '')
        : wrong(env, 'a list of addresses', [])
    },
    url(env) {
      const text = optional(env)
      if (text === null) return null
      const url = URL.parse(text)
      const sound =
        url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === ''
      return sound ? url.origin : wrong(env, 'a base URL such as http://127.0.0.1:8080', null)
    },
    oneOf: (env, choices) =>
      choices.find((choice) => choice === given(env)) ??
      wrong(env, `one of ${choices.join(', ')}`, choices[0]!),
    only(env, value, otherwise) {
      if (given(env) !== value)
        problems.push(
          `${env}=${given(env).replace(/\/\/.*/, '//…')}: ${otherwise}; leave it at ${value}`,
        )
    },
  }
}

/** `256MB`, `2GB`, `64KB`, `1048576`: powers of 1024. */
function parseBytes(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?$/i.exec(text)
  if (!found) return null
  const power = ['', 'K', 'M', 'G', 'T'].indexOf(found[2]!.toUpperCase())
  return Math.floor(Number(found[1]) * 1024 ** power)
}
