/** Every way in which a target outside Sluice can fail. Expected ones: they end as the reason in the log, not as a problem. */
export const TARGET_ERRORS = ['refused', 'unreachable', 'late', 'address-not-public'] as const
export type TargetErrorCode = (typeof TARGET_ERRORS)[number]

export class TargetError extends Error {
  override readonly name = 'TargetError'
  readonly code: TargetErrorCode
  /** Fit to be shown, without secrets. */
  readonly publicMessage: string

  constructor(code: TargetErrorCode, publicMessage: string, cause?: unknown) {
    super(publicMessage, cause === undefined ? {} : { cause })
    this.code = code
    this.publicMessage = publicMessage
  }
}
