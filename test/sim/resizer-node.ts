import { DiskBodies } from '../../src/cache/disk-bodies.ts'
import type { DiskBody } from '../../src/cache/disk-bodies.ts'
import type { MarkedCache } from '../../src/cache/marked-cache.ts'
import { restoreState, saveState, savedCache } from '../../src/cache/saved-state.ts'
import type { SavedCache } from '../../src/cache/saved-state.ts'
import type { Fills } from '../../src/cache/fills.ts'
import type { Sweepable } from '../../src/cache/sweeper.ts'
import type { Peek } from '../../src/contract/node-protocol.ts'
import { parseCanonicalTarget } from '../../src/contract/parse-delivery-url.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { RecordReader } from '../../src/resizer/record-reader.ts'
import { RemoteOriginals } from '../../src/resizer/remote-originals.ts'
import type { OriginalMeta } from '../../src/resizer/remote-originals.ts'
import { renditionKey } from '../../src/resizer/rendition.ts'
import type { RenditionFill, RenditionMeta } from '../../src/resizer/rendition.ts'
import { Resizer } from '../../src/resizer/resizer.ts'
import { stampsOf } from './bounds.ts'
import type { Holding } from './bounds.ts'
import { counted } from './coverage.ts'
import type { Host } from './host.ts'
import type { InnerAnswer, InnerRequest } from './links.ts'
import { NodeDisk } from './node-disk.ts'
import { peekOf } from './peek-of.ts'
import type { Stage } from './stage.ts'
import { Node } from './node.ts'

/** Often, so that restarts find states of all ages. */
const SAVE_EVERY_MS = 700

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
