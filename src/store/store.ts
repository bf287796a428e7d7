import type { DeliverySettings } from '../contract/delivery-settings.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { NodeRole, Peek } from '../contract/node-protocol.ts'
import type { PurgeEntry } from '../contract/purge-log.ts'
import type {
  AssetKind,
  AssetLocation,
  CropRecord,
  OriginRule,
  OuterCaches,
} from '../contract/records.ts'
import type { SmartCropSize } from '../contract/smart-crops.ts'
import type { AccountTable } from './account-table.ts'
import type { Page, PageRequest } from './page.ts'
import type { ServedTable } from './served-table.ts'
import type { Invalidation, InvalidationStatus, Selection } from '../contract/invalidation.ts'
import type { OuterTarget } from '../contract/targets.ts'

export type { AccountRow, AccountTable, KeyRow } from './account-table.ts'
export type { Page, PageRequest } from './page.ts'
export type { ServedTable, SightingRow } from './served-table.ts'

/**
 * The memory of the control plane, and the only writer of the purge log. Two implementations (SQLite, in memory for the
 * simulator) pass one suite, `store-suite.ts`. Every method of `Tables` is one statement or a few; what must happen together
 * happens inside `transaction`. All times are wall-clock milliseconds.
 */
export interface Store {
  /** Reads outside a transaction see the last commit. */
  readonly tables: Tables
  /**
   * Runs `work` alone, commits, then resolves. `durable`: on disk before it resolves. `volatile`: may be lost by a power
   * cut, never by the end of the process. Rejects with what `work` throws, having changed nothing. `work` must use `tx`
   * alone and await nothing but `tx`, because it holds the one write lock.
   */
  transaction<T>(durability: 'durable' | 'volatile', work: (tx: Tables) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface Tables {
  readonly log: LogTable
  readonly nodes: NodeTable
  readonly invalidations: InvalidationTable
  readonly changes: ChangeTable
  readonly projects: ProjectTable
  readonly assets: AssetTable
  readonly accounts: AccountTable
  readonly served: ServedTable
  readonly bulk: BulkTable
  readonly targets: TargetTable
}

export interface LogTable {
  /** Random, made when the store is created. */
  id(): Promise<string>
  head(): Promise<number>
  /** The lowest seq still kept; head + 1 when none is. A follower with `applied < oldest - 1` must start empty. */
  oldest(): Promise<number>
  /** Ends earlier once the entries have `keysMax` keys or more; always the next one, if there is one. */
  after(seq: number, limit: number, keysMax?: number): Promise<readonly PurgeEntry[]>
  /** Appends as many entries as `keys` need (KEYS_PER_ENTRY_MAX each); returns the last seq. Only in a transaction. */
  append(project: string, keys: readonly KeyHash[], softMs?: number): Promise<number>
  /** One entry of kind `packed` for each piece of KEYS_PER_ENTRY_MAX keys at most; returns the last seq. */
  appendPacked(project: string, pieces: readonly Uint8Array[], softMs?: number): Promise<number>
  /** The highest seq of packed entries that are not among the newest `kept` ones; 0 when there are no more than that. */
  packedBeyond(kept: number): Promise<number>
  /** Forgets entries up to `seq`. */
  trim(seq: number): Promise<void>
}

export interface NodeRow {
  readonly id: string
  readonly incarnation: string
  readonly role: NodeRole
  readonly version: string
  readonly urls: readonly string[]
  readonly applied: number
  readonly state: 'in' | 'out'
  /** Of its last message, by this control process's wall clock: for people only, never for a decision. */
  readonly seenAt: number
}

export interface NodeTable {
  /** Adds the incarnation as `in`; removes `predecessor` and every other incarnation of the same id that is `out`. */
  register(row: NodeRow, predecessor: string | undefined): Promise<void>
  /** All incarnations, `in` and `out`. */
  list(): Promise<readonly NodeRow[]>
  /** Raises `applied` of an incarnation that is `in`; false when it is unknown or out. */
  acknowledge(incarnation: string, applied: number, seenAt: number): Promise<boolean>
  markOut(incarnation: string): Promise<void>
  remove(incarnation: string): Promise<void>
}

/** An invalidation as stored: what the API shows, and what a runner needs to go on after a crash. */
export interface InvalidationRow extends Invalidation {
  readonly selection: Selection
  /** Hashes of every key to be purged; appended to the log at submit, when a scheduled one is due, and at each retry. */
  readonly keys: readonly KeyHash[]
  /** Who runs it now; null when free. Every write of a step is conditional on both. */
  readonly runner: string | null
  readonly runnerEpoch: number
  /** Wall-clock milliseconds of the runner's last renewal. */
  readonly renewedAt: number
  readonly attempt: number
  /**
   * The last seq that all its keys were logged with; absent: `seq`. A retry that has nothing to ask of our own nodes gets a new
   * seq without them.
   */
  readonly keysSeq?: number
  /** What the nodes said, for the evidence export; absent until they were asked. */
  readonly observed?: Observed
  /** Of a list that was taken in as a stream: its URLs and keys lie in pieces of `BulkTable`, and `keys` is empty. */
  readonly bulk?: BulkProgress
}

export interface BulkProgress {
  readonly pieces: number
  /** How many of them are in the purge log, of the attempt that is under way. */
  readonly entered: number
}

/** The raw observations behind `evidence`. */
export interface Observed {
  readonly nodes: readonly {
    readonly node: string
    readonly role: NodeRole
    readonly outcome: string | null
  }[]
  readonly peeks: readonly (Peek & { readonly node: string })[]
}

export interface InvalidationFilter {
  readonly status?: readonly InvalidationStatus[]
  readonly scope?: Invalidation['scope']
  readonly source?: Invalidation['source']
  /** Matches id, note, createdBy and URLs, case-insensitively. */
  readonly q?: string
  readonly from?: string
  readonly to?: string
}

/** Ids are UUIDv7 of `createdAt`, so that the order of ids is the order of birth: lists go by id, newest first. */
export interface InvalidationTable {
  insert(row: InvalidationRow, urls: readonly string[]): Promise<void>
  get(project: string, id: string): Promise<InvalidationRow | undefined>
  list(project: string, filter: InvalidationFilter, page: PageRequest): Promise<Page<Invalidation>>
  urls(project: string, id: string, page: PageRequest): Promise<Page<string>>
  /** Unfinished ones that no live runner holds: due `Scheduled` ones and all others whose runner is null or silent. */
  claimable(
    now: number,
    silentBefore: number,
    limit: number,
  ): Promise<readonly { project: string; id: string }[]>
  /** Takes it over by conditional update; undefined when another was faster. */
  claim(
    id: string,
    runner: string,
    now: number,
    silentBefore: number,
  ): Promise<InvalidationRow | undefined>
  renew(id: string, runner: string, epoch: number, now: number): Promise<boolean>
  /**
   * Applies a change of shown fields, seq, keysSeq and `observed` if `runner` and `epoch` still hold it; false when they do not. A final
   * status frees the runner.
   */
  update(
    id: string,
    runner: string,
    epoch: number,
    change: Partial<InvalidationRow>,
  ): Promise<boolean>
  /** A change by a person (retry, cancel), if the status is still `from`; frees the runner. */
  transition(
    id: string,
    from: readonly InvalidationStatus[],
    change: Partial<InvalidationRow>,
  ): Promise<boolean>
  /** Of one project, or of all. */
  countByStatus(project?: string): Promise<Readonly<Record<string, number>>>
  /** Forgets up to `limit` finished ones that were made before `before`, oldest first; returns how many. */
  forget(before: number, limit: number): Promise<number>
  /** Finished ones of the last `limit`, newest first, for estimates: milliseconds per target. */
  recentDurations(
    project: string,
    limit: number,
  ): Promise<readonly { target: string; ms: number }[]>
  idempotent(project: string, key: string): Promise<{ bodyHash: string; id: string } | undefined>
  rememberIdempotent(
    project: string,
    key: string,
    bodyHash: string,
    id: string,
    now: number,
  ): Promise<void>
  forgetIdempotent(before: number): Promise<void>
}

/** A part of a long list: URLs in the order of the list, and the keys of these URLs. */
export interface BulkPiece {
  /** Counted from 0. */
  readonly piece: number
  /** Position of its first URL in the list. */
  readonly first: number
  readonly count: number
  /** As `packUrls` makes it. */
  readonly urls: Uint8Array
  /** KEY_BYTES each, KEYS_PER_ENTRY_MAX at most: one entry of the purge log. */
  readonly keys: Uint8Array
}

/**
 * Lists too long for one transaction. Pieces are put aside under the id that their invalidation will have; nobody sees them until
 * it is inserted and `accept` was called, in one transaction. What is never accepted is found by `abandoned`.
 */
export interface BulkTable {
  stage(id: string, piece: BulkPiece, at: number): Promise<void>
  accept(id: string): Promise<void>
  /** Keys of the pieces from `from` on. */
  keys(id: string, from: number, limit: number): Promise<readonly Uint8Array[]>
  /** Lists that nobody will accept any more: last added to before `before`, or left by `InvalidationTable.forget`. */
  abandoned(before: number, limit: number): Promise<readonly string[]>
  /** Throws away up to `limit` pieces of a list; false when nothing of it is left. */
  discard(id: string, limit: number): Promise<boolean>
  /** Invalidations that need no keys any more, because they are Done or cancelled, and still have some. */
  spent(limit: number): Promise<readonly string[]>
  /** Throws away the keys of up to `limit` pieces. */
  discardKeys(id: string, limit: number): Promise<void>
}

/** Changes of assets that wait to be merged into one automatic invalidation. Written with the change itself. */
export interface ChangeRow {
  readonly project: string
  readonly cause: string
  readonly keys: readonly KeyHash[]
  readonly at: number
  /** Asked for by whoever made the change: also where the project has automatic ones switched off. */
  readonly asked?: boolean
}

export interface ChangeTable {
  add(row: ChangeRow): Promise<void>
  /** Projects whose first waiting change is older than `before`. */
  due(before: number): Promise<readonly string[]>
  /** Removes and returns all of a project. */
  take(project: string): Promise<readonly ChangeRow[]>
}

export interface ProjectRow {
  readonly id: string
  readonly company: string | null
  readonly aliases: readonly string[]
  readonly publishServer: string | null
  readonly tokens: readonly string[]
  readonly hosts: readonly string[]
  readonly origins: readonly OriginRule[]
  readonly originAliases: Readonly<Record<string, string>>
  readonly cdnTtlSeconds: number
  readonly browserTtlSeconds: number
  readonly automaticInvalidation: boolean
  /** For how long a soft invalidation lets clients see the old one. Absent: SOFT_SECONDS_DEFAULT. */
  readonly softSeconds?: number
  readonly maxUrlsPerInvalidation: number
  readonly maxOriginalsPerInvalidation: number
  readonly supportUrl: string | null
  /** What was set; the rest has its default. */
  readonly delivery?: Partial<DeliverySettings>
  /** What its targets need of our edges; absent before it had any. */
  readonly outerCaches?: OuterCaches
  readonly template: string
  readonly templateVersion: number
  /** Absent: the usual three. */
  readonly smartCrops?: readonly SmartCropSize[]
  /** Preset name as written (unique without regard to case) to modifiers. */
  readonly presets: Readonly<Record<string, string>>
  /** `library`: assets live under data. `folder`: a watched folder, read-only for us. */
  readonly assetSource:
    | { readonly kind: 'library' }
    | { readonly kind: 'folder'; readonly path: string }
  readonly createdAt: number
}

export interface ProjectTable {
  list(): Promise<readonly ProjectRow[]>
  get(id: string): Promise<ProjectRow | undefined>
  insert(row: ProjectRow): Promise<void>
  update(id: string, change: Partial<ProjectRow>): Promise<void>
  /** Keeps a saved template; the oldest of more than TEMPLATE_VERSIONS_MAX are forgotten. */
  addTemplateVersion(id: string, version: TemplateVersionRow): Promise<void>
  /** Newest first. */
  templateVersions(id: string): Promise<readonly TemplateVersionRow[]>
}

export interface TemplateVersionRow {
  readonly version: number
  readonly text: string
  readonly savedAt: number
  readonly savedBy: string
}

export interface AssetRow {
  readonly project: string
  readonly id: string
  readonly kind: AssetKind
  readonly mediaType: string
  readonly published: boolean
  readonly version: number
  readonly hash: string
  readonly bytes: number
  readonly width: number | null
  readonly height: number | null
  readonly location: AssetLocation
  readonly crops: Readonly<Record<string, CropRecord>>
  readonly modifiedAt: number
}

export interface AssetVersionRow {
  readonly version: number
  readonly hash: string
  readonly bytes: number
  readonly mediaType: string
  readonly createdAt: number
  readonly createdBy: string
}

export interface AssetFilter {
  /** Part of the id, case-insensitively. */
  readonly q?: string
  /** Only below this folder, at any depth. */
  readonly folder?: string
  readonly kind?: AssetKind
  readonly published?: boolean
}

export interface AssetTable {
  get(project: string, id: string): Promise<AssetRow | undefined>
  getMany(project: string, ids: readonly string[]): Promise<readonly AssetRow[]>
  list(project: string, filter: AssetFilter, page: PageRequest): Promise<Page<AssetRow>>
  /** Direct sub-folders of a folder (`''` is the top) with the number of assets below each. */
  folders(project: string, parent: string): Promise<readonly { path: string; assets: number }[]>
  /** Every row of a project, for the watcher's start. */
  all(project: string): Promise<readonly AssetRow[]>
  put(row: AssetRow): Promise<void>
  remove(project: string, id: string): Promise<void>
  addVersion(project: string, id: string, version: AssetVersionRow): Promise<void>
  versions(project: string, id: string): Promise<readonly AssetVersionRow[]>
  /** Forgets all but the newest `keep` versions. */
  forgetVersions(project: string, id: string, keep: number): Promise<void>
  /** Which of these hashes an asset of any project has now, or had in a version that is kept. */
  neededBlobs(hashes: readonly string[]): Promise<readonly string[]>
}

/** A cache outside Sluice, as an admin described it. Holds secrets: never shown as it is. */
export interface TargetRow {
  readonly project: string
  readonly id: string
  readonly settings: OuterTarget
  readonly createdAt: number
}

export interface TargetTable {
  /** By id. */
  list(project: string): Promise<readonly TargetRow[]>
  put(row: TargetRow): Promise<void>
  /** False when there was none. */
  remove(project: string, id: string): Promise<boolean>
}
