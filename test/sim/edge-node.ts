import { memoryBodies } from '../../src/cache/marked-cache.ts'
import type { Fills } from '../../src/cache/fills.ts'
import type { Sweepable } from '../../src/cache/sweeper.ts'
import type { Peek } from '../../src/contract/node-protocol.ts'
import type { EdgeAnswer } from '../../src/edge/answer.ts'
import type { Edge, EdgeParts } from '../../src/edge/edge.ts'
import type { EdgeCache, EdgeFill } from '../../src/edge/fill.ts'
import type { KeptMeta } from '../../src/edge/kept.ts'
import { ServedUrls } from '../../src/edge/served-urls.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { stampsOf } from './bounds.ts'
import type { Holding } from './bounds.ts'
import { counted } from './coverage.ts'
import type { Host } from './host.ts'
import { controlLink, upstreamTo } from './links.ts'
import type { InnerAnswer, InnerNode, InnerRequest } from './links.ts'
import { peekOf } from './peek-of.ts'
import { HOST } from './scene.ts'
import type { Stage } from './stage.ts'
import { Node } from './node.ts'

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
        resolver: stage.build.resolver,
        ...this.#spellings(),
      },
      program,
    )
    return Promise.resolve([cache])
  }

  /** What is told of them matters where a cache outside is purged by them. */
  #spellings(): Pick<EdgeParts, 'onServed' | 'keepServed'> {
    const { stage, program, freshness, host } = this
    if (!stage.outer) return { onServed: () => undefined }
    const { clock, timers } = program
    const link = controlLink(stage, program)
    const served = new ServedUrls()
    served.start(timers, silentLog, (urls, signal) => link.reportServed(host.name, urls, signal))
    const machine = { clock, timers, log: silentLog }
    const made = stage.build.spellings(machine, { id: host.name, link }, served, freshness)
    return {
      ...made,
      keepServed: async (...asked) => {
        const recorded = await made.keepServed(...asked)
        stage.world.meet(recorded ? 'spelling recorded' : 'spelling not recorded')
        return recorded
      },
    }
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
  async requestOfOuter(target: string, accept: string): Promise<EdgeAnswer> {
    const answered = Promise.withResolvers<void>()
    const { drains } = this.stage.build
    if (drains === 'requests') this.#open.add(answered.promise)
    const answer = await this.request('GET', target, { accept })
    if (drains === 'answers') this.#open.add(answered.promise)
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
