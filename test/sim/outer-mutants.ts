import { createGenericHttp } from '../../src/targets/generic-http.ts'
import type { OuterParts } from '../../src/targets/generic-http.ts'
import type { Target } from '../../src/targets/target.ts'
import { soundBuild } from './build.ts'
import type { Mutant } from './mutants.ts'
import { OUTER_SETTINGS } from './outer-cache.ts'
import { OUTER_PROFILE, killedWhileSending, slowAnswers, slowWay } from './outer-scripts.ts'

/** P15: the cache is purged, and nobody waits for what it had asked before. */
function undrained(parts: OuterParts): Target {
  const drain = { drain: () => Promise.resolve([]) }
  return createGenericHttp({ id: 'outer', settings: OUTER_SETTINGS }, { ...parts, drain })
}

/** P15: the cache is purged, then its requests are waited for. */
function purgedThenDrained(parts: OuterParts): Target {
  const target = undrained(parts)
  return {
    ...target,
    async flush(purge, report, signal) {
      const members = await target.flush(purge, report, signal)
      await parts.drain.drain(OUTER_SETTINGS.askers, signal)
      return members
    },
  }
}

/** P15: what has left an edge has arrived. */
function withoutRebound(parts: OuterParts): Target {
  const settings = { ...OUTER_SETTINGS, fillBoundSeconds: 0 }
  return createGenericHttp({ id: 'outer', settings }, parts)
}

/** Departures of what Sluice does for caches that it does not run. */
export const OUTER_MUTANTS: readonly Mutant[] = [
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
