import { Type } from 'typebox'
import type { Static } from 'typebox'

import { TIERS, VERDICTS } from '../invalidation.ts'
import { OUTER_KINDS } from '../targets.ts'
import { NAME_LENGTH_MAX, URL_LENGTH_MAX, closed, nullable } from './shapes.ts'

/** Part of paths and of log lines; `TARGET_ID` is what `PUT …/targets/{id}` takes. */
export const TARGET_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** More caches in a row before one project would be a mistake. */
export const TARGETS_PER_PROJECT_MAX = 50
const LIST_MAX = 100
/** A day: no purge takes longer, nor does a fetch. */
const SECONDS_MAX = 86_400
const BODY_LENGTH_MAX = 64 * 1024

const HeaderName = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$"
const HeaderValue = Type.String({ maxLength: 8192, pattern: '^[^\\r\\n\\u0000]*$' })
const fewHeaders = { maxProperties: 50, additionalProperties: false } as const

const RequestPattern = closed({
  method: Type.String({ pattern: '^[A-Z][A-Z-]{0,31}$' }),
  /** With placeholders: `http://10.0.0.5:6081{target}`. */
  url: Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX }),
  headers: Type.Record(Type.String({ pattern: HeaderName }), HeaderValue, fewHeaders),
  body: nullable(Type.String({ maxLength: BODY_LENGTH_MAX })),
})

const Strings = Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: LIST_MAX })

const optional = {
  paused: Type.Boolean(),
  hosts: Strings,
  everything: nullable(RequestPattern),
  success: closed({
    statuses: Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), {
      minItems: 1,
      maxItems: LIST_MAX,
    }),
    bodyHolds: nullable(Type.String({ minLength: 1, maxLength: 1024 })),
  }),
  timeoutSeconds: Type.Number({ minimum: 0.1, maximum: 300 }),
  concurrency: Type.Integer({ minimum: 1, maximum: 64 }),
  requestsPerSecond: nullable(Type.Number({ minimum: 0.01, maximum: 10_000 })),
  allowPrivate: Type.Boolean(),
  verifyAddress: nullable(Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX })),
  fillBoundSeconds: Type.Number({ minimum: 0, maximum: SECONDS_MAX }),
  askers: closed({
    addresses: Strings,
    header: nullable(
      closed({
        name: Type.String({ pattern: HeaderName }),
        value: nullable(Type.String({ maxLength: 1024 })),
      }),
    ),
  }),
  tagHeader: nullable(Type.String({ pattern: HeaderName })),
  /** Values are never shown: null where there is one, and null keeps it. */
  secretHeaders: Type.Record(
    Type.String({ pattern: HeaderName }),
    nullable(HeaderValue),
    fewHeaders,
  ),
}

const required = { kind: Type.Enum(OUTER_KINDS), purge: RequestPattern }

/** Body of PUT: what is left out has its default. */
export const TargetPut = closed({ ...required, ...Type.Partial(closed(optional)).properties })
export type TargetPut = Static<typeof TargetPut>

const TargetSettings = closed({ ...required, ...optional })
export type TargetSettings = Static<typeof TargetSettings>

/** Something that purges go to. Our own edges and resizers are listed read-only. */
export const Target = closed({
  id: Type.String(),
  tier: Type.Enum(TIERS),
  kind: Type.Enum(['sluice', ...OUTER_KINDS]),
  readOnly: Type.Boolean(),
  paused: Type.Boolean(),
  /** Where it answers, as far as that is known. */
  urls: Type.Array(Type.String()),
  /** Of one outside Sluice, for admins; without secrets. */
  settings: nullable(TargetSettings),
})
export type Target = Static<typeof Target>

export const TargetList = closed({
  items: Type.Array(Target),
  nextCursor: nullable(Type.String()),
})
export type TargetList = Static<typeof TargetList>

/** Body of the test: a URL of the project that the target may forget; without one, one that names nothing. */
export const TargetTest = closed({
  url: Type.Optional(Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX })),
})
export type TargetTest = Static<typeof TargetTest>

export const TargetTested = closed({
  /** The target took the request, and can be looked through where it says at which address. */
  ok: Type.Boolean(),
  url: Type.String({ maxLength: URL_LENGTH_MAX }),
  purge: closed({
    ok: Type.Boolean(),
    detail: Type.String({ maxLength: URL_LENGTH_MAX + NAME_LENGTH_MAX }),
    milliseconds: Type.Integer(),
  }),
  look: nullable(
    closed({
      verdict: Type.Enum(VERDICTS),
      mark: nullable(Type.Integer()),
      cacheStatus: nullable(Type.String()),
      detail: nullable(Type.String()),
      milliseconds: Type.Integer(),
    }),
  ),
})
export type TargetTested = Static<typeof TargetTested>
