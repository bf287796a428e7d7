import type { EdgeNode } from './edge-node.ts'
import type { Ledger } from './ledger.ts'
import type { Script } from './run.ts'
import { REMOTE, URLS } from './scene.ts'
import type { Theatre } from './theatre.ts'

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
  purgeElsewhere(theatre, 20)
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

/**
 * Somebody waits at an edge for the fill behind the one that is under way; meanwhile the edge joins the log that took the place of its
 * own, and the image server does not. That fill then asks it from the new log, and it reads with numbers of the log before. While it
 * reads, the original is replaced and purged, and the image server joins, too.
 */
export const joinsWhileItReads: Script = async (theatre, safety) => {
  const { world, network, origin, ledger, controls } = theatre.stage
  const { resizer } = theatre
  const edge = theatre.edges[0]!
  purgeElsewhere(theatre, 20)
  await world.run(world.now + 300)
  const { slowMs } = origin
  let held = false
  network.script = ({ what, leg, asker }) => {
    if (asker === resizer.host.name) return what.startsWith('ask') ? undefined : 'lost'
    if (held || !what.includes('flat.jpg') || leg !== 'answer') return undefined
    held = true
    return { ms: LATE_MS }
  }
  void safety.read(edge, REMOTE_URL)
  await world.run(world.now + 100, () => held)
  const arrives = world.now + LATE_MS
  // What the image server holds of it is no use to it any more.
  origin.setRemote(REMOTE, `v2 of ${REMOTE}`)
  theatre.replaceStore()
  await world.run(world.now + 5_000, () => !edge.freshness.holdsLease())
  void safety.read(edge, REMOTE_URL)
  await world.run(arrives - 10, () => edge.isJoined && isOf(edge, ledger))
  await world.run(arrives - 10)
  const before = origin.reads
  await world.run(arrives + 200, () => origin.reads === before + READS_TO_THE_ORIGINAL)
  // From here on: it is at the original already.
  origin.slowMs = SLOW_MS
  await world.run(world.now + slowMs * 2)
  origin.setRemote(REMOTE, `v3 of ${REMOTE}`)
  void controls[0]!.invalidate({ originals: [REMOTE] })
  await world.run(world.now + 100)
  network.script = () => undefined
  await world.run(world.now + SLOW_MS, () => isOf(resizer, ledger))
  // So that its number is one that control has announced in the new log by now.
  purgeElsewhere(theatre, 40)
  await world.run(world.now + SLOW_MS * 2)
  origin.slowMs = slowMs
  for (let at = 0; at < 10; at++) void safety.read(edge, REMOTE_URL)
  await world.run(world.now + 200)
}

/**
 * Who waits at an edge knew of twenty purges of a log that is replaced before his turn comes. What he is brought then is refused,
 * because it is purged on its way; asked for again, it must not be asked for as if the new log had had twenty, too.
 */
export const refusedInAnotherLog: Script = async (theatre, safety) => {
  const { world, network, origin, controls } = theatre.stage
  const edge = theatre.edges[0]!
  let version = 1
  const replace = async (): Promise<void> => {
    origin.setRemote(REMOTE, `v${(version += 1)} of ${REMOTE}`)
    void controls[0]!.invalidate({ originals: [REMOTE] })
    await world.run(world.now + ON_ITS_WAY_MS / 2)
  }
  purgeElsewhere(theatre, 20)
  await world.run(world.now + 300)
  let answers = 0
  network.script = ({ what, leg }) => {
    if (!what.includes('flat.jpg') || leg !== 'answer') return undefined
    answers += 1
    return { ms: answers === 1 ? LATE_MS : ON_ITS_WAY_MS }
  }
  void safety.read(edge, REMOTE_URL)
  await world.run(world.now + 100, () => answers === 1)
  theatre.replaceStore()
  await world.run(world.now + 5_000, () => !edge.freshness.holdsLease())
  void safety.read(edge, REMOTE_URL)
  for (const refused of [2, 3]) {
    await world.run(world.now + LATE_MS, () => answers === refused)
    await replace()
  }
  purgeElsewhere(theatre, 40)
  await world.run(world.now + 1_000)
  for (let at = 0; at < 10; at++) void safety.read(edge, REMOTE_URL)
  await world.run(world.now + 200)
}

/** Long enough for a purge to overtake an answer. */
const ON_ITS_WAY_MS = 400
/** The project's record comes before it. */
const READS_TO_THE_ORIGINAL = 2
/** Longer than a node takes to find out that control speaks to it again. */
const SLOW_MS = 8_000

/** Longer than a lease and its margin, control's start and the edge's joining take. */
const LATE_MS = 2_500

function purgeElsewhere({ stage }: Theatre, count: number): void {
  for (let at = 1; at <= count; at++) void stage.controls[0]!.purgeUnrelated(`elsewhere-${at}`)
}

function isOf({ freshness }: Pick<EdgeNode, 'freshness'>, { logId }: Ledger): boolean {
  return freshness.logId === logId
}
