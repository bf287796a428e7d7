import type { Evidence } from '../contract/invalidation.ts'
import { usesTags } from '../contract/targets.ts'
import type { OuterTarget } from '../contract/targets.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Timers } from '../kernel/timers.ts'
import { askAll } from './ask-target.ts'
import { drainNote, hasAskers } from './drain.ts'
import type { Drain, DrainedNode } from './drain.ts'
import type { Outside } from './outside.ts'
import { Pace } from './pace.ts'
import { chosenPlaces, probe } from './probe.ts'
import type { ProbedPlace, TakeReference } from './probe.ts'
import { purgeRequests } from './purge-requests.ts'
import type {
  MemberProgress,
  PlannedMember,
  PlannedPurge,
  Target,
  TargetEvidence,
} from './target.ts'

export interface OuterParts {
  readonly clock: Clock
  readonly timers: Timers
  readonly outside: Outside
  readonly drain: Drain
  readonly reference: TakeReference
}

/** Stated while there is no history: most purge APIs answer well within it. */
const SECONDS_PER_REQUEST = 0.2
/** The log is told this often how far a long list is. */
const TELL_EVERY = 50

/**
 * A cache that Sluice does not run, asked over HTTP (freshness rule P15): when our own nodes have ended, wait for what it had asked
 * of our edges, form the list, purge, and once more after the time that a fetch of it may take. It is drain, rebound and evidence,
 * not a proof; where nothing can be seen, it says so.
 */
export function createGenericHttp(
  target: { readonly id: string; readonly settings: OuterTarget },
  parts: OuterParts,
): Target {
  const { id, settings } = target
  const pace = new Pace(parts, settings)
  const member = (state: MemberProgress['state'], detail: string | null): MemberProgress => ({
    id,
    tier: 'cdn',
    state,
    detail,
  })
  if (settings.paused) return paused(id)
  return {
    id,
    begins: 'after-own-nodes',
    describe: async (purge) => [planned(id, settings, purge)],
    async flush(purge, report, signal) {
      const tell = (detail: string): void => report([member('running', detail)])
      const purgeAll = async (how: string): Promise<number> => {
        let before = 0
        for await (const requests of purgeRequests(settings, purge)) {
          const sent = (count: number): void => {
            if ((before + count) % TELL_EVERY === 0) tell(`${how}${before + count} requests`)
          }
          await askAll({ ...parts, pace }, settings, requests, sent, signal)
          before += requests.length
        }
        return before
      }
      let drained: readonly DrainedNode[] | null = null
      if (hasAskers(settings.askers)) {
        tell('waiting for what it had asked of our edges')
        drained = await parts.drain.drain(settings.askers, signal)
      }
      let count = await purgeAll('purging: ')
      const { fillBoundSeconds } = settings
      // An edge that did not say so may yet answer in a spelling that nobody knows now.
      const knowsAll = drained?.every(({ outcome }) => outcome === 'drained') ?? false
      if (fillBoundSeconds > 0 && (count > 0 || !knowsAll)) {
        tell(`purged; once more in ${fillBoundSeconds} s, when what it was fetching has arrived`)
        await parts.timers.sleep(fillBoundSeconds * 1000, signal)
        const again = await purgeAll('purging once more: ')
        if (count === 0) count = again
      }
      return [member('done', doneDetail(settings, count, drainNote(drained ?? [])))]
    },
    async verify(purge, signal) {
      if (settings.verifyAddress === null) {
        return unverifiable(`${id}: it has no verify address, so nobody looked at what it serves.`)
      }
      const places = chosenPlaces(settings, purge.probes ?? purge.places)
      if (places.length === 0) {
        return unverifiable(`${id}: no URL is known by which it could be looked at.`)
      }
      const probed = await Promise.all(
        places.map((place) => probe({ ...parts, pace }, target, place, purge.seq, signal)),
      )
      return evidenceOf(id, probed)
    },
  }
}

/** A person has decided that it is not asked: the log says so, and Done does not speak for it. */
function paused(id: string): Target {
  const detail = 'paused: nothing was asked of it'
  return {
    id,
    begins: 'after-own-nodes',
    describe: async () => [],
    flush: async () => [{ id, tier: 'cdn', state: 'done', detail }],
    verify: async () => unverifiable(`${id} is ${detail}.`),
  }
}

function planned(id: string, settings: OuterTarget, purge: PlannedPurge): PlannedMember {
  const once = Math.max(1, usesTags(settings.purge) ? purge.keysCount : purge.urlsCount)
  const requests = settings.fillBoundSeconds > 0 ? once * 2 : once
  const perSecond = settings.requestsPerSecond ?? settings.concurrency / SECONDS_PER_REQUEST
  const defaultSeconds = settings.fillBoundSeconds + Math.max(1, Math.ceil(requests / perSecond))
  return { id, tier: 'cdn', requests, defaultSeconds }
}

function doneDetail(settings: OuterTarget, count: number, note: string | null): string {
  if (count === 0) return 'no URL of it is known here: there was nothing to ask'
  const again =
    settings.fillBoundSeconds > 0 ? `, and again after ${settings.fillBoundSeconds} s` : ''
  const purged = `${count} ${count === 1 ? 'request' : 'requests'}${again}`
  return note === null ? purged : `${purged}; ${note}`
}

function unverifiable(note: string): TargetEvidence {
  return { verdict: 'unverifiable', probes: [], peeks: [], notes: [note] }
}

/** One stale copy is enough; fresh only if every place could be looked at. */
function evidenceOf(id: string, probed: readonly ProbedPlace[]): TargetEvidence {
  const unseen = probed.filter(({ verdict }) => verdict === 'unverifiable')
  const stale = probed.filter(({ verdict }) => verdict === 'stale')
  const verdict = verdictOf(stale.length, unseen.length)
  const notes = [
    ...said(id, stale, probed, 'still serve old bytes'),
    ...said(id, unseen, probed, 'could not be judged'),
  ]
  return {
    verdict,
    probes: probed.map((each) => each.probe),
    peeks: [],
    ...(notes.length > 0 ? { notes } : {}),
  }
}

function verdictOf(stale: number, unseen: number): Evidence['verdict'] {
  if (stale > 0) return 'stale'
  return unseen > 0 ? 'unverifiable' : 'fresh'
}

function said(
  id: string,
  some: readonly ProbedPlace[],
  all: readonly ProbedPlace[],
  what: string,
): readonly string[] {
  const first = some[0]?.probe
  if (!first) return []
  return [
    `${id}: ${some.length} of ${all.length} URLs ${what}: ${first.url}, ${first.detail ?? ''}.`,
  ]
}
