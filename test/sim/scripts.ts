import type { Control } from './control.ts'
import { CALM_PROFILE } from './profile.ts'
import type { Profile } from './profile.ts'
import type { Script } from './run.ts'
import { URLS } from './scene.ts'

/** Schedules that chance would find once in a thousand seeds. */
export const SCRIPT_PROFILE: Profile = { ...CALM_PROFILE, leaseMs: 1_000, throughHome: 0 }

/**
 * An edge hears of a first purge late, renews in between, and is then cut off: it has applied the purge and holds a lease for it, but
 * control knows of neither, and marks it out. A second purge comes at that very moment. Who ignores nodes that are out calls it Done
 * while the edge still answers from its lease.
 */
export const outTwice: Script = async (theatre, safety) => {
  const { world, network, ledger, controls } = theatre.stage
  const [edge] = theatre.edges
  const [control] = controls
  const url = URLS.find(({ target }) => target.includes('shoes/blue?wid'))!
  void safety.read(edge!, url)
  await world.run(world.now + 100)
  const begin = world.now
  network.script = ({ what, leg, asker }) => {
    if (asker !== edge!.host.name || what.startsWith('ask')) return undefined
    if (what === 'follow' && leg === 'answer') return { ms: 900 }
    return world.now > begin + 850 && leg === 'request' ? 'lost' : undefined
  }
  void control!.invalidate({ assets: ['hats/top'], renditions: true })
  await world.run(begin + 500)
  void control!.put('shoes/blue', 'v2 of shoes/blue')
  await world.run(begin + 2_000, () => ledger.countOf('Done') === 1)
  void control!.invalidate({ assets: ['shoes/blue'], renditions: true })
  for (let ms = 0; ms < 1_500; ms += 10) {
    void safety.read(edge!, url)
    await world.run(world.now + 10)
  }
}

/** A rendition is purged and not asked for; the resizer saves what it holds, crashes, and comes back with its disk. */
export const purgedThenCrashed: Script = async (theatre, safety) => {
  const { world, ledger, controls } = theatre.stage
  const [edge] = theatre.edges
  const [control] = controls
  const url = URLS.find(({ target }) => target.includes('shoes/blue?wid'))!
  void safety.read(edge!, url)
  await world.run(world.now + 200)
  void control!.put('shoes/blue', 'v2 of shoes/blue')
  await world.run(world.now + 100)
  void control!.invalidate({ assets: ['shoes/blue'], renditions: true })
  await world.run(world.now + 3_000, () => ledger.floorOf(url).moment > 0)
  await world.run(world.now + 2_000)
  theatre.resizer.crash(true)
  const started = theatre.resizer.start()
  await world.run(world.now + 200)
  await started
  for (let ms = 0; ms < 500; ms += 50) {
    void safety.read(edge!, url)
    await world.run(world.now + 50)
  }
}

/** Home edge and resizer are cut off while a picture is purged: the edge alone knows what to ask for. */
export const innerTiersBehind: Script = async (theatre, safety) => {
  const { world, network, ledger, controls } = theatre.stage
  const [edge] = theatre.edges
  const [control] = controls
  const url = URLS.find(({ target }) => target.includes('shoes/blue?wid'))!
  void safety.read(edge!, url)
  await world.run(world.now + 200)
  network.script = ({ what, asker }) =>
    (asker === 'home' || asker === 'resizer') && !what.startsWith('ask') ? 'lost' : undefined
  void control!.put('shoes/blue', 'v2 of shoes/blue')
  await world.run(world.now + 100)
  void control!.invalidate({ assets: ['shoes/blue'], renditions: true })
  await world.run(world.now + 3_000, () => ledger.floorOf(url).moment > 0)
  for (let ms = 0; ms < 500; ms += 50) {
    void safety.read(edge!, url)
    await world.run(world.now + 50)
  }
}

/**
 * A grant that is under way for longer than the margin, to a node that hears of the purge later still: counted from its arrival, the
 * lease outlives what control waits for.
 */
export const slowGrant: Script = async (theatre, safety) => {
  const { world, network, controls } = theatre.stage
  const [edge] = theatre.edges
  const [control] = controls
  const url = URLS.find(({ target }) => target.includes('shoes/blue?wid'))!
  void safety.read(edge!, url)
  void control!.put('shoes/blue', 'v2 of shoes/blue')
  await world.run(world.now + 100)
  const begin = world.now
  network.script = ({ what, leg, asker }) => {
    if (asker !== edge!.host.name || what.startsWith('ask')) return undefined
    if (what === 'follow') return leg === 'answer' ? { ms: 5_000 } : undefined
    // What was asked before the purge is answered late, and what is asked after it not at all.
    if (leg === 'answer') return { ms: 700 }
    return world.now > begin + 300 ? 'lost' : undefined
  }
  await world.run(begin + 290)
  void safety.read(edge!, url)
  void control!.put('shoes/blue', 'v3 of shoes/blue')
  await world.run(begin + 300)
  void control!.invalidate({ assets: ['shoes/blue'], renditions: true })
  for (let ms = 0; ms < 2_500; ms += 10) {
    void safety.read(edge!, url)
    await world.run(world.now + 10)
  }
}

/**
 * The power of the control machine is cut right after a new edge has registered and got its lease, before anything else was synced.
 * The machine is back before the lease is over, and the edge cannot reach it.
 */
export const powerCut: Script = async (theatre, safety) => {
  const { world, network, database, controls } = theatre.stage
  const url = URLS.find(({ target }) => target.includes('shoes/blue?wid'))!
  // Whoever else there is has been written down.
  await database.sync()
  const edge = await theatre.addEdge('edge-3')
  await world.run(world.now + 100)
  void safety.read(edge, url)
  await world.run(world.now + 100)
  controls[0]!.program.crash()
  database.powerCut()
  // The others hear of it at once, and are back before the purge.
  network.heal()
  network.script = ({ what, asker }) =>
    asker === edge.host.name && !what.startsWith('ask') ? 'lost' : undefined
  theatre.startControl(0)
  await world.run(world.now + 300)
  void controls[0]!.put('shoes/blue', 'v2 of shoes/blue')
  await world.run(world.now + 100)
  void controls[0]!.invalidate({ assets: ['shoes/blue'], renditions: true })
  for (let ms = 0; ms < 1_500; ms += 10) {
    void safety.read(edge, url)
    await world.run(world.now + 10)
  }
}

/**
 * An edge is cut off while a picture is purged softly: control waits until its lease is over, and then for the window. Back again, the
 * edge hears of the purge, and would begin a window of its own.
 */
export const softAndLate = softlyAndLate((control) => control.purgeSoftly('shoes/blue', 200))
export const softListAndLate = softlyAndLate((control) => control.purgePacked('shoes/blue', 200))

function softlyAndLate(purge: (control: Control) => Promise<void>): Script {
  return async (theatre, safety) => {
    const { world, network, ledger, controls } = theatre.stage
    const [edge] = theatre.edges
    const [control] = controls
    const url = URLS.find(({ target }) => target.includes('shoes/blue?wid'))!
    void safety.read(edge!, url)
    await world.run(world.now + 100)
    network.script = ({ what, asker }) =>
      asker === edge!.host.name && !what.startsWith('ask') ? 'lost' : undefined
    void control!.put('shoes/blue', 'v2 of shoes/blue')
    await world.run(world.now + 100)
    void purge(control!)
    await world.run(world.now + 3_000, () => ledger.floorOf(url).moment > 0)
    network.heal()
    await world.run(world.now + 3_000, () => edge!.freshness.holdsLease())
    for (let ms = 0; ms < 300; ms += 1) {
      void safety.read(edge!, url)
      await world.run(world.now + 1)
    }
  }
}
