/** Every way in which originals and records cannot be had, with the HTTP status that it means for a delivery. */
export const ORIGIN_ERRORS = {
  'bad-original': 400,
  'host-not-allowed': 403,
  'address-refused': 403,
  'original-missing': 404,
  'blob-too-large': 413,
  'original-too-large': 422,
  'not-an-image': 422,
  'redirect-refused': 502,
  'too-many-redirects': 502,
  /** An answer that no image server should give. */
  'origin-answer': 502,
  /** Its status says that it cannot just now: 5xx, 408, 429. */
  'origin-failed': 502,
  'origin-unreachable': 502,
  'origin-busy': 503,
  'origin-resting': 503,
  'record-malformed': 503,
  'original-unreadable': 503,
  'origin-timeout': 504,
} as const satisfies Record<string, number>

export type OriginErrorCode = keyof typeof ORIGIN_ERRORS

export class OriginError extends Error {
  override readonly name = 'OriginError'
  readonly code: OriginErrorCode
  readonly status: number
  /** Fit to be shown to whoever asked: never holds an address that was resolved or a path on disk. */
  readonly publicMessage: string
  /** When it may be worth asking again; null when nobody knows. */
  readonly retryAfterSeconds: number | null

  constructor(
    code: OriginErrorCode,
    publicMessage: string,
    cause?: unknown,
    retryAfterSeconds: number | null = null,
  ) {
    super(publicMessage, cause === undefined ? {} : { cause })
    this.code = code
    this.status = ORIGIN_ERRORS[code]
    this.publicMessage = publicMessage
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The `code` of a system error (`ENOENT`), or null for anything else. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null
}
