import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Invalidation, Selection } from '../contract/invalidation.ts'
import { isFinal } from '../contract/invalidation.ts'
import type { Peek } from '../contract/node-protocol.ts'
import { systemClock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { systemTimers } from '../kernel/timers.ts'
import { openSqliteStore } from '../store/sqlite-store.ts'
import { assetRow, nodeRow } from '../store/store-suite-rows.ts'
import type { AssetRow, ProjectRow, Store } from '../store/store.ts'
import { createOwnNodes } from '../targets/own-nodes.ts'
import type { Target } from '../targets/target.ts'
import { NO_SELECTION } from './automatic.ts'
import { createInvalidations } from './invalidations.ts'
import type { InvalidationParts, Invalidations } from './invalidations.ts'

/** A place to try invalidations: a real SQLite store, real time, and nodes that acknowledge when they are told to. */

export const PROJECT: ProjectRow = {
  id: 'demo',
  company: 'dms7snapshot',
  aliases: ['alias'],
  publishServer: 'http://my.publishserver.com:8080',
  tokens: ['doc'],
  hosts: ['img.shop.example'],
  origins: [{ host: 'sample.li', scheme: 'https' }],
  originAliases: { _x_: 'sample.li/pictures' },
  cdnTtlSeconds: 36000,
  browserTtlSeconds: 60,
  automaticInvalidation: true,
  maxUrlsPerInvalidation: 1000,
  maxOriginalsPerInvalidation: 10,
  supportUrl: null,
  template: '',
  templateVersion: 1,
  presets: {},
  assetSource: { kind: 'library' },
  createdAt: 1,
}

export function selected(part: Partial<Selection>): Selection {
  return { ...NO_SELECTION, ...part }
}

export function image(id: string, part: Partial<AssetRow> = {}): AssetRow {
  return assetRow({ id, ...part })
}

export function pdf(id: string): AssetRow {
  return assetRow({ id, kind: 'document', mediaType: 'application/pdf' })
}

export function word(id: string): AssetRow {
  return assetRow({ id, kind: 'document', mediaType: 'application/msword' })
}

type NodeBarrier = Parameters<typeof createOwnNodes>[0]['barrier']
type NodeProgress = Awaited<ReturnType<NodeBarrier['waitFor']>>[number]

/** Nodes that follow nothing: a test says what each has applied, and what it holds. */
export interface TestNodes {
  readonly barrier: NodeBarrier
  /** Acknowledge everything at once from now on. */
  prompt: boolean
  /** What a peek finds, for each target asked about. */
  held: (target: string, seq: number) => Omit<Peek, 'target'> | null
  /** Every seq that somebody waited for. */
  readonly waited: number[]
  acknowledge(node: string): void
}

const NODES = [
  { id: 'r1', role: 'resizer', state: 'in' },
  { id: 'e1', role: 'edge', state: 'in' },
  { id: 'e2', role: 'edge', state: 'in' },
] as const

export function createTestNodes(): TestNodes {
  const acknowledged = new Map<string, number>()
  const checks = new Set<() => void>()
  const progress = (seq: number): NodeProgress[] =>
    NODES.map(({ id, role }) => {
      const done = nodes.prompt || (acknowledged.get(id) ?? 0) >= seq
      return { node: id, incarnation: `${id}-1`, role, outcome: done ? 'acknowledged' : null }
    })

  const nodes: TestNodes = {
    prompt: true,
    held: () => null,
    waited: [],
    acknowledge(node) {
      acknowledged.set(node, Number.MAX_SAFE_INTEGER)
      for (const check of checks) check()
    },
    barrier: {
      waitFor(seq, onProgress, signal) {
        nodes.waited.push(seq)
        return new Promise((resolve, reject) => {
          function check(): void {
            const now = progress(seq)
            onProgress(now)
            if (now.some(({ outcome }) => outcome === null)) return
            checks.delete(check)
            resolve(now)
          }
          signal.addEventListener('abort', () => reject(signal.reason as Error))
          checks.add(check)
          check()
        })
      },
      async peek(targets) {
        const seq = nodes.waited.at(-1) ?? 0
        return NODES.map(({ id, role }) => ({
          node: id,
          role,
          peeks: targets.flatMap((target) => {
            const held = nodes.held(target, seq)
            return held ? [{ target, ...held }] : []
          }),
        }))
      },
    },
  }
  return nodes
}

export interface Workbench {
  readonly store: Store
  readonly nodes: TestNodes
  readonly parts: InvalidationParts
  readonly invalidations: Invalidations
  /** Another process's room over the same store. */
  another(change?: Partial<InvalidationParts>): Invalidations
  put(...assets: readonly AssetRow[]): Promise<void>
  setProject(change: Partial<ProjectRow>): Promise<void>
  submit(part: Partial<Selection>): Promise<Invalidation>
  /** Waits until an invalidation is what it should be. */
  until(id: string, isTrue: (invalidation: Invalidation) => boolean): Promise<Invalidation>
  finished(id: string): Promise<Invalidation>
  close(): Promise<void>
}

/** Waiting longer than this is a failure, also on a busy machine. */
const DEADLINE_MS = 10_000

export async function openWorkbench(
  options: {
    readonly parts?: Partial<InvalidationParts>
    readonly outer?: readonly Target[]
    readonly store?: Store
  } = {},
): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-invalidation-'))
  const store =
    options.store ?? (await openSqliteStore(join(folder, 'a.sqlite'), { random: systemRandom }))
  await store.transaction('volatile', async (tx) => {
    await tx.projects.insert(PROJECT)
    const urls = ['http://127.0.0.1:8081']
    await tx.nodes.register(nodeRow({ id: 'e1', incarnation: 'e1-1', urls }), undefined)
  })
  const nodes = createTestNodes()
  const own = createOwnNodes({
    barrier: nodes.barrier,
    clock: systemClock,
    list: async () => NODES,
  })
  const parts: InvalidationParts = {
    store,
    targets: [own, ...(options.outer ?? [])],
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    log: silentLog,
    alone: true,
    ...options.parts,
  }
  const all = [createInvalidations(parts)]
  const invalidations = all[0]!
  return {
    store,
    nodes,
    parts,
    invalidations,
    another(change = {}) {
      const other = createInvalidations({ ...parts, ...change })
      all.push(other)
      return other
    },
    put: (...assets) =>
      store.transaction('volatile', async (tx) => {
        for (const asset of assets) await tx.assets.put(asset)
      }),
    setProject: (change) =>
      store.transaction('volatile', (tx) => tx.projects.update(PROJECT.id, change)),
    async submit(part) {
      const request = { selection: selected(part), source: 'api', createdBy: 'key test' } as const
      return (await invalidations.submit(PROJECT.id, request)).invalidation
    },
    until: (id, isTrue) => waitUntil(invalidations, id, isTrue),
    finished: (id) => waitUntil(invalidations, id, ({ status }) => isFinal(status)),
    async close() {
      for (const each of all) await each.stop()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function waitUntil(
  invalidations: Invalidations,
  id: string,
  isTrue: (invalidation: Invalidation) => boolean,
): Promise<Invalidation> {
  const deadline = systemClock.now() + DEADLINE_MS
  for (;;) {
    const now = await invalidations.get(PROJECT.id, id)
    if (isTrue(now)) return now
    assert.ok(systemClock.now() < deadline, `still ${JSON.stringify(now)}`)
    await systemTimers.sleep(1)
  }
}

/** The body of a test that gets a workbench of its own, with the images `a` and `b`. */
export function withBench(
  run: (bench: Workbench) => Promise<void>,
  options: Parameters<typeof openWorkbench>[0] = {},
): () => Promise<void> {
  return async () => {
    const bench = await openWorkbench(options)
    try {
      await bench.put(image('a'), image('b'))
      await run(bench)
    } finally {
      await bench.close()
    }
  }
}
