import { assert } from '../kernel/assert.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { filledIn, urlValues, usesTags } from '../contract/targets.ts'
import type { OuterTarget, PatternValues, RequestPattern } from '../contract/targets.ts'
import type { OutsideRequest } from './outside.ts'
import type { Purge } from './target.ts'

/** Spellings remembered so that none is asked twice in one purge; of a longer list some may be, which is harmless. */
const ASKED_MAX = 200_000
/** Tags asked together, as URLs come. */
const TAGS_PER_PIECE = 500

/** One request of a purge, and what it is for, in words. */
export interface PlannedRequest {
  readonly asked: OutsideRequest
  readonly about: string
}

/** What a target is asked for a purge, piece by piece, formed anew at each call: what was served since is in it (freshness rule P15). */
export async function* purgeRequests(
  settings: OuterTarget,
  purge: Purge,
): AsyncIterable<readonly PlannedRequest[]> {
  const everything = keyHash(keyText.project(purge.project))
  if (settings.everything !== null && purge.keys.includes(everything)) {
    yield [planned(settings, settings.everything, { tag: everything }, 'everything')]
  } else if (usesTags(settings.purge)) {
    for (let at = 0; at < purge.keys.length; at += TAGS_PER_PIECE) {
      const tags = purge.keys.slice(at, at + TAGS_PER_PIECE)
      yield tags.map((tag) => planned(settings, settings.purge, { tag }, `tag ${tag}`))
    }
  } else {
    for await (const urls of urlsOf(settings, purge)) {
      yield urls.map((url) => planned(settings, settings.purge, urlValues(url), url.href))
    }
  }
}

async function* urlsOf(settings: OuterTarget, purge: Purge): AsyncIterable<readonly URL[]> {
  const asked = new Set<string>()
  for await (const piece of purge.urls()) {
    const urls = new Map<string, URL>()
    for (const text of piece) {
      const url = URL.parse(text)
      if (url && isOn(settings, url) && !asked.has(url.href)) urls.set(url.href, url)
    }
    if (asked.size < ASKED_MAX) for (const href of urls.keys()) asked.add(href)
    if (urls.size > 0) yield [...urls.values()]
  }
}

/** Is it a URL of a host that the target caches? */
export function isOn({ hosts }: Pick<OuterTarget, 'hosts'>, url: URL): boolean {
  return hosts.length === 0 || hosts.includes(url.host) || hosts.includes(url.hostname)
}

export function planned(
  settings: OuterTarget,
  pattern: RequestPattern,
  values: PatternValues,
  about: string,
): PlannedRequest {
  const url = filledIn(pattern.url, values)
  assert(URL.canParse(url), `a target's URL pattern makes no URL: ${pattern.url}`)
  const headers = Object.entries({ ...pattern.headers, ...settings.secretHeaders })
  return {
    about,
    asked: {
      method: pattern.method,
      url,
      headers: Object.fromEntries(headers.map(([name, text]) => [name, filledIn(text, values)])),
      body: pattern.body === null ? null : filledIn(pattern.body, values),
      timeoutMs: settings.timeoutSeconds * 1000,
      read: 'text',
    },
  }
}
