import { SCRIPT_PROFILE } from './scripts.ts'
import type { Profile } from './profile.ts'
import type { Script } from './run.ts'
import type { Safety } from './safety.ts'
import { HOST, REMOTE, URLS } from './scene.ts'
import type { Theatre } from './theatre.ts'

/** Schedules with a cache outside Sluice. */
export const OUTER_PROFILE: Profile = { ...SCRIPT_PROFILE, leaseMs: 300, outer: 'unseen' }

const REMOTE_URL = URLS.find(({ subject }) => subject === REMOTE)!

async function lookFor(theatre: Theatre, safety: Safety, ms: number): Promise<void> {
  const { world } = theatre.stage
  for (let passed = 0; passed < ms; passed += 50) {
    void safety.readOuter(theatre.outer!, REMOTE_URL)
    await world.run(world.now + 50)
  }
}

async function replaceAndPurge(theatre: Theatre, text: string): Promise<void> {
  const { world, origin, ledger, controls } = theatre.stage
  const before = ledger.countOf('Done')
  origin.setRemote(REMOTE, text)
  void controls[0]!.invalidate({ urls: [`http://${HOST}${REMOTE_URL.target}`] })
  await world.run(world.now + 20_000, () => ledger.countOf('Done') > before)
}

/** The origin is slow: what the cache had asked for when the purge came is answered, with old bytes, when all is said and done. */
export const slowAnswers: Script = async (theatre, safety) => {
  const { world, origin } = theatre.stage
  for (let round = 1; round <= 6; round++) {
    await replaceAndPurge(theatre, `v${round}.1`)
    origin.slowMs = 1_500
    void theatre.outer!.request(REMOTE_URL.target, '*/*')
    await world.run(world.now + round * 600)
    await replaceAndPurge(theatre, `v${round}.2`)
    await lookFor(theatre, safety, 4_000)
    origin.slowMs = 3
    await lookFor(theatre, safety, 4_000)
  }
}

/** The same, and the edge is killed meanwhile: nobody is left who could be asked what it had sent. */
export const killedWhileSending: Script = async (theatre, safety) => {
  const { world, network } = theatre.stage
  network.script = ({ what, leg }) =>
    what.startsWith('outer') && leg === 'answer' ? { ms: 700 } : undefined
  await replaceAndPurge(theatre, 'v1.1')
  void theatre.outer!.request(REMOTE_URL.target, '*/*')
  await world.run(world.now + 100)
  for (const edge of theatre.edges) edge.crash(false)
  for (const edge of theatre.edges) void edge.start()
  await replaceAndPurge(theatre, 'v1.2')
  await lookFor(theatre, safety, 2_000)
}

/** The way from edge to cache is slow: an old answer has left the edge, and is not there yet, when the cache is purged. */
export const slowWay: Script = async (theatre, safety) => {
  const { world, network } = theatre.stage
  network.script = ({ what, leg }) =>
    what.startsWith('outer') && leg === 'answer' ? { ms: 700 } : undefined
  await replaceAndPurge(theatre, 'v1.1')
  void theatre.outer!.request(REMOTE_URL.target, '*/*')
  await world.run(world.now + 300)
  await replaceAndPurge(theatre, 'v1.2')
  await lookFor(theatre, safety, 2_000)
}
