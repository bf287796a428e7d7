import { createGenericHttp } from '../../src/targets/generic-http.ts'
import type { OuterTarget } from '../../src/contract/targets.ts'
import type { OuterParts } from '../../src/targets/generic-http.ts'
import type { OriginsParts } from '../../src/targets/origins.ts'
import type { Target } from '../../src/targets/target.ts'
import { soundBuild } from './build.ts'
import type { Build } from './build.ts'
import type { Mutant } from './mutants.ts'
import { OUTER_PROFILE, killedWhileSending, slowAnswers, slowWay } from './outer-scripts.ts'
import {
  CALM_PROFILE,
  REPLACED_OUTER_PROFILE,
  UNRULY_OUTER_PROFILE,
  onlyFaults,
} from './profile.ts'

/** P15: the cache is purged, and nobody waits for what it had asked before. */
function undrained(parts: OuterParts, settings: OuterTarget): Target {
  const drain = { drain: () => Promise.resolve([]) }
  return createGenericHttp({ id: 'outer', settings }, { ...parts, drain })
}

/** P15: the cache is purged, then its requests are waited for. */
function purgedThenDrained(parts: OuterParts, settings: OuterTarget): Target {
  const target = undrained(parts, settings)
  return {
    ...target,
    async flush(purge, report, signal) {
      const members = await target.flush(purge, report, signal)
      await parts.drain.drain(settings.askers, signal)
      return members
    },
  }
}

/** P15: what has left an edge has arrived. */
function withoutRebound(parts: OuterParts, settings: OuterTarget): Target {
  return createGenericHttp({ id: 'outer', settings: { ...settings, fillBoundSeconds: 0 } }, parts)
}

/** Evidence: what says that it has purged is believed, whatever it is seen to serve. */
function believing(parts: OuterParts, settings: OuterTarget): Target {
  const target = soundBuild.outer(parts, settings)
  return {
    ...target,
    async verify(purge, signal) {
      const evidence = await target.verify(purge, signal)
      return evidence.verdict === 'stale' ? { ...evidence, verdict: 'fresh' } : evidence
    },
  }
}

/** Whatever it answers, it was asked. */
function easilyPleased(parts: OuterParts, settings: OuterTarget): Target {
  const statuses = [...settings.success.statuses, 429]
  return soundBuild.outer(parts, { ...settings, success: { ...settings.success, statuses } })
}

/** P12: what was read anew is what the origin has, however old its answer. */
function ageless({ look, ...parts }: OriginsParts): Target {
  return soundBuild.origins({
    ...parts,
    look: async (...asked) => {
      const found = await look(...asked)
      return found?.kind === 'read' ? { ...found, originAgeMs: null } : found
    },
  })
}

/** P15: what an edge was asked for is told a moment after it was answered. */
function toldLater(...parts: Parameters<Build['spellings']>): ReturnType<Build['spellings']> {
  const [, , served] = parts
  return {
    ...soundBuild.spellings(...parts),
    async keepServed(request, { served: named, target }) {
      if (named === null) return false
      const url = `${request.scheme}://${request.host}${request.target}`
      served.note({ project: named.project, subject: named.subject, url, target })
      return true
    },
  }
}

/** P15: what the store has recorded once, it has recorded. */
function ofAnyLog(
  ...[machine, place, served]: Parameters<Build['spellings']>
): ReturnType<Build['spellings']> {
  return soundBuild.spellings(machine, place, served, { logId: 'any' })
}

/** Departures of what Sluice does for caches that it does not run. */
export const OUTER_MUTANTS: readonly Mutant[] = [
  {
    name: 'a cache before a remote origin whose answers betray their age to nobody',
    build: { ...soundBuild, origins: ageless },
    profile: { ...CALM_PROFILE, faultEveryMs: 150, faults: onlyFaults({ keptBefore: 1 }) },
    by: 'false evidence',
  },
  {
    name: 'a spelling that is told a moment after its answer has left',
    build: { ...soundBuild, spellings: toldLater },
    profile: { ...OUTER_PROFILE, writeEveryMs: 100 },
  },
  {
    name: 'a spelling that is taken for recorded in a store that took the place of its own',
    build: { ...soundBuild, spellings: ofAnyLog },
    // An edge that starts again has forgotten what it told anybody.
    profile: {
      ...REPLACED_OUTER_PROFILE,
      faultEveryMs: 2_000,
      faults: onlyFaults({ replaceStore: 1 }),
    },
  },
  {
    name: 'a target that is believed although it was seen to serve what is old',
    build: { ...soundBuild, outer: believing },
    profile: UNRULY_OUTER_PROFILE,
    by: 'false evidence',
  },
  {
    name: 'a target that asks for patience, and is taken to have purged',
    build: { ...soundBuild, outer: easilyPleased },
    profile: {
      ...UNRULY_OUTER_PROFILE,
      outer: 'unseen',
      faults: onlyFaults({ outerLimits: 1 }),
    },
  },
  {
    name: 'an outer cache that is purged without a drain',
    build: { ...soundBuild, outer: undrained },
    profile: OUTER_PROFILE,
    script: slowAnswers,
  },
  {
    name: 'an outer cache that is purged, then drained',
    build: { ...soundBuild, outer: purgedThenDrained },
    profile: OUTER_PROFILE,
    script: slowAnswers,
  },
  {
    name: 'a drain that counts answers on their way, and not requests that wait for one',
    build: { ...soundBuild, drains: 'answers' },
    profile: OUTER_PROFILE,
    script: slowAnswers,
  },
  {
    name: 'an outer cache that is purged once, while bytes are on their way',
    build: { ...soundBuild, outer: withoutRebound },
    profile: OUTER_PROFILE,
    script: slowWay,
  },
  {
    name: 'an edge killed with bytes in its socket buffers, and no second purge',
    build: { ...soundBuild, outer: withoutRebound },
    profile: OUTER_PROFILE,
    script: killedWhileSending,
  },
]
