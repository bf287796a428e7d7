/** Why there is no rendition. All but the queue are the recipe's or the original's fault, and so 4xx. */
export const IMAGING_ERRORS = {
  'image-unsupported': 422,
  'image-damaged': 422,
  'image-too-large': 422,
  'image-too-slow': 422,
  'reply-too-large': 400,
  'recipe-impossible': 400,
  'render-queue-full': 503,
  'render-failed': 500,
} as const
export type ImagingErrorCode = keyof typeof IMAGING_ERRORS

export class ImagingError extends Error {
  readonly code: ImagingErrorCode
  readonly status: number
  /** A sentence for clients: names nothing internal. */
  readonly publicMessage: string

  constructor(code: ImagingErrorCode, publicMessage: string, cause?: unknown) {
    super(`${code}: ${publicMessage}`, { cause })
    this.name = 'ImagingError'
    this.code = code
    this.status = IMAGING_ERRORS[code]
    this.publicMessage = publicMessage
  }
}

/** libvips tells what happened only in words; what is not recognised is taken for damage, the most common cause. */
const REASONS: readonly (readonly [RegExp, ImagingErrorCode, string])[] = [
  [/pixel limit|exceeds? .*limit/i, 'image-too-large', 'The original has too many pixels'],
  [/unsupported image format/i, 'image-unsupported', 'The original is not an image'],
  [/timeout/i, 'image-too-slow', 'The picture takes too long to make'],
  // sharp refuses a parameter: that is our mistake, not the picture's.
  [/^Expected |^Unsupported |extract_area/, 'render-failed', 'The picture was not made'],
  [/out of memory|unable to (?:allocate|malloc)/i, 'render-failed', 'The picture was not made'],
]

export function imagingError(error: unknown): ImagingError {
  if (error instanceof ImagingError) return error
  const words = error instanceof Error ? error.message : String(error)
  const [, code, message] = REASONS.find(([pattern]) => pattern.test(words)) ?? []
  if (code && message) return new ImagingError(code, message, error)
  return new ImagingError('image-damaged', 'The original is damaged or incomplete', error)
}
