import type { DeliveryProblem } from '../contract/delivery-url.ts'

/** Why there is no picture, as whoever asked for it is told. */
export type Problem = Omit<DeliveryProblem, 'status'> & {
  readonly status: number
  /** There is no such original: something else may stand for it. */
  readonly missing?: boolean
  /** Of a 503: when it may be worth asking again. */
  readonly retryAfterSeconds?: number
}

export function problem404(reason: string): Problem {
  return { status: 404, parameter: null, reason }
}

/** Errors of origin and imaging say what may be shown; anything else is a fault of ours. */
export function publicProblem(error: unknown): Problem | null {
  if (!(error instanceof Error) || !('status' in error) || !('publicMessage' in error)) return null
  const { status, publicMessage } = error
  if (typeof status !== 'number' || typeof publicMessage !== 'string') return null
  const seconds = 'retryAfterSeconds' in error ? error.retryAfterSeconds : null
  const retry = typeof seconds === 'number' ? { retryAfterSeconds: seconds } : {}
  return { status, parameter: null, reason: publicMessage, ...retry }
}

/** What a picture or a limit is the cause of needs a line; only what is our own fault needs to say where in the program. */
export function inLog(error: unknown, { status, reason }: Problem): object {
  if (status >= 500 && status !== 503) return { status, err: error }
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error ? { status, reason, cause: cause.message } : { status, reason }
}
