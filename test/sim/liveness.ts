import { endsEmpty } from './bounds.ts'
import type { Faults } from './faults.ts'
import { nameOf } from './ledger.ts'
import type { EdgeNode } from './edge-node.ts'
import type { Safety } from './safety.ts'
import { ASSETS, MOVED, PROJECT, URLS } from './scene.ts'
import type { SceneUrl } from './scene.ts'
import type { Theatre } from './theatre.ts'

/** Another runner's silence (10 s), its takeover and a whole lease fit into this, and a lost follow request too. */
const SETTLE_MS = 60_000
const ANSWER_MS = 5_000
/**
 * What hung is reset, a store that was being replaced is back (a lease and its margin), and nodes have joined the purge log (their
 * retries are a second apart).
 */
const RESET_MS = 6_000

/** When faults stop, everything ends: every invalidation in Done, every reader with an answer. */
export async function endsWell(theatre: Theatre, faults: Faults, safety: Safety): Promise<void> {
  const { world, network, ledger } = theatre.stage
  world.note('fault', 'no more faults')
  faults.end()
  network.heal()
  const { controls } = theatre.stage
  // What is still under way may find nobody there, and who asks meanwhile would join it; and it may have something to say.
  const isCalm = (): boolean =>
    controls.every((control) => control.isIdle) &&
    theatre.nodes.every((node) => node.isJoined && node.isIdle)
  await world.run(world.now + RESET_MS, isCalm)
  await world.run(world.now + SETTLE_MS, () => ledger.allFinished)
  await triedAgain(theatre)
  for (const row of [...ledger.unfinished(), ...ledger.failed()]) {
    safety.fail('not Done', `${nameOf(row.id)} is ${row.status} ${row.failure ?? ''}`)
  }
  await recordsAgree(theatre, safety)
  const waiting = new Set<string>()
  const poor: string[] = []
  const ask = async (edge: EdgeNode, url: SceneUrl): Promise<void> => {
    const name = `${edge.host.name} ${url.target}`
    waiting.add(name)
    const status = await safety.read(edge, url)
    waiting.delete(name)
    if (status >= 500 && status !== 504) poor.push(`${name} got ${status}`)
  }
  for (const edge of theatre.edges) {
    for (const url of URLS) void ask(edge, url)
  }
  await world.run(world.now + ANSWER_MS, () => waiting.size === 0)
  for (const name of waiting) safety.fail('no answer', `${name} got no answer`)
  for (const text of poor) safety.fail('no answer', text)
  await endsEmpty(theatre, safety, ANSWER_MS)
  await logIsComplete(theatre)
}

/** What a cache outside refused, or was seen to serve, may end in an error with its reason; Retry then ends in Done. */
async function triedAgain(theatre: Theatre): Promise<void> {
  const { world, ledger, controls } = theatre.stage
  const failed = ledger.failed().filter(({ status }) => status === 'ERROR_CDN_NODE')
  if (!theatre.outer || failed.length === 0) return
  for (const { id } of failed) {
    world.meet('outer tried again')
    void controls[0]!.serve(async () => void (await controls[0]!.invalidations.retry(PROJECT, id)))
  }
  await world.run(world.now + RESET_MS, () => controls[0]!.isIdle)
  await world.run(world.now + SETTLE_MS, () => ledger.allFinished)
}

/** Everybody has the whole log, as the store has it. */
async function logIsComplete(theatre: Theatre): Promise<void> {
  const { world, database } = theatre.stage
  const { log } = database.tables
  const logId = await log.id()
  let head = 0
  // Changes that a crash left half-made become an invalidation by themselves, a second later.
  while (head !== (head = await log.head())) {
    const end = head
    await world.run(world.now + ANSWER_MS, () =>
      theatre.nodes.every(
        ({ freshness }) => freshness.logId === logId && freshness.applied === end,
      ),
    )
  }
  for (const node of theatre.nodes) node.watch.endsAt(logId, head)
}

/** What delivery reads is what the store says: a crash between the two was healed. */
async function recordsAgree(theatre: Theatre, safety: Safety): Promise<void> {
  const { database, origin } = theatre.stage
  const { assets, projects } = database.tables
  for (const id of [...ASSETS, MOVED]) {
    const row = origin.textOf((await assets.get(PROJECT, id))?.hash)
    const record = origin.truth.of(id).value
    if (row !== record)
      safety.fail('not healed', `the record of ${id} is ${record}, its row ${row}`)
  }
  const preset = (await projects.get(PROJECT))?.presets['small']
  const record = origin.truth.of('presets').value
  if (preset !== record)
    safety.fail('not healed', `the presets record says ${record}, the project ${preset}`)
}
