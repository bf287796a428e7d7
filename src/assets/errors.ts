/** Every way in which the asset library refuses, with its HTTP status. */
export const ASSETS_ERRORS = {
  'unknown-project': 404,
  'unknown-asset': 404,
  'unknown-version': 404,
  'unknown-crop': 404,
  'unknown-preset': 404,
  'bad-asset-id': 422,
  'bad-crop': 422,
  'bad-preset': 422,
  'bad-settings': 422,
  'bulk-refused': 422,
  'asset-exists': 409,
  'asset-changed': 409,
  'project-exists': 409,
  'name-taken': 409,
  'template-changed': 409,
  'read-only-source': 409,
  'not-a-demo-asset': 404,
  'incomplete-upload': 400,
  'empty-upload': 422,
  'upload-too-large': 413,
  'bad-range': 416,
  'assets-unreadable': 503,
} as const satisfies Record<string, number>

export type AssetsErrorCode = keyof typeof ASSETS_ERRORS

/** One offending part of a refused request: `pointer` is a JSON pointer into the body. */
export interface AssetsErrorDetail {
  readonly pointer: string
  /** The thing itself, when the pointer leads into a list. */
  readonly item?: string
  readonly reason: string
}

/** Two people's changes of one text. */
export interface Conflict {
  readonly yours: string
  readonly theirs: {
    readonly text: string
    readonly version: number
    readonly savedAt: string | null
    readonly savedBy: string | null
  }
}

export class AssetsError extends Error {
  override readonly name = 'AssetsError'
  readonly code: AssetsErrorCode
  readonly status: number
  /** Fit to be shown to whoever asked. */
  readonly publicMessage: string
  readonly errors: readonly AssetsErrorDetail[]
  /** With `template-changed`. */
  readonly conflict: Conflict | undefined

  constructor(
    code: AssetsErrorCode,
    publicMessage: string,
    options: {
      cause?: unknown
      errors?: readonly AssetsErrorDetail[]
      conflict?: Conflict
    } = {},
  ) {
    super(publicMessage, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.status = ASSETS_ERRORS[code]
    this.publicMessage = publicMessage
    this.errors = options.errors ?? []
    this.conflict = options.conflict
  }
}
