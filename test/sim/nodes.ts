import { DiskBodies } from '../../src/cache/disk-bodies.ts'
import type { Disk, DiskBody } from '../../src/cache/disk-bodies.ts'
import type { Freshness } from '../../src/cache/freshness.ts'
import { MarkedCache, memoryBodies } from '../../src/cache/marked-cache.ts'
import { restoreState, saveState, savedCache } from '../../src/cache/saved-state.ts'
import type { SavedCache, StateFile } from '../../src/cache/saved-state.ts'
import { Sweeper } from '../../src/cache/sweeper.ts'
import type { Sweepable } from '../../src/cache/sweeper.ts'
import type { NodeRole, Peek } from '../../src/contract/node-protocol.ts'
import { parseCanonicalTarget } from '../../src/contract/parse-delivery-url.ts'
import type { EdgeAnswer } from '../../src/edge/answer.ts'
import type { Edge } from '../../src/edge/edge.ts'
import type { EdgeCache } from '../../src/edge/fill.ts'
import type { KeptMeta } from '../../src/edge/kept.ts'
import { SluiceResolver } from '../../src/edge/sluice-resolver.ts'
import { randomToken } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { silentMeter } from '../../src/kernel/metrics.ts'
import { Follower } from '../../src/purgelog/follower.ts'
import { RecordReader } from '../../src/resizer/record-reader.ts'
import { RemoteOriginals } from '../../src/resizer/remote-originals.ts'
import type { OriginalMeta } from '../../src/resizer/remote-originals.ts'
import { renditionKey } from '../../src/resizer/rendition.ts'
import type { RenditionMeta } from '../../src/resizer/rendition.ts'
import { Resizer } from '../../src/resizer/resizer.ts'
import { Program } from './host.ts'
import type { Host } from './host.ts'
import { controlLink, upstreamTo } from './links.ts'
import type { InnerAnswer, InnerNode, InnerRequest } from './links.ts'
import { HOST } from './scene.ts'
import type { Stage } from './stage.ts'

/** Often, so that restarts find states of all ages. */
const SAVE_EVERY_MS = 700

/** A node of any role on its machine; each start is a new program with a new incarnation. */
abstract class Node implements InnerNode {
  readonly host: Host
  protected readonly stage: Stage
  abstract readonly role: NodeRole
  program!: Program
  freshness!: Freshness
  #incarnation: string | undefined
  #sweeper: Sweeper | undefined
  #follower: Follower | undefined
  #starts = 0

  constructor(stage: Stage, host: Host) {
    this.stage = stage
    this.host = host
  }

  abstract answer(request: InnerRequest): Promise<InnerAnswer>
  /** Builds what this role is made of; resolves when it may answer. */
  protected abstract open(): Promise<readonly Sweepable[]>
  protected abstract peek(target: string): Peek
  /** Resolves when what caches outside had asked for is answered. */
  protected drain(): Promise<void> {
    return Promise.resolve()
  }

  /** Keeps what a restart needs. */
  protected abstract save(): Promise<void>
  /** What does not outlive a machine that lost its disk. */
  protected abstract loseDisk(): void

  logId(): string {
    return this.freshness.logId
  }

  async start(): Promise<void> {
    const { stage, host } = this
    this.#starts += 1
    this.program = new Program(host, `${host.name}.${this.#starts}`)
    this.freshness = stage.build.freshness(this.program, this.role)
    const holders = await this.open()
    const { clock, timers, random } = this.program
    const incarnation = randomToken(random, 9)
    // Holding the data folder's lock, a start knows that its predecessor is dead; without its disk it knows nothing.
    const predecessor = this.#incarnation
    this.#sweeper = new Sweeper(this.freshness, holders, timers)
    const follower = new Follower({
      clock,
      timers,
      random,
      log: silentLog,
      link: controlLink(stage, this.program),
      sink: this.freshness,
      hello: {
        id: host.name,
        incarnation,
        role: this.role,
        version: 'sim',
        urls: [],
        ...(predecessor === undefined ? {} : { predecessor }),
      },
      stats: () => ({
        entries: 0,
        bytes: 0,
        stamps: 0,
        floor: 0,
        hits: 0,
        misses: 0,
      }),
      peek: (targets) => targets.map((target) => this.peek(target)),
      drain: () => this.drain(),
      onRegistered: () => {
        this.#incarnation = incarnation
      },
    })
    this.#follower = follower
    follower.start()
    stage.world.note(host.name, `started as ${incarnation}, applied ${this.freshness.applied}`)
  }

  crash(withDisk: boolean): void {
    this.program.crash()
    if (!withDisk) {
      this.loseDisk()
      this.#incarnation = undefined
    }
    this.stage.world.note(this.host.name, withDisk ? 'crashed' : 'crashed and lost its disk')
  }

  /** As at SIGTERM and the next start: it stops following, saves what it holds, ends, and begins anew. */
  async restart(): Promise<void> {
    const { program } = this
    await this.#follower?.stop()
    await this.save()
    if (!program.alive) return
    this.crash(true)
    await this.start()
  }

  /** Judges everything held and forgets stamps, which in production happens after very many purges. */
  sweep(): void {
    void this.#sweeper?.sweep()
  }

  fold(): void {
    this.freshness.foldLargestProject()
  }
}

export class EdgeNode extends Node {
  readonly role = 'edge'
  readonly #inner: InnerNode
  readonly #isHome: boolean
  #edge!: Edge
  readonly #open = new Set<Promise<void>>()
  #cache!: EdgeCache

  constructor(stage: Stage, host: Host, inner: InnerNode, isHome: boolean) {
    super(stage, host)
    this.#inner = inner
    this.#isHome = isHome
  }

  protected override open(): Promise<readonly Sweepable[]> {
    const { stage, program, freshness } = this
    const { clock, timers } = program
    this.#open.clear()
    const cache: EdgeCache = new MarkedCache<KeptMeta, Uint8Array>({
      freshness,
      bodies: memoryBodies,
      bytesMax: stage.cacheBytes,
    })
    const upstream = upstreamTo(stage, program, this.#inner)
    this.#cache = cache
    this.#edge = stage.build.edge(
      {
        clock,
        timers,
        log: silentLog,
        meter: silentMeter,
        freshness,
        cache,
        upstream: stage.build.upstream(upstream, freshness, this.#isHome),
        fills: stage.build.fills(freshness, program),
        resolver: (edge) => new SluiceResolver(edge),
        onServed: () => undefined,
      },
      program,
    )
    return Promise.resolve([cache])
  }

  /** A client's request, its head read at this moment. */
  request(
    method: 'GET' | 'HEAD',
    target: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<EdgeAnswer> {
    return this.#edge.handle({
      method,
      scheme: 'http',
      host: HOST,
      target,
      headers,
      asker: null,
      client: '192.0.2.1',
    })
  }

  /** A cache outside asks; until the answer has left, the request is open. */
  async requestOfOuter(target: string): Promise<EdgeAnswer> {
    const answered = Promise.withResolvers<void>()
    this.#open.add(answered.promise)
    const answer = await this.request('GET', target, {})
    this.#open.delete(answered.promise)
    answered.resolve()
    return answer
  }

  protected override async drain(): Promise<void> {
    await Promise.all(this.#open)
  }

  answer(request: InnerRequest): Promise<InnerAnswer> {
    return this.#edge.handle({ ...request, scheme: 'http', client: '' })
  }

  protected override peek(target: string): Peek {
    const found = this.#cache.peek(target)
    return peekOf(target, this.freshness, found, found?.entry.meta.inputHash ?? null)
  }

  protected override save(): Promise<void> {
    return Promise.resolve()
  }

  protected override loseDisk(): void {
    // Its cache is in memory, and its incarnation is what it forgets.
  }
}

export class ResizerNode extends Node {
  readonly role = 'resizer'
  readonly #files = new Map<string, Uint8Array>()
  #state: readonly string[] | undefined
  #saved: readonly SavedCache[] = []
  #resizer!: Resizer
  #renditions!: MarkedCache<RenditionMeta, DiskBody>

  protected override async open(): Promise<readonly Sweepable[]> {
    const { stage, program, freshness } = this
    const { clock, timers, random } = program
    const { origin } = stage
    const bodies = new DiskBodies({ disk: this.#disk(), random, log: silentLog })
    const parts = { freshness, bodies, bytesMax: stage.cacheBytes }
    const renditions = new MarkedCache<RenditionMeta, DiskBody>(parts)
    const originals = new MarkedCache<OriginalMeta, DiskBody>(parts)
    this.#saved = [
      savedCache('renditions', renditions, freshness, (meta) => meta as RenditionMeta),
      savedCache('originals', originals, freshness, (meta) => meta as OriginalMeta),
    ]
    const records = new RecordReader(freshness, origin.readRecord(program))
    const remote = origin.remoteFor(program)
    this.#renditions = renditions
    this.#resizer = new Resizer({
      clock,
      timers,
      log: silentLog,
      meter: silentMeter,
      freshness,
      records,
      renditions,
      bodies,
      assets: origin.assetsFor(program),
      remotes: new RemoteOriginals({
        clock,
        log: silentLog,
        freshness,
        cache: originals,
        bodies,
        remote,
      }),
      fills: stage.build.fills(freshness, program),
      render: origin.renderFor(program),
      rendererVersion: 'sim',
      onMismatch: () => undefined,
    })
    await restoreState(this.#stateFile(), freshness, this.#saved, bodies, silentLog)
    void this.#saveForEver()
    return [renditions, originals, records]
  }

  protected override save(): Promise<void> {
    return saveState(this.#stateFile(), this.freshness, this.#saved)
  }

  async #saveForEver(): Promise<void> {
    const { program } = this
    for (;;) {
      await program.timers.sleep(SAVE_EVERY_MS * program.random.between(0.5, 1.5))
      await this.save()
    }
  }

  /** Written whole or not at all; what it says is captured before and true only later. */
  #stateFile(): StateFile {
    const { program } = this
    return {
      write: async (lines) => {
        const captured = [...lines]
        await program.pause(program.random.between(0, 50))
        this.#state = captured
      },
      read: () => Promise.resolve(this.#state),
    }
  }

  #disk(): Disk {
    const { program } = this
    const pause = (): Promise<void> => program.pause(program.random.between(0, 2))
    return {
      write: async (name, data) => {
        await pause()
        this.#files.set(name, data)
        await pause()
      },
      read: async (name) => {
        await pause()
        return this.#files.get(name)
      },
      remove: async (name) => {
        await pause()
        this.#files.delete(name)
      },
      list: () => Promise.resolve([...this.#files.keys()]),
    }
  }

  answer(request: InnerRequest): Promise<InnerAnswer> {
    return this.#resizer.handle(request)
  }

  protected override peek(target: string): Peek {
    const parsed = parseCanonicalTarget(target)
    const found = parsed.ok ? this.#renditions.peek(renditionKey(parsed.url, null)) : undefined
    return peekOf(target, this.freshness, found, found?.entry.meta.inputHash ?? null)
  }

  protected override loseDisk(): void {
    this.#files.clear()
    this.#state = undefined
  }
}

function peekOf(
  target: string,
  { applied }: Freshness,
  found: ReturnType<EdgeCache['peek']> | ReturnType<MarkedCache<RenditionMeta, DiskBody>['peek']>,
  inputHash: string | null,
): Peek {
  if (!found) return { target, state: 'absent', mark: null, applied, inputHash: null }
  const state = found.judgement.usable ? 'usable' : 'unusable'
  return { target, state, mark: found.entry.mark, applied, inputHash }
}
