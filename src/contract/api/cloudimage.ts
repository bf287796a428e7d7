import { Type } from 'typebox'
import type { Static } from 'typebox'

import { closed, nullable } from './shapes.ts'

/** Cloudimage's Invalidation API (Cloudimage docs, "Invalidation API"), for its existing clients. */

export const CLOUDIMAGE_STATUSES = [
  'RECEIVED',
  'PREPARING',
  'FLUSHING_CLOUDIMAGE_SERVER',
  'FLUSHING_CDN_SERVERS',
  'DONE',
  'ERROR',
  'ERROR_CDN_NODE',
] as const
export type CloudimageStatus = (typeof CLOUDIMAGE_STATUSES)[number]

export const CloudimageSubmit = closed({
  scope: Type.Enum(['original', 'all']),
  urls: Type.Optional(Type.Array(Type.String({ maxLength: 65_536 }), { maxItems: 1000 })),
})
export type CloudimageSubmit = Static<typeof CloudimageSubmit>

export const CloudimageSubmitted = closed({
  status: Type.Literal('success'),
  msg: Type.String(),
  invalidation: closed({
    status: Type.Enum(CLOUDIMAGE_STATUSES),
    uuid: Type.String(),
    added_at: Type.String(),
  }),
})
export type CloudimageSubmitted = Static<typeof CloudimageSubmitted>

export const CloudimageState = closed({
  status: Type.Literal('success'),
  invalidation: closed({
    status: Type.Enum(CLOUDIMAGE_STATUSES),
    uuid: Type.String(),
    added_at: Type.String(),
    urls: closed({
      received: nullable(Type.Array(Type.String())),
      invalidated: Type.Array(Type.String()),
      failed: Type.Array(Type.String()),
    }),
    scope: Type.Enum(['original', 'all']),
  }),
})
export type CloudimageState = Static<typeof CloudimageState>

export const CloudimageError = closed({ status: Type.Literal('error'), msg: Type.String() })
export type CloudimageError = Static<typeof CloudimageError>
