import type { Generated, Kysely } from 'kysely'

/** The tables as SQL sees them: flags are 0 or 1, documents are JSON text, times are wall-clock milliseconds. */
export interface SqlSchema {
  purge_head: { one: number; log_id: string; head: number }
  purge_log: {
    seq: number
    project: string
    kind: string
    keys: string
    packed: Uint8Array | null
    soft_ms: number | null
  }
  nodes: {
    incarnation: string
    id: string
    role: string
    version: string
    urls: string
    applied: number
    state: string
    seen_at: number
  }
  invalidations: {
    /** Order of arrival; also the row of the search index. */
    n: Generated<number>
    id: string
    project: string
    status: string
    scope: string
    source: string
    finished: number
    finished_at: number | null
    due_at: number
    runner: string | null
    runner_epoch: number
    renewed_at: number
    attempt: number
    /** The rest of `Invalidation`. */
    shown: string
  }
  /** What lists never show, kept apart so that they stay quick. */
  invalidation_work: {
    n: number
    selection: string
    keys: string
    observed: string | null
    keys_seq: number | null
    pieces: number | null
    entered: number | null
  }
  /** Lists that are not accepted yet, or not any more. */
  bulk_staged: { id: string; at: number }
  bulk_urls: { id: string; piece: number; first: number; count: number; urls: Uint8Array }
  bulk_keys: { id: string; piece: number; keys: Uint8Array }
  invalidation_urls: { n: number; position: number; url: string }
  invalidation_counts: { project: string; status: string; count: number }
  idempotency: { project: string; key: string; body_hash: string; id: string; at: number }
  changes: {
    n: Generated<number>
    project: string
    cause: string
    keys: string
    at: number
    asked: Generated<number>
  }
  projects: { id: string; created_at: number; doc: string }
  template_versions: {
    project: string
    version: number
    text: string
    saved_at: number
    saved_by: string
  }
  assets: {
    project: string
    id: string
    lower_id: string
    kind: string
    media_type: string
    published: number
    version: number
    hash: string
    bytes: number
    width: number | null
    height: number | null
    location: string
    crops: string
    modified_at: number
  }
  asset_folders: { project: string; path: string; parent: string; assets: number }
  asset_versions: {
    project: string
    id: string
    version: number
    hash: string
    bytes: number
    media_type: string
    created_at: number
    created_by: string
  }
  accounts: {
    id: string
    email: string
    lower_email: string
    password_hash: string | null
    owner: number
    created_at: number
  }
  members: { project: string; account_id: string; role: string }
  api_keys: {
    id: string
    name: string
    secret_hash: string
    project: string | null
    roles: string
    created_at: number
    created_by: string
  }
  sessions: { token_hash: string; account_id: string; expires_at: number; csrf: string }
  links: { token_hash: string; account_id: string; expires_at: number }
  served: {
    project: string
    subject: string
    url: string
    target: string
    last_seen_at: number
    times: Generated<number>
  }
  targets: { project: string; id: string; settings: string; created_at: number }
}

export type Sql = Kysely<SqlSchema>
