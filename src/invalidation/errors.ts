/** Every way in which the invalidation room refuses, with its HTTP status. */
export const INVALIDATION_ERRORS = {
  'unknown-project': 404,
  'unknown-invalidation': 404,
  /** `Failed to retrieve URL(s) for selected asset(s).` */
  'no-publish-server': 409,
  'unknown-asset': 422,
  'store-unreadable': 503,
  /** `Some URLs are not defined correctly. Please correct and re-submit.` */
  'bad-urls': 422,
  /** `No URL(s) entered to be invalidated.` */
  'no-urls': 422,
  'too-many-urls': 422,
  'too-many-originals': 422,
  'too-many-lists': 503,
  'bad-originals': 422,
  'bad-selection': 422,
  'confirmation-missing': 422,
  'bad-schedule': 422,
  'preview-changed': 409,
  'idempotency-conflict': 409,
  'not-retryable': 409,
  'not-cancellable': 409,
} as const satisfies Record<string, number>

export type InvalidationErrorCode = keyof typeof INVALIDATION_ERRORS

/** The sentences that Dynamic Media's users know (Adobe, "Invalidate the CDN cache by way of Dynamic Media"). */
export const SENTENCES = {
  retrieve: 'Failed to retrieve URL(s) for selected asset(s).',
  defined: 'Some URLs are not defined correctly. Please correct and re-submit.',
  none: 'No URL(s) entered to be invalidated.',
  cdn: 'Failed to invalidate CDN cache.',
} as const

/** One thing that is wrong, and the way out. `pointer` is a JSON pointer into the body. */
export interface RefusedItem {
  readonly pointer?: string
  /** Counted from 1. */
  readonly line?: number
  readonly url?: string
  readonly item?: string
  readonly reason: string
  /** What to write instead, where that is known. */
  readonly suggestion?: string
}

export interface ListDifference {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

export class InvalidationError extends Error {
  override readonly name = 'InvalidationError'
  readonly code: InvalidationErrorCode
  readonly status: number
  /** The problem document's `title`: a sentence that people know. */
  readonly title: string
  /** Fit to be shown to whoever asked: the problem document's `detail`. */
  readonly publicMessage: string
  readonly errors: readonly RefusedItem[]
  /** With `preview-changed`. */
  readonly difference: ListDifference | undefined

  constructor(
    code: InvalidationErrorCode,
    refusal: {
      readonly title: string
      readonly publicMessage: string
      readonly errors?: readonly RefusedItem[]
      readonly difference?: ListDifference
      readonly cause?: unknown
    },
  ) {
    super(refusal.publicMessage, 'cause' in refusal ? { cause: refusal.cause } : {})
    this.code = code
    this.status = INVALIDATION_ERRORS[code]
    this.title = refusal.title
    this.publicMessage = refusal.publicMessage
    this.errors = refusal.errors ?? []
    this.difference = refusal.difference
  }
}
