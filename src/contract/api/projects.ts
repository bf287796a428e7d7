import { Type } from 'typebox'
import type { Static } from 'typebox'

import { REPLY_SIDE_MAX, RESAMPLINGS } from '../dynamic-media-commands.ts'
import { MISSING_ORIGINALS } from '../delivery-settings.ts'
import { SMART_CROPS_MAX } from '../smart-crops.ts'
import { PermissionsSchema } from './permissions.ts'
import {
  EMAIL_LENGTH_MAX,
  Instant,
  NAME_LENGTH_MAX,
  Name,
  PROJECT_PATTERN,
  RoleSchema,
  TEMPLATE_LENGTH_MAX,
  URL_LENGTH_MAX,
  Url,
  closed,
  nullable,
} from './shapes.ts'

/** Enough for any list of names that a person maintains by hand. */
const NAMES_MAX = 100
const HOST_LENGTH_MAX = 253
/** A year: the longest lifetime that HTTP caches agree on (RFC 9111 §5.3 speaks of Expires). */
const TTL_SECONDS_MAX = 365 * 24 * 3600
/** Longer than a day is no grace any more. */
const SOFT_SECONDS_MAX = 24 * 3600
const Host = Type.String({ minLength: 1, maxLength: HOST_LENGTH_MAX })
const Names = Type.Array(Name, { maxItems: NAMES_MAX })

/** Beyond this a limit would protect nobody's web server. */
const ORIGIN_LIMIT_MAX = 1000

export const OriginRuleSchema = closed({
  host: Host,
  scheme: Type.Optional(Type.Enum(['http', 'https'])),
  connectTo: Type.Optional(Type.String({ minLength: 1, maxLength: HOST_LENGTH_MAX + 6 })),
  allowPrivate: Type.Optional(Type.Boolean()),
  /** Connections of each image server to a host at a time; 16 when absent. */
  connectionsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: ORIGIN_LIMIT_MAX })),
  /** Reads of a host that each image server begins within a second; 50 when absent. */
  readsPerSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: ORIGIN_LIMIT_MAX })),
  /** Extra request headers for this origin; shown to admins only. */
  headers: Type.Optional(
    Type.Record(
      Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$" }),
      Type.String({ maxLength: 4096, pattern: '^[^\\r\\n\\u0000]*$' }),
      { maxProperties: 20, additionalProperties: false },
    ),
  ),
})

/** As long as a key of HMAC-SHA-256 is useful (RFC 2104 §3), and as short as is safe. */
const SIGNING_SECRET_LENGTH = { min: 32, max: 256 } as const
/** The largest size in any dialect. */
const SIZE_MAX = 5000
/** A day: what is missing longer than that should be asked about anew. */
const MISSING_SECONDS_MAX = 86_400
/** A minute: looking more often would be polling somebody else's server. */
const REFRESH_SECONDS_MIN = 60

/** Of which a change names those that it is about; the rest stays. */
const delivery = {
  /** `host/path` under which paths without a host in front lie. */
  originPrefix: nullable(Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX })),
  /** Sizes in URLs are rounded up to a multiple of this. */
  sizeStep: nullable(Type.Integer({ minimum: 2, maximum: 1000 })),
  /** The only sizes that URLs may ask for; empty: any. */
  allowedSizes: Type.Array(Type.Integer({ minimum: 1, maximum: SIZE_MAX }), { maxItems: 200 }),
  /** Keys are shown to admins only. */
  signedUrls: closed({
    required: Type.Boolean(),
    keys: Type.Array(
      closed({
        id: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
        secret: Type.String({
          minLength: SIGNING_SECRET_LENGTH.min,
          maxLength: SIGNING_SECRET_LENGTH.max,
        }),
      }),
      { maxItems: 20 },
    ),
  }),
  missingOriginal: Type.Enum(MISSING_ORIGINALS),
  /** Path of an asset or original, as in a delivery URL. */
  missingImage: nullable(Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX })),
  /** What `wat=1` lays over a picture; path of an asset or original. */
  watermarkImage: nullable(Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX })),
  missingTtlSeconds: Type.Integer({ minimum: 1, maximum: MISSING_SECONDS_MAX }),
  originRefreshSeconds: nullable(
    Type.Integer({ minimum: REFRESH_SECONDS_MIN, maximum: TTL_SECONDS_MAX }),
  ),
  staleIfErrorSeconds: Type.Integer({ minimum: 0, maximum: TTL_SECONDS_MAX }),
}

const settings = {
  /** Dynamic Media company; its URLs are `/is/image/<company>/…`. */
  company: nullable(Name),
  aliases: Names,
  /** `https://images.example.com`: where visitors fetch from, and where formed URLs point. */
  publishServer: nullable(Url),
  tokens: Names,
  hosts: Type.Array(Host, { maxItems: NAMES_MAX }),
  origins: Type.Array(OriginRuleSchema, { maxItems: NAMES_MAX }),
  originAliases: Type.Record(
    Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX }),
    Type.String({ minLength: 1, maxLength: URL_LENGTH_MAX }),
    { maxProperties: NAMES_MAX, additionalProperties: false },
  ),
  cdnTtlSeconds: Type.Integer({ minimum: 0, maximum: TTL_SECONDS_MAX }),
  browserTtlSeconds: Type.Integer({ minimum: 0, maximum: TTL_SECONDS_MAX }),
  automaticInvalidation: Type.Boolean(),
  /** For how long a soft invalidation lets clients see the old one while it is asked after. */
  softSeconds: Type.Integer({ minimum: 1, maximum: SOFT_SECONDS_MAX }),
  maxUrlsPerInvalidation: Type.Integer({ minimum: 1, maximum: 100_000 }),
  maxOriginalsPerInvalidation: Type.Integer({ minimum: 1, maximum: 1000 }),
  /** Smart crops of every image, computed until somebody draws them: `<id>:<name>` in URLs. */
  smartCrops: Type.Array(
    closed({
      name: Name,
      width: Type.Integer({ minimum: 1, maximum: REPLY_SIDE_MAX }),
      height: Type.Integer({ minimum: 1, maximum: REPLY_SIDE_MAX }),
    }),
    { maxItems: SMART_CROPS_MAX },
  ),
  /** Shown with failures: where a person finds help. */
  supportUrl: nullable(Url),
}

export const Project = closed({
  id: Type.String(),
  ...settings,
  delivery: closed(delivery),
  /** Has demo pictures whose version 2 can be put in: `POST …/demo/{id}/replace`. */
  demo: Type.Boolean(),
  /** Set when the assets are a watched folder: then uploads and deletes are refused with `read-only-source`. */
  readOnlySource: nullable(closed({ path: Type.String() })),
  /** Public URLs of our own edges. */
  edges: Type.Array(closed({ node: Type.String(), url: Type.String() })),
  /** The asker's here. */
  roles: Type.Array(RoleSchema),
  may: PermissionsSchema,
  createdAt: Instant,
})
export type Project = Static<typeof Project>

const DeliveryPatch = Type.Partial(closed(delivery), { additionalProperties: false })

export const ProjectPatch = Type.Partial(closed({ ...settings, delivery: DeliveryPatch }), {
  additionalProperties: false,
})
export type ProjectPatch = Static<typeof ProjectPatch>

export const ProjectCreate = closed({
  id: Type.String({ pattern: PROJECT_PATTERN }),
  ...Type.Partial(closed({ ...settings, delivery: DeliveryPatch })).properties,
})
export type ProjectCreate = Static<typeof ProjectCreate>

export const ProjectList = closed({
  items: Type.Array(Project),
  nextCursor: nullable(Type.String()),
})
export type ProjectList = Static<typeof ProjectList>

export const Member = closed({
  /** Of the account. */
  id: Type.String(),
  email: Type.String(),
  role: RoleSchema,
  owner: Type.Boolean(),
  hasPassword: Type.Boolean(),
})
export type Member = Static<typeof Member>

export const MemberAdd = closed({
  email: Type.String({
    minLength: 3,
    maxLength: EMAIL_LENGTH_MAX,
    pattern: '^[^\\s@]+@[^\\s@]+$',
  }),
  role: RoleSchema,
})
export type MemberAdd = Static<typeof MemberAdd>

export const MemberAdded = closed({
  member: Member,
  /** The path of a one-time sign-in link to hand over, shown once; null for an account that has a password or other projects. */
  signInPath: nullable(Type.String()),
})
export type MemberAdded = Static<typeof MemberAdded>

export const MemberList = closed({
  items: Type.Array(Member),
  nextCursor: nullable(Type.String()),
})
export type MemberList = Static<typeof MemberList>

export const ApiKey = closed({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(RoleSchema),
  createdAt: Instant,
  createdBy: Type.String(),
})
export type ApiKey = Static<typeof ApiKey>

export const ApiKeyCreate = closed({ name: Name, role: RoleSchema })
export type ApiKeyCreate = Static<typeof ApiKeyCreate>

/** `secret` is shown this once; Sluice keeps its hash alone. */
export const ApiKeyCreated = closed({ key: ApiKey, secret: Type.String() })
export type ApiKeyCreated = Static<typeof ApiKeyCreated>

export const ApiKeyList = closed({
  items: Type.Array(ApiKey),
  nextCursor: nullable(Type.String()),
})
export type ApiKeyList = Static<typeof ApiKeyList>

export const Preset = closed({ name: Type.String(), modifiers: Type.String() })
export type Preset = Static<typeof Preset>

/** How far a change of a preset reaches: what is known to have been served with it. */
export const PresetUsage = closed({
  name: Type.String(),
  renditions: Type.Integer(),
  assets: Type.Integer(),
})
export type PresetUsage = Static<typeof PresetUsage>

/** A saved preset, with what its change has reached. */
export const PresetSaved = closed({
  ...Preset.properties,
  renditions: Type.Integer(),
  assets: Type.Integer(),
  /** False when the modifiers were the same before: then nothing is invalidated. */
  changed: Type.Boolean(),
})
export type PresetSaved = Static<typeof PresetSaved>

/** The same modifiers one by one; what has no field is in `others`. */
export const PresetDetail = closed({
  ...Preset.properties,
  fields: closed({
    width: nullable(Type.Integer()),
    height: nullable(Type.Integer()),
    format: nullable(Type.String()),
    quality: nullable(Type.Integer()),
    fullChroma: Type.Boolean(),
    resampling: nullable(Type.Enum(RESAMPLINGS)),
    sharpen: nullable(Type.Boolean()),
    unsharp: nullable(
      closed({
        amount: Type.Number(),
        radius: Type.Number(),
        threshold: Type.Number(),
        mono: Type.Boolean(),
      }),
    ),
    others: Type.String(),
  }),
})
export type PresetDetail = Static<typeof PresetDetail>

export const PresetPut = closed({
  modifiers: Type.String({ maxLength: 2048 }),
  /** Invalidate what was made with it also where the project has automatic ones switched off. */
  invalidate: Type.Optional(Type.Boolean()),
})
export type PresetPut = Static<typeof PresetPut>

export const PresetList = closed({
  items: Type.Array(Preset),
  nextCursor: nullable(Type.String()),
})
export type PresetList = Static<typeof PresetList>

export const Template = closed({
  text: Type.String(),
  /** 0 before it was first saved. */
  version: Type.Integer(),
  /** Of this version; null when nobody is known to have saved it. */
  savedAt: nullable(Instant),
  savedBy: nullable(Type.String()),
})
export type Template = Static<typeof Template>

export const TemplatePut = closed({
  text: Type.String({ maxLength: TEMPLATE_LENGTH_MAX }),
  /** The version that was edited: 409 `template-changed` when somebody saved meanwhile. */
  version: Type.Optional(Type.Integer({ minimum: 0 })),
})
export type TemplatePut = Static<typeof TemplatePut>

/** A saved template; its text is at `…/template/versions/{version}`. */
export const TemplateVersion = closed({
  version: Type.Integer(),
  savedAt: Instant,
  savedBy: Type.String(),
  /** Lines that are not empty. */
  lines: Type.Integer(),
})
export type TemplateVersion = Static<typeof TemplateVersion>

export const TemplateVersionList = closed({
  items: Type.Array(TemplateVersion),
  nextCursor: nullable(Type.String()),
})
export type TemplateVersionList = Static<typeof TemplateVersionList>

export const TemplateRestore = closed({
  /** The newest version that was seen: 409 `template-changed` when somebody saved meanwhile. */
  version: Type.Optional(Type.Integer({ minimum: 0 })),
})
export type TemplateRestore = Static<typeof TemplateRestore>

export const TemplateCheck = closed({
  text: Type.String({ maxLength: TEMPLATE_LENGTH_MAX }),
  /** Asset ids to show what the lines would form. */
  assets: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { maxItems: 100 }),
  ),
})
export type TemplateCheck = Static<typeof TemplateCheck>

export const TemplateChecked = closed({
  lines: Type.Array(
    closed({
      /** Counted from 1. */
      line: Type.Integer(),
      text: Type.String(),
      problems: Type.Array(
        closed({
          column: Type.Integer(),
          level: Type.Enum(['error', 'warning']),
          reason: Type.String(),
        }),
      ),
      urls: Type.Array(Type.String()),
    }),
  ),
})
export type TemplateChecked = Static<typeof TemplateChecked>
