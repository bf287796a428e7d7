import type { Invalidation, Selection } from '../contract/invalidation.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { NodeRole, Peek } from '../contract/node-protocol.ts'
import type { InvalidationFilter, Page, PageRequest, Tables } from '../store/store.ts'
import type { InvalidationErrorCode, RefusedItem } from './errors.ts'

/**
 * Invalidations: what people, scripts and changes of assets ask for, carried out until it is Done or has failed with a
 * reason. Whatever is refused rejects with an `InvalidationError` (code, status, title, publicMessage, errors), and has
 * purged nothing.
 */
export interface Invalidations {
  /** What would go. Never refuses because of the selection: `refusal` says what submit would answer. */
  preview(project: string, selection: Selection): Promise<Preview>
  /** Resolves when it is on disk and in the purge log (or scheduled); carrying it out goes on by itself. */
  submit(project: string, request: SubmitRequest): Promise<Submitted>
  /** From ERROR and ERROR_CDN_NODE only; same id, new seq, history kept. */
  retry(project: string, id: string): Promise<Invalidation>
  /** From Scheduled only. */
  cancel(project: string, id: string): Promise<Invalidation>
  get(project: string, id: string): Promise<Invalidation>
  list(project: string, filter: InvalidationFilter, page: PageRequest): Promise<Page<Invalidation>>
  urls(project: string, id: string, page: PageRequest): Promise<Page<string>>
  evidence(project: string, id: string): Promise<EvidenceExport>
  /** What each line of a template would form, and what is wrong with it. `assets` may be empty. */
  checkTemplate(
    project: string,
    text: string,
    assets: readonly string[],
  ): Promise<readonly CheckedLine[]>

  /**
   * Calls `listener` at each change of one invalidation, or of all of a project when `id` is null, until the returned function
   * is called. The state at the start is not sent: `get` it after subscribing.
   */
  subscribe(
    project: string,
    id: string | null,
    listener: (invalidation: Invalidation) => void,
  ): () => void

  /**
   * Adds a change of an asset to the automatic invalidation of its project (nothing when the project has that switched off).
   * Called inside the transaction of the change; changes of one second become one invalidation.
   */
  recordChange(tx: Tables, change: RecordedChange): Promise<void>

  /** Takes up what a crash or another process left unfinished, and begins to look for what is due. */
  start(): Promise<void>
  /** Stops at a safe point; what is unfinished goes on at the next start. */
  stop(): Promise<void>
}

export interface Preview {
  readonly digest: string
  /** What must be typed to confirm (the project's name for `everything`); null when nothing must. */
  readonly confirm: string | null
  readonly urls: readonly PreviewUrl[]
  readonly problems: readonly RefusedItem[]
  /** Null when submit would accept it. */
  readonly refusal: {
    readonly code: InvalidationErrorCode
    readonly title: string
    readonly detail: string
  } | null
  readonly targets: readonly PreviewTarget[]
  readonly estimatedSeconds: number
}

export interface PreviewUrl {
  readonly url: string
  /** In words: `asset flat`, `asset flat, preset thumbnail`, `template line 2, asset flat`, `added`. */
  readonly from: string
  /** In words; null when it is for information only, because the invalidation goes by asset. */
  readonly covers: string | null
}

export interface PreviewTarget {
  readonly id: string
  readonly requests: number
  readonly estimatedSeconds: number
}

export interface SubmitRequest {
  readonly selection: Selection
  readonly mode?: Invalidation['mode']
  readonly note?: string
  /** ISO 8601 with an offset, in the future. */
  readonly scheduleAt?: string
  /** From preview. */
  readonly digest?: string
  readonly confirm?: string
  /** `manual` for the console, `api` for keys; a scheduled one becomes `scheduled` by itself. */
  readonly source: 'manual' | 'api'
  /** An account's e-mail, or `key <name>`. */
  readonly createdBy: string
  readonly idempotencyKey?: string
}

export interface Submitted {
  readonly invalidation: Invalidation
  /** True when the idempotency key was known: nothing new was made. */
  readonly repeated: boolean
}

export interface EvidenceExport {
  readonly invalidation: Invalidation
  readonly nodes: readonly {
    readonly node: string
    readonly role: NodeRole
    readonly outcome: string | null
  }[]
  readonly peeks: readonly (Peek & { readonly node: string })[]
}

export interface CheckedLine {
  /** Counted from 1. */
  readonly line: number
  readonly text: string
  readonly problems: readonly {
    readonly column: number
    readonly level: 'error' | 'warning'
    readonly reason: string
  }[]
  readonly urls: readonly string[]
}

export interface RecordedChange {
  readonly project: string
  /** In words: `New version of "shoes/red"`. */
  readonly cause: string
  readonly keys: readonly KeyHash[]
}
