import type { KeyHash } from '../contract/keys.ts'
import type { Log } from '../kernel/log.ts'
import type { RecordChange, RecordStore } from '../origin/records.ts'
import type { Store, Tables } from '../store/store.ts'
import { recordKey } from './asset-rows.ts'
import type { AssetChange, OnChange } from './assets.ts'
import type { Intents } from './intents.ts'

/**
 * How anything of the library changes: a note of what is about to change, the records, then everything else in one durable
 * transaction. Records come first because a node that has applied the log entry must find the new ones. A crash in between leaves
 * records that are ahead of the store; the note makes the next start put them back.
 */
export interface Commit {
  readonly project: string
  readonly records: readonly RecordChange[]
  /** Keys that go into the log at once besides those of the records: what keys an asset had and has (freshness rule P11). */
  readonly purge?: readonly KeyHash[]
  /** What an automatic invalidation is to take along. */
  readonly change?: Omit<AssetChange, 'project'>
  readonly rows: (tx: Tables) => Promise<void>
}

export interface CommitParts {
  readonly store: Store
  readonly records: RecordStore
  readonly intents: Intents
  readonly onChange: OnChange
  readonly log: Log
}

export async function commit(parts: CommitParts, what: Commit): Promise<void> {
  const names = what.records.map((record) => record.name)
  const intent = await parts.intents.begin(what.project, names)
  try {
    await parts.records.apply(what.records)
    await parts.store.transaction('durable', async (tx) => {
      await what.rows(tx)
      await tx.log.append(what.project, [...names.map(recordKey), ...(what.purge ?? [])])
      if (what.change) await parts.onChange(tx, { project: what.project, ...what.change })
    })
  } catch (error) {
    // Should healing fail too, the note stays and the next start heals.
    await parts.intents.heal(intent).catch((failure: unknown) => {
      parts.log.error({ err: failure, project: what.project }, 'records could not be put back')
    })
    throw error
  }
  await parts.intents.end(intent)
}
