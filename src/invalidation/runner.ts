import { isFinal } from '../contract/invalidation.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import { randomToken } from '../kernel/ids.ts'
import type { InvalidationRow } from '../store/store.ts'
import type { Events } from './events.ts'
import type { InvalidationParts } from './parts.ts'
import { HoldLost, Run, StepFailure } from './run.ts'
import { STEPS } from './steps.ts'
import { moved } from './timeline.ts'

/** A held invalidation is renewed this often, and free after this long a silence (freshness rules, "One runner"). */
const RENEW_MS = 2000
const FREE_AFTER_MS = 10_000
/** Looking for what is due or abandoned: late by a second at most. What is submitted here never waits for it. */
const POLL_MS = 1000
/** Taken over in one look; the next look takes more. */
const CLAIMS_PER_POLL = 50
/** Each waits on the nodes and costs little; beyond that they stay in the store until one has ended. */
const RUNS_MAX = 1000
const RUNNER_ID_BYTES = 12

/** Carries out invalidations: kicked by whoever submits, and by looking for what others left. */
export interface Runner {
  /** What a new row is held by from its first moment: null when this runner has no room. */
  readonly hold: () => {
    readonly runner: string | null
    readonly runnerEpoch: number
    readonly renewedAt: number
  }
  /** Goes on with a row; one that this runner does not hold is left to whoever looks next. */
  begin(row: InvalidationRow): void
  /** Takes a free one over and goes on with it. */
  take(id: string, silentBefore: number): Promise<boolean>
  /** As this runner last told it; undefined when it does not run here. */
  shown(id: string): Invalidation | undefined
  start(): Promise<void>
  stop(): Promise<void>
}

export function createRunner(
  parts: InvalidationParts,
  events: Events,
  /** Whatever else is to be done at each look. */
  chores: () => Promise<void>,
): Runner {
  const { store, clock, timers, log } = parts
  const id = randomToken(parts.random, RUNNER_ID_BYTES)
  const runs = new Map<string, { run: Run; ended: Promise<void> }>()
  let stopping = false
  const rounds = new Set<Promise<void>>()
  const cancels = new Set<() => void>()

  function begin(row: InvalidationRow): void {
    if (row.runner !== id || stopping || runs.has(row.id)) return
    const run = new Run(parts, events, row)
    const ended = carryOut(run).finally(() => runs.delete(row.id))
    runs.set(row.id, { run, ended })
  }

  async function take(invalidation: string, silentBefore: number): Promise<boolean> {
    const before = runs.get(invalidation)
    // A retry may come before the failed run has quite left.
    if (before && isFinal(before.run.shown.status)) await before.ended
    if (stopping || runs.has(invalidation) || runs.size >= RUNS_MAX) return false
    const row = await store.transaction('volatile', (tx) =>
      tx.invalidations.claim(invalidation, id, clock.wall(), silentBefore),
    )
    if (row) begin(row)
    return row !== undefined
  }

  async function takeAll(silentBefore: number): Promise<number> {
    const free = await store.tables.invalidations.claimable(
      clock.wall(),
      silentBefore,
      CLAIMS_PER_POLL,
    )
    let taken = 0
    for (const each of free) if (await take(each.id, silentBefore)) taken += 1
    return taken
  }

  async function renewAll(): Promise<void> {
    const lost = await store.transaction('volatile', async (tx) => {
      const gone: Run[] = []
      for (const { run } of runs.values()) {
        const { row } = run
        const held = await tx.invalidations.renew(row.id, id, row.runnerEpoch, clock.wall())
        if (!held && !isFinal(row.status)) gone.push(run)
      }
      return gone
    })
    for (const run of lost) run.abort(new HoldLost('another runner has taken it over'))
  }

  /** Again and again, each time after the one before has ended. */
  function repeat(everyMs: number, what: string, work: () => Promise<void>): void {
    const cancel = timers.after(everyMs, () => {
      cancels.delete(cancel)
      const round = guarded(what, work).finally(() => {
        rounds.delete(round)
        if (!stopping) repeat(everyMs, what, work)
      })
      rounds.add(round)
    })
    cancels.add(cancel)
  }

  async function guarded(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      log.error({ err: error }, `${what} failed, and will be tried again`)
    }
  }

  async function look(): Promise<void> {
    await takeAll(clock.wall() - FREE_AFTER_MS)
    await chores()
  }

  return {
    hold: () => ({
      runner: stopping || runs.size >= RUNS_MAX ? null : id,
      runnerEpoch: 1,
      renewedAt: clock.wall(),
    }),
    begin,
    take,
    shown: (invalidation) => runs.get(invalidation)?.run.shown,
    async start() {
      // Alone on the data: whoever held anything is dead, so nothing needs to be waited for.
      const everyone = Number.MAX_SAFE_INTEGER
      const silentBefore = parts.alone ? everyone : clock.wall() - FREE_AFTER_MS
      for (let taken = 1; taken > 0;) taken = await takeAll(silentBefore)
      await chores()
      repeat(POLL_MS, 'looking for invalidations', look)
      repeat(RENEW_MS, 'renewing invalidations', renewAll)
    },
    async stop() {
      stopping = true
      for (const cancel of cancels) cancel()
      const running = [...runs.values()]
      for (const { run } of running) run.abort(new Stopped('stopping'))
      await Promise.all(running.map(({ ended }) => ended))
      await Promise.all(rounds)
    },
  }
}

/** The reason of an abort at the end of the process. */
class Stopped extends Error {
  override readonly name = 'Stopped'
}

async function carryOut(run: Run): Promise<void> {
  const { atStep } = run.parts
  try {
    for (const step of STEPS) {
      await atStep?.(step.name)
      run.signal.throwIfAborted()
      await step.run(run)
    }
    await atStep?.('finished')
  } catch (error) {
    await end(run, error)
  }
}

async function end(run: Run, error: unknown): Promise<void> {
  const { log } = run.parts
  const about = { err: error, invalidation: run.row.id }
  try {
    if (error instanceof HoldLost || run.signal.reason instanceof HoldLost) {
      log.warn(about, 'an invalidation was taken over by another runner')
    } else if (run.signal.aborted) {
      await run.free()
    } else {
      if (!(error instanceof StepFailure)) log.error(about, 'a step of an invalidation failed')
      await fail(run, error)
    }
  } catch (cause) {
    // Not renewed any more, so it is taken up again after its silence.
    log.error({ err: cause, invalidation: run.row.id }, 'the end of an invalidation was not saved')
  }
}

async function fail(run: Run, error: unknown): Promise<void> {
  if (isFinal(run.row.status)) return
  const at = run.now()
  const status = error instanceof StepFailure ? error.status : 'ERROR'
  const reason =
    error instanceof StepFailure
      ? error.message
      : 'A step failed inside Sluice: see its log. Retry.'
  await run.save('durable', { ...moved(run.row, status, at), failure: reason, finishedAt: at })
}
