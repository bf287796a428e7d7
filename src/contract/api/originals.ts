import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Instant, Url, closed, nullable } from './shapes.ts'

export const OriginalQuery = closed({
  /** As in a delivery URL, without operations: `sample.li/a.jpg`, `_alias_/a.jpg`, or the path of an asset. */
  path: Url,
})
export type OriginalQuery = Static<typeof OriginalQuery>

/** What is known of one original, as an image server last saw it; nobody asks the origin for this. */
export const Original = closed({
  /** Canonical: `host/path`, or the asset's id. */
  original: Type.String(),
  kind: Type.Enum(['remote', 'asset']),
  /** SHA-256 of its bytes. */
  hash: Type.String(),
  /** To be used as `vh=`: then the URL is new whenever the bytes are, and may be cached for a year. */
  vh: Type.String(),
  mediaType: Type.String(),
  bytes: Type.Integer(),
  etag: nullable(Type.String()),
  lastModified: nullable(Type.String()),
  /** When the origin last confirmed it; of an asset, when it was changed. */
  seenAt: Instant,
})
export type Original = Static<typeof Original>
