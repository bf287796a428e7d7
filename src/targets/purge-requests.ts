import { assert } from '../kernel/assert.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { filledIn, urlValues, usesTags } from '../contract/targets.ts'
import type { OuterTarget, PatternValues, RequestPattern } from '../contract/targets.ts'
import type { OutsideRequest } from './outside.ts'
import { TargetError } from './errors.ts'
import type { Purge } from './target.ts'

/** A list beyond this is purged as everything, or by tags: it would take such a target hours. */
const URLS_MAX = 100_000

/** One request of a purge, and what it is for, in words. */
export interface PlannedRequest {
  readonly asked: OutsideRequest
  readonly about: string
}

/** What a target is asked for a purge, formed anew at each call: what has been served since is in it (freshness rule P15). */
export async function purgeRequests(
  settings: OuterTarget,
  purge: Purge,
): Promise<readonly PlannedRequest[]> {
  const everything = keyHash(keyText.project(purge.project))
  if (settings.everything !== null && purge.keys.includes(everything)) {
    return [planned(settings, settings.everything, { tag: everything }, 'everything')]
  }
  if (usesTags(settings.purge)) {
    return purge.keys.map((tag) => planned(settings, settings.purge, { tag }, `tag ${tag}`))
  }
  const urls = await urlsOf(settings, purge)
  return urls.map((url) => planned(settings, settings.purge, urlValues(url), url.href))
}

async function urlsOf(settings: OuterTarget, purge: Purge): Promise<readonly URL[]> {
  const urls = new Map<string, URL>()
  for await (const piece of purge.urls()) {
    for (const text of piece) {
      const url = URL.parse(text)
      if (!url || !isOn(settings, url)) continue
      urls.set(url.href, url)
      if (urls.size > URLS_MAX) throw tooMany()
    }
  }
  return [...urls.values()]
}

function tooMany(): TargetError {
  return new TargetError(
    'refused',
    `More than ${URLS_MAX} URLs would have to be purged one by one. Purge everything, or let it purge by tags.`,
  )
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
