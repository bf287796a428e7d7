import { dirname } from 'node:path'
import type { Timers } from '../kernel/timers.ts'
import { ageMs, sameIdentity } from '../origin/file-identity.ts'
import type { AssetRow } from '../store/store.ts'
import { folderAssetId } from './asset-id.ts'
import type { AssetProblem } from './assets.ts'
import { clashProblems } from './folder-clashes.ts'
import { beginBulk, CHANGES_PER_COMMIT, commitChanges, endBulk } from './folder-commit.ts'
import type { Bulk, FolderChange } from './folder-commit.ts'
import { inodeOf, knownContent, takeFile } from './folder-take.ts'
import { FolderTree } from './folder-tree.ts'
import type { TreeFile } from './folder-tree.ts'
import type { LibraryParts } from './library-parts.ts'

/**
 * Keeps the assets of one project equal to the files of one folder, in rounds: look at what may have changed; ask of each asset
 * concerned whether its file has stood still; read those that have; commit. Whatever is not still yet is asked again later.
 */
export interface FolderWatchParts extends LibraryParts {
  readonly timers: Timers
  readonly project: string
  /** Absolute, without links. */
  readonly root: string
  /** Sluice's own data folder, without links. */
  readonly ownData: string
}

/** Size and time must have stood still this long before a file is taken, or counts as gone. */
export const STILL_MS = 300

/** Events of one copy come in bursts; looking once for all of them is enough. */
const GATHER_MS = 40

/** Looks at everything from time to time: the system may drop events when too many come at once (inotify(7), IN_Q_OVERFLOW). */
const SWEEP_MS = 60_000

/** The same where folders cannot be watched at all. */
const UNWATCHED_SWEEP_MS = 5000

/** After a failed round (the store is busy, the disk is full) it is tried again. */
const RETRY_MS = 1000

/** A change that was asked to be settled but does not stand still is a change after the asking. */
const SETTLE_MS_MAX = 5000

/** A file may be hashed as settled when its ctime is 2 s old; a little later, because clocks of file systems are coarse. */
const RECHECK_AGE_MS = 2050

/** Files that are read at once: one reads while one hashes. */
const TAKES_AT_ONCE = 3

/** Files that are taken before they are committed: bounds memory, and shows progress, in a first start with very many. */
const TAKES_PER_ROUND = 2000

const PROBLEMS_MAX = 10_000

interface Settling {
  /** Null: all. */
  readonly ids: ReadonlySet<string> | null
  /** Rounds that began before the asking do not count. */
  readonly afterRound: number
  /** On the monotonic clock: from then on, what still moves is not waited for. */
  readonly patientUntil: number
  readonly resolve: () => void
}

/** `known`: what is waited for changes no bytes, only how sure we are of them. */
type Verdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'wait'; readonly ms: number; readonly known: boolean }
  | { readonly kind: 'take'; readonly file: TreeFile }
  | { readonly kind: 'remove' }

interface Take {
  readonly id: string
  readonly file: TreeFile
}

export class FolderWatch {
  readonly #parts: FolderWatchParts
  readonly #tree: FolderTree
  readonly #rows = new Map<string, AssetRow>()
  /** Which files claim an id. */
  readonly #claims = new Map<string, Set<string>>()
  /** Ids that are not known to be true yet. */
  readonly #open = new Set<string>()
  /** When an id's file was first found gone. */
  readonly #goneSince = new Map<string, number>()
  readonly #unreadable = new Map<string, TreeFile>()
  readonly #dirty = new Set<string>([''])
  readonly #settling = new Set<Settling>()
  readonly #stopping = new AbortController()
  #bulk: Bulk | null = null
  /** Ends the start; set once everything that stood still at the start is known. */
  #first: (() => void) | null = null
  #gathering = false
  /** How long the last look took. */
  #lookMs = 0
  #round = 0
  #sweptAt = 0
  #wake: () => void = () => undefined
  #running: Promise<void> = Promise.resolve()

  constructor(parts: FolderWatchParts) {
    this.#parts = parts
    this.#tree = new FolderTree({
      root: parts.root,
      ownData: parts.ownData,
      clock: parts.clock,
      onDirty: (path) => this.#touch(path),
    })
  }

  /** Resolves when everything that stands still is known. */
  async start(): Promise<void> {
    const rows = await this.#parts.store.tables.assets.all(this.#parts.project)
    for (const row of rows) {
      this.#rows.set(row.id, row)
      this.#open.add(row.id)
    }
    this.#sweptAt = this.#parts.clock.now()
    const first = Promise.withResolvers<void>()
    const patientUntil = this.#sweptAt + SETTLE_MS_MAX
    const resolve = (): void => void (this.#first = first.resolve)
    this.#settling.add({ ids: null, afterRound: 0, patientUntil, resolve })
    const { project } = this.#parts
    if (rows.length === 0) this.#bulk = await beginBulk(this.#parts, project, 'import')
    this.#running = this.#run()
    await Promise.race([first.promise, this.#running])
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#running
    this.#tree.close()
    await this.#endBulk()
    for (const settling of this.#settling) settling.resolve()
    this.#settling.clear()
  }

  problems(): readonly AssetProblem[] {
    const unreadable = [...this.#unreadable.keys()].map((path): AssetProblem => {
      const reason = 'The file cannot be read: check its permissions.'
      return { path, code: 'unreadable', reason }
    })
    return [...this.#tree.problems(), ...clashProblems(this.#claims), ...unreadable].slice(
      0,
      PROBLEMS_MAX,
    )
  }

  /** Looks again where these assets are, and waits until what is found stands still and is committed. */
  async settle(ids: readonly string[] | 'all'): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const settled = Promise.withResolvers<void>()
    const wanted = ids === 'all' ? null : new Set(ids)
    const settling: Settling = {
      ids: wanted,
      afterRound: this.#round,
      patientUntil: this.#parts.clock.now() + SETTLE_MS_MAX,
      resolve: settled.resolve,
    }
    this.#settling.add(settling)
    for (const path of ids === 'all' ? this.#tree.folders() : ids.flatMap((id) => this.#at(id))) {
      this.#dirty.add(path)
    }
    const cancel = this.#parts.timers.after(SETTLE_MS_MAX, settled.resolve)
    this.#wake()
    await settled.promise
    cancel()
    this.#settling.delete(settling)
  }

  /** Folders in which an asset's file is or would be. */
  #at(id: string): readonly string[] {
    const claims = [...(this.#claims.get(id) ?? [])]
    return [id, ...claims].map((path) => this.#tree.nearest(dirname(path)))
  }

  /** Half of the time at most is spent on looking, however fast files come. */
  #touch(path: string): void {
    this.#dirty.add(path)
    if (this.#gathering) return
    this.#gathering = true
    this.#parts.timers.after(Math.max(GATHER_MS, this.#lookMs), () => {
      this.#gathering = false
      this.#wake()
    })
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const woken = Promise.withResolvers<void>()
      this.#wake = woken.resolve
      const waitMs = await this.#tryRound()
      if (signal.aborted) return
      const cancel = this.#parts.timers.after(waitMs, woken.resolve)
      await woken.promise
      cancel()
    }
  }

  async #tryRound(): Promise<number> {
    try {
      return await this.#oneRound()
    } catch (error) {
      const { log, project } = this.#parts
      log.error({ err: error, project }, 'the watched folder could not be followed; trying again')
      return RETRY_MS
    }
  }

  /** Milliseconds until something is due. */
  async #oneRound(): Promise<number> {
    const round = ++this.#round
    const dirty = [...this.#dirty]
    this.#dirty.clear()
    const { clock } = this.#parts
    const begun = clock.now()
    for (const path of await this.#tree.refresh(dirty)) this.#claim(path)
    this.#lookMs = clock.now() - begun
    const due = this.#judgeAll()
    const byInode = due.takes.length > 0 ? this.#rowsByInode() : new Map<string, AssetRow>()
    const changes = await this.#takeAll(due.takes, byInode)
    const removes = new Set([...due.removes, ...this.#movedAway(due.takes, byInode)])
    for (const id of removes) changes.push({ id, content: null })
    await this.#commit(changes, due.more)
    if (!due.more && this.#bulk?.kind === 'change') await this.#endBulk()
    this.#resolveSettled(round)
    if (this.#first) await this.#endBulk()
    this.#first?.()
    this.#first = null
    return due.more || changes.length > 0 ? 0 : Math.min(due.waitMs, this.#sweep())
  }

  /** Notes that a file came, changed or went. */
  #claim(path: string): void {
    const id = folderAssetId(path)
    const paths = this.#claims.get(id) ?? new Set()
    if (this.#tree.file(path)) paths.add(path)
    else paths.delete(path)
    if (paths.size > 0) this.#claims.set(id, paths)
    else this.#claims.delete(id)
    this.#unreadable.delete(path)
    this.#open.add(id)
  }

  #judgeAll(): {
    readonly takes: readonly Take[]
    readonly removes: readonly string[]
    readonly waitMs: number
    readonly more: boolean
  } {
    const takes: Take[] = []
    const removes: string[] = []
    let waitMs = SWEEP_MS
    for (const id of this.#open) {
      const verdict = this.#judge(id)
      if (verdict.kind === 'clean') this.#open.delete(id)
      else if (verdict.kind === 'remove') removes.push(id)
      else if (verdict.kind === 'wait') waitMs = Math.min(waitMs, verdict.ms)
      else if (takes.length < TAKES_PER_ROUND) takes.push({ id, file: verdict.file })
      else return { takes, removes, waitMs: 0, more: true }
    }
    return { takes, removes, waitMs, more: false }
  }

  #judge(id: string): Verdict {
    const [path, clash] = this.#claims.get(id) ?? []
    const file = path === undefined || clash !== undefined ? undefined : this.#tree.file(path)
    if (!file) return this.#judgeGone(id)
    this.#goneSince.delete(id)
    if (this.#unreadable.get(file.path) === file) return { kind: 'clean' }
    const { clock } = this.#parts
    const location = this.#rows.get(id)?.location
    const same =
      location?.kind === 'file' &&
      location.path === file.real &&
      sameIdentity(location.identity, file.identity)
    const age = ageMs(file.identity, clock.wall())
    if (same && location.settled) return { kind: 'clean' }
    if (same && age < RECHECK_AGE_MS) return { kind: 'wait', ms: RECHECK_AGE_MS - age, known: true }
    const stillMs = Math.max(age, clock.now() - file.since)
    return stillMs >= STILL_MS
      ? { kind: 'take', file }
      : { kind: 'wait', ms: Math.max(1, STILL_MS - stillMs), known: same }
  }

  /** A file that is written anew by its editor is gone for a moment. */
  #judgeGone(id: string): Verdict {
    if (!this.#rows.has(id)) {
      this.#goneSince.delete(id)
      return { kind: 'clean' }
    }
    const now = this.#parts.clock.now()
    const since = this.#goneSince.get(id) ?? now
    this.#goneSince.set(id, since)
    const leftMs = STILL_MS - (now - since)
    return leftMs <= 0 ? { kind: 'remove' } : { kind: 'wait', ms: leftMs, known: false }
  }

  /** What was renamed leaves its old id in the same round in which it is taken under the new one. */
  #movedAway(takes: readonly Take[], byInode: ReadonlyMap<string, AssetRow>): readonly string[] {
    const rows = takes.flatMap(({ file }) => byInode.get(inodeOf(file.identity)) ?? [])
    return rows.filter((row) => !this.#claims.has(row.id)).map((row) => row.id)
  }

  async #takeAll(
    takes: readonly Take[],
    byInode: ReadonlyMap<string, AssetRow>,
  ): Promise<FolderChange[]> {
    const changes: FolderChange[] = []
    const waiting = takes.values()
    const worker = async (): Promise<void> => {
      for (const { id, file } of waiting) {
        if (this.#stopping.signal.aborted) return
        const content = knownContent(file, byInode) ?? (await this.#read(file))
        if (content) changes.push({ id, content })
      }
    }
    await Promise.all(Array.from({ length: TAKES_AT_ONCE }, worker))
    return changes
  }

  async #read(file: TreeFile): Promise<FolderChange['content']> {
    const outcome = await takeFile(file, this.#parts.clock)
    if (outcome.kind === 'taken') return outcome.content
    if (outcome.kind === 'unreadable') this.#unreadable.set(file.path, file)
    else this.#touch(this.#tree.nearest(dirname(file.path)))
    return null
  }

  /** `more`: what is committed now is a part of a change that goes on in the next round. */
  async #commit(changes: readonly FolderChange[], more: boolean): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const { project, log } = this.#parts
    const large = more || changes.length > CHANGES_PER_COMMIT
    if (large) this.#bulk ??= await beginBulk(this.#parts, project, 'change')
    for (const [id, row] of await commitChanges(this.#parts, project, changes, this.#bulk)) {
      if (row) this.#rows.set(id, row)
      else this.#rows.delete(id)
      this.#goneSince.delete(id)
    }
    if (changes.length > 0) log.info({ project, changes: changes.length }, 'the folder changed')
  }

  async #endBulk(): Promise<void> {
    if (!this.#bulk) return
    await endBulk(this.#parts, this.#parts.project, this.#bulk)
    this.#bulk = null
  }

  #rowsByInode(): ReadonlyMap<string, AssetRow> {
    const byInode = new Map<string, AssetRow>()
    for (const row of this.#rows.values()) {
      if (row.location.kind === 'file') byInode.set(inodeOf(row.location.identity), row)
    }
    return byInode
  }

  #resolveSettled(round: number): void {
    for (const settling of this.#settling) {
      const ids = settling.ids ?? this.#open
      const patient = this.#parts.clock.now() < settling.patientUntil
      if (round <= settling.afterRound || (patient && this.#dirty.size > 0)) continue
      if ([...ids].some((id) => this.#isPending(id, patient))) continue
      settling.resolve()
      this.#settling.delete(settling)
    }
  }

  /** Whether an invalidation formed now could miss a change: waiting to be hashed once more as settled is not that. */
  #isPending(id: string, patient: boolean): boolean {
    if (!this.#open.has(id)) return false
    const verdict = this.#judge(id)
    if (verdict.kind === 'wait') return patient && !verdict.known
    return verdict.kind !== 'clean'
  }

  /** Milliseconds until the next sweep; begins one when it is due. */
  #sweep(): number {
    const now = this.#parts.clock.now()
    const everyMs = this.#tree.watched ? SWEEP_MS : UNWATCHED_SWEEP_MS
    const dueMs = this.#sweptAt + everyMs - now
    if (dueMs > 0) return dueMs
    this.#sweptAt = now
    for (const path of this.#tree.folders()) this.#dirty.add(path)
    // What could not be read may be readable now.
    for (const path of this.#unreadable.keys()) this.#open.add(folderAssetId(path))
    this.#unreadable.clear()
    return 0
  }
}
