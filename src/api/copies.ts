import type { Copies } from '../contract/api/assets.ts'
import { keyText } from '../contract/keys.ts'
import { cropNames } from '../contract/smart-crops.ts'
import { parseDeliveryUrl } from '../contract/parse-delivery-url.ts'
import type { Peek } from '../contract/node-protocol.ts'
import type { NodePeek } from '../purgelog/barrier.ts'
import type { AssetRow, ProjectRow } from '../store/store.ts'
import { namesOf } from './delivery-names.ts'
import type { ApiParts } from './parts.ts'
import { edgesOf } from './views.ts'
import type { EdgeAddress } from './views.ts'

/** Which edges hold copies of an asset that were made of older bytes. */

/** URLs that are asked about: the newest sightings first; more would make a page load a load test. */
const ASKED_MAX = 200
/** A node in good health answers within milliseconds; a page should not wait for one that is not. */
const PEEK_TIMEOUT_MS = 1500

export async function copiesOf(
  parts: ApiParts,
  project: ProjectRow,
  asset: AssetRow,
): Promise<Copies> {
  const { store, authority } = parts
  const subject = keyText.asset(project.id, asset.id)
  const known = await store.tables.served.list(project.id, subject, { limit: ASKED_MAX })
  const served = known.items.map(({ target }) => target)
  const targets = [...new Set([...served, ...usualTargets(project, asset)])].slice(0, ASKED_MAX)
  const edges = edgesOf(await store.tables.nodes.list())
  const signal = AbortSignal.timeout(PEEK_TIMEOUT_MS * 2)
  const answers = await authority.peek(targets, PEEK_TIMEOUT_MS, signal)
  return countCopies({ asset, asked: targets.length, edges, answers })
}

/**
 * The asset's plain URL, one for each preset and smart crop: edges report what they served a moment later, and a person who just
 * replaced a picture asks sooner.
 */
export function usualTargets(project: ProjectRow, asset: AssetRow): readonly string[] {
  const delivered = namesOf([project])
  const path = asset.id.split('/').map(encodeURIComponent).join('/')
  const folder = asset.kind === 'image' ? 'image' : 'content'
  const base = `/is/${folder}/${encodeURIComponent(project.id)}/${path}`
  const isImage = asset.kind === 'image'
  const presets = isImage ? Object.keys(project.presets).map((name) => `${base}?$${name}$`) : []
  const names = cropNames(project.smartCrops, asset.crops)
  const crops = isImage ? names.map((name) => `${base}:${encodeURIComponent(name)}`) : []
  return [base, ...presets, ...crops].flatMap((target) => {
    const parsed = parseDeliveryUrl({ host: 'localhost', target }, delivered)
    return parsed.ok ? [parsed.url.target] : []
  })
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
