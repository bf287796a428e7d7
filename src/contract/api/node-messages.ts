import { Type } from 'typebox'

import { NODE_ROLES, PEEK_STATES } from '../node-protocol.ts'
import { NAME_LENGTH_MAX, URL_LENGTH_MAX, closed, nullable } from './shapes.ts'

/**
 * Bodies of `POST /internal/nodes/{register|follow|renew|peeks|served}`: the arguments of ControlLink. Nodes hold the secret,
 * yet a broken one must not break control.
 */
const Id = Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX })
const Seq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Count = Type.Number({ minimum: 0 })
/** A URL in the spelling of a client, plus host and scheme. */
const Text = Type.String({ maxLength: URL_LENGTH_MAX * 2 })
/** Control holds a follow open at most this long, whatever a node asks for. */
export const FOLLOW_WAIT_MS_MAX = 60_000
const BATCH_MAX = 10_000

export const RegisterBody = closed({
  id: Id,
  incarnation: Id,
  role: Type.Enum(NODE_ROLES),
  version: Type.String({ maxLength: NAME_LENGTH_MAX }),
  urls: Type.Array(Type.String({ maxLength: URL_LENGTH_MAX }), { maxItems: 100 }),
  predecessor: Type.Optional(Id),
})

export const FollowBody = closed({
  id: Id,
  incarnation: Id,
  logId: Type.String({ maxLength: NAME_LENGTH_MAX }),
  applied: Seq,
  waitMs: Type.Number({ minimum: 0, maximum: FOLLOW_WAIT_MS_MAX }),
})

export const RenewBody = closed({
  id: Id,
  incarnation: Id,
  logId: Type.Optional(Type.String({ maxLength: NAME_LENGTH_MAX })),
  applied: Seq,
  stats: closed({
    entries: Count,
    bytes: Count,
    stamps: Count,
    floor: Count,
    hits: Count,
    misses: Count,
  }),
})

export const PeeksBody = closed({
  incarnation: Id,
  askId: Id,
  peeks: Type.Array(
    closed({
      target: Text,
      state: Type.Enum(PEEK_STATES),
      mark: nullable(Seq),
      applied: Seq,
      inputHash: nullable(Type.String({ maxLength: NAME_LENGTH_MAX })),
    }),
    { maxItems: BATCH_MAX },
  ),
})

export const ServedBody = closed({
  incarnation: Id,
  urls: Type.Array(
    closed({
      project: Id,
      subject: Text,
      url: Text,
      target: Text,
      times: Type.Optional(Seq),
    }),
    { maxItems: BATCH_MAX },
  ),
})
