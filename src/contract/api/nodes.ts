import { Type } from 'typebox'
import type { Static } from 'typebox'

import { NODE_ROLES } from '../node-protocol.ts'
import { Instant, closed, nullable } from './shapes.ts'
import { InvalidationSchema } from './invalidations.ts'

export const NodeView = closed({
  /** Its stable name, also its id in paths. */
  id: Type.String(),
  incarnation: Type.String(),
  role: Type.Enum(NODE_ROLES),
  version: Type.String(),
  urls: Type.Array(Type.String()),
  /** How much of the purge log it has applied; `head` is where the log ends. */
  applied: Type.Integer(),
  head: Type.Integer(),
  lag: Type.Integer(),
  /** `out`: it was silent for lease and margin; it answers nobody from its cache until it registers again. */
  state: Type.Enum(['in', 'out']),
  seenAt: Instant,
  leaseSeconds: Type.Number(),
})
export type NodeView = Static<typeof NodeView>

export const NodeList = closed({
  items: Type.Array(NodeView),
  nextCursor: nullable(Type.String()),
})
export type NodeList = Static<typeof NodeList>

/** What Home shows. */
export const Overview = closed({
  project: Type.String(),
  /** Invalidations of this project by status; a status without any is left out. */
  counts: Type.Record(Type.String(), Type.Integer()),
  /** The newest failed ones that nobody has retried, at most 10. */
  failing: Type.Array(InvalidationSchema),
  /** The newest unfinished ones, at most 10. */
  running: Type.Array(InvalidationSchema),
  nodes: Type.Array(NodeView),
  automaticInvalidation: Type.Boolean(),
  demo: Type.Boolean(),
  readOnlySource: nullable(closed({ path: Type.String() })),
  /** How many files of the watched folder are not served. */
  folderProblems: Type.Integer(),
})
export type Overview = Static<typeof Overview>
