import { watchBounds } from './bounds.ts'
import { soundBuild } from './build.ts'
import type { Build } from './build.ts'
import { Chance } from './chance.ts'
import { Faults } from './faults.ts'
import { endsWell } from './liveness.ts'
import { anyProfile } from './profile.ts'
import type { Profile } from './profile.ts'
import type { Report, Step } from './report.ts'
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

/** One run: the same seed, build, profile, script and steps make the same run. */
export async function runSeed(
  seed: number,
  build: Build = soundBuild,
  profile: Profile = anyProfile(new Chance(seed, 2)),
  script?: Script,
  only?: ReadonlySet<number>,
): Promise<Report> {
  const theatre = new Theatre(seed, profile, build)
  const { world, ledger, network } = theatre.stage
  const { safety } = theatre
  const faults = new Faults(theatre)
  const steps: Step[] = []
  await theatre.open()
  watchBounds(theatre, safety)
  if (script) await script(theatre, safety)
  else await byChance(theatre, faults, new Steps(theatre, new Chance(seed, 3), steps, only))
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
    steps,
  }
}

/** When each kind of step is taken, and which one, has a chance of its own: leaving one out leaves the others where they were. */
class Steps {
  readonly chance: Chance
  readonly #theatre: Theatre
  readonly #taken: Step[]
  readonly #only: ReadonlySet<number> | undefined
  readonly #end: number
  #count = 0

  constructor(
    theatre: Theatre,
    chance: Chance,
    taken: Step[],
    only: ReadonlySet<number> | undefined,
  ) {
    this.chance = chance
    this.#theatre = theatre
    this.#taken = taken
    this.#only = only
    this.#end = theatre.stage.world.now + theatre.profile.lastsMs
  }

  get end(): number {
    return this.#end
  }

  /** Over and over; `choose` says what the next one is, and what is to be done for it. */
  again(everyMs: number, choose: () => Choice): void {
    if (everyMs === Number.POSITIVE_INFINITY) return
    const { world } = this.#theatre.stage
    world.after(-Math.log(1 - this.chance.number()) * everyMs, () => {
      if (world.now >= this.#end) return
      const number = (this.#count += 1)
      const [what, take] = choose()
      if (this.#only?.has(number) !== false) {
        this.#taken.push({ number, at: world.now, what })
        take()
      }
      this.again(everyMs, choose)
    })
  }
}

type Choice = readonly [what: string, take: () => void]

async function byChance(theatre: Theatre, faults: Faults, steps: Steps): Promise<void> {
  const { profile, stage, safety, outer } = theatre
  const { world } = stage
  const { chance } = steps
  const writers = new Writers(stage)
  steps.again(profile.readEveryMs, () => {
    const url = chance.pick(URLS)
    if (outer && chance.happens(0.5))
      return [`outer reads ${url.target}`, () => void safety.readOuter(outer, url).catch(broken)]
    const edge = chance.pick(theatre.edges)
    const name = `${edge.host.name} is asked for ${url.target}`
    return [name, () => void safety.read(edge, url).catch(broken)]
  })
  steps.again(profile.writeEveryMs, () => {
    const kind = chance.weighed(profile.writes)
    // A process that is not there cannot be asked; one that dies meanwhile never answers.
    const take = (): void =>
      void writers.write(kind).catch((error: unknown) => {
        world.note('writer', `refused: ${error instanceof Error ? error.message : String(error)}`)
      })
    return [`write: ${kind}`, take]
  })
  if (Object.values(profile.faults).some((weight) => weight > 0))
    steps.again(profile.faultEveryMs, () => {
      const kind = chance.weighed(profile.faults)
      return [`fault: ${kind}`, () => faults.cause(kind)]
    })
  await world.run(steps.end, () => safety.violations.length > 0)
}
