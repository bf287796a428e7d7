import type { Copies } from '../contract/api/assets.ts'
import { keyText } from '../contract/keys.ts'
import type { Peek } from '../contract/node-protocol.ts'
import type { NodePeek } from '../purgelog/barrier.ts'
import type { AssetRow } from '../store/store.ts'
import type { ApiParts } from './parts.ts'
import { edgesOf } from './views.ts'
import type { EdgeAddress } from './views.ts'

/** Which edges hold copies of an asset that were made of older bytes. */

/** Known served URLs that are asked about: the newest sightings; more would make a page load a load test. */
const ASKED_MAX = 200
/** A node in good health answers within milliseconds; a page should not wait for one that is not. */
const PEEK_TIMEOUT_MS = 1500

export async function copiesOf(parts: ApiParts, project: string, asset: AssetRow): Promise<Copies> {
  const { store, authority } = parts
  const subject = keyText.asset(project, asset.id)
  const known = await store.tables.served.list(project, subject, { limit: ASKED_MAX })
  const targets = [...new Set(known.items.map(({ target }) => target))]
  const edges = edgesOf(await store.tables.nodes.list())
  const answers =
    targets.length === 0
      ? []
      : await authority.peek(targets, PEEK_TIMEOUT_MS, AbortSignal.timeout(PEEK_TIMEOUT_MS * 2))
  return countCopies({ asset, asked: targets.length, edges, answers })
}

export function countCopies(found: {
  readonly asset: Pick<AssetRow, 'id' | 'version' | 'hash'>
  readonly asked: number
  readonly edges: readonly EdgeAddress[]
  readonly answers: readonly NodePeek[]
}): Copies {
  const { asset, asked, edges, answers } = found
  const counted = edges.map(({ node, url }) => {
    const answer = answers.find((each) => each.node === node && each.role === 'edge')
    const held = (answer?.peeks ?? []).filter(isHeld)
    const current = held.filter(({ inputHash }) => inputHash === asset.hash).length
    const silent = asked > 0 && answer === undefined
    return { node, url, asked, old: held.length - current, current, silent }
  })
  return {
    asset: asset.id,
    version: asset.version,
    edgesWithOld: counted.filter(({ old }) => old > 0).length,
    edges: counted,
  }
}

/** Only what the edge would still give to a visitor; a purged entry waits for the sweeper and is nobody's copy. */
function isHeld({ state, inputHash }: Peek): boolean {
  return state === 'usable' && inputHash !== null
}
