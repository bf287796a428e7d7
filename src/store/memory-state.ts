import { assert } from '../kernel/assert.ts'
import type { PurgeEntry } from '../contract/purge-log.ts'
import type { Role } from '../contract/invalidation.ts'
import type {
  AccountRow,
  AssetRow,
  AssetVersionRow,
  BulkPiece,
  ChangeRow,
  InvalidationRow,
  KeyRow,
  NodeRow,
  ProjectRow,
  TemplateVersionRow,
  TargetRow,
} from './store.ts'

/** All rows, which are never changed in place: a copy of a collection is a snapshot. Keys of two parts are `pair`s. */
export interface MemoryState {
  readonly log: Map<number, PurgeEntry>
  /** One entry, `head`. */
  readonly head: Map<'head', number>
  readonly nodes: Map<string, NodeRow>
  readonly invalidations: Map<string, { row: InvalidationRow; urls: readonly string[] }>
  readonly idempotency: Map<string, { bodyHash: string; id: string; at: number }>
  readonly changes: Map<number, ChangeRow>
  readonly projects: Map<string, ProjectRow>
  readonly templates: Map<string, readonly TemplateVersionRow[]>
  readonly assets: Map<string, AssetRow>
  readonly versions: Map<string, readonly AssetVersionRow[]>
  readonly accounts: Map<string, AccountRow>
  readonly members: Map<string, { project: string; accountId: string; role: Role }>
  readonly keys: Map<string, KeyRow>
  readonly sessions: Map<string, { accountId: string; expiresAt: number; csrf: string }>
  readonly links: Map<string, { accountId: string; expiresAt: number }>
  readonly served: Map<string, readonly ServedRow[]>
  readonly bulk: Map<string, BulkList>
  readonly targets: Map<string, TargetRow>
}

/** `at` is null once it is accepted. */
export interface BulkList {
  readonly at: number | null
  readonly pieces: readonly (Omit<BulkPiece, 'keys'> & { readonly keys: Uint8Array | null })[]
}

export interface ServedRow {
  readonly url: string
  readonly target: string
  readonly lastSeenAt: number
  readonly times: number
}

export function emptyState(): MemoryState {
  return {
    log: new Map(),
    head: new Map([['head', 0]]),
    nodes: new Map(),
    invalidations: new Map(),
    idempotency: new Map(),
    changes: new Map(),
    projects: new Map(),
    templates: new Map(),
    assets: new Map(),
    versions: new Map(),
    accounts: new Map(),
    members: new Map(),
    keys: new Map(),
    sessions: new Map(),
    links: new Map(),
    served: new Map(),
    bulk: new Map(),
    targets: new Map(),
  }
}

/** NUL occurs in no name. */
export function pair(first: string, second: string): string {
  return `${first}\0${second}`
}

/** How tables reach the rows: `own` gives a collection that may be changed, and exists inside a transaction only. */
export interface MemoryAccess {
  read(): MemoryState
  own<Name extends keyof MemoryState>(name: Name): MemoryState[Name]
}

export function readOnly(read: () => MemoryState): MemoryAccess {
  return {
    read,
    own: () => assert(false, 'a write outside a transaction') as never,
  }
}

/** A draft of `base`: each collection is copied when it is first written. */
export function draftOf(base: MemoryState): MemoryAccess {
  const draft = { ...base }
  const owned = new Set<keyof MemoryState>()
  return {
    read: () => draft,
    own(name) {
      if (!owned.has(name)) {
        owned.add(name)
        Object.assign(draft, { [name]: new Map<unknown, unknown>(base[name]) })
      }
      return draft[name]
    },
  }
}
