import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'

import { Compile } from 'typebox/compile'
import type { TSchema } from 'typebox'

import { createApi } from '../../src/api/api.ts'
import type { Api } from '../../src/api/api.ts'
import { newApiKey } from '../../src/api/callers.ts'
import { API_METRICS } from '../../src/api/metrics.ts'
import type { ApiConfig, ApiParts } from '../../src/api/parts.ts'
import { hashPassword } from '../../src/api/passwords.ts'
import { createAssets } from '../../src/assets/create-assets.ts'
import type { OnChange } from '../../src/assets/assets.ts'
import { rememberedAreas, salientArea } from '../../src/imaging/salient-area.ts'
import type { Role } from '../../src/contract/invalidation.ts'
import { createInvalidations } from '../../src/invalidation/invalidations.ts'
import type { Invalidations } from '../../src/invalidation/invalidations.ts'
import type { InvalidationParts } from '../../src/invalidation/parts.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { sha256 } from '../../src/kernel/hash.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { createMetrics } from '../../src/kernel/metrics.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { systemTimers } from '../../src/kernel/timers.ts'
import { Authority } from '../../src/purgelog/authority.ts'
import { controlTargets } from '../../src/roles/control-targets.ts'
import { openSqliteStore } from '../../src/store/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { createOwnNodes } from '../../src/targets/own-nodes.ts'
import { controlMemory } from '../../src/roles/control-memory.ts'

/** The control plane's door with real rooms behind it: SQLite and assets in a temporary folder, no edges. */
export interface ControlApi {
  readonly api: Api
  readonly parts: ApiParts
  readonly store: Store
  readonly folder: string
  /** Moves the clock of the API on. */
  advance(ms: number): void
  /** Calls in process; `key` is sent as a bearer, `body` as JSON. */
  call(method: InjectOptions['method'], url: string, options?: CallOptions): Promise<Answer>
  /** Opens a path over a real socket, listening on a free port at the first call; abort it when enough was read. */
  open(path: string, options?: OpenOptions): Promise<Response>
  /** Where `open` asks. */
  url(): Promise<string>
  /** A new API key of a project. */
  key(project: string, role: Role): Promise<string>
  stop(): Promise<void>
}

export interface CallOptions {
  readonly key?: string | null
  readonly body?: unknown
  readonly raw?: string | Buffer
  readonly headers?: Record<string, string>
}

export interface OpenOptions extends Omit<RequestInit, 'headers'> {
  readonly key?: string | null
  readonly headers?: Record<string, string>
}

export interface Answer {
  readonly status: number
  readonly headers: LightMyRequestResponse['headers']
  readonly text: string
  readonly raw: Buffer
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers freely
  readonly json: any
}

export const ADMIN_KEY = 'sk_admin-key-of-the-tests'
export const ADMIN_EMAIL = 'admin@localhost'
export const ADMIN_PASSWORD = 'four words nobody joins'
export const NODE_SECRET = 'a-node-secret-of-at-least-32-characters'
export const PROJECTS = ['demo', 'other'] as const

export async function startControlApi(config: Partial<ApiConfig> = {}): Promise<ControlApi> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-api-'))
  const { clock, advance } = movableClock()
  const store = await openSqliteStore(join(folder, 'sluice.db'), {
    random: systemRandom,
    timers: systemTimers,
  })
  const parts = await makeParts({ store, folder, clock, config })
  const api = await createApi(parts)
  for (const project of PROJECTS) {
    const settings = { company: project, publishServer: `https://${project}.example` }
    await parts.assets.createProject(project, settings)
  }
  await putAdmin(store)
  let listening: Promise<{ readonly url: string }> | undefined
  const base = async () => {
    listening ??= api.listen({ host: '127.0.0.1', port: 0 })
    return (await listening).url
  }
  return {
    api,
    parts,
    store,
    folder,
    advance,
    call: (method, url, options = {}) => call(api, method, url, options),
    url: base,
    async open(path, { key = ADMIN_KEY, headers = {}, ...options } = {}) {
      const authorization = key === null ? {} : { authorization: `Bearer ${key}` }
      return fetch((await base()) + path, { ...options, headers: { ...authorization, ...headers } })
    },
    key: (project, role) => putKey(store, project, role),
    async stop() {
      await api.close()
      await parts.invalidations.stop()
      await parts.assets.stop()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Making {
  readonly store: Store
  readonly folder: string
  readonly clock: Clock
  readonly config: Partial<ApiConfig>
}

async function makeParts({ store, folder, clock, config }: Making): Promise<ApiParts> {
  const originFolder = join(folder, 'origin')
  await mkdir(originFolder, { recursive: true })
  const base = { clock, timers: systemTimers, random: systemRandom, log: silentLog, store }
  const authority = new Authority({
    ...base,
    memory: controlMemory(store),
    leaseMs: 500,
    origin: { kind: 'folder', path: originFolder },
  })
  const outer = controlTargets(base, { store, authority, nodeSecret: NODE_SECRET })
  const { invalidations, onChange } = makeInvalidations(base, authority)
  const findArea = rememberedAreas(async ({ load, size }) => salientArea(await load(), size))
  const assets = createAssets({ ...base, originFolder, onChange, findArea })
  await assets.start()
  await invalidations.start()
  return {
    ...base,
    authority,
    assets,
    invalidations,
    targets: outer.library({ store, assets }),
    metrics: createMetrics([API_METRICS]),
    demo: null,
    notReady: () => [],
    config: {
      version: '0.0.0-test',
      adminKeyHash: sha256(ADMIN_KEY),
      nodeSecret: NODE_SECRET,
      leaseMs: 500,
      defaultProject: 'demo',
      trustedProxies: [],
      consoleFolder: await makeConsole(folder),
      ...config,
    },
  }
}

/** What a build looks like: a page, a hashed asset, and something beside the folder that must never be served. */
async function makeConsole(folder: string): Promise<string> {
  const consoleFolder = join(folder, 'console')
  await mkdir(join(consoleFolder, 'assets'), { recursive: true })
  await writeFile(join(consoleFolder, 'index.html'), '<!doctype html><title>Sluice</title>')
  await writeFile(join(consoleFolder, 'assets', 'app-1a2b3c.js'), 'console.log(1)')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  return consoleFolder
}

async function putAdmin(store: Store): Promise<void> {
  const passwordHash = await hashPassword(ADMIN_PASSWORD, systemRandom)
  const row = { id: 'admin', email: ADMIN_EMAIL, passwordHash, owner: true, createdAt: 0 }
  await store.transaction('durable', (tx) => tx.accounts.putAccount(row))
}

async function putKey(store: Store, project: string, role: Role): Promise<string> {
  const { secret, secretHash } = newApiKey(systemRandom)
  const row = {
    id: secretHash.slice(0, 12),
    name: `${project} ${role}`,
    secretHash,
    project,
    roles: [role],
    createdAt: 0,
    createdBy: 'test',
  }
  await store.transaction('durable', (tx) => tx.accounts.putKey(row))
  return secret
}

function movableClock(): { clock: Clock; advance: (ms: number) => void } {
  let moved = 0
  return {
    clock: { now: () => performance.now() + moved, wall: () => Date.now() + moved },
    advance: (ms) => void (moved += ms),
  }
}

async function call(
  api: Api,
  method: InjectOptions['method'],
  url: string,
  { key = ADMIN_KEY, body, raw, headers = {} }: CallOptions,
): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const answer = await api.app.inject({
    method: method ?? 'GET',
    url,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  })
  const type = answer.headers['content-type'] ?? ''
  if (type.startsWith('application/json')) checkAnswer(api, method ?? 'GET', url, answer)
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.payload,
    raw: answer.rawPayload,
    json: type.includes('json') && answer.payload !== '' ? JSON.parse(answer.payload) : undefined,
  }
}

/** Our own nodes are the only targets; the library's changes become automatic invalidations. */
function makeInvalidations(
  base: Omit<InvalidationParts, 'targets' | 'alone'>,
  authority: Authority,
): { invalidations: Invalidations; onChange: OnChange } {
  const list = () => base.store.tables.nodes.list()
  const ownNodes = createOwnNodes({ barrier: authority, clock: base.clock, list })
  const invalidations = createInvalidations({ ...base, targets: [ownNodes], alone: true })
  return { invalidations, onChange: (tx, change) => invalidations.recordChange(tx, change) }
}

/** An answer that its own schema does not allow would surprise every typed client. */
function checkAnswer(api: Api, method: string, url: string, answer: LightMyRequestResponse): void {
  const path = url.split('?')[0]!
  const route = api.routes.find(
    (each) =>
      each.method === method && new RegExp(`^${each.url.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  )
  const schemas = (route?.schema.response ?? {}) as Record<string, TSchema>
  const schema = schemas[answer.statusCode]
  if (schema === undefined) return
  assert.deepEqual([...Compile(schema).Errors(answer.json())], [], `${method} ${url}`)
}
