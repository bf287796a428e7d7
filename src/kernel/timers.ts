import { setTimeout as delay } from 'node:timers/promises'

/** Waiting as a part. */
export interface Timers {
  /** Resolves after `ms`; rejects with the signal's reason when aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `run` once after `ms`; the returned function cancels. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void
}

export const systemTimers: Timers = {
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
