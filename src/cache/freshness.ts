import type { Clock } from '../kernel/clock.ts'
import { assert } from '../kernel/assert.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { PURGE_KINDS } from '../contract/purge-log.ts'
import type { PurgeEntry } from '../contract/purge-log.ts'
import { recordName } from '../contract/records.ts'
import { Leases } from './leases.ts'
import type { Grant } from './leases.ts'
import { OF_ALL_PROJECTS } from './saved-stamps.ts'
import type { SavedStamps } from './saved-stamps.ts'
import { SoftStamps } from './soft-stamps.ts'
import type { Staleness } from './soft-stamps.ts'
import { Stamps } from './stamps.ts'

/**
 * How fresh a node knows things to be: the one place that holds `applied`, stamps and grants, and the one judge.
 *
 * Applying a purge sets `stamp[key] = seq`: nothing is searched or deleted, so purging a project costs what purging one URL costs.
 * A cached thing carries the keys by which it can be purged and the mark of how much of the purge log its bytes reflect; it is
 * usable only while its mark is at least the stamp of each of its keys. A fill that began before a purge therefore lands unusable.
 */
export interface Marked {
  readonly keys: readonly KeyHash[]
  /** Raised, never lowered, when judged usable; a hit is then one comparison. */
  mark: number
}

export type Judgement =
  | { readonly usable: true; readonly mark: number }
  | { readonly usable: false }

/** Something that holds marked things and must forget them all when the purge log is another one. */
export interface Forgetful {
  forgetAll(): void
}

/** The record of names is of all projects: it carries no project's key, so its stamp is never folded into one. */
const NAMES_KEY = keyHash(keyText.record(recordName.names()))

const UNUSABLE: Judgement = { usable: false }

/** Beyond this many stamps a sweep is due: 20 bytes a slot, so 20 MB. Soft ones count once their windows are over. */
export const STAMPS_BEFORE_SWEEP = 500_000

export interface FreshnessState {
  readonly logId: string
  readonly applied: number
  readonly floor: number
  /** Those of soft purges among them, as hard ones. */
  readonly stamps: readonly SavedStamps[]
}

export class Freshness {
  readonly #leases: Leases
  readonly #forgetful: Forgetful[] = []
  #logId = ''
  #epoch = 0
  #applied = 0
  #headHeard = 0
  #floor = 0
  #heldLease = false
  #leaseChanges = 0
  readonly #stamps = new Stamps()
  readonly #soft = new SoftStamps()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
    this.#leases = new Leases(clock)
  }

  get logId(): string {
    return this.#logId
  }
  /** Changes whenever everything was forgotten; a fill that began in another epoch is not kept. */
  get epoch(): number {
    return this.#epoch
  }
  get applied(): number {
    return this.#applied
  }
  /** The highest head heard of; for people and metrics. */
  get headHeard(): number {
    return this.#headHeard
  }
  /** How often a look at the lease found it gained or lost; for people and metrics. */
  get leaseChanges(): number {
    return this.#leaseChanges
  }
  get floor(): number {
    return this.#floor
  }
  get stampCount(): number {
    return this.#stamps.count
  }
  /** Whether forgetting stamps is worth judging all that is held. A sweep makes soft purges hard ones: not within their windows. */
  get sweepIsDue(): boolean {
    const soft = this.#soft.count
    const over = soft > 0 && this.uptime() >= this.#soft.lastUntil
    return this.#stamps.count + (over ? soft : 0) > STAMPS_BEFORE_SWEEP
  }
  /** By what windows of soft purges are measured: the monotonic clock would stand still while the machine sleeps. */
  uptime(): number {
    return this.#clock.boot?.() ?? this.#clock.now()
  }

  /**
   * Freshness rule P5: may `thing` be used for a request that needs at least `minMark`, and with which mark does it go out?
   * Synchronous on purpose: nothing may be awaited between this answer and the reading of the thing.
   */
  judge(thing: Marked, minMark: number): Judgement {
    if (thing.mark < this.#applied) {
      if (!this.reflects(thing.keys, thing.mark)) return UNUSABLE
      if (this.staleness(thing)) return UNUSABLE
      if (this.#applied < minMark) return UNUSABLE
      thing.mark = this.#applied
    } else if (thing.mark < minMark) {
      return UNUSABLE
    }
    return { usable: true, mark: thing.mark }
  }

  /** Whether bytes with these keys and this mark reflect every purge of them that was applied here. */
  reflects(keys: readonly KeyHash[], mark: number): boolean {
    return mark >= this.#floor && mark >= this.stampOf(keys)
  }

  /** The highest stamp of any of the keys: what an answer for them must reflect at least (freshness rule P8). */
  stampOf(keys: readonly KeyHash[]): number {
    let highest = 0
    for (const key of keys) {
      const stamp = this.#stamps.of(key)
      if (stamp > highest) highest = stamp
    }
    return highest
  }

  /** The least mark that would pass the judge now. */
  needOf(keys: readonly KeyHash[]): number {
    return Math.max(this.#floor, this.stampOf(keys), this.#soft.of(keys, 0)?.seq ?? 0)
  }

  /** Whether a soft purge made a thing stale: it may be asked after with its validators, and shown to clients until then. */
  staleness(thing: Pick<Marked, 'keys' | 'mark'>): Staleness | undefined {
    return this.#soft.of(thing.keys, thing.mark)
  }

  /** Freshness rule P10: never keep a mark that control has not announced. */
  mayKeep(mark: number): boolean {
    return mark <= Math.max(this.#headHeard, this.#applied)
  }

  /** Freshness rules P3 and P6: may this node answer a client from its cache at this moment? */
  holdsLease(): boolean {
    const held = this.#leases.held(this.#applied)
    if (held !== this.#heldLease) this.#leaseChanges += 1
    this.#heldLease = held
    return held
  }

  grant(grant: Grant): void {
    this.heard(grant.head)
    this.#leases.add(grant)
  }

  heard(head: number): void {
    if (head > this.#headHeard) this.#headHeard = head
  }

  /** Freshness rule P2: stamps first, then `applied`, in one synchronous step; acknowledged only after. */
  apply(entry: PurgeEntry): void {
    assert(entry.seq === this.#applied + 1, `purge ${entry.seq} applied after ${this.#applied}`)
    // Packed keys that were lost on the way would be a purge of nothing.
    const lost = entry.kind === 'packed' && entry.packed === undefined
    const known = PURGE_KINDS.some((kind) => kind === entry.kind) && !lost
    const keys = known ? entry.keys : [keyHash(keyText.project(entry.project)), NAMES_KEY]
    if (!known || !this.#applySoft(entry)) {
      for (const key of keys) this.#stamp(entry.project, key, entry.seq)
      if (known && entry.packed) this.#stamps.raisePacked(entry.project, entry.packed, entry.seq)
    }
    this.#applied = entry.seq
    this.heard(entry.seq)
  }

  /**
   * True when the purge was soft and there was room to remember it so; else it is taken as a hard one. So is one that comes to a node
   * without a lease: nobody waited for this node, so the window that Done spoke of began without it, and would end late here.
   */
  #applySoft({ keys, packed, seq, softMs }: PurgeEntry): boolean {
    if (softMs === undefined || !(softMs > 0) || !this.holdsLease()) return false
    const now = this.uptime()
    const until = now + softMs
    return packed
      ? this.#soft.raisePacked(packed, seq, now, until)
      : this.#soft.raise(keys, seq, now, until)
  }

  /** Another purge log, or one that no longer reaches back: what is cached cannot be judged, so it goes. */
  startEmpty(logId: string, head: number): void {
    this.#logId = logId
    this.#epoch += 1
    this.#applied = head
    this.#headHeard = head
    this.#floor = head
    this.#stamps.clear()
    this.#soft.clear()
    this.#leases.dropAll()
    for (const holder of this.#forgetful) holder.forgetAll()
  }

  /** `holder` is told when everything must go. */
  whenEmptied(holder: Forgetful): void {
    this.#forgetful.push(holder)
  }

  /**
   * Freshness rule P14, after a sweep that judged everything held and raised what is usable to at least `sweptTo` (`applied` when the
   * sweep began): stamps up to there say nothing more.
   */
  forgetStampsUpTo(sweptTo: number): void {
    this.#floor = Math.max(this.#floor, sweptTo)
    this.#stamps.forgetUpTo(sweptTo)
    this.#soft.forgetUpTo(sweptTo)
  }

  /** Under pressure between sweeps: the project with most stamps is stamped as a whole instead. False when no project has any. */
  foldLargestProject(): boolean {
    const largest = this.#stamps.largestProject()
    if (largest === undefined) return false
    const highest = this.#stamps.forgetProject(largest)
    this.#stamp(largest, keyHash(keyText.project(largest)), highest)
    return true
  }

  /** Everything that a restart needs, as of one moment (freshness rule P13). */
  capture(): FreshnessState {
    return {
      logId: this.#logId,
      applied: this.#applied,
      floor: this.#floor,
      stamps: [...this.#stamps.save(), ...this.#soft.saveAsHard()],
    }
  }

  restore(state: FreshnessState): void {
    this.startEmpty(state.logId, state.applied)
    this.#floor = state.floor
    this.#stamps.load(state.stamps)
  }

  #stamp(project: string, key: KeyHash, seq: number): void {
    this.#stamps.raise(key === NAMES_KEY ? OF_ALL_PROJECTS : project, key, seq)
  }
}
