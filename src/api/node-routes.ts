import type { FastifyReply } from 'fastify'

import {
  FollowBody,
  PeeksBody,
  RegisterBody,
  RenewBody,
  ServedBody,
} from '../contract/api/node-messages.ts'
import { FRAME_TYPE, encodeFollow, hasPacked, withoutPacked } from '../purgelog/follow-frame.ts'
import { NODE_PATHS } from '../purgelog/http-link.ts'
import { ApiError } from './errors.ts'
import type { ApiParts, ApiServer } from './parts.ts'

/** Control's end of the nodes' HTTP link: each call is a ControlLink method, its argument the body. */
export function nodeRoutes(app: ApiServer, { authority }: ApiParts, closing: AbortSignal): void {
  app.post(NODE_PATHS.register, { schema: { body: RegisterBody } }, async (request) =>
    authority.register(request.body),
  )

  app.post(NODE_PATHS.follow, { schema: { body: FollowBody } }, async (request, reply) => {
    // Held open for seconds: it must not outlive its asker, nor keep control from stopping.
    const ended = AbortSignal.any([endsWith(reply), closing])
    const answer = await authority.follow(request.body, ended).catch((error: unknown) => {
      if (!ended.aborted) throw error
      throw new ApiError('busy', 'Control is stopping. Ask again.', { cause: error })
    })
    if (answer.kind !== 'entries' || !hasPacked(answer)) return answer
    if (!request.headers.accept?.includes(FRAME_TYPE)) return withoutPacked(answer)
    return reply.header('content-type', FRAME_TYPE).send(encodeFollow(answer))
  })

  app.post(NODE_PATHS.renew, { schema: { body: RenewBody } }, async (request) =>
    authority.renew(request.body),
  )

  app.post(NODE_PATHS.peeks, { schema: { body: PeeksBody } }, async (request) => {
    const { incarnation, askId, peeks } = request.body
    await authority.answerPeeks(incarnation, askId, peeks)
    return {}
  })

  app.post(NODE_PATHS.keep, { schema: { body: ServedBody } }, async (request) => ({
    beyond: await authority.keepServed(request.body.incarnation, request.body.urls),
  }))

  app.post(NODE_PATHS.served, { schema: { body: ServedBody } }, async (request) => {
    await authority.reportServed(request.body.incarnation, request.body.urls)
    return {}
  })
}

/** Aborts when the connection closed, answered or not. */
export function endsWith(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => controller.abort())
  return controller.signal
}
