export const CACHE_ERROR_CODES = ['saved-state-damaged'] as const

/** Why a cache could not be restored. Nobody outside sees it: the cache starts empty, and the log says why. */
export class CacheError extends Error {
  override readonly name = 'CacheError'
  readonly code: (typeof CACHE_ERROR_CODES)[number]

  constructor(code: CacheError['code'], message: string) {
    super(message)
    this.code = code
  }
}
