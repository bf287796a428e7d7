import type { Invalidation, Selection } from '../contract/invalidation.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { NodeRole, Peek } from '../contract/node-protocol.ts'
import type { InvalidationErrorCode, RefusedItem } from './errors.ts'

/** What goes into the invalidation room, and what comes out of it. */

export interface Preview {
  readonly digest: string
  /** What must be typed to confirm (the project's name for `everything`); null when nothing must. */
  readonly confirm: string | null
  readonly urls: readonly PreviewUrl[]
  readonly problems: readonly RefusedItem[]
  /** Those of the problems that refuse nothing. */
  readonly warnings: readonly RefusedItem[]
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
  /** Whether an edge ever told of something that it stands for; null: so much is known that it was not looked through. */
  readonly served: boolean | null
  /** Of the newest of them. */
  readonly lastSeenAt: string | null
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

/** A list too long for JSON: a URL a line, as a stream. */
export interface BulkRequest extends Pick<
  SubmitRequest,
  'mode' | 'note' | 'scheduleAt' | 'source' | 'createdBy' | 'idempotencyKey'
> {
  readonly body: AsyncIterable<Uint8Array>
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
  /** Also where the project has automatic ones switched off. */
  readonly asked?: boolean
}
