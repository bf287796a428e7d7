import type { Freshness } from '../../src/cache/freshness.ts'
import { Sweeper } from '../../src/cache/sweeper.ts'
import type { Sweepable } from '../../src/cache/sweeper.ts'
import type { NodeRole, Peek } from '../../src/contract/node-protocol.ts'
import { randomToken } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import type { Meter } from '../../src/kernel/metrics.ts'
import { Follower } from '../../src/purgelog/follower.ts'
import type { Holding } from './bounds.ts'
import { Program } from './host.ts'
import type { Host } from './host.ts'
import { controlLink } from './links.ts'
import type { InnerAnswer, InnerNode, InnerRequest } from './links.ts'
import { LogWatch } from './log-watch.ts'
import type { SavedPlace } from './log-watch.ts'
import type { Stage } from './stage.ts'

/** A node of any role on its machine; each start is a new program with a new incarnation. */
export abstract class Node implements InnerNode {
  readonly host: Host
  protected readonly stage: Stage
  abstract readonly role: NodeRole
  program!: Program
  freshness!: Freshness
  #incarnation: string | undefined
  #sweeper: Sweeper | undefined
  #follower: Follower | undefined
  #starts = 0
  #isEnding = false
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
    count: (name, labels) => {
      let met = name
      for (const label in labels) met += ` ${labels[label]}`
      this.stage.world.meet(met)
    },
    gauge: () => undefined,
  }

  logId(): string {
    return this.freshness.logId
  }

  /** It knows where the purge log is. */
  get isJoined(): boolean {
    return this.program.alive && this.freshness.holdsLease()
  }

  /** Nothing is held for anybody, and it is not about to end. */
  get isIdle(): boolean {
    return !this.#isEnding && this.leftovers().every(({ held, max }) => held <= max)
  }

  async start(): Promise<void> {
    const { stage, host } = this
    this.#starts += 1
    this.#isEnding = false
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
    this.#isEnding = true
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
