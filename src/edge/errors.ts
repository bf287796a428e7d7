export const EDGE_ERROR_CODES = [
  'upstream-unreachable',
  'upstream-late',
  'upstream-another-log',
  'upstream-behind',
  'upstream-malformed',
] as const

/** Why an edge has no answer of its upstream. `status` is what the client gets. */
export class EdgeError extends Error {
  readonly code: (typeof EDGE_ERROR_CODES)[number]
  readonly status: 502 | 503 | 504
  readonly publicMessage: string

  constructor(
    code: EdgeError['code'],
    status: EdgeError['status'],
    publicMessage: string,
    cause?: unknown,
  ) {
    super(`${code}: ${publicMessage}`, { cause })
    this.name = 'EdgeError'
    this.code = code
    this.status = status
    this.publicMessage = publicMessage
  }
}

/** An upstream that was asked for what it needs to know, and still answered from before. */
export function upstreamBehind(): EdgeError {
  return new EdgeError(
    'upstream-behind',
    503,
    'The image server is catching up with a purge; try again in a moment.',
  )
}
