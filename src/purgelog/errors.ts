export const PURGELOG_ERROR_CODES = [
  'control-unreachable',
  'control-refused',
  'bad-answer',
] as const

/** Why control did not answer a node as it should. */
export class PurgelogError extends Error {
  readonly code: (typeof PURGELOG_ERROR_CODES)[number]

  constructor(code: PurgelogError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'PurgelogError'
    this.code = code
  }
}
