import { Type } from 'typebox'
import type { Static } from 'typebox'

import { Instant, NAME_LENGTH_MAX, Url, closed, nullable } from './shapes.ts'

export const LiveQuery = closed({
  /** A full URL of this project, in any spelling; or its path at an edge, from `/`. */
  url: Url,
})
export type LiveQuery = Static<typeof LiveQuery>

const Node = Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX })

export const LiveBytesQuery = closed({ url: Url, node: Node })
export type LiveBytesQuery = Static<typeof LiveBytesQuery>

export const LiveVisit = closed({ url: Url, node: Node })
export type LiveVisit = Static<typeof LiveVisit>

export const LIVE_VERDICTS = ['fresh', 'stale', 'absent', 'unknown'] as const

/** One URL as one edge serves it at this moment. */
export const LiveCopy = closed({
  node: Type.String(),
  /** Where it was asked. */
  url: Type.String(),
  /**
   * `fresh`: made of the current bytes; `stale`: of older ones; `absent`: this edge holds none (504 to only-if-cached);
   * `unknown`: it could not be asked, or nothing tells what it was made of. `detail` says so in words.
   */
  verdict: Type.Enum(LIVE_VERDICTS),
  detail: nullable(Type.String()),
  status: nullable(Type.Integer()),
  cacheStatus: nullable(Type.String()),
  hit: Type.Boolean(),
  ageSeconds: nullable(Type.Integer()),
  mark: nullable(Type.Integer()),
  etag: nullable(Type.String()),
  sha256: nullable(Type.String()),
  bytes: nullable(Type.Integer()),
  contentType: nullable(Type.String()),
  /** SHA-256 of the original that the answer was made of. */
  inputHash: nullable(Type.String()),
  at: Instant,
})
export type LiveCopy = Static<typeof LiveCopy>

export const Live = closed({
  url: Type.String(),
  /** The asset behind it; null for a remote original. */
  asset: nullable(closed({ id: Type.String(), version: Type.Integer(), hash: Type.String() })),
  /** The remote original behind it, canonical: `host/path`; null for an asset. */
  original: nullable(Type.String()),
  /** Where the purge log ends now. */
  head: Type.Integer(),
  edges: Type.Array(LiveCopy),
})
export type Live = Static<typeof Live>
