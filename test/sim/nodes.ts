import { DiskBodies } from '../../src/cache/disk-bodies.ts'
import type { DiskBody } from '../../src/cache/disk-bodies.ts'
import type { Freshness } from '../../src/cache/freshness.ts'
import { memoryBodies } from '../../src/cache/marked-cache.ts'
import type { MarkedCache } from '../../src/cache/marked-cache.ts'
import { restoreState, saveState, savedCache } from '../../src/cache/saved-state.ts'
import type { SavedCache } from '../../src/cache/saved-state.ts'
import type { Fills } from '../../src/cache/fills.ts'
import { Sweeper } from '../../src/cache/sweeper.ts'
import type { Sweepable } from '../../src/cache/sweeper.ts'
import type { NodeRole, Peek } from '../../src/contract/node-protocol.ts'
import { parseCanonicalTarget } from '../../src/contract/parse-delivery-url.ts'
import type { EdgeAnswer } from '../../src/edge/answer.ts'
import type { Edge } from '../../src/edge/edge.ts'
import type { EdgeCache, EdgeFill } from '../../src/edge/fill.ts'
import type { KeptMeta } from '../../src/edge/kept.ts'
import { SluiceResolver } from '../../src/edge/sluice-resolver.ts'
import { randomToken } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { Meter } from '../../src/kernel/metrics.ts'
import { Follower } from '../../src/purgelog/follower.ts'
import { RecordReader } from '../../src/resizer/record-reader.ts'
import { RemoteOriginals } from '../../src/resizer/remote-originals.ts'
import type { OriginalMeta } from '../../src/resizer/remote-originals.ts'
import { renditionKey } from '../../src/resizer/rendition.ts'
import type { RenditionFill, RenditionMeta } from '../../src/resizer/rendition.ts'
import { Resizer } from '../../src/resizer/resizer.ts'
import { stampsOf } from './bounds.ts'
import type { Holding } from './bounds.ts'
import { counted } from './coverage.ts'
import { Program } from './host.ts'
import type { Host } from './host.ts'
import { controlLink, upstreamTo } from './links.ts'
import type { InnerAnswer, InnerNode, InnerRequest } from './links.ts'
import { LogWatch } from './log-watch.ts'
import type { SavedPlace } from './log-watch.ts'
import { NodeDisk } from './node-disk.ts'
import { peekOf } from './peek-of.ts'
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
  watch!: LogWatch
  /** What its disk may hold. */
  protected readonly saved: SavedPlace[] = []

  constructor(stage: Stage, host: Host) {
    this.stage = stage
    this.host = host
  }

  abstract answer(request: InnerRequest): Promise<InnerAnswer>
  /** Builds what this role is made of; resolves when it may answer. */
  protected abstract open(): Promise<readonly Sweepable[]>
  /** What could grow for ever, and what there is at most a reason for. */
  abstract holdings(): readonly Holding[]
  /** The same when nobody asks for anything. */
  abstract leftovers(): readonly Holding[]
  protected abstract peek(target: string): Peek
  /** Resolves when what caches outside had asked for is answered. */
  protected drain(): Promise<void> {
    return Promise.resolve()
  }

  /** Keeps what a restart needs. */
  protected abstract save(): Promise<void>
  /** What does not outlive a machine that lost its disk. */
  protected abstract loseDisk(): void
  /** What was written last may not be there after a power cut. */
  protected abstract losePower(): void

  /** Counts which of its branches production code took. */
  protected readonly meter: Meter = {
    count: (name, labels = {}) => this.stage.world.meet([name, ...Object.values(labels)].join(' ')),
    gauge: () => undefined,
  }

  logId(): string {
    return this.freshness.logId
  }

  async start(): Promise<void> {
    const { stage, host } = this
    this.#starts += 1
    this.program = new Program(host, `${host.name}.${this.#starts}`)
    this.freshness = stage.build.freshness(this.program, this.role)
    const holders = await this.open()
    this.watch = new LogWatch(this.program.name, stage)
    this.watch.began(this.freshness, this.saved)
    stage.world.meet(this.freshness.logId === '' ? 'begins empty' : 'begins with its disk')
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
      sink: this.watch.seen(stage.build.sink(this.freshness, this.program)),
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

  crash(withDisk: boolean, power = false): void {
    this.program.crash()
    if (power) this.losePower()
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
  #fills!: Fills<EdgeFill>
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
    const cache: EdgeCache = stage.build.cache<KeptMeta, Uint8Array>({
      freshness,
      bodies: memoryBodies,
      bytesMax: stage.cacheBytes,
    })
    const upstream = upstreamTo(stage, program, this.#inner)
    this.#cache = counted(stage.world, cache)
    this.#fills = stage.build.fills(freshness, program)
    this.#edge = stage.build.edge(
      {
        clock,
        timers,
        log: silentLog,
        meter: this.meter,
        freshness,
        cache,
        upstream: stage.build.upstream(upstream, freshness, this.#isHome),
        fills: this.#fills,
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

  protected override losePower(): void {
    // Nothing of it is on a disk.
  }

  override holdings(): readonly Holding[] {
    const { cacheBytes, ledger } = this.stage
    return [
      { what: 'bytes in its cache', held: this.#cache.bytes, max: cacheBytes },
      ...stampsOf(this.freshness, ledger),
    ]
  }

  override leftovers(): readonly Holding[] {
    return [{ what: 'fills', held: this.#fills.running, max: 0 }]
  }
}

export class ResizerNode extends Node {
  readonly role = 'resizer'
  readonly #disk: NodeDisk
  #saved: readonly SavedCache[] = []
  #resizer!: Resizer
  #renditions!: MarkedCache<RenditionMeta, DiskBody>
  #originals!: MarkedCache<OriginalMeta, DiskBody>
  #fills!: Fills<RenditionFill>

  constructor(stage: Stage, host: Host) {
    super(stage, host)
    this.#disk = new NodeDisk(stage.world)
  }

  protected override async open(): Promise<readonly Sweepable[]> {
    const { stage, program, freshness } = this
    const { clock, timers, random } = program
    const { origin } = stage
    const bodies = new DiskBodies({ disk: this.#disk.bodiesOf(program), random, log: silentLog })
    const parts = { freshness, bodies, bytesMax: stage.cacheBytes }
    const renditions = stage.build.cache<RenditionMeta, DiskBody>(parts)
    const originals = stage.build.cache<OriginalMeta, DiskBody>(parts)
    this.#saved = [
      savedCache('renditions', renditions, freshness, (meta) => meta as RenditionMeta),
      savedCache('originals', originals, freshness, (meta) => meta as OriginalMeta),
    ]
    const records = new RecordReader(freshness, origin.readRecord(program))
    const remote = origin.remoteFor(program)
    this.#renditions = renditions
    this.#originals = originals
    counted(stage.world, renditions)
    this.#fills = stage.build.fills(freshness, program)
    this.#resizer = new Resizer({
      clock,
      timers,
      log: silentLog,
      meter: this.meter,
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
      fills: this.#fills,
      render: origin.renderFor(program),
      rendererVersion: 'sim',
      onMismatch: () => undefined,
    })
    await restoreState(this.#disk.stateOf(program), freshness, this.#saved, bodies, silentLog)
    void this.#saveForEver()
    return [renditions, originals, records]
  }

  protected override save(): Promise<void> {
    const { logId, applied } = this.freshness
    this.saved.push({ logId, applied })
    return saveState(this.#disk.stateOf(this.program), this.freshness, this.#saved)
  }

  async #saveForEver(): Promise<void> {
    const { program } = this
    for (;;) {
      await program.timers.sleep(SAVE_EVERY_MS * program.random.between(0.5, 1.5))
      await this.save()
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
    this.#disk.lose()
  }

  protected override losePower(): void {
    this.#disk.losePower()
  }

  override holdings(): readonly Holding[] {
    const { cacheBytes, ledger } = this.stage
    return [
      { what: 'bytes of renditions', held: this.#renditions.bytes, max: cacheBytes },
      { what: 'bytes of originals', held: this.#originals.bytes, max: cacheBytes },
      ...stampsOf(this.freshness, ledger),
    ]
  }

  override leftovers(): readonly Holding[] {
    const kept = this.#renditions.count + this.#originals.count
    return [
      { what: 'fills', held: this.#fills.running, max: 0 },
      { what: 'files on its disk', held: this.#disk.count, max: kept },
    ]
  }
}
