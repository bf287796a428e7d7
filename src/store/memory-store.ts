import { assert } from '../kernel/assert.ts'
import { randomToken } from '../kernel/ids.ts'
import type { Random } from '../kernel/random.ts'
import { memoryAccounts } from './memory-accounts.ts'
import { memoryAssets, memoryServed } from './memory-assets.ts'
import { memoryBulk } from './memory-bulk.ts'
import { memoryInvalidations } from './memory-invalidations.ts'
import { memoryChanges, memoryLog, memoryNodes, memoryProjects } from './memory-log.ts'
import { draftOf, emptyState, readOnly } from './memory-state.ts'
import type { MemoryAccess } from './memory-state.ts'
import { memoryTargets } from './memory-targets.ts'
import { createQueue } from './queue.ts'
import type { Store, Tables } from './store.ts'

/** As long as the one that SQLite gets. */
const LOG_ID_BYTES = 12

export interface MemoryStore extends Store {
  /** What a power cut leaves: `volatile` commits since the last `durable` one are forgotten. */
  powerCut(): void
}

/** The store of the simulator: everything in memory, gone with the process; the same suite as SQLite's. */
export function createMemoryStore(parts: { random: Random }): MemoryStore {
  const logId = randomToken(parts.random, LOG_ID_BYTES)
  const queue = createQueue()
  let committed = emptyState()
  let onDisk = committed
  let closed = false
  // One transaction is open at a time: all of them share these tables, and nothing can be written between two.
  let draft: MemoryAccess | undefined
  const open = (): MemoryAccess => draft ?? readOnly(() => committed)
  const drafted = memoryTables(
    { read: () => open().read(), own: (name) => open().own(name) },
    logId,
  )

  return {
    tables: memoryTables(
      readOnly(() => committed),
      logId,
    ),
    transaction(durability, work) {
      return queue.run(async () => {
        assert(!closed, 'the store is closed')
        draft = draftOf(committed)
        try {
          const result = await work(drafted)
          committed = draft.read()
          if (durability === 'durable') onDisk = committed
          return result
        } finally {
          draft = undefined
        }
      })
    },
    powerCut() {
      committed = onDisk
    },
    close() {
      return queue.run(async () => {
        closed = true
      })
    },
  }
}

function memoryTables(access: MemoryAccess, logId: string): Tables {
  return {
    log: memoryLog(access, logId),
    nodes: memoryNodes(access),
    invalidations: memoryInvalidations(access),
    changes: memoryChanges(access),
    projects: memoryProjects(access),
    assets: memoryAssets(access),
    accounts: memoryAccounts(access),
    served: memoryServed(access),
    bulk: memoryBulk(access),
    targets: memoryTargets(access),
  }
}
