import { PUBLISH_SERVER } from '../support/api-client.ts'
import type { Chance } from '../sim/chance.ts'
import type { ControlClient } from './control-client.ts'
import { pictureOf, SHOWN } from './ledger.ts'
import type { AssetName, Ledger, Promised, Shown } from './ledger.ts'

/** Replaces pictures and invalidates them, in each way there is; whoever reads the log knows what was promised. */

export interface WriterParts {
  readonly name: string
  /** Nobody else writes these, so that versions of one asset follow each other. */
  readonly assets: readonly AssetName[]
  readonly chance: Chance
  readonly control: ControlClient
  readonly ledger: Ledger
  readonly tally: WriterTally
  readonly stopped: AbortSignal
}

/** What all writers did, and how it ended. */
export interface WriterTally {
  replaced: number
  accepted: string[]
  done: number
  /** Ended in an error, and were asked for again. */
  retried: string[]
  /** Control does not know them any more, or they did not end. */
  lost: string[]
  slowestDoneMs: number
}

const LOOK_MS = 100
/** Beside the one that is waited for: a key may ask 50 times a second. */
const WATCHED_MAX = 2
/** Longer than any fault lasts, and than a lease behind it. */
const ENDS_MAX_MS = 120_000

export async function write(parts: WriterParts): Promise<void> {
  const { assets, chance, control, ledger, tally, stopped, name } = parts
  const watched = new Set<Promise<void>>()
  for (let at = 1; !stopped.aborted; at++) {
    const asset = chance.pick(assets)
    const version = ledger.written(asset) + 1
    await control.put(asset, await pictureOf(version))
    ledger.wrote(asset, version)
    tally.replaced += 1
    const { selection, covers } = choose(chance, asset)
    const promised = ledger.promise(covers)
    const id = await control.submit(`${name} ${at}`, selection)
    tally.accepted.push(id)
    const watching = watch(id, promised, parts)
      .catch((error: unknown) => void tally.lost.push(`${id}: ${String(error)}`))
      .finally(() => watched.delete(watching))
    watched.add(watching)
    // Often it goes on at once, so that invalidations overtake each other.
    if (watched.size > WATCHED_MAX || chance.happens(0.6)) await watching
  }
  await Promise.all(watched)
}

function choose(
  chance: Chance,
  asset: AssetName,
): { readonly selection: object; readonly covers: readonly Shown[] } {
  const folder = asset.slice(0, asset.indexOf('/'))
  const own = SHOWN.filter((shown) => shown.asset === asset)
  switch (chance.weighed({ asset: 6, url: 2, folder: 2, everything: 1 })) {
    case 'asset':
      return { selection: { assets: [asset], renditions: true }, covers: own }
    case 'url': {
      const shown = chance.pick(own)
      return { selection: { urls: [PUBLISH_SERVER + shown.target] }, covers: [shown] }
    }
    case 'folder':
      return {
        selection: { folders: [folder], renditions: true },
        covers: SHOWN.filter((shown) => shown.asset.startsWith(`${folder}/`)),
      }
    case 'everything':
      return { selection: { everything: true, confirm: 'demo' }, covers: SHOWN }
  }
}

/** Until it ends, however often control goes away meanwhile. */
export async function watch(
  id: string,
  promised: Promised,
  { control, ledger, tally }: Pick<WriterParts, 'control' | 'ledger' | 'tally'>,
): Promise<void> {
  const began = performance.now()
  while (performance.now() - began < ENDS_MAX_MS) {
    const found = await control.read(id)
    if (found === 'unknown') break
    if (found?.status === 'Done') {
      ledger.done(promised)
      tally.done += 1
      tally.slowestDoneMs = Math.max(tally.slowestDoneMs, performance.now() - began)
      return
    }
    if (found?.status.startsWith('ERROR') === true) {
      tally.retried.push(`${id}: ${JSON.stringify(found.targets)}`)
      await control.retry(id)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  tally.lost.push(id)
}
