export const RESIZER_ERROR_CODES = ['origin-not-known', 'records-unreadable'] as const

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
