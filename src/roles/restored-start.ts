import { assetsWithoutBytes, remakeRecords } from '../assets/restored-library.ts'
import type { OnChange } from '../assets/assets.ts'
import { keyHash, keyText } from '../contract/keys.ts'
import { leaseMarginMs } from '../contract/node-protocol.ts'
import { openAssetsOrigin } from '../origin/assets-origin.ts'
import { beginLog, isCopy } from '../store/sqlite-copies.ts'
import type { Store } from '../store/store.ts'
import type { Machine } from './role.ts'

export interface CopyPlace {
  readonly store: Store
  readonly storeFile: string
  readonly originFolder: string
  readonly leaseMs: number
  readonly onChange: OnChange
  /** For people, because a start that waits looks like one that hangs. */
  readonly say: (line: string) => void
}

/** Names of assets in one line of the log. */
const NAMED_MAX = 20

/**
 * A start on a store that is a copy. Nodes that served before may hold grants that this store knows nothing of: nobody is answered
 * until every lease is over. What delivery reads is made again, everything is invalidated once, for the caches outside that hold what
 * came after the copy was taken, and then the log begins under an id of its own. Cut short, the next start does it all again.
 */
export async function beginIfCopy(
  { timers, random, log }: Pick<Machine, 'timers' | 'random' | 'log'>,
  place: CopyPlace,
): Promise<void> {
  const { store, leaseMs, originFolder } = place
  if (!isCopy(await store.tables.log.id())) return
  const waitMs = leaseMs + leaseMarginMs(leaseMs)
  const seconds = (waitMs / 1000).toFixed(1)
  place.say(`these data were put back: waiting ${seconds} s until every lease is over …`)
  await timers.sleep(waitMs)
  place.say('making the records of all assets again …')
  const remade = await remakeRecords(store, originFolder)
  const lost = await assetsWithoutBytes(store, openAssetsOrigin(originFolder))
  if (lost.length > 0) {
    log.error({ assets: lost.slice(0, NAMED_MAX), count: lost.length }, 'assets without bytes')
  }
  const projects = await store.tables.projects.list()
  await store.transaction('durable', async (tx) => {
    for (const { id: project } of projects) {
      const keys = [keyHash(keyText.project(project))]
      await place.onChange(tx, { project, cause: 'The data were put back', keys, asked: true })
    }
  })
  beginLog(place.storeFile, random)
  log.warn({ ...remade, projects: projects.length }, 'the data were put back: a new purge log')
}
