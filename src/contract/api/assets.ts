import { Type } from 'typebox'
import type { Static } from 'typebox'

import { ASSET_KINDS } from '../records.ts'
import {
  ASSET_ID_LENGTH_MAX,
  AssetId,
  Instant,
  PageQuery,
  SEARCH_LENGTH_MAX,
  closed,
  nullable,
  page,
} from './shapes.ts'

const Share = Type.Number({ minimum: 0, maximum: 1 })
/** A crop wider than what delivery may render is a mistake. */
const CROP_PIXELS_MAX = 10_000

/** A smart crop: a rectangle in shares (0..1) of the upright original, and its output size in pixels. */
export const Crop = closed({
  rect: closed({ x: Share, y: Share, width: Share, height: Share }),
  width: Type.Integer({ minimum: 1, maximum: CROP_PIXELS_MAX }),
  height: Type.Integer({ minimum: 1, maximum: CROP_PIXELS_MAX }),
})
export type Crop = Static<typeof Crop>

/** What has no size gets the one that the project has for crops of that name. */
export const CropPut = closed({
  rect: Crop.properties.rect,
  width: Type.Optional(Crop.properties.width),
  height: Type.Optional(Crop.properties.height),
  /** Invalidate the crop also where the project has automatic ones switched off. */
  invalidate: Type.Optional(Type.Boolean()),
})
export type CropPut = Static<typeof CropPut>

/** A smart crop as it is delivered: drawn by somebody, or computed from what draws the eye. */
export const CropView = closed({
  name: Type.String(),
  /** Null when it cannot be computed: the original is damaged or not there. */
  rect: nullable(Crop.properties.rect),
  width: Type.Integer(),
  height: Type.Integer(),
  computed: Type.Boolean(),
})
export type CropView = Static<typeof CropView>

export const CropList = closed({
  items: Type.Array(CropView),
  nextCursor: nullable(Type.String()),
})
export type CropList = Static<typeof CropList>

export const Asset = closed({
  id: Type.String(),
  kind: Type.Enum(ASSET_KINDS),
  mediaType: Type.String(),
  published: Type.Boolean(),
  version: Type.Integer(),
  /** SHA-256 of the current bytes, hex. */
  hash: Type.String(),
  bytes: Type.Integer(),
  width: nullable(Type.Integer()),
  height: nullable(Type.Integer()),
  modifiedAt: Instant,
  /** Those that somebody drew; `…/crops` has the computed ones, too. */
  crops: Type.Record(Type.String(), Crop),
  /**
   * Where visitors fetch it: `<publish server>/is/image/<company>/<id>` for images (add `?$preset$`), `/is/content/…` for
   * the rest; null while the project has no publish server, and for what is never delivered.
   */
  url: nullable(Type.String()),
  /** Why it is stored but never delivered, in a sentence: PostScript, Office and the like. Null for all others. */
  notDelivered: nullable(Type.String()),
})
export type Asset = Static<typeof Asset>

export const AssetQuery = closed({
  ...PageQuery,
  q: Type.Optional(Type.String({ maxLength: SEARCH_LENGTH_MAX })),
  folder: Type.Optional(Type.String({ maxLength: ASSET_ID_LENGTH_MAX })),
  kind: Type.Optional(Type.Enum(ASSET_KINDS)),
  published: Type.Optional(Type.Boolean()),
})
export type AssetQuery = Static<typeof AssetQuery>

export const AssetList = page(Asset)
export type AssetList = Static<typeof AssetList>

/** Query of PUT `…/assets/{id}`, whose body is the raw file. */
export const AssetPutQuery = closed({ published: Type.Optional(Type.Boolean()) })
export type AssetPutQuery = Static<typeof AssetPutQuery>

/** As long as a preset may be, with room for what is put in front of it. */
const MODIFIERS_LENGTH_MAX = 8192
/** Query of GET `…/assets/{id}/preview`: what would stand behind `?` in a Dynamic Media URL. */
export const PreviewQuery = closed({ modifiers: Type.String({ maxLength: MODIFIERS_LENGTH_MAX }) })
export type PreviewQuery = Static<typeof PreviewQuery>

/** `id` moves or renames. */
export const AssetPatch = Type.Partial(closed({ published: Type.Boolean(), id: AssetId }), {
  additionalProperties: false,
})
export type AssetPatch = Static<typeof AssetPatch>

/** Body of POST `…/assets/actions`. `to`, a folder, is for moving: each asset keeps its own name; empty is the top. */
export const AssetActions = closed({
  action: Type.Enum(['publish', 'unpublish', 'delete', 'move']),
  ids: Type.Array(AssetId, { minItems: 1, maxItems: 1000 }),
  to: Type.Optional(Type.String({ maxLength: ASSET_ID_LENGTH_MAX })),
})
export type AssetActions = Static<typeof AssetActions>

export const AssetActionsDone = closed({
  /** Assets that were not so before. */
  changed: Type.Integer(),
  items: Type.Array(
    closed({
      id: Type.String(),
      /** Its id now; null when it is deleted. */
      now: nullable(Type.String()),
      changed: Type.Boolean(),
    }),
  ),
})
export type AssetActionsDone = Static<typeof AssetActionsDone>

export const FolderQuery = closed({
  /** Empty or absent: the top. */
  parent: Type.Optional(Type.String({ maxLength: ASSET_ID_LENGTH_MAX })),
})

export const FolderList = closed({
  items: Type.Array(closed({ path: Type.String(), assets: Type.Integer() })),
  nextCursor: nullable(Type.String()),
})
export type FolderList = Static<typeof FolderList>

export const AssetVersion = closed({
  version: Type.Integer(),
  hash: Type.String(),
  bytes: Type.Integer(),
  mediaType: Type.String(),
  createdAt: Instant,
  createdBy: Type.String(),
})
export type AssetVersion = Static<typeof AssetVersion>

export const AssetVersionList = closed({
  items: Type.Array(AssetVersion),
  nextCursor: nullable(Type.String()),
})
export type AssetVersionList = Static<typeof AssetVersionList>

/** A URL known to have been served. */
export const Rendition = closed({
  url: Type.String(),
  /** Canonical form. */
  target: Type.String(),
  lastSeenAt: Instant,
})
export type Rendition = Static<typeof Rendition>

export const RenditionList = page(Rendition)
export type RenditionList = Static<typeof RenditionList>

/**
 * How many URLs of an asset each edge holds, made of the current bytes or of older ones: those known to have been served, and the
 * usual ones (plain, presets, smart crops). Looking changes nothing.
 */
export const Copies = closed({
  asset: Type.String(),
  version: Type.Integer(),
  /** Edges that hold at least one old copy: "2 edges still show the old one". */
  edgesWithOld: Type.Integer(),
  edges: Type.Array(
    closed({
      node: Type.String(),
      url: nullable(Type.String()),
      /** URLs that were asked about. */
      asked: Type.Integer(),
      old: Type.Integer(),
      current: Type.Integer(),
      /** Did not answer in time; nothing is known about its copies. */
      silent: Type.Boolean(),
    }),
  ),
})
export type Copies = Static<typeof Copies>

/** A file of the watched folder that is not served, and why. */
export const FolderProblem = closed({
  path: Type.String(),
  /** For programs: `clash`, `dot-file`, … */
  code: Type.String(),
  /** What is wrong and the way out, in a sentence. */
  reason: Type.String(),
})
export type FolderProblem = Static<typeof FolderProblem>

export const FolderProblemList = closed({
  items: Type.Array(FolderProblem),
  nextCursor: nullable(Type.String()),
})
export type FolderProblemList = Static<typeof FolderProblemList>
