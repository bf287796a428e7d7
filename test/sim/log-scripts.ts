import type { EdgeNode } from './edge-node.ts'
import type { Ledger } from './ledger.ts'
import type { Script } from './run.ts'
import { REMOTE, URLS } from './scene.ts'

const ASSET_URL = URLS.find(({ target }) => target.includes('shoes/blue?wid'))!
const REMOTE_URL = URLS.find(({ subject }) => subject === REMOTE)!

/** What a resizer holds and has saved is purged by a single entry while it is down; back again, it must meet that entry first. */
export const purgedWhileDown: Script = async (theatre, safety) => {
  const { world, origin, ledger, controls } = theatre.stage
  const [edge] = theatre.edges
  void safety.read(edge!, REMOTE_URL)
  await world.run(world.now + 2_500)
  theatre.resizer.crash(true)
  origin.setRemote(REMOTE, `v2 of ${REMOTE}`)
  void controls[0]!.invalidate({ originals: [REMOTE] })
  await world.run(world.now + 5_000, () => ledger.floorOf(REMOTE_URL).moment > 0)
  const started = theatre.resizer.start()
  await world.run(world.now + 200)
  await started
  for (let ms = 0; ms < 500; ms += 50) {
    void safety.read(edge!, REMOTE_URL)
    await world.run(world.now + 50)
  }
}

/**
 * A renewal is on its way while the store is replaced, and arrives when its sender has joined the new log, of which it claims to know
 * as much as it knew of the old one. Control takes that for an acknowledgement of a purge that the edge has not heard of.
 */
export const lateRenewal: Script = async (theatre, safety) => {
  const { world, network, ledger, controls } = theatre.stage
  const [edge] = theatre.edges
  for (let at = 1; at <= 20; at++) void controls[0]!.purgeUnrelated(`elsewhere-${at}`)
  await world.run(world.now + 300)
  const begun = world.now
  const ofEdge = (asker: string): boolean => asker === edge!.host.name
  let held = 0
  network.script = ({ what, leg, asker }) => {
    if (!ofEdge(asker) || what !== 'renew' || leg !== 'request' || held > 0) return undefined
    held = world.now
    return { ms: LATE_MS }
  }
  await world.run(begun + 500, () => held > 0)
  theatre.replaceStore()
  await world.run(begun + 3_000, () => controls[0]!.isOpen && edge!.isJoined && isOf(edge!, ledger))
  void safety.read(edge!, ASSET_URL)
  await world.run(held + LATE_MS - 100)
  // From here on the edge hears nothing, and is heard of no more but by that message.
  network.script = ({ what, asker }) =>
    ofEdge(asker) && !what.startsWith('ask') ? 'lost' : undefined
  void controls[0]!.put(ASSET_URL.subject, 'v2, of the new log')
  await world.run(held + LATE_MS + 10)
  void controls[0]!.invalidate({ assets: [ASSET_URL.subject], renditions: true })
  for (let ms = 0; ms < 1_000; ms += 20) {
    void safety.read(edge!, ASSET_URL)
    await world.run(world.now + 20)
  }
}

/** Longer than a lease and its margin, control's start and the edge's joining take. */
const LATE_MS = 2_500

function isOf({ freshness }: EdgeNode, { logId }: Ledger): boolean {
  return freshness.logId === logId
}
