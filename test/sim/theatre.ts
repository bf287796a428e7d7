import { leaseMarginMs } from '../../src/contract/node-protocol.ts'
import { recordName } from '../../src/contract/records.ts'
import { namesRecord, presetsRecord, projectRecord } from '../../src/assets/asset-rows.ts'
import type { Build } from './build.ts'
import { Control } from './control.ts'
import { DRIFT_MAX, Host, Program } from './host.ts'
import { Ledger } from './ledger.ts'
import { Network } from './network.ts'
import { EdgeNode } from './edge-node.ts'
import { ResizerNode } from './resizer-node.ts'
import { FILL_BOUND_SECONDS, OUTER_SETTINGS, OuterCache } from './outer-cache.ts'
import { Origin } from './origin.ts'
import type { Profile } from './profile.ts'
import { projectRow } from './rows.ts'
import { Safety } from './safety.ts'
import { ASSETS, PROJECT, REMOTE } from './scene.ts'
import type { Stage } from './stage.ts'
import { World } from './world.ts'

/** Every program of one run: control processes, a resizer, perhaps a home edge, two edges. */
export class Theatre {
  readonly stage: Stage
  readonly safety: Safety
  readonly resizer: ResizerNode
  readonly home: EdgeNode | null
  readonly edges: readonly EdgeNode[]
  readonly profile: Profile
  readonly #controlHosts: readonly Host[]

  constructor(seed: number, profile: Profile, build: Build) {
    const world = new World(seed)
    const host = (name: string): Host =>
      new Host(world, name, world.chance.between(-DRIFT_MAX, DRIFT_MAX))
    const ledger = new Ledger(world)
    const { leaseMs, cacheBytes, controls: controlsCount } = profile
    const stage: Stage = {
      world,
      ledger,
      build,
      leaseMs,
      cacheBytes,
      controlsCount,
      network: new Network(world),
      origin: new Origin(world),
      database: build.database(world, ledger),
      library: build.library,
      resizer: null,
      outer: null,
      outerSettings: OUTER_SETTINGS[profile.outer === 'looked at' ? 'looked at' : 'unseen'],
      controls: [],
      intents: new Set(),
      fail: (kind, text) => this.safety.fail(kind, text),
      looked: (...seen) => this.safety.looked(...seen),
    }
    this.safety = new Safety(world, ledger, stage.origin)
    ledger.onDone = (row, floor) => this.safety.checkEvidence(row, floor)
    this.stage = stage
    this.profile = profile
    this.#controlHosts = Array.from({ length: controlsCount }, (_, at) => host(`control-${at + 1}`))
    const resizer = new ResizerNode(stage, host('resizer'))
    this.resizer = resizer
    stage.resizer = resizer
    this.home = profile.throughHome > 0 ? new EdgeNode(stage, host('home'), resizer, true) : null
    const home = this.home
    this.edges = [0, 1].map(
      (at) =>
        new EdgeNode(
          stage,
          host(`edge-${at + 1}`),
          home && at < profile.throughHome ? home : resizer,
          false,
        ),
    )
    if (profile.outer !== 'none') stage.outer = new OuterCache(stage, host('outer'), this.edges)
  }

  get outer(): OuterCache | null {
    return this.stage.outer
  }

  get nodes(): readonly (EdgeNode | ResizerNode)[] {
    return [this.resizer, ...(this.home ? [this.home] : []), ...this.edges]
  }

  /** One more edge, which nobody has heard of yet. */
  async addEdge(name: string): Promise<EdgeNode> {
    const edge = new EdgeNode(this.stage, new Host(this.stage.world, name, 0), this.resizer, false)
    await edge.start()
    return edge
  }

  get suspends(): boolean {
    return this.profile.faults.suspend + this.profile.faults.naps > 0
  }

  #replacing = false

  /**
   * Control is stopped, its store is replaced by a backup, and it comes back when every lease is over: the nodes that hold them are not
   * known any more.
   */
  replaceStore(): void {
    if (this.#replacing) return
    this.#replacing = true
    const { world, database, ledger, controls, leaseMs } = this.stage
    world.note('fault', 'the store is replaced')
    for (const { program } of controls) if (program.alive) program.crash()
    ledger.outerIsUnknown()
    const begin = async (): Promise<void> => {
      ledger.logIs(await database.replace())
      this.#replacing = false
      for (const at of controls.keys()) this.startControl(at)
      this.#emptyOuterWhenJoined(ledger.logId)
    }
    world.after(leaseMs + leaseMarginMs(leaseMs), () => void begin())
  }

  /** As whoever put a backup back does, when every edge lives by the new log and what had left them has arrived. */
  #emptyOuterWhenJoined(logId: string): void {
    const { world, ledger, outer } = this.stage
    if (!outer || ledger.logId !== logId) return
    const joined = this.edges.every((edge) => edge.program.alive && edge.freshness.logId === logId)
    if (!joined) return void world.after(50, () => this.#emptyOuterWhenJoined(logId))
    world.after(FILL_BOUND_SECONDS * 1000, () => {
      if (this.#replacing || ledger.logId !== logId) return
      outer.purge(null)
      ledger.outerIsEmpty()
    })
  }

  startControl(at: number): void {
    if (this.#replacing || this.stage.controls[at]?.program.alive) return
    const host = this.#controlHosts[at]!
    const control = new Control(this.stage, new Program(host, host.name))
    this.stage.controls[at] = control
    void control.start(at === 0)
    this.stage.world.note(host.name, 'started')
  }

  /** The scene is set, everybody has started, and nothing has gone wrong yet. */
  async open(): Promise<void> {
    const { world, database, origin, ledger } = this.stage
    ledger.logIs(await database.tables.log.id())
    const builder = new Program(this.#controlHosts[0]!, 'builder')
    const row = projectRow(this.profile)
    const done = this.#build(builder, row)
    await world.run(world.now + 200)
    await done
    database.slowMs = this.profile.databaseSlowMs
    for (const at of this.#controlHosts.keys()) this.startControl(at)
    const started = this.nodes.map((node) => node.start())
    for (const id of ASSETS) void this.stage.controls[0]!.put(id, `v1 of ${id}`)
    origin.setRemote(REMOTE, `v1 of ${REMOTE}`)
    await world.run(world.now + 300)
    await Promise.all(started)
  }

  async #build(builder: Program, row: ReturnType<typeof projectRow>): Promise<void> {
    const { database, origin } = this.stage
    const store = database.for(builder, () => undefined)
    await store.transaction('durable', (tx) => tx.projects.insert(row))
    await origin.apply(builder, [
      { name: recordName.names(), document: namesRecord([row]) },
      { name: recordName.project(PROJECT), document: projectRecord(row) },
      { name: recordName.presets(PROJECT), document: presetsRecord(row) },
    ])
  }
}
