import { soundBuild } from './build.ts'
import type { Build } from './build.ts'
import { CALM_PROFILE } from './profile.ts'
import type { Profile } from './profile.ts'
import { inWords } from './report.ts'
import type { Report } from './report.ts'
import { runSeed } from './run.ts'
import type { Script } from './run.ts'
import { REMOTE, URLS } from './scene.ts'
import type { Theatre } from './theatre.ts'

/**
 * One way from a change to Done, over and over; each time one program dies just before it goes on with what its next effect brought: a
 * timer, a message, the disk or the store. Chance would meet most of these moments; this meets all of them.
 */

/** Who dies. `power`: and what was written last may not be there. */
export const CRASH_PLACES = [
  { host: 'control-1', power: false },
  { host: 'control-1', power: true },
  { host: 'resizer', power: false },
  { host: 'resizer', power: true },
  { host: 'home', power: false },
  { host: 'edge-1', power: false },
] as const
export type CrashPlace = (typeof CRASH_PLACES)[number]

/** A store that takes time has effects between which one can die. */
const PROFILE: Profile = { ...CALM_PROFILE, leaseMs: 200, throughHome: 1, databaseSlowMs: 5 }
const SEED = 1
/** Dead for less than a lease, so that what it left unsaid is missed. */
const DEAD_MS = 60
/** Readers ask so often meanwhile, and each waits for Done so long at most: another runner takes over after ten seconds. */
const READ_EVERY_MS = 15
const DONE_MS = 15_000
/** Caches save what they hold some times in this, and leases are renewed. */
const LASTS_MS = 900

interface Counted {
  effects: number
}

/** `at`: before which of its effects, counted from 1 when the way begins; 0 for none. */
export function dyingAt(
  place: CrashPlace,
  at: number,
  counted: Counted,
  build: Build = soundBuild,
): Promise<Report> {
  const script: Script = async (theatre, safety) => {
    const { world, ledger, origin, controls } = theatre.stage
    for (const edge of theatre.edges) for (const url of URLS) void safety.read(edge, url)
    await world.run(world.now + 300)
    world.beforeEntry = (host) => {
      if (host !== place.host) return
      counted.effects += 1
      if (counted.effects === at) die(theatre, place)
    }
    origin.setRemote(REMOTE, 'v2')
    void controls[0]!.serve(() => controls[0]!.invalidate({ originals: [REMOTE] }))
    void controls[0]!.put('shoes/red', 'v2 of shoes/red')
    void controls[0]!.serve(() =>
      controls[0]!.invalidate({ assets: ['shoes/red', 'shoes/blue'], renditions: true }),
    )
    const end = world.now + DONE_MS
    const begin = world.now
    const isOver = (): boolean => world.now > begin + LASTS_MS && ledger.allFinished
    while (world.now < end && !isOver()) {
      for (const edge of theatre.edges)
        if (edge.program.alive) void safety.read(edge, world.chance.pick(URLS))
      await world.run(world.now + READ_EVERY_MS)
    }
    world.beforeEntry = () => undefined
    for (const edge of theatre.edges)
      for (const url of URLS) if (edge.program.alive) void safety.read(edge, url)
    await world.run(world.now + 200)
  }
  return runSeed(SEED, build, PROFILE, script)
}

function die(theatre: Theatre, { host, power }: CrashPlace): void {
  const { world, controls, database } = theatre.stage
  const node = theatre.nodes.find((each) => each.host.name === host)
  if (node) {
    node.crash(true, power)
    world.after(DEAD_MS, () => void node.start())
    return
  }
  controls[0]!.program.crash()
  if (power) database.powerCut()
  world.after(DEAD_MS, () => theatre.startControl(0))
}

/** Each program dies before each `every`th of its effects; resolves to whether nothing was broken by it. */
export async function dieEverywhere(
  every: number,
  tell: (line: string) => void,
  build: Build = soundBuild,
): Promise<boolean> {
  let sound = true
  for (const place of CRASH_PLACES) {
    const all: Counted = { effects: 0 }
    await dyingAt(place, 0, all, build)
    let broken = 0
    for (let at = every; at <= all.effects; at += every) {
      const report = await dyingAt(place, at, { effects: 0 }, build)
      if (report.violations.length === 0) continue
      broken += 1
      if (sound) tell(inWords(report))
      sound = false
    }
    const how = place.power ? ', and what it wrote last is lost' : ''
    const died = Math.floor(all.effects / every)
    tell(`${place.host} died before ${died} of its ${all.effects} effects${how}: ${broken} broken`)
  }
  return sound
}
