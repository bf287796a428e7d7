import { keyHash, keyText, unpackKeys } from '../contract/keys.ts'
import type { KeyHash } from '../contract/keys.ts'
import { KEYS_PER_ENTRY_MAX } from '../contract/purge-log.ts'
import { assert } from '../kernel/assert.ts'
import type { Timers } from '../kernel/timers.ts'
import type { InvalidationRow, Store, Tables } from '../store/store.ts'

/**
 * Entries put into the purge log in one transaction. Whoever else wants to purge meanwhile comes next (freshness rule P1), and then
 * waits for so many keys to be applied by the nodes: some milliseconds.
 */
const PIECES_AT_ONCE = 2
/** How long the next pieces wait for nodes to have applied those before the last: one that is cut off must not hold it up. */
const NODES_WAIT_MS = 50
const NODES_LOOK_MS = 2

/** Puts the next pieces into the log; returns the seq of the last one, and how many are in now. */
export async function appendPieces(
  tx: Tables,
  row: InvalidationRow,
  softMs: number | undefined,
): Promise<{ readonly seq: number; readonly bulk: NonNullable<InvalidationRow['bulk']> }> {
  const { pieces, entered } = row.bulk!
  const from = entered < pieces ? entered : 0
  const keys = await tx.bulk.keys(row.id, from, PIECES_AT_ONCE)
  assert(keys.length > 0, `pieces of ${row.id} are missing`)
  const seq = await tx.log.appendPacked(row.project, keys, softMs)
  return { seq, bulk: { pieces, entered: from + keys.length } }
}

/** Else one list would stand before everybody else's purge in the queue of every node. */
export async function nodesKeepUp(
  { store, timers }: { readonly store: Store; readonly timers: Timers },
  seq: number,
  signal: AbortSignal,
): Promise<void> {
  for (let waited = 0; waited < NODES_WAIT_MS; waited += NODES_LOOK_MS) {
    const nodes = await store.tables.nodes.list()
    if (nodes.every(({ state, applied }) => state === 'out' || applied >= seq)) return
    await timers.sleep(NODES_LOOK_MS, signal)
  }
}

/** Keys that targets outside Sluice are told one by one; a longer list means the whole project to those that go by keys. */
const KEYS_TOLD_MAX = 25 * KEYS_PER_ENTRY_MAX

export async function keysToTell(
  tables: Tables,
  { id, project, bulk }: InvalidationRow,
): Promise<readonly KeyHash[]> {
  const pieces = bulk?.pieces ?? 0
  if (pieces * KEYS_PER_ENTRY_MAX > KEYS_TOLD_MAX) return [keyHash(keyText.project(project))]
  return (await tables.bulk.keys(id, 0, pieces)).flatMap(unpackKeys)
}
