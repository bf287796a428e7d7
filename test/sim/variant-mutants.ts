import { MarkedCache } from '../../src/cache/marked-cache.ts'
import type { MarkedCacheParts, StoreOutcome } from '../../src/cache/marked-cache.ts'
import type { EdgeRequest, Resolution } from '../../src/edge/resource.ts'
import { SluiceResolver } from '../../src/edge/sluice-resolver.ts'
import { soundBuild } from './build.ts'
import { HURRIED } from './mutants.ts'
import type { Mutant } from './mutants.ts'

/** What a variant's cache key has behind the URL's. */
const FORMAT = /\n.*$/s

/** RFC 9111 §4.1: what is kept for one is shown to all. */
class OneForAll extends SluiceResolver {
  override async resolve(request: EdgeRequest): Promise<Resolution> {
    const found = await super.resolve(request)
    if (found.kind !== 'resource') return found
    const { resource } = found
    return { ...found, resource: { ...resource, cacheKey: resource.cacheKey.replace(FORMAT, '') } }
  }
}

/** P11: only the variant that was there first is known by its keys. */
class FirstVariantOnly<Meta, Body> extends MarkedCache<Meta, Body> {
  readonly #first = new Map<string, string>()

  override store(
    ...[key, entry, epoch]: Parameters<MarkedCache<Meta, Body>['store']>
  ): StoreOutcome {
    const url = key.replace(FORMAT, '')
    if (!this.#first.has(url)) this.#first.set(url, key)
    const keys = this.#first.get(url) === key ? entry.keys : []
    return super.store(key, { ...entry, keys }, epoch)
  }
}

/** Departures of what is told apart by more than its URL. */
export const VARIANT_MUTANTS: readonly Mutant[] = [
  {
    name: 'an edge that shows one variant to everybody',
    build: { ...soundBuild, resolver: (edge) => new OneForAll(edge) },
    profile: HURRIED,
    by: 'other variant',
  },
  {
    name: 'a purge that reaches the first variant of a URL only',
    build: {
      ...soundBuild,
      cache: <Meta, Body>(parts: MarkedCacheParts<Body>) => new FirstVariantOnly<Meta, Body>(parts),
    },
    profile: { ...HURRIED, writes: { ...HURRIED.writes, remote: 20 } },
  },
]
