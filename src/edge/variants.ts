import type { HeaderMap } from './lifetime.ts'
import type { Resource } from './resource.ts'

/** Resources whose varying fields are remembered; forgetting one costs a miss. */
const RESOURCES_MAX = 50_000
/** … and in characters, because a visitor decides how long a URL is. */
const CHARACTERS_MAX = 8 * 1024 * 1024

/** Which request fields select among a resource's variants, as its last answer said (RFC 9111 §4.1). */
export class Variants {
  readonly #fields = new Map<string, readonly string[]>()
  #characters = 0

  note(cacheKey: string, vary: string | undefined): void {
    const fields = (vary ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '')
      .sort()
    this.#forget(cacheKey)
    if (fields.length === 0) return
    this.#fields.set(cacheKey, fields)
    this.#characters += cacheKey.length
    for (const oldest of this.#fields.keys()) {
      if (this.#fields.size <= RESOURCES_MAX && this.#characters <= CHARACTERS_MAX) break
      this.#forget(oldest)
    }
  }

  #forget(cacheKey: string): void {
    if (this.#fields.delete(cacheKey)) this.#characters -= cacheKey.length
  }

  fieldsOf(cacheKey: string): readonly string[] {
    return this.#fields.get(cacheKey) ?? []
  }
}

/** The cache key of the variant that this request selects. A control character keeps it apart from any URL. */
export function variantKey(resource: Resource, variants: Variants, request: HeaderMap): string {
  if (!resource.varies) return resource.cacheKey
  const fields = variants.fieldsOf(resource.cacheKey)
  if (fields.length === 0) return resource.cacheKey
  const values = fields.map(
    (name) => `${name}:${(request[name] ?? '').replaceAll(/\s+/g, ' ').trim()}`,
  )
  return `${resource.cacheKey}\n${values.join('\n')}`
}
