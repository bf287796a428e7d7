import type { FastifyReply, FastifyRequest } from 'fastify'

import { ASSETS_ERRORS, AssetsError } from '../assets/errors.ts'
import type { Problem, ProblemItem } from '../contract/api/shapes.ts'
import { INVALIDATION_ERRORS, InvalidationError } from '../invalidation/errors.ts'
import { STORE_ERRORS, StoreError } from '../store/errors.ts'
import { API_ERRORS, ApiError } from './errors.ts'
import type { ApiErrorCode } from './errors.ts'
import { RequestInvalid } from './validation.ts'

/** From thrown things to problem documents (RFC 9457). Only our own errors speak; a stranger's words never leave. */

/** The address of a code's description, relative to the server. */
const TYPE_PREFIX = '/api/docs#error-'

/** More reasons than this help nobody, and would make a large answer of a large mistake. */
const REASONS_MAX = 100

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) {
    return {
      ...problem(error.status, error.code, error.title, error.publicMessage, error.errors),
      ...(error.retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds: error.retryAfterSeconds }),
    }
  }
  if (error instanceof RequestInvalid) return invalid(error)
  if (error instanceof InvalidationError) {
    const { code, title, publicMessage, errors, difference } = error
    return {
      ...problem(error.status, code, title, publicMessage, errors),
      ...(difference === undefined
        ? {}
        : { difference: { added: [...difference.added], removed: [...difference.removed] } }),
    }
  }
  if (error instanceof AssetsError) {
    const { status, code, publicMessage, errors, conflict } = error
    return {
      ...problem(status, code, titleOfCode(code), publicMessage, errors),
      ...(conflict === undefined ? {} : { conflict }),
    }
  }
  if (error instanceof StoreError) {
    const { status, code, publicMessage, retryAfterSeconds } = error
    return {
      ...problem(status, code, titleOfCode(code), publicMessage, []),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    }
  }
  return ofFramework(error)
}

/** `asset-exists` is `Asset exists.`: the message says the rest. */
function titleOfCode(code: string): string {
  return `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll('-', ' ')}.`
}

function problem(
  status: number,
  code: string,
  title: string,
  detail: string,
  errors: readonly ProblemItem[],
): Problem {
  return {
    type: `${TYPE_PREFIX}${code}`,
    status,
    code,
    title,
    detail,
    errors: errors.slice(0, REASONS_MAX),
  }
}

/** Every code that a problem document may carry, with its status: what docs/reference/errors.md describes. */
export const PROBLEM_CODES: readonly { readonly code: string; readonly status: number }[] = [
  ...Object.entries(API_ERRORS).map(([code, { status }]) => ({ code, status })),
  ...[ASSETS_ERRORS, INVALIDATION_ERRORS, STORE_ERRORS].flatMap((table) =>
    Object.entries(table).map(([code, status]) => ({ code, status })),
  ),
]

function own(code: ApiErrorCode, detail: string): Problem {
  return problem(API_ERRORS[code].status, code, API_ERRORS[code].title, detail, [])
}

function invalid(error: RequestInvalid): Problem {
  const first = error.items[0]
  const detail =
    first === undefined
      ? 'The request is not valid.'
      : `${first.pointer ?? ''} ${first.reason}`.trim() +
        (error.items.length > 1 ? ` (and ${error.items.length - 1} more)` : '')
  const { status, title } = API_ERRORS['invalid-request']
  return problem(status, 'invalid-request', title, detail, error.items)
}

/** What Fastify itself refuses before our code sees it. */
const FRAMEWORK_CODES: Readonly<Record<string, { code: ApiErrorCode; detail: string }>> = {
  FST_ERR_BAD_URL: {
    code: 'malformed-url',
    detail: 'The path is not valid percent-encoded UTF-8.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported-media-type',
    detail: 'Send Content-Type: application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'malformed-body',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'too-large', detail: 'The body is too large.' },
}

function ofFramework(error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = FRAMEWORK_CODES[code]
  if (known) return own(known.code, known.detail)
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : 500
  // What serves files says 403 for a path that leads outside: that there is a folder is nobody's business.
  if (status === 403 || status === 404) return own('not-found', 'There is no file of that name.')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return own('invalid-request', 'The server could not make sense of the request.')
  }
  return own('internal', 'The log of the server says more. Nothing is promised to have happened.')
}

export function sendProblem(reply: FastifyReply, found: Problem): FastifyReply {
  if (found.status === 401) void reply.header('www-authenticate', 'Bearer realm="sluice"')
  if (found.retryAfterSeconds !== undefined) {
    void reply.header('retry-after', String(Math.ceil(found.retryAfterSeconds)))
  }
  return reply
    .code(found.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(found))
}

/** The error handler of every route that does not have a dialect of its own. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const found = problemOf(error)
  if (found.status >= 500) request.log.error({ err: error, code: found.code }, 'request failed')
  void sendProblem(reply, found)
}
