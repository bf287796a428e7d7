import type { KeyHash } from '../contract/keys.ts'
import type { OuterCaches } from '../contract/records.ts'
import type { EdgeAnswer } from './answer.ts'

/** What an answer says to caches behind us that a project's targets purge (freshness rule P15). */

/**
 * Whoever knows only URLs is purged by URLs: what it may keep has been recorded before it leaves. What is not, an answer beyond the
 * bound or an error, must be kept by visitors alone.
 */
export async function forOuterCaches(
  outer: OuterCaches,
  answer: EdgeAnswer,
  keys: readonly KeyHash[],
  record: () => Promise<boolean>,
): Promise<EdgeAnswer> {
  const shared = !outer.recordUrls || (answer.status < 400 && (await record()))
  const tagged = outer.tagHeaders.length === 0 ? answer : withTags(answer, outer, keys)
  return shared ? tagged : unshared(tagged)
}

function withTags(
  answer: EdgeAnswer,
  { tagHeaders }: OuterCaches,
  keys: readonly KeyHash[],
): EdgeAnswer {
  // Cache-Tag lists with commas (Cloudflare, Akamai); xkey and Surrogate-Key with spaces (Varnish, Fastly).
  const tags = tagHeaders.map((name) => [name, keys.join(/-tags?$/i.test(name) ? ',' : ' ')])
  return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(tags) } }
}

/**
 * For browsers as before, for shared caches nothing: `CDN-Cache-Control` (RFC 9213) and `Surrogate-Control` for those that know
 * them, `private` (RFC 9111 §5.2.2.7) for all others.
 */
export function unshared(answer: EdgeAnswer): EdgeAnswer {
  const { 'cache-control': before = '', ...headers } = answer.headers
  const directives = before
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(?:public|private|s-maxage)\b/i.test(directive))
  return {
    ...answer,
    headers: {
      ...headers,
      'cache-control': ['private', ...directives].join(', '),
      'cdn-cache-control': 'no-store',
      'surrogate-control': 'no-store',
    },
  }
}
