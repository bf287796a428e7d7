import { LOG_ENTRIES_KEPT } from '../store/limits.ts'
import type { InvalidationParts } from './parts.ts'

/** How long an idempotency key is remembered (contract: 24 h). */
const IDEMPOTENCY_KEPT_MS = 24 * 3600 * 1000
/** Forgetting is not urgent, and need not be exact. */
const EVERY_MS = 10 * 60 * 1000

/** Forgets what is old, now and then; called at each look of the runner. */
export function createUpkeep(
  { store, clock }: Pick<InvalidationParts, 'store' | 'clock'>,
  entriesKept = LOG_ENTRIES_KEPT,
): () => Promise<void> {
  let next = clock.now()
  return async () => {
    if (clock.now() < next) return
    next = clock.now() + EVERY_MS
    const surplus = (await store.tables.log.head()) - entriesKept
    await store.transaction('volatile', async (tx) => {
      await tx.invalidations.forgetIdempotent(clock.wall() - IDEMPOTENCY_KEPT_MS)
      if (surplus > 0) await tx.log.trim(surplus)
    })
  }
}
