import type { Evidence, Probe } from '../contract/invalidation.ts'
import { NODE_HEADERS } from '../contract/node-protocol.ts'
import type { OuterTarget } from '../contract/targets.ts'
import type { Clock } from '../kernel/clock.ts'
import { TargetError } from './errors.ts'
import type { Outside } from './outside.ts'
import type { Pace } from './pace.ts'
import { isOn } from './purge-requests.ts'
import type { PlaceToProbe } from './target.ts'

/** Looking at what an outer cache serves (freshness rules, "Evidence": at most 20 URLs a target, spread over hosts). */
const PROBES_MAX = 20

/** As browsers ask for pictures. */
export const PROBE_ACCEPT = 'image/avif,image/webp,image/*,*/*;q=0.8'

/** What a resizer of ours answers for a place, asked for at least a mark. */
export interface Reference {
  readonly etag: string
  readonly mark: number
}

export type TakeReference = (
  place: PlaceToProbe,
  minMark: number,
  signal: AbortSignal,
) => Promise<Reference | null>

export interface ProbeParts {
  readonly outside: Outside
  readonly clock: Clock
  readonly pace: Pace
  readonly reference: TakeReference
}

/** The one that was served most first, then one of each other host in turn. */
export function chosenPlaces(
  settings: Pick<OuterTarget, 'hosts'>,
  places: readonly PlaceToProbe[],
): readonly PlaceToProbe[] {
  const known = places.filter(({ url }) => URL.canParse(url) && isOn(settings, new URL(url)))
  const byHost = [...Map.groupBy(known, ({ url }) => new URL(url).host).values()]
  const rounds = Math.max(0, ...byHost.map((each) => each.length))
  return Array.from({ length: rounds }, (_, at) => byHost.flatMap((each) => each[at] ?? []))
    .flat()
    .slice(0, PROBES_MAX)
}

export interface Seen {
  readonly mark: number | null
  readonly etag: string | null
}

type Judged = { readonly verdict: Evidence['verdict']; readonly detail: string | null }

/** Fresh: a mark that is new enough, or the very bytes that a resizer makes now. `reference` is asked only when it is needed. */
export async function judgeSeen(
  { mark, etag }: Seen,
  seq: number,
  reference: () => Promise<Reference | null>,
): Promise<Judged> {
  if (mark !== null && mark >= seq) return { verdict: 'fresh', detail: null }
  const strong = etag !== null && !etag.startsWith('W/')
  const ours = strong ? await reference() : null
  if (ours !== null && ours.mark >= seq && ours.etag === etag) {
    return { verdict: 'fresh', detail: 'the same strong ETag as the image server has now' }
  }
  if (mark !== null) return { verdict: 'stale', detail: `mark ${mark} is older than ${seq}` }
  if (!strong) {
    return {
      verdict: 'unverifiable',
      detail: 'the answer has neither our mark nor a strong ETag',
    }
  }
  if (ours === null || ours.mark < seq) {
    return { verdict: 'unverifiable', detail: 'no image server said which ETag is right' }
  }
  return { verdict: 'stale', detail: 'another strong ETag than the image server has now' }
}

export interface ProbedPlace {
  readonly probe: Probe
  readonly verdict: Evidence['verdict']
}

/** One GET as a visitor would send it, at the verify address with the URL's own Host. */
export async function probe(
  parts: ProbeParts,
  target: { readonly id: string; readonly settings: OuterTarget },
  place: PlaceToProbe,
  seq: number,
  signal: AbortSignal,
): Promise<ProbedPlace> {
  const { settings } = target
  const judged = await look(parts, settings, place, seq, signal)
  return {
    verdict: judged.verdict,
    probe: {
      url: place.url,
      via: target.id,
      mark: judged.mark,
      cacheStatus: judged.cacheStatus,
      at: new Date(parts.clock.wall()).toISOString(),
      ...(judged.detail === null ? {} : { detail: judged.detail }),
    },
  }
}

export async function look(
  { outside, pace, reference }: ProbeParts,
  settings: OuterTarget,
  place: PlaceToProbe,
  seq: number,
  signal: AbortSignal,
): Promise<Judged & { readonly mark: number | null; readonly cacheStatus: string | null }> {
  const { host, pathname, search } = new URL(place.url)
  const asked = {
    method: 'GET',
    url: (settings.verifyAddress ?? '').replace(/\/+$/, '') + pathname + search,
    headers: { host, accept: PROBE_ACCEPT },
    body: null,
    timeoutMs: settings.timeoutSeconds * 1000,
    read: 'nothing',
  } as const
  try {
    const answer = await pace.run(signal, () => outside.send(asked, settings.allowPrivate, signal))
    const seen = {
      mark: markIn(answer.headers[NODE_HEADERS.mark]),
      etag: answer.headers['etag'] ?? null,
    }
    const judged =
      answer.status >= 500
        ? unseen(`it answered ${answer.status}`)
        : await judgeSeen(seen, seq, () => reference(place, seq, signal))
    return { ...judged, mark: seen.mark, cacheStatus: cacheStatusIn(answer.headers) }
  } catch (error) {
    if (!(error instanceof TargetError)) throw error
    return { ...unseen(error.publicMessage), mark: null, cacheStatus: null }
  }
}

function unseen(detail: string): Judged {
  return { verdict: 'unverifiable', detail }
}

function markIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** RFC 9211, or what many caches say instead. */
function cacheStatusIn(headers: Readonly<Record<string, string>>): string | null {
  return headers['cache-status'] ?? headers['x-cache'] ?? null
}
