import type { LookAtOriginal, OriginalLook } from '../contract/known-originals.ts'
import { parseCanonicalTarget } from '../contract/parse-delivery-url.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Timers } from '../kernel/timers.ts'
import type { Looked, Purge, Target, TargetEvidence } from './target.ts'

/** Origins are other people's servers: enough to find a cache before one of them. */
const ORIGINALS_MAX = 5
/** An origin that takes longer is not waited for: the purge has taken effect, this look only says more. */
const LOOK_MS = 1_000

export interface OriginsParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly look: LookAtOriginal
}

/**
 * What stands before remote origins is nobody's to purge here, but it may betray itself: after a hard purge some of the originals
 * are read anew, past every cache that listens, and an answer that a cache had kept since before the purge makes it unverifiable
 * (freshness rule P12; RFC 9111 §4.2.3 for ages).
 */
export function createOrigins(parts: OriginsParts): Target {
  return {
    id: 'origins',
    begins: 'at-once',
    describe: async () => [],
    flush: async () => [],
    async verify(purge, signal) {
      // A soft purge lets what is kept be asked after, and shown meanwhile: nothing is fetched past a cache.
      const originals = purge.soft ? [] : originalsOf(purge)
      const looked = await Promise.all(
        originals.map((original) => lookAt(parts, purge, original, signal)),
      )
      const notes = looked.flatMap(({ note }) => note ?? [])
      return {
        verdict: notes.length > 0 ? 'unverifiable' : 'fresh',
        probes: looked.flatMap(({ probe }) => probe),
        peeks: [],
        ...(notes.length > 0 ? { notes } : {}),
      }
    },
  }
}

function originalsOf({ places }: Looked): readonly string[] {
  const originals = new Set<string>()
  for (const { target } of places) {
    const parsed = parseCanonicalTarget(target)
    if (parsed.ok && parsed.url.subject.kind === 'original')
      originals.add(parsed.url.subject.original)
    if (originals.size === ORIGINALS_MAX) break
  }
  return [...originals]
}

interface LookedOriginal {
  readonly probe: TargetEvidence['probes'][number]
  readonly note?: string
}

async function lookAt(
  { clock, timers, look }: OriginsParts,
  { project, seq, receivedAt }: Purge,
  original: string,
  signal: AbortSignal,
): Promise<LookedOriginal> {
  const late = new AbortController()
  const cancel = timers.after(LOOK_MS, () => late.abort())
  const both = AbortSignal.any([signal, late.signal])
  const found = await look({ project, original }, seq, both).finally(cancel)
  signal.throwIfAborted()
  const wall = clock.wall()
  const read = found?.kind === 'read'
  const ageMs = read ? found.originAgeMs : null
  const older = ageMs !== null && ageMs > wall - receivedAt
  const probe = {
    url: original,
    via: 'its origin',
    mark: read ? seq : null,
    cacheStatus: null,
    at: new Date(wall).toISOString(),
    detail: older ? keptFor(ageMs) : inWords(found),
  }
  if (!older) return { probe }
  return {
    probe,
    note: `${original}: ${keptFor(ageMs)}, from before this invalidation. Purge that cache, then invalidate again.`,
  }
}

function keptFor(ageMs: number): string {
  return `a cache before its origin answered with what it had kept for ${Math.floor(ageMs / 1000)} s`
}

function inWords(found: OriginalLook | null): string {
  if (found === null) return `not read within ${LOOK_MS / 1000} s: nobody looked at its origin`
  switch (found.kind) {
    case 'read':
      return 'read anew'
    case 'missing':
    case 'failed':
      return found.reason
  }
}
