import type { Evidence, TargetProgress } from '../contract/invalidation.ts'
import type { KeyHash } from '../contract/keys.ts'
import type { NodePeek } from '../purgelog/barrier.ts'

/**
 * Something that can be purged. A target has one member (a commercial CDN's zone) or several (our own nodes, each a member
 * that the log shows by its own name). What a target does must be safe to repeat: a runner that takes an invalidation over
 * flushes again from the start.
 */
export interface Target {
  readonly id: string
  /**
   * `at-once`: flushes as soon as the purge is in the log (our own nodes hear of it by themselves). `after-own-nodes`: an
   * outer cache, which would refill from them with old bytes if it went first (freshness rule P15).
   */
  readonly begins: 'at-once' | 'after-own-nodes'
  /** What would be asked of it, without asking. */
  describe(purge: PlannedPurge): Promise<readonly PlannedMember[]>
  /** Resolves when the purge has taken effect or failed there, as far as the target says; rejects when aborted. */
  flush(
    purge: Purge,
    report: ReportMembers,
    signal: AbortSignal,
  ): Promise<readonly MemberProgress[]>
  /** Looks at what the caches hold now. Called after every target has flushed. */
  verify(purge: Purge & Looked, signal: AbortSignal): Promise<TargetEvidence>
}

export interface PlannedPurge {
  readonly keysCount: number
  readonly urlsCount: number
}

export interface PlannedMember {
  readonly id: string
  readonly tier: TargetProgress['tier']
  /** How many requests it will be sent. */
  readonly requests: number
  /** Used as the estimate while there is no history; stated, never 0. */
  readonly defaultSeconds: number
}

export interface Purge {
  readonly invalidation: string
  readonly project: string
  readonly seq: number
  /** Wall-clock milliseconds at which it was asked for. */
  readonly receivedAt: number
  /** What is kept may be shown while it is asked after. */
  readonly soft: boolean
  readonly keys: readonly KeyHash[]
  /**
   * Full URLs in pieces, for targets that know nothing else: the list, and every URL known to have been served that the keys
   * cover. Read from the store when they are asked for; some may come twice.
   */
  urls(): AsyncIterable<readonly string[]>
}

/** What to look at when verifying, most telling first. */
export interface Looked {
  /** For our own nodes, which are asked about all of them. */
  readonly places: readonly PlaceToLook[]
  /** For outer targets, which choose among them. */
  readonly probes?: readonly PlaceToProbe[]
}

export interface PlaceToLook {
  /** As people know it. */
  readonly url: string
  /** Canonical, as our own nodes hold it. */
  readonly target: string
}

/** `target` is null for what is listed and cannot be read as a URL of ours any more. */
export interface PlaceToProbe extends Omit<PlaceToLook, 'target'> {
  readonly target: string | null
  /** How often it was served, about; absent when nobody has seen it served. */
  readonly times?: number
}

export interface MemberProgress {
  readonly id: string
  readonly tier: TargetProgress['tier']
  readonly state: TargetProgress['state']
  /** How it went, or why it failed, in words. */
  readonly detail: string | null
}

export type ReportMembers = (members: readonly MemberProgress[]) => void

export interface TargetEvidence extends Evidence {
  /** Of our own nodes; empty for outer targets. */
  readonly peeks: readonly NodePeek[]
}
