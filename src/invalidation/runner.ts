import { isFinal } from '../contract/invalidation.ts'
import type { Invalidation } from '../contract/invalidation.ts'
import { randomToken } from '../kernel/ids.ts'
import type { InvalidationRow } from '../store/store.ts'
import type { Events } from './events.ts'
import type { InvalidationParts, StepPoint } from './parts.ts'
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

/** What a new row is held by from its first moment; `runner` is null when this one has no room. */
export type Hold = Pick<InvalidationRow, 'runner' | 'runnerEpoch' | 'renewedAt'>

/** Carries out invalidations: kicked by whoever submits, and by looking for what others left. */
export class Runner {
  readonly #parts: InvalidationParts
  readonly #events: Events
  readonly #chores: () => Promise<void>
  readonly #id: string
  readonly #runs = new Map<string, { readonly run: Run; readonly ended: Promise<void> }>()
  readonly #cancels = new Set<() => void>()
  readonly #rounds = new Set<Promise<void>>()
  #stopping = false

  /** `chores`: whatever else is to be done at each look. */
  constructor(parts: InvalidationParts, events: Events, chores: () => Promise<void>) {
    this.#parts = parts
    this.#events = events
    this.#chores = chores
    this.#id = randomToken(parts.random, RUNNER_ID_BYTES)
  }

  hold(): Hold {
    const full = this.#stopping || this.#runs.size >= RUNS_MAX
    return {
      runner: full ? null : this.#id,
      runnerEpoch: 1,
      renewedAt: this.#parts.clock.wall(),
    }
  }

  /** Goes on with a row; one that this runner does not hold is left to whoever looks next. */
  begin(row: InvalidationRow): void {
    if (row.runner !== this.#id || this.#stopping || this.#runs.has(row.id)) return
    const run = new Run(this.#parts, this.#events, row)
    const ended = carryOut(run).finally(() => this.#runs.delete(row.id))
    this.#runs.set(row.id, { run, ended })
  }

  /** Takes a free one over and goes on with it. */
  async take(id: string, silentBefore: number): Promise<boolean> {
    const before = this.#runs.get(id)
    // A retry may come before the failed run has quite left.
    if (before && isFinal(before.run.shown.status)) await before.ended
    if (this.#stopping || this.#runs.has(id) || this.#runs.size >= RUNS_MAX) return false
    const { store, clock } = this.#parts
    const row = await store.transaction('volatile', (tx) =>
      tx.invalidations.claim(id, this.#id, clock.wall(), silentBefore),
    )
    if (row) this.begin(row)
    return row !== undefined
  }

  /** As this runner last told it; undefined when it does not run here. */
  shown(id: string): Invalidation | undefined {
    return this.#runs.get(id)?.run.shown
  }

  async start(): Promise<void> {
    // Alone on the data: whoever held anything is dead, so nothing needs to be waited for.
    const everyone = Number.MAX_SAFE_INTEGER
    const silentBefore = this.#parts.alone ? everyone : this.#parts.clock.wall() - FREE_AFTER_MS
    for (let taken = 1; taken > 0;) taken = await this.#takeAll(silentBefore)
    await this.#chores()
    this.#repeat(POLL_MS, 'looking for invalidations', () => this.#look())
    this.#repeat(RENEW_MS, 'renewing invalidations', () => this.#renewAll())
  }

  async stop(): Promise<void> {
    this.#stopping = true
    for (const cancel of this.#cancels) cancel()
    const running = [...this.#runs.values()]
    for (const { run } of running) run.abort(new Stopped('stopping'))
    await Promise.all(running.map(({ ended }) => ended))
    await Promise.all(this.#rounds)
  }

  async #look(): Promise<void> {
    await this.#takeAll(this.#parts.clock.wall() - FREE_AFTER_MS)
    await this.#chores()
  }

  async #takeAll(silentBefore: number): Promise<number> {
    const { store, clock } = this.#parts
    const { invalidations } = store.tables
    const free = await invalidations.claimable(clock.wall(), silentBefore, CLAIMS_PER_POLL)
    let taken = 0
    for (const each of free) if (await this.take(each.id, silentBefore)) taken += 1
    return taken
  }

  async #renewAll(): Promise<void> {
    if (this.#runs.size === 0) return
    const { store, clock } = this.#parts
    const lost = await store.transaction('volatile', async (tx) => {
      const gone: Run[] = []
      for (const { run } of this.#runs.values()) {
        const { row } = run
        const held = await tx.invalidations.renew(row.id, this.#id, row.runnerEpoch, clock.wall())
        if (!held && !isFinal(row.status)) gone.push(run)
      }
      return gone
    })
    for (const run of lost) run.abort(new HoldLost('another runner has taken it over'))
  }

  /** Again and again, each time after the one before has ended. */
  #repeat(everyMs: number, what: string, work: () => Promise<void>): void {
    const cancel = this.#parts.timers.after(everyMs, () => {
      this.#cancels.delete(cancel)
      const round = this.#guarded(what, work).finally(() => {
        this.#rounds.delete(round)
        if (!this.#stopping) this.#repeat(everyMs, what, work)
      })
      this.#rounds.add(round)
    })
    this.#cancels.add(cancel)
  }

  async #guarded(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#parts.log.error({ err: error }, `${what} failed, and will be tried again`)
    }
  }
}

/** The reason of an abort at the end of the process. */
class Stopped extends Error {
  override readonly name = 'Stopped'
}

async function carryOut(run: Run): Promise<void> {
  try {
    for (const step of STEPS) {
      await reach(run, step.name)
      await step.run(run)
    }
    await reach(run, 'finished')
  } catch (error) {
    await end(run, error)
  }
}

/** Between two steps: a crash test may hold it here for ever, but an abort does not wait for that. */
async function reach(run: Run, point: StepPoint): Promise<void> {
  run.signal.throwIfAborted()
  const held = run.parts.atStep?.(point)
  if (held === undefined) return
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(run.signal.reason as Error)
  run.signal.addEventListener('abort', abort, { once: true })
  await Promise.race([held, aborted.promise]).finally(() =>
    run.signal.removeEventListener('abort', abort),
  )
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
  await run.end({ ...moved(run.row, status, at), failure: reason, finishedAt: at })
}
