import { isFinal } from '../contract/invalidation.ts'
import type { Invalidation, InvalidationStatus } from '../contract/invalidation.ts'
import type { KeyHash } from '../contract/keys.ts'
import { toInvalidation } from '../store/invalidation-rows.ts'
import type { InvalidationRow, Tables } from '../store/store.ts'
import type { MemberProgress, Purge, Target } from '../targets/target.ts'
import { coveredUrls } from './covered-urls.ts'
import type { Events } from './events.ts'
import { createFlushing } from './flushing.ts'
import type { Flushing } from './flushing.ts'
import { appendPieces, keysToTell, nodesKeepUp } from './bulk-log.ts'
import { targetsOf } from './parts.ts'
import type { InvalidationParts } from './parts.ts'
import { softMsOf } from './soft.ts'
import { moved, progressed, receivedAt, waitingAgain, waitingWhereNotDone } from './timeline.ts'

/** Progress between two statuses is written at most this often: the log shows it, nothing depends on it. */
const PROGRESS_WRITE_MS = 100

/** Thrown when another runner has taken the invalidation over: this one must not touch it any more. */
export class HoldLost extends Error {
  override readonly name = 'HoldLost'
}

/** Why a step ends the invalidation, as people will read it. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure'
  readonly status: 'ERROR' | 'ERROR_CDN_NODE'

  constructor(status: 'ERROR' | 'ERROR_CDN_NODE', reason: string) {
    super(reason)
    this.status = status
  }
}

/**
 * One invalidation in the hands of its runner. While it is held, the row in memory is the true one. What it shows on its way is
 * written soon, many changes at once, and nobody waits for it: a crash may lose it, and it is derived again. Entering the
 * purge log and the end are waited for, on disk before they are told. Every write is conditional on still holding it
 * (freshness rules, "Durable before they are told" and "One runner per invalidation").
 */
export class Run {
  readonly parts: InvalidationParts
  readonly #events: Events
  readonly #abort = new AbortController()
  #row: InvalidationRow
  #shown: Invalidation
  #flushing: Flushing
  #targets: readonly Target[] = []
  /** What targets outside Sluice are told; our own nodes read the purge log. */
  #keys: readonly KeyHash[]
  #writeQueued = false
  #cancelWrite: (() => void) | null = null

  constructor(parts: InvalidationParts, events: Events, row: InvalidationRow) {
    this.parts = parts
    this.#events = events
    this.#row = { ...row, targets: waitingWhereNotDone(row.targets) }
    this.#keys = row.keys
    this.#shown = toInvalidation(row)
    this.#flushing = this.#newFlushing()
  }

  get row(): InvalidationRow {
    return this.#row
  }

  /** As told to the outside: a final status only once it is on disk. */
  get shown(): Invalidation {
    return this.#shown
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** What the purge goes to: read once, when the run begins. */
  get targets(): readonly Target[] {
    return this.#targets
  }

  async readTargets(): Promise<void> {
    this.#targets = await targetsOf(this.parts, this.#row.project)
    const outer = this.#targets.some((target) => target.begins === 'after-own-nodes')
    if (!this.#row.bulk || !outer) return
    this.#keys = await keysToTell(this.parts.store.tables, this.#row)
    this.#flushing = this.#newFlushing()
  }

  get flushing(): Flushing {
    return this.#flushing
  }

  abort(reason: Error): void {
    this.#cancelLater()
    this.#abort.abort(reason)
  }

  now(): string {
    return new Date(this.parts.clock.wall()).toISOString()
  }

  purge(): Purge {
    const { id, project, seq, keysSeq, mode, timeline } = this.#row
    return {
      invalidation: id,
      project,
      seq: keysSeq ?? seq ?? 0,
      receivedAt: receivedAt(timeline),
      soft: mode === 'soft',
      keys: this.#keys,
      urls: () => this.#urls(),
    }
  }

  advance(status: InvalidationStatus): void {
    this.keep(moved(this.#row, status, this.now()))
  }

  /** Changes what is shown on the way; a final status goes through `end`. */
  keep(change: Partial<InvalidationRow>): void {
    this.#row = { ...this.#row, ...change }
    this.#show()
    this.#writeSoon()
  }

  /** Puts the keys into the purge log (once more): from here on a flush means this seq. */
  async enterLog(): Promise<void> {
    if (this.#row.bulk) return this.#enterPieces()
    const status = moved(this.#row, 'Received', this.now())
    const targets = waitingAgain(this.#row.targets)
    const seq = await this.parts.store.transaction('durable', async (tx) => {
      const { project, keys } = this.#row
      const last = await tx.log.append(project, keys, await softMsOf(tx, this.#row))
      await this.#update(tx, { ...status, targets, seq: last, keysSeq: last })
      return last
    })
    this.#row = { ...this.#row, ...status, targets, seq, keysSeq: seq }
    this.#flushing = this.#newFlushing()
    this.#show()
  }

  /**
   * A long list enters in pieces, others between them. Each is on disk before a node hears of it, and a runner that takes it over
   * goes on behind the last; only the last piece makes it a seq to wait for. A soft list begins again with its first piece, so that
   * the window that Done speaks of, which may have been changed meanwhile, holds for all of it.
   */
  async #enterPieces(): Promise<void> {
    const { store, timers } = this.parts
    const softMs = await softMsOf(store.tables, this.#row)
    if (softMs !== undefined) this.#row = { ...this.#row, bulk: { ...this.#row.bulk!, entered: 0 } }
    for (let before = 0; ;) {
      const status = moved(this.#row, 'Received', this.now())
      const targets = waitingAgain(this.#row.targets)
      const entered = await store.transaction('durable', async (tx) => {
        const { seq, bulk } = await appendPieces(tx, this.#row, softMs)
        const last = bulk.entered === bulk.pieces
        const change = { ...status, targets, bulk, ...(last ? { seq, keysSeq: seq } : {}) }
        await this.#update(tx, change)
        return { seq, last, change }
      })
      this.#row = { ...this.#row, ...entered.change }
      if (entered.last) break
      await nodesKeepUp({ store, timers }, before, this.signal)
      before = entered.seq
    }
    this.#flushing = this.#newFlushing()
    this.#show()
  }

  /** These members begin anew, on disk before anything is asked of them. */
  async intend(ids: readonly string[]): Promise<void> {
    const anew = this.#row.targets.flatMap((each) =>
      ids.includes(each.id) ? waitingAgain([each]) : [each],
    )
    const begun = ids.map((id) => ({ id, tier: 'cdn', state: 'running', detail: null }) as const)
    const targets = progressed(anew, begun, this.now())
    await this.parts.store.transaction('durable', (tx) => this.#update(tx, { targets }))
    this.#row = { ...this.#row, targets }
    this.#show()
  }

  /** The last write. */
  async end(change: Partial<InvalidationRow>): Promise<void> {
    this.#cancelLater()
    await this.parts.store.transaction('durable', (tx) => this.#update(tx, change))
    this.#row = { ...this.#row, ...change }
    this.#show()
  }

  /** Gives it back unfinished, for the next start or another process. */
  async free(): Promise<void> {
    this.#cancelLater()
    // What a target has ended need not be asked of it again.
    const { id, runner, runnerEpoch, targets } = this.#row
    if (runner === null || isFinal(this.#row.status)) return
    await this.parts.store.transaction('volatile', (tx) =>
      tx.invalidations.update(id, runner, runnerEpoch, { runner: null, targets }),
    )
  }

  async #update(tx: Tables, change: Partial<InvalidationRow>): Promise<void> {
    const { id, runner, runnerEpoch, status, timeline, targets, evidence, observed } = this.#row
    const known = { status, timeline, targets, evidence, ...(observed ? { observed } : {}) }
    const held =
      runner !== null &&
      (await tx.invalidations.update(id, runner, runnerEpoch, { ...known, ...change }))
    if (!held) throw new HoldLost('another runner has taken it over')
  }

  #show(): void {
    this.#shown = toInvalidation(this.#row)
    this.#events.emit(this.#shown)
  }

  #newFlushing(): Flushing {
    return createFlushing(this.purge(), (members) => this.#progress(members), this.signal)
  }

  #progress(members: readonly MemberProgress[]): void {
    this.#row = { ...this.#row, targets: progressed(this.#row.targets, members, this.now()) }
    this.#show()
    this.#cancelWrite ??= this.parts.timers.after(PROGRESS_WRITE_MS, () => this.#writeSoon())
  }

  /** Whatever has changed until the store gets to it is in one write. */
  #writeSoon(): void {
    this.#cancelLater()
    if (this.#writeQueued || this.signal.aborted) return
    this.#writeQueued = true
    void this.#write()
  }

  async #write(): Promise<void> {
    try {
      await this.parts.store.transaction('volatile', async (tx) => {
        this.#writeQueued = false
        await this.#update(tx, {})
      })
    } catch (error) {
      this.#writeQueued = false
      // The end is written, too, and is the one to fail; but who has lost the hold stops at once.
      if (error instanceof HoldLost) return this.abort(error)
      this.parts.log.warn({ err: error, invalidation: this.#row.id }, 'progress was not written')
    }
  }

  #cancelLater(): void {
    this.#cancelWrite?.()
    this.#cancelWrite = null
  }

  async *#urls(): AsyncIterable<readonly string[]> {
    const { store, timers } = this.parts
    for await (const places of coveredUrls(
      { tables: store.tables, timers },
      { ...this.#row, keys: this.#keys },
    )) {
      yield places.map(({ url }) => url)
    }
  }
}
