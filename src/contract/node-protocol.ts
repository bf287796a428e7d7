import type { PurgeEntry } from './purge-log.ts'
import type { AskerRule } from './targets.ts'

/**
 * What control and its nodes say to each other: register, follow (which also acknowledges) and renew. Carried by direct
 * calls in one process and by authenticated HTTP between processes; every message may be lost, repeated or late.
 */
export const NODE_ROLES = ['resizer', 'edge'] as const
export type NodeRole = (typeof NODE_ROLES)[number]

/** Where a resizer gives the names record to nodes: a form that no public listener accepts. */
export const NAMES_TARGET = '/~/names'

/** The private header vocabulary between nodes. A public listener removes all of them from requests. */
export const NODE_HEADERS = {
  /** Proves a node: the shared secret. */
  secret: 'sluice-node-secret',
  /** The asker's or answerer's purge log; a mark counts only within one log. */
  log: 'sluice-log',
  /** How much of the purge log an answer is known to reflect. The one header that clients see too. */
  mark: 'sluice-mark',
  /** What the asker needs at least (freshness rule P8). */
  minMark: 'sluice-min-mark',
  /** `held` when the asker answers from a lease and will check keys and mark itself (freshness rule P6). */
  lease: 'sluice-lease',
  /** Key hashes of an answer, comma-separated (freshness rule P11). */
  keys: 'sluice-keys',
  /** SHA-256 of the original that an answer was made of. */
  input: 'sluice-input',
} as const

/** What a node of ours says of itself when it asks another. */
export interface Asker {
  /** The answer's mark must be at least this. */
  readonly minMark: number
  /** It answers from a lease and checks keys and mark by its own stamps. */
  readonly holdsLease: boolean
}

/** Reads an authenticated node's request; a mark of another purge log than `logId` means nothing here, nor does its lease. */
export function askerOf(headers: Readonly<Record<string, string>>, logId: string): Asker {
  const sameLog = headers[NODE_HEADERS.log] === logId
  const minMark = sameLog ? (headers[NODE_HEADERS.minMark] ?? '0') : '0'
  return {
    minMark: /^\d{1,15}$/.test(minMark) ? Number(minMark) : 0,
    holdsLease: sameLog && headers[NODE_HEADERS.lease] === 'held',
  }
}

/**
 * Numbers of two purge logs must not meet in one answer: what a node began under `before` and ends under `now` is said to be of no
 * log, so that the node that asked refuses it.
 */
export function ofOneLog<Answer extends { readonly headers: Readonly<Record<string, string>> }>(
  answer: Answer,
  before: string,
  now: string,
): Answer {
  // Before it joins its first log a node knows of no numbers.
  if (before === now || before === '' || answer.headers[NODE_HEADERS.log] === undefined)
    return answer
  return { ...answer, headers: { ...answer.headers, [NODE_HEADERS.log]: '' } }
}

/** The share of a lease that clocks may drift by, and the constant beside it (freshness rule P4). */
const MARGIN_SHARE = 0.02
const MARGIN_CONSTANT_MS = 100

/**
 * How far a node's time of day may run ahead of its monotonic clock while a lease counts on the latter: a suspended machine's
 * monotonic clock stands still. The constant part of the margin is for this, the share for drift: both may happen to one lease.
 */
export const LEASE_JUMP_MAX_MS = MARGIN_CONSTANT_MS

/** How long past a lease control waits before it counts on the lease being over, in milliseconds. */
export function leaseMarginMs(leaseMs: number): number {
  return Math.ceil(leaseMs * MARGIN_SHARE) + MARGIN_CONSTANT_MS
}

/** Who a node says it is. `id` is a stable name for people; `incarnation` is random at each start and is what counts. */
export interface NodeHello {
  readonly id: string
  readonly incarnation: string
  readonly role: NodeRole
  readonly version: string
  /** Base URLs at which it answers: public ones of an edge, the private one of a resizer. */
  readonly urls: readonly string[]
  /** Set by a start that holds the data folder's lock: that incarnation is surely dead. */
  readonly predecessor?: string
}

/** Where originals and records live, told to resizers so that they read them without control. */
export type OriginLocation = { readonly kind: 'folder'; readonly path: string }

export interface Registration {
  readonly logId: string
  readonly head: number
  readonly leaseMs: number
  readonly origin: OriginLocation
}

export interface FollowRequest {
  readonly id: string
  readonly incarnation: string
  readonly logId: string
  /** Everything up to here is applied: this is the acknowledgement. */
  readonly applied: number
  /** How long control may hold the request open when there is nothing new, in milliseconds. */
  readonly waitMs: number
}

export type FollowAnswer =
  | {
      readonly kind: 'entries'
      readonly logId: string
      readonly head: number
      readonly entries: readonly PurgeEntry[]
      /** Questions about cached things; answered by `answerPeeks`. */
      readonly asks: readonly PeekAsk[]
    }
  /** The log no longer reaches back to `applied`, or is another log: start empty. */
  | { readonly kind: 'start-empty'; readonly logId: string; readonly head: number }
  /** This incarnation is unknown or out: register again. */
  | { readonly kind: 'register' }

export interface RenewRequest {
  readonly id: string
  readonly incarnation: string
  /** Of which log `applied` speaks; a renewal that was under way while the store was replaced acknowledges nothing. */
  readonly logId?: string
  readonly applied: number
  /** For people and metrics only. */
  readonly stats: NodeStats
}

export interface NodeStats {
  readonly entries: number
  readonly bytes: number
  readonly stamps: number
  readonly floor: number
  readonly hits: number
  readonly misses: number
}

export type RenewAnswer =
  | {
      readonly kind: 'grant'
      readonly logId: string
      readonly head: number
      readonly leaseMs: number
    }
  | { readonly kind: 'register' }

/** One URL under which a rendition was served for the first time since the node started. */
export interface ServedUrl {
  readonly project: string
  /** Key text of the asset or original: `asset:demo/flat` or `original:demo/sample.li/flat.jpg`. */
  readonly subject: string
  /** Full URL in the spelling of the client. */
  readonly url: string
  /** Canonical target, for peeks. */
  readonly target: string
  /** How often since it was last told of; 1 unless said. */
  readonly times?: number
}

/** A node's way to control. Rejects when control cannot be reached; never hangs past the signal. */
export interface ControlLink {
  register(hello: NodeHello, signal: AbortSignal): Promise<Registration>
  follow(request: FollowRequest, signal: AbortSignal): Promise<FollowAnswer>
  renew(request: RenewRequest, signal: AbortSignal): Promise<RenewAnswer>
  answerPeeks(
    incarnation: string,
    askId: string,
    peeks: readonly Peek[],
    signal: AbortSignal,
  ): Promise<void>
  /** Best effort: what was served, for "every URL known to have been served". */
  reportServed(incarnation: string, urls: readonly ServedUrl[], signal: AbortSignal): Promise<void>
  /**
   * Records spellings before their answers leave, on disk when it resolves; gives those back that are beyond the bound of their
   * subject. A carrier without it records nothing.
   */
  keepServed?(
    incarnation: string,
    urls: readonly ServedUrl[],
    signal: AbortSignal,
  ): Promise<readonly string[]>
}

/** A question to one node: what it holds for these canonical targets. It never fills because of it. */
export interface PeekAsk {
  readonly id: string
  readonly targets: readonly string[]
  /** To be answered only when every request of these askers that is open now was answered in full or cut (freshness rule P15). */
  readonly drain?: AskerRule
}

/** What a node says about one cached thing (the evidence of our own nodes). */
export const PEEK_STATES = ['absent', 'unusable', 'usable'] as const
export interface Peek {
  readonly target: string
  readonly state: (typeof PEEK_STATES)[number]
  readonly mark: number | null
  readonly applied: number
  /** Hash of the original that the held bytes were made of; null when absent or unknown. */
  readonly inputHash: string | null
}
