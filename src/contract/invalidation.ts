/** An invalidation as the API shows it: what a person asked for, and how far it is. Times are ISO 8601 in UTC. */

export const INVALIDATION_STATUSES = [
  'Scheduled',
  'Received',
  'Preparing',
  'Flushing resizing servers',
  'Flushing CDN servers',
  'Verifying',
  'Done',
  'ERROR_CDN_NODE',
  'ERROR',
  'Cancelled',
] as const
export type InvalidationStatus = (typeof INVALIDATION_STATUSES)[number]

export const SCOPES = ['original', 'all'] as const
export const SOURCES = ['manual', 'api', 'automatic', 'scheduled'] as const
export const MODES = ['delete', 'soft'] as const

/** How long a soft invalidation lets clients see the old one while it is asked after, unless the project says otherwise. */
export const SOFT_SECONDS_DEFAULT = 30
export const TIERS = ['resizing', 'cdn'] as const
export const TARGET_STATES = ['waiting', 'running', 'done', 'failed'] as const
export const VERDICTS = ['fresh', 'stale', 'unverifiable'] as const

/** What to invalidate: the body of preview and submit. Every boolean defaults to false (Dynamic Media's meaning). */
export interface Selection {
  readonly assets: readonly string[]
  readonly folders: readonly string[]
  readonly renditions: boolean
  readonly presets: boolean
  readonly template: boolean
  readonly crops: boolean
  readonly served: boolean
  readonly content: boolean
  readonly urls: readonly string[]
  readonly originals: readonly string[]
  readonly everything: boolean
  readonly exclude: readonly string[]
}

export interface TimelineEntry {
  readonly status: InvalidationStatus
  readonly at: string
}

export interface TargetProgress {
  readonly id: string
  readonly tier: (typeof TIERS)[number]
  readonly state: (typeof TARGET_STATES)[number]
  readonly attempts: number
  readonly detail: string | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
}

export interface Probe {
  readonly url: string
  /** The node or target that was asked. */
  readonly via: string
  readonly mark: number | null
  readonly cacheStatus: string | null
  readonly at: string
  /** What it was judged by, where the mark does not say. */
  readonly detail?: string
}

export interface Evidence {
  readonly verdict: (typeof VERDICTS)[number]
  /** Of a soft invalidation: until when a client may still be shown the old one. */
  readonly staleUntil?: string
  readonly probes: readonly Probe[]
  /** Why something is stale or unverifiable, in words. */
  readonly notes?: readonly string[]
}

/** An attempt that a Retry has put behind. */
export interface PastAttempt {
  /** Counted from 1. */
  readonly attempt: number
  readonly status: InvalidationStatus
  readonly seq: number | null
  readonly failure: string | null
  readonly finishedAt: string | null
  readonly targets: readonly TargetProgress[]
  readonly verdict: Evidence['verdict'] | null
}

export interface Invalidation {
  readonly id: string
  readonly project: string
  readonly status: InvalidationStatus
  readonly scope: (typeof SCOPES)[number]
  readonly source: (typeof SOURCES)[number]
  /** Why an automatic one was made, in words. */
  readonly cause: string | null
  readonly mode: (typeof MODES)[number]
  readonly createdAt: string
  /** Who asked: an account's e-mail, `key <name>`, or `Sluice` for automatic ones. */
  readonly createdBy: string
  readonly note: string | null
  readonly urlCount: number
  /** Null until it is in the purge log. */
  readonly seq: number | null
  readonly scheduledAt: string | null
  readonly estimatedSeconds: number
  readonly timeline: readonly TimelineEntry[]
  readonly targets: readonly TargetProgress[]
  readonly evidence: Evidence | null
  /** The reason of an ERROR or ERROR_CDN_NODE, in words. */
  readonly failure: string | null
  /** How earlier attempts ended, oldest first; absent before the first Retry. */
  readonly pastAttempts?: readonly PastAttempt[]
  readonly finishedAt: string | null
}

export function isFinal(status: InvalidationStatus): boolean {
  return (
    status === 'Done' || status === 'ERROR_CDN_NODE' || status === 'ERROR' || status === 'Cancelled'
  )
}

export const ROLES = ['viewer', 'editor', 'admin'] as const
export type Role = (typeof ROLES)[number]
