export const RESIZER_ERROR_CODES = [
  'origin-not-known',
  'records-unreadable',
  'kept-bytes-lost',
] as const

/** Why a resizer cannot serve anything yet, or any more. */
export class ResizerError extends Error {
  readonly code: (typeof RESIZER_ERROR_CODES)[number]
  readonly status = 503
  readonly publicMessage: string

  constructor(code: ResizerError['code'], publicMessage: string, cause?: unknown) {
    super(`${code}: ${publicMessage}`, { cause })
    this.name = 'ResizerError'
    this.code = code
    this.publicMessage = publicMessage
  }
}

/**
 * Bytes that the index knew are gone from the disk: evicted since they were looked up, or lost in a crash. What pointed at them is
 * dropped by then, so who begins again makes them anew.
 */
export function keptBytesLost(): ResizerError {
  return new ResizerError('kept-bytes-lost', 'Cached bytes were lost from the disk; ask again.')
}

export function isKeptBytesLost(error: unknown): boolean {
  return error instanceof ResizerError && error.code === 'kept-bytes-lost'
}
