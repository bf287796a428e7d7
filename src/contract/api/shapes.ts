import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'

import { ROLES } from '../invalidation.ts'

/** What the bodies of all routes share. Bodies are closed: a field that is not known is refused by name, never ignored. */

/** JSON bodies (contract: else 413). */
export const JSON_BODY_BYTES_MAX = 16 * 1024 * 1024
/** A URL longer than this is refused by every CDN that we know of, and by our own edges. */
export const URL_LENGTH_MAX = 8192
/** Bytes of an asset id; the same limit as a path in most object stores. */
export const ASSET_ID_LENGTH_MAX = 512
/** Names of presets, crops, keys and people: what fits into a table's column. */
export const NAME_LENGTH_MAX = 128
export const NOTE_LENGTH_MAX = 2000
/** RFC 5321 §4.5.3.1.3: a path of 256 octets, two of them brackets. */
export const EMAIL_LENGTH_MAX = 254
/** Long enough for a sentence, short enough that hashing it costs nothing. */
export const PASSWORD_LENGTH_MAX = 256
export const PASSWORD_LENGTH_MIN = 10
export const SEARCH_LENGTH_MAX = 200
export const CURSOR_LENGTH_MAX = 2048
export const PAGE_LIMIT_MAX = 500
export const PAGE_LIMIT_DEFAULT = 50

/** A project's name: part of paths, hosts and key texts, so it holds neither `/`, `|`, `.` nor `:`. */
export const PROJECT_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'

export function closed<Properties extends Record<string, TSchema>>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false })
}

export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()])
}

export function page<Item extends TSchema>(item: Item) {
  return closed({
    items: Type.Array(item),
    /** Give it back as `cursor` for the next page; null at the end. */
    nextCursor: nullable(Type.String()),
  })
}

/** One line: no control characters. */
export const Name = Type.String({
  minLength: 1,
  maxLength: NAME_LENGTH_MAX,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
})
export const Url = Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX })
export const Instant = Type.String({ description: 'ISO 8601 in UTC' })
export const AssetId = Type.String({ minLength: 1, maxLength: ASSET_ID_LENGTH_MAX })
export const RoleSchema = Type.Enum(ROLES)

export const PageQuery = {
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: CURSOR_LENGTH_MAX })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX })),
}

/** One thing that is wrong, named by a JSON pointer (RFC 6901), a URL, a line, or an item of a list. */
export const ProblemItem = closed({
  pointer: Type.Optional(Type.String()),
  line: Type.Optional(Type.Integer()),
  url: Type.Optional(Type.String()),
  item: Type.Optional(Type.String()),
  reason: Type.String(),
  /** What to write instead, where that is known. */
  suggestion: Type.Optional(Type.String()),
})
export type ProblemItem = Static<typeof ProblemItem>

/** RFC 9457. `code` is for programs, and is listed in docs/reference/errors.md. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    title: Type.String(),
    detail: Type.String(),
    errors: Type.Array(ProblemItem),
    /** Seconds to wait, with 429 and 503. */
    retryAfterSeconds: Type.Optional(Type.Number()),
    /** With `preview-changed`: how the list would differ now. */
    difference: Type.Optional(
      closed({ added: Type.Array(Type.String()), removed: Type.Array(Type.String()) }),
    ),
    /** With `template-changed`: what was to be saved, and what somebody else has saved meanwhile. */
    conflict: Type.Optional(
      closed({
        yours: Type.String(),
        theirs: closed({
          text: Type.String(),
          version: Type.Integer(),
          savedAt: nullable(Instant),
          savedBy: nullable(Type.String()),
        }),
      }),
    ),
  },
  { title: 'Problem' },
)
export type Problem = Static<typeof Problem>

/** Of removing a preset or a crop: invalidate what was made with it also where automatic invalidation is switched off. */
export const RemoveQuery = closed({ invalidate: Type.Optional(Type.Boolean()) })
export type RemoveQuery = Static<typeof RemoveQuery>

export const Empty = closed({})

export { TEMPLATE_LENGTH_MAX, TEMPLATE_LINES_MAX } from '../template-limits.ts'
