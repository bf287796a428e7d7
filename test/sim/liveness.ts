import type { Faults } from './faults.ts'
import { nameOf } from './ledger.ts'
import type { EdgeNode } from './nodes.ts'
import type { Safety } from './safety.ts'
import { URLS } from './scene.ts'
import type { SceneUrl } from './scene.ts'
import type { Theatre } from './theatre.ts'

/** Another runner's silence (10 s), its takeover and a whole lease fit into this, and a lost follow request too. */
const SETTLE_MS = 60_000
const ANSWER_MS = 5_000
/** What hung is reset, and nodes that have just started have joined the purge log (their retries are a second apart). */
const RESET_MS = 2_000

/** When faults stop, everything ends: every invalidation in Done, every reader with an answer. */
export async function endsWell(theatre: Theatre, faults: Faults, safety: Safety): Promise<void> {
  const { world, network, ledger } = theatre.stage
  world.note('fault', 'no more faults')
  faults.end()
  network.heal()
  await world.run(world.now + RESET_MS)
  await world.run(world.now + SETTLE_MS, () => ledger.unfinished().length === 0)
  for (const row of [...ledger.unfinished(), ...ledger.failed()]) {
    safety.fail('not Done', `${nameOf(row.id)} is ${row.status} ${row.failure ?? ''}`)
  }
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
}
