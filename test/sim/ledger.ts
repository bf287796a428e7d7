import type { InvalidationStatus } from '../../src/contract/invalidation.ts'
import type { InvalidationRow } from '../../src/store/store.ts'
import { PARTS, isPromised } from './scene.ts'
import type { SceneUrl } from './scene.ts'
import type { World } from './world.ts'

/** What the store's commits promised, written down at each commit: the checkers' only source. */
export class Ledger {
  readonly #world: World
  /** When each purge was committed, by seq. */
  readonly #committedAt = new Map<number, number>()
  readonly #entries = new Map<number, Entry>()
  readonly #rows = new Map<string, InvalidationRow>()
  /** Per part of a URL: seqs of invalidations of it, ascending. */
  readonly #purges = new Map<SceneUrl, { readonly seq: number; readonly at: number }[]>()
  /** Per part of a URL: reads that began before this moment must not be seen any more by who asks from now on. */
  readonly #floors = new Map<SceneUrl, Floor>()
  readonly #outerFloors = new Map<SceneUrl, Floor>()

  constructor(world: World) {
    this.#world = world
  }

  logId = ''
  /** Whoever looks at what Done says. */
  onDone: (row: InvalidationRow, floor: Floor) => void = () => undefined
  /** Per target of a cache outside, and under `*` for all: when it last said that it had purged, and had not. */
  readonly #liedAt = new Map<string, number>()

  lied(target: string | null): void {
    this.#liedAt.set(target ?? '*', this.#world.moment())
  }

  /** Purges from then on find in the store every URL of which a cache outside may hold something. */
  #outerSince = 0

  /** A store that took the place of its own does not know them. */
  outerIsUnknown(): void {
    this.#outerSince = Number.POSITIVE_INFINITY
  }

  /** Somebody has emptied it, by its own means. */
  outerIsEmpty(): void {
    this.#outerSince = this.#world.moment()
  }

  #liedSince(moment: number, { target }: SceneUrl): boolean {
    return Math.max(this.#liedAt.get(target) ?? 0, this.#liedAt.get('*') ?? 0) > moment
  }

  /** Another purge log has taken the place of the one before: its numbers mean something else, and what was unfinished is lost. */
  logIs(id: string): void {
    this.logId = id
    this.#committedAt.clear()
    this.#entries.clear()
    this.#purges.clear()
    for (const row of this.unfinished()) this.#rows.delete(row.id)
  }

  appended(seq: number, entry: Entry): void {
    this.#committedAt.set(seq, this.#world.moment())
    this.#entries.set(seq, entry)
  }

  /** What was committed under this number; undefined when that is of another log. */
  entryOf(logId: string, seq: number): string | undefined {
    return logId === this.logId ? this.#entries.get(seq)?.content : undefined
  }

  /** How many keys the entries behind `from` up to `to` purged. */
  keysBetween(from: number, to: number): number {
    let keys = 0
    for (let seq = from + 1; seq <= to; seq++) keys += this.#entries.get(seq)?.keysCount ?? 0
    return keys
  }

  /** A purge of everything that is made of `subject`: marks that include it claim it at once. */
  claimed(subject: string, seq: number): void {
    const at = this.#committedAt.get(seq) ?? this.#world.moment()
    for (const url of PARTS) if (url.subject === subject) this.#claimed(url, { seq, at })
  }

  /** It is Done, and its window, if it has one, is over everywhere. */
  over(subject: string, seq: number, logId = this.logId): void {
    if (logId !== this.logId) return
    const at = this.#committedAt.get(seq)
    if (at === undefined) return
    const because = `purge ${seq} is Done and its window over`
    this.#world.note('store', because)
    for (const url of PARTS)
      if (url.subject === subject) this.#promise(url, { moment: at, because })
  }

  inserted(row: InvalidationRow): void {
    this.#rows.set(row.id, row)
    this.#world.note('store', `${nameOf(row.id)} accepted, seq ${row.seq}: ${inWords(row)}`)
    if (row.seq !== null) this.#purged(row, row.keysSeq ?? row.seq)
  }

  changed(id: string, change: Partial<InvalidationRow>): void {
    const before = this.#rows.get(id)
    if (!before) return
    const row = { ...before, ...change }
    this.#rows.set(id, row)
    if (row.seq !== null && row.seq !== before.seq) this.#purged(row, row.keysSeq ?? row.seq)
    if (row.status === before.status) return
    this.#world.note(
      'store',
      `${nameOf(id)} is ${row.status}${row.failure ? `: ${row.failure}` : ''}`,
    )
    if (row.status === 'Done') this.#done(row)
  }

  #purged(row: InvalidationRow, seq: number): void {
    const at = this.#committedAt.get(seq) ?? this.#world.moment()
    for (const url of PARTS) if (isPromised(row, url)) this.#claimed(url, { seq, at })
  }

  #claimed(url: SceneUrl, purge: { readonly seq: number; readonly at: number }): void {
    const purges = [...(this.#purges.get(url) ?? []), purge]
    purges.sort((a, b) => a.seq - b.seq)
    this.#purges.set(url, purges)
  }

  /** From this moment on anyone may have learned that it is Done. */
  #done(row: InvalidationRow): void {
    // A retry of what failed outside alone puts no keys into the log again: what is promised was purged by the number before.
    const seq = row.keysSeq ?? row.seq ?? 0
    const at = this.#committedAt.get(seq)
    if (at === undefined) return
    const because = `${nameOf(row.id)} (seq ${seq}) is Done`
    const floor = { moment: at, because }
    const askedAt = this.#committedAt.get(row.seq ?? 0) ?? at
    for (const url of PARTS) {
      if (isPromised(row, url)) this.#promise(url, floor)
      // Nothing is promised of a cache that lies; what evidence says of it must be true all the same.
      if (isPromised(row, url) && at >= this.#outerSince && !this.#liedSince(askedAt, url))
        this.#promise(url, floor, this.#outerFloors)
    }
    this.onDone(row, floor)
  }

  #promise(url: SceneUrl, floor: Floor, floors = this.#floors): void {
    if ((floors.get(url)?.moment ?? 0) < floor.moment) floors.set(url, floor)
  }

  /** What whoever asks a cache outside Sluice for `url` now may rely on. */
  outerFloorOf(url: SceneUrl): Floor {
    return this.#outerFloors.get(url) ?? NO_FLOOR
  }

  /** What whoever asks for `url` now may rely on. */
  floorOf(url: SceneUrl): Floor {
    return this.#floors.get(url) ?? NO_FLOOR
  }

  /** What an answer for `url` with this mark claims. */
  claimOf(url: SceneUrl, mark: number): Floor {
    const last = this.#purges.get(url)?.findLast(({ seq }) => seq <= mark)
    return last
      ? { moment: last.at, because: `it claims mark ${mark}, purge ${last.seq} included` }
      : NO_FLOOR
  }

  countOf(status: InvalidationStatus): number {
    return [...this.#rows.values()].filter((row) => row.status === status).length
  }

  get allFinished(): boolean {
    for (const { status } of this.#rows.values()) if (!FINAL.has(status)) return false
    return true
  }

  unfinished(): readonly InvalidationRow[] {
    return [...this.#rows.values()].filter(({ status }) => !FINAL.has(status))
  }

  failed(): readonly InvalidationRow[] {
    return [...this.#rows.values()].filter(({ status }) => status.startsWith('ERROR'))
  }
}

/** An entry of the purge log as it was committed. */
export interface Entry {
  readonly content: string
  readonly keysCount: number
}

export interface Floor {
  readonly moment: number
  readonly because: string
}

const NO_FLOOR: Floor = { moment: 0, because: 'nothing was promised' }
const FINAL: ReadonlySet<InvalidationStatus> = new Set([
  'Done',
  'ERROR',
  'ERROR_CDN_NODE',
  'Cancelled',
])

/** Enough of an id to tell it from others in a trace. */
export function nameOf(id: string): string {
  return `inv-${id.slice(-4)}`
}

function inWords(row: InvalidationRow): string {
  const { assets, folders, urls, originals, everything } = row.selection
  if (row.source === 'automatic') return row.cause ?? 'automatic'
  return everything
    ? 'everything'
    : [...assets, ...folders.map((each) => `${each}/`), ...urls, ...originals].join(' ')
}
