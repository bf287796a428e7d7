import { watchBounds } from './bounds.ts'
import { soundBuild } from './build.ts'
import type { Build } from './build.ts'
import { Chance } from './chance.ts'
import { Faults } from './faults.ts'
import { endsWell } from './liveness.ts'
import { anyProfile } from './profile.ts'
import type { Profile } from './profile.ts'
import type { Report } from './report.ts'
import type { Safety } from './safety.ts'
import { URLS } from './scene.ts'
import { Theatre } from './theatre.ts'
import { Writers } from './writers.ts'

/** Production code that throws where nobody expects it ends the whole simulator. */
function broken(error: unknown): never {
  throw error
}

/** What happens instead of chance, where chance is thin. */
export type Script = (theatre: Theatre, safety: Safety) => Promise<void>

/** One run: the same seed, build, profile and script make the same run. */
export async function runSeed(
  seed: number,
  build: Build = soundBuild,
  profile: Profile = anyProfile(new Chance(seed, 2)),
  script?: Script,
): Promise<Report> {
  const theatre = new Theatre(seed, profile, build)
  const { world, ledger, network } = theatre.stage
  const { safety } = theatre
  const faults = new Faults(theatre)
  await theatre.open()
  watchBounds(theatre, safety)
  if (script) await script(theatre, safety)
  else await byChance(theatre, faults, safety)
  if (safety.violations.length === 0) await endsWell(theatre, faults, safety)
  network.close()
  return {
    seed,
    violations: safety.violations,
    traceHash: world.traceHash,
    trace: world.trace,
    events: world.eventsCount,
    ...safety.counts,
    done: ledger.countOf('Done'),
    met: world.met,
  }
}

async function byChance(theatre: Theatre, faults: Faults, safety: Safety): Promise<void> {
  const { profile, stage } = theatre
  const { world } = stage
  const { chance } = world
  const writers = new Writers(stage)
  const end = world.now + profile.lastsMs
  const again = (everyMs: number, act: () => void): void => {
    if (everyMs === Number.POSITIVE_INFINITY) return
    world.after(-Math.log(1 - chance.number()) * everyMs, () => {
      if (world.now >= end) return
      act()
      again(everyMs, act)
    })
  }
  again(profile.readEveryMs, () => {
    const { outer } = theatre
    if (outer && chance.happens(0.5)) safety.readOuter(outer, chance.pick(URLS)).catch(broken)
    else safety.read(chance.pick(theatre.edges), chance.pick(URLS)).catch(broken)
  })
  again(profile.writeEveryMs, () => {
    // A process that is not there cannot be asked; one that dies meanwhile never answers.
    writers.write(chance.weighed(profile.writes)).catch((error: unknown) => {
      world.note('writer', `refused: ${error instanceof Error ? error.message : String(error)}`)
    })
  })
  if (Object.values(profile.faults).some((weight) => weight > 0))
    again(profile.faultEveryMs, () => faults.cause(chance.weighed(profile.faults)))
  await world.run(end, () => safety.violations.length > 0)
}
