import type { RouteEntry } from './open-api.ts'

/** Which methods a path knows, for the answer to one that it does not (RFC 9110 §15.5.6). */
export function createOfferedMethods(
  entries: readonly RouteEntry[],
): (path: string) => readonly string[] {
  let patterns: readonly { readonly method: string; readonly pattern: RegExp }[] | undefined
  return (path) => {
    // Made at the first use, because routes are still being added when this is.
    patterns ??= entries
      .filter(({ url }) => url !== '/*')
      .map(({ method, url }) => ({ method, pattern: patternOf(url) }))
    return patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : escaped(part)))
  return new RegExp(`^${parts.join('/')}$`)
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
