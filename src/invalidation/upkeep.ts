import { LOG_ENTRIES_KEPT, PACKED_ENTRIES_KEPT } from '../store/limits.ts'
import type { Tables } from '../store/store.ts'
import type { InvalidationParts } from './parts.ts'

/** How long an idempotency key is remembered (contract: 24 h). */
const IDEMPOTENCY_KEPT_MS = 24 * 3600 * 1000
const DAY_MS = 24 * 3600 * 1000
/** How long an invalidation stays in the log, unless a setting says otherwise: a year, and some weeks to compare it with. */
export const LOG_DAYS_DEFAULT = 400
/** A list of which nothing came for this long has lost its sender, or its process. */
const STAGED_KEPT_MS = 3600 * 1000
/** Forgetting is not urgent, and need not be exact. */
const EVERY_MS = 10 * 60 * 1000
/** Rows and pieces forgotten in one transaction: milliseconds, in which nobody can submit. */
const ROWS_AT_ONCE = 20
const ENTRIES_AT_ONCE = 500
const PIECES_AT_ONCE = 16
/** Transactions of one look. Others get their turn after each, and the runner its own after all of them. */
const SLICES_PER_LOOK = 10

/** Forgets a little; true when there may be more. */
type Forget = (tx: Tables) => Promise<boolean>

/** Forgets what is old, now and then, in slices; called at each look of the runner. */
export function createUpkeep(
  {
    store,
    clock,
    timers,
    logDays = LOG_DAYS_DEFAULT,
  }: Pick<InvalidationParts, 'store' | 'clock' | 'timers' | 'logDays'>,
  entriesKept = LOG_ENTRIES_KEPT,
): () => Promise<void> {
  const chores: readonly Forget[] = [
    async (tx) => {
      await tx.invalidations.forgetIdempotent(clock.wall() - IDEMPOTENCY_KEPT_MS)
      return false
    },
    (tx) => trimLog(tx, entriesKept),
    async (tx) => {
      const forgotten = await tx.invalidations.forget(clock.wall() - logDays * DAY_MS, ROWS_AT_ONCE)
      return forgotten === ROWS_AT_ONCE
    },
    async (tx) => {
      const [id] = await tx.bulk.abandoned(clock.wall() - STAGED_KEPT_MS, 1)
      if (id !== undefined) await tx.bulk.discard(id, PIECES_AT_ONCE)
      return id !== undefined
    },
    async (tx) => {
      const [id] = await tx.bulk.spent(1)
      if (id !== undefined) await tx.bulk.discardKeys(id, PIECES_AT_ONCE)
      return id !== undefined
    },
  ]
  let next = clock.now()
  return async () => {
    if (clock.now() < next) return
    let more = false
    for (const chore of chores) {
      let goesOn = true
      for (let slice = 0; goesOn && slice < SLICES_PER_LOOK; slice++) {
        // An embedded store answers without leaving the event loop: whoever sent a request meanwhile is heard here.
        if (slice > 0) await timers.sleep(0)
        goesOn = await store.transaction('volatile', chore)
      }
      more ||= goesOn
    }
    // What is left goes on at the next look.
    next = more ? clock.now() : clock.now() + EVERY_MS
  }
}

async function trimLog(tx: Tables, entriesKept: number): Promise<boolean> {
  const surplus = (await tx.log.head()) - entriesKept
  const until = Math.max(surplus, await tx.log.packedBeyond(PACKED_ENTRIES_KEPT))
  const oldest = await tx.log.oldest()
  if (until < oldest) return false
  const slice = Math.min(until, oldest + ENTRIES_AT_ONCE - 1)
  await tx.log.trim(slice)
  return slice < until
}
