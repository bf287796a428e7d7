import type { ProblemItem } from '../contract/api/shapes.ts'

/** Every way in which the door itself refuses; the rooms behind it have their own tables. */
export const API_ERRORS = {
  'malformed-url': { status: 400, title: 'The URL is malformed.' },
  'malformed-body': { status: 400, title: 'The body is malformed.' },
  'invalid-request': { status: 400, title: 'The request is not valid.' },
  'not-signed-in': { status: 401, title: 'Sign in, or send an API key.' },
  'wrong-credentials': { status: 401, title: 'That is not right.' },
  'wrong-node-secret': { status: 401, title: 'The node secret is missing or wrong.' },
  'cross-site': { status: 403, title: 'The request does not come from the console.' },
  forbidden: { status: 403, title: 'Your role does not allow this.' },
  'not-found': { status: 404, title: 'There is nothing here.' },
  'unknown-project': { status: 404, title: 'There is no such project.' },
  'unknown-node': { status: 404, title: 'There is no such node.' },
  'unknown-member': { status: 404, title: 'There is no such member.' },
  'unknown-original': { status: 404, title: 'Nothing is known of that original.' },
  'unknown-key': { status: 404, title: 'There is no such API key.' },
  'unknown-target': { status: 404, title: 'There is no such target.' },
  'not-a-demo': { status: 404, title: 'This is not the demo project.' },
  'method-not-allowed': { status: 405, title: 'This method is not offered here.' },
  'read-only-target': { status: 409, title: 'This target is a node of Sluice.' },
  'too-large': { status: 413, title: 'The body is too large.' },
  'unsupported-media-type': { status: 415, title: 'This kind of body is not understood.' },
  'foreign-url': { status: 422, title: 'That is not a URL of this project.' },
  'bad-original': { status: 422, title: 'That names no original.' },
  'bad-target': { status: 422, title: 'These settings of a target are not possible.' },
  'weak-password': { status: 422, title: 'That password is too easy to guess.' },
  'too-many-attempts': { status: 429, title: 'Too many wrong passwords.' },
  'too-many-requests': { status: 429, title: 'Too many requests.' },
  'too-many-streams': { status: 429, title: 'Too many open event streams.' },
  internal: { status: 500, title: 'Something went wrong here.' },
  'edge-unreachable': { status: 502, title: 'That edge does not answer.' },
  busy: { status: 503, title: 'Too busy.' },
} as const satisfies Record<string, { status: number; title: string }>

export type ApiErrorCode = keyof typeof API_ERRORS

export interface ApiErrorOptions {
  readonly errors?: readonly ProblemItem[]
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiErrorCode
  readonly status: number
  readonly title: string
  /** Fit to be shown to whoever asked. */
  readonly publicMessage: string
  readonly errors: readonly ProblemItem[]
  readonly retryAfterSeconds: number | undefined

  constructor(code: ApiErrorCode, publicMessage: string, options: ApiErrorOptions = {}) {
    super(publicMessage, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.status = API_ERRORS[code].status
    this.title = API_ERRORS[code].title
    this.publicMessage = publicMessage
    this.errors = options.errors ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Always the same words, so that another's project cannot be told from none. */
export function unknownProject(): ApiError {
  return new ApiError('unknown-project', 'There is no project of that name that you may see.')
}
