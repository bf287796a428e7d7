import { Type } from 'typebox'
import type { Static } from 'typebox'

import {
  INVALIDATION_STATUSES,
  MODES,
  SCOPES,
  SOURCES,
  TARGET_STATES,
  TIERS,
  VERDICTS,
} from '../invalidation.ts'
import type { Invalidation } from '../invalidation.ts'
import { PEEK_STATES } from '../node-protocol.ts'
import {
  ASSET_ID_LENGTH_MAX,
  Instant,
  NAME_LENGTH_MAX,
  NOTE_LENGTH_MAX,
  PageQuery,
  ProblemItem,
  SEARCH_LENGTH_MAX,
  closed,
  nullable,
  page,
} from './shapes.ts'

/** Formed lists end at `maxUrlsPerInvalidation`; this only bounds what is read before that is known. */
const LIST_MAX = 100_000
/** Longer than a URL may be, so that the refusal comes from the room that can name the URL and the way out. */
const LINE_LENGTH_MAX = 65_536
const lines = Type.Array(Type.String({ maxLength: LINE_LENGTH_MAX }), { maxItems: LIST_MAX })
const ids = Type.Array(Type.String({ minLength: 1, maxLength: ASSET_ID_LENGTH_MAX }), {
  maxItems: LIST_MAX,
})

const selection = {
  assets: Type.Optional(ids),
  folders: Type.Optional(ids),
  renditions: Type.Optional(Type.Boolean()),
  presets: Type.Optional(Type.Boolean()),
  template: Type.Optional(Type.Boolean()),
  crops: Type.Optional(Type.Boolean()),
  served: Type.Optional(Type.Boolean()),
  content: Type.Optional(Type.Boolean()),
  urls: Type.Optional(lines),
  originals: Type.Optional(lines),
  everything: Type.Optional(Type.Boolean()),
  exclude: Type.Optional(lines),
}

/** Body of preview. Every boolean defaults to false (Dynamic Media's meaning). */
export const SelectionBody = closed(selection)
export type SelectionBody = Static<typeof SelectionBody>

export const SubmitBody = closed({
  ...selection,
  mode: Type.Optional(Type.Enum(MODES)),
  note: Type.Optional(Type.String({ maxLength: NOTE_LENGTH_MAX })),
  /** ISO 8601 with an offset, in the future. */
  scheduleAt: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  /** From preview: 409 `preview-changed` if the selection would now form another list. */
  digest: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  /** For `everything`: the project's name. */
  confirm: Type.Optional(Type.String({ maxLength: NAME_LENGTH_MAX })),
})
export type SubmitBody = Static<typeof SubmitBody>

/**
 * The query of a submit whose body is `application/x-ndjson`: a URL a line, as it is or as a JSON string. What JSON bodies say
 * beside their list stands here.
 */
export const BulkQuery = closed({
  mode: Type.Optional(Type.Enum(MODES)),
  note: Type.Optional(Type.String({ maxLength: NOTE_LENGTH_MAX })),
  scheduleAt: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
})
export type BulkQuery = Static<typeof BulkQuery>
export const NDJSON = 'application/x-ndjson'

export const Preview = closed({
  digest: Type.String(),
  /** What must be typed to confirm; null when nothing must. */
  confirm: nullable(Type.String()),
  urls: Type.Array(
    closed({
      url: Type.String(),
      /** Where the entry comes from, in words: `asset flat`, `preset thumbnail`, `template line 2`, `added`. */
      from: Type.String(),
      /** What a purge of it covers: the path with all its queries, or that one rendition; null: not by URL. */
      covers: nullable(Type.String()),
      /** Whether visitors ever asked for what it stands for, as far as edges have told; null: too much is known to look through. */
      served: nullable(Type.Boolean()),
      /** When they did last; null where never, or for a folder or everything. */
      lastSeenAt: nullable(Instant),
    }),
  ),
  problems: Type.Array(ProblemItem),
  /** Those of the problems that keep nothing from being submitted. */
  warnings: Type.Array(ProblemItem),
  /** What submit would answer; null when it would accept. */
  refusal: nullable(closed({ code: Type.String(), title: Type.String(), detail: Type.String() })),
  targets: Type.Array(
    closed({ id: Type.String(), requests: Type.Integer(), estimatedSeconds: Type.Number() }),
  ),
  estimatedSeconds: Type.Number(),
})
export type Preview = Static<typeof Preview>

const EvidenceSchema = closed({
  verdict: Type.Enum(VERDICTS),
  /** Of a soft invalidation: until when a client may still be shown the old one. */
  staleUntil: Type.Optional(Instant),
  probes: Type.Array(
    closed({
      url: Type.String(),
      via: Type.String(),
      mark: nullable(Type.Integer()),
      cacheStatus: nullable(Type.String()),
      at: Instant,
      /** What it was judged by, where the mark does not say. */
      detail: Type.Optional(Type.String()),
    }),
  ),
  /** Why something is stale or unverifiable, in words. */
  notes: Type.Optional(Type.Array(Type.String())),
})

const TargetsSchema = Type.Array(
  closed({
    id: Type.String(),
    tier: Type.Enum(TIERS),
    state: Type.Enum(TARGET_STATES),
    attempts: Type.Integer(),
    detail: nullable(Type.String()),
    startedAt: nullable(Instant),
    finishedAt: nullable(Instant),
  }),
)

const PastAttemptSchema = closed({
  attempt: Type.Integer(),
  status: Type.Enum(INVALIDATION_STATUSES),
  seq: nullable(Type.Integer()),
  failure: nullable(Type.String()),
  finishedAt: nullable(Instant),
  targets: TargetsSchema,
  verdict: nullable(Type.Enum(VERDICTS)),
})

export const InvalidationSchema = Type.Object(
  {
    id: Type.String(),
    project: Type.String(),
    status: Type.Enum(INVALIDATION_STATUSES),
    scope: Type.Enum(SCOPES),
    source: Type.Enum(SOURCES),
    cause: nullable(Type.String()),
    mode: Type.Enum(MODES),
    createdAt: Instant,
    createdBy: Type.String(),
    note: nullable(Type.String()),
    urlCount: Type.Integer(),
    seq: nullable(Type.Integer()),
    scheduledAt: nullable(Instant),
    estimatedSeconds: Type.Number(),
    timeline: Type.Array(closed({ status: Type.Enum(INVALIDATION_STATUSES), at: Instant })),
    targets: TargetsSchema,
    evidence: nullable(EvidenceSchema),
    failure: nullable(Type.String()),
    pastAttempts: Type.Optional(Type.Array(PastAttemptSchema)),
    finishedAt: nullable(Instant),
  },
  { additionalProperties: false, title: 'Invalidation' },
)

export const InvalidationQuery = closed({
  ...PageQuery,
  /** One status, or several separated by commas. */
  status: Type.Optional(Type.String({ maxLength: 300 })),
  scope: Type.Optional(Type.Enum(SCOPES)),
  source: Type.Optional(Type.Enum(SOURCES)),
  q: Type.Optional(Type.String({ maxLength: SEARCH_LENGTH_MAX })),
  from: Type.Optional(Type.String({ maxLength: 64 })),
  to: Type.Optional(Type.String({ maxLength: 64 })),
})
export type InvalidationQuery = Static<typeof InvalidationQuery>

const { cursor: _cursor, limit: _limit, ...filters } = InvalidationQuery.properties
/** The filters of the list; the whole log that passes them is one file. */
export const ExportQuery = closed({
  ...filters,
  format: Type.Optional(Type.Enum(['csv', 'json'])),
})

/** What people paste into a ticket: no URLs, no secrets. */
export const InvalidationReport = closed({
  text: Type.String(),
  supportUrl: nullable(Type.String()),
})
export type InvalidationReport = Static<typeof InvalidationReport>

export const InvalidationList = closed({
  ...page(InvalidationSchema).properties,
  /** A search that would have taken too long: `nextCursor` goes on from where it ended, though the page is not full. */
  partial: Type.Optional(Type.Boolean()),
})
export type InvalidationList = Static<typeof InvalidationList>

export const InvalidationUrls = page(Type.String())
export type InvalidationUrls = Static<typeof InvalidationUrls>

/** What was observed, where and when: everything an incident review asks for. */
export const EvidenceExport = Type.Object({
  invalidation: InvalidationSchema,
  nodes: Type.Array(
    Type.Object({
      node: Type.String(),
      role: Type.String(),
      outcome: nullable(Type.String()),
    }),
  ),
  peeks: Type.Array(
    Type.Object({
      node: Type.String(),
      target: Type.String(),
      state: Type.Enum(PEEK_STATES),
      mark: nullable(Type.Integer()),
      applied: Type.Integer(),
      inputHash: nullable(Type.String()),
    }),
  ),
})
export type EvidenceExport = Static<typeof EvidenceExport>

/**
 * Server-sent events of `…/invalidations/{id}/events` and `…/events`: `event: invalidation`, `data:` an Invalidation. The
 * first one is the state at the start (of the one invalidation; nothing for a whole project).
 */
export const INVALIDATION_EVENT = 'invalidation'

type Shown = Static<typeof InvalidationSchema>
type Missing = Exclude<keyof Invalidation, keyof Shown>

/** What clients are told an invalidation is and the type that both planes use: a difference does not compile. */
export const INVALIDATION_SCHEMA_IS_COMPLETE: [Shown, Missing] extends [Invalidation, never]
  ? true
  : never = true
