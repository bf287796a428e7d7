/** What the store can fail with. */
export const STORE_ERRORS = {
  /** The data file was written by a newer version of Sluice. */
  'newer-version': 500,
  'cannot-open': 500,
  'bad-cursor': 400,
  /** Another writer held the file for longer than the busy timeout, or the disk refused. */
  'write-failed': 503,
  'migration-failed': 500,
  /** A long read could not be carried out, or did not come to an end. */
  'read-failed': 503,
  'too-many-searches': 503,
  /** Whoever asked has gone; nobody sees it. */
  abandoned: 408,
} as const satisfies Record<string, number>

export type StoreErrorCode = keyof typeof STORE_ERRORS

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  readonly status: number
  /** Fit to be shown to whoever asked. */
  readonly publicMessage: string
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: StoreErrorCode,
    publicMessage: string,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number } = {},
  ) {
    super(publicMessage, 'cause' in options ? { cause: options.cause } : {})
    this.retryAfterSeconds = options.retryAfterSeconds
    this.code = code
    this.status = STORE_ERRORS[code]
    this.publicMessage = publicMessage
  }
}
