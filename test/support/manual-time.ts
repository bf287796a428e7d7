import type { Clock } from '../../src/kernel/clock.ts'
import type { Timers } from '../../src/kernel/timers.ts'

/** Time that moves only when a test says so. */
export interface ManualTime {
  readonly clock: Clock
  readonly timers: Timers
  /** Moves both clocks on; what falls due runs in order, and so does everything that follows from it at once. */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone: what a suspended machine or a corrected clock looks like. */
  jumpWall(ms: number): void
  /** The machine sleeps: time goes on, and the monotonic clock does not. */
  suspend(ms: number): void
  /** Lets everything run that waits for no time. */
  settle(): Promise<void>
}

interface Alarm {
  readonly at: number
  readonly ring: () => void
}

/** Rounds of the event loop that a chain of promises without real input needs at most. */
const ROUNDS = 8

async function settle(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    await new Promise<void>((resolve) => void setImmediate(resolve))
}

export function manualTime(): ManualTime {
  let now = 1_000
  let wallAhead = Date.UTC(2026, 0, 1)
  let asleep = 0
  let alarms: Alarm[] = []
  const set = (ms: number, ring: () => void): (() => void) => {
    const alarm = { at: now + ms, ring }
    alarms.push(alarm)
    return () => void (alarms = alarms.filter((other) => other !== alarm))
  }
  return {
    clock: { now: () => now, wall: () => now + wallAhead, boot: () => now + asleep },
    timers: {
      after: set,
      sleep(ms, signal) {
        if (signal?.aborted) return Promise.reject(signal.reason as Error)
        return new Promise((resolve, reject) => {
          const cancel = set(ms, resolve)
          const stop = (): void => (cancel(), reject(signal?.reason as Error))
          signal?.addEventListener('abort', stop, { once: true })
        })
      },
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      for (;;) {
        const due = alarms.filter(({ at }) => at <= until).sort((one, two) => one.at - two.at)[0]
        if (!due) break
        alarms = alarms.filter((alarm) => alarm !== due)
        now = Math.max(now, due.at)
        due.ring()
        await settle()
      }
      now = until
      await settle()
    },
    jumpWall: (ms) => void (wallAhead += ms),
    suspend(ms) {
      wallAhead += ms
      asleep += ms
    },
    settle,
  }
}
